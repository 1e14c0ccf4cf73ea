//! Runs SQL directly, for faults that no interface of the service allows.

use std::process::Command;

use secrecy::{ExposeSecret, SecretString};

/// Runs statements, and returns their output without headers.
pub fn psql(url: &SecretString, statements: &str) -> String {
    try_psql(url, statements).expect("psql runs")
}

/// [`psql`] for a database that may be unavailable.
pub fn try_psql(url: &SecretString, statements: &str) -> Result<String, String> {
    let mut command = Command::new("psql");
    command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statements, url.expose_secret()]);
    let output = command.env("PGCONNECT_TIMEOUT", "5").output().map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
