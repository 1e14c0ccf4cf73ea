//! How a process ends that cannot go on.

use std::io::Write as _;
use std::process::ExitCode;

use super::env::Faults;

/// A faulty configuration, as sysexits.h has it: a supervisor need not try again.
const EX_CONFIG: u8 = 78;

/// Prints why `program` ends, with one line per error in the settings.
pub fn exit(program: &str, error: &anyhow::Error) -> ExitCode {
    // Not `eprintln!`, which panics if the reader of standard error is gone.
    let _ = writeln!(std::io::stderr(), "{program}: {error:#}");
    ExitCode::from(if error.is::<Faults>() { EX_CONFIG } else { 1 })
}
