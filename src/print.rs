//! Standard output of the operator's commands. A reader that went away (`… | head`) is no error.

use std::fmt::Arguments;
use std::io::Write;

/// Writes one line.
pub fn line(text: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

/// `println!` that survives a closed pipe.
#[macro_export]
macro_rules! say {
    ($($arg:tt)*) => { $crate::print::line(format_args!($($arg)*)) };
}

/// Returns a progress bar, hidden if standard error is not a terminal.
pub fn progress(n: u64, unit: &'static str) -> indicatif::ProgressBar {
    let style = indicatif::ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}, {eta} left")
        .expect("the template is constant");
    indicatif::ProgressBar::new(n).with_style(style).with_message(unit)
}
