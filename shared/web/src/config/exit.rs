//! How a process ends that cannot go on.

use std::io::Write as _;
use std::process::ExitCode;

use super::env::Faults;

/// A faulty configuration, as sysexits.h has it: a supervisor need not try again.
const EX_CONFIG: u8 = 78;

/// Tells a person why `program` ends, each fault of its settings in a line of its own.
pub fn exit(program: &str, error: &anyhow::Error) -> ExitCode {
    // Not `eprintln!`, which panics when nobody reads standard error any more.
    let _ = writeln!(std::io::stderr(), "{program}: {error:#}");
    ExitCode::from(if error.is::<Faults>() { EX_CONFIG } else { 1 })
}
