//! The heartbeat: a separate connection that reports every few seconds that this worker is alive. It also receives the
//! commands from Faktory's web pages. Without it, Faktory closes all connections of the worker after a minute.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio_util::sync::CancellationToken;

use super::Address;
use super::stream::{self, Stream};

const EVERY: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_secs(1);
const ANSWER_MAX: u64 = 4096;

/// Beats until `stop`. Asked to be quiet or to terminate, it cancels `drain`.
pub(super) async fn beat(address: &Address, wid: &str, drain: &CancellationToken, stop: &CancellationToken) {
    while stop.run_until_cancelled(beat_on_one_connection(address, wid, drain)).await.is_some() {
        stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
    }
}

async fn beat_on_one_connection(address: &Address, wid: &str, drain: &CancellationToken) -> anyhow::Result<()> {
    let mut stream = stream::connect(address).await?;
    greet(&mut stream, address, wid).await?;
    let beat = format!("BEAT {}\r\n", json!({ "wid": wid }));
    loop {
        stream.write_all(beat.as_bytes()).await?;
        stream.flush().await?;
        let answer = read_answer(&mut stream).await?;
        if !drain.is_cancelled() && (answer.contains("quiet") || answer.contains("terminate")) {
            tracing::info!("asked by Faktory to take no more jobs");
            drain.cancel();
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// What Faktory says first.
#[derive(Deserialize)]
struct Hi {
    v: u32,
    /// Rounds of hashing, and the salt: only where a password is asked for.
    i: Option<u32>,
    s: Option<String>,
}

async fn greet(stream: &mut BufStream<Stream>, address: &Address, wid: &str) -> anyhow::Result<()> {
    let answer = read_answer(stream).await?;
    let hi: Hi = serde_json::from_str(answer.strip_prefix("HI ").unwrap_or_default())?;
    anyhow::ensure!(hi.v == 2, "Faktory speaks version {} of its protocol, not 2", hi.v);
    let mut hello = json!({ "v": 2, "wid": wid, "pid": std::process::id(), "labels": ["ai-tutor"] });
    if let Some(salt) = hi.s {
        let password = address.password.as_ref().ok_or_else(|| anyhow::anyhow!("Faktory asks for a password"))?;
        hello["pwdhash"] = hash(password.expose_secret(), &salt, hi.i.unwrap_or(1)).into();
    }
    stream.write_all(format!("HELLO {hello}\r\n").as_bytes()).await?;
    stream.flush().await?;
    let answer = read_answer(stream).await?;
    anyhow::ensure!(answer == "OK", "Faktory did not accept our greeting");
    Ok(())
}

fn hash(password: &str, salt: &str, rounds: u32) -> String {
    let mut digest = Sha256::digest([password.as_bytes(), salt.as_bytes()].concat());
    for _ in 1..rounds.min(100_000) {
        digest = Sha256::digest(digest);
    }
    hex::encode(digest)
}

/// One answer: a line after `+`, or a block of the length that `$` names. An error of Faktory's is an error.
async fn read_answer(stream: &mut BufStream<Stream>) -> anyhow::Result<String> {
    let mut line = String::new();
    (&mut *stream).take(ANSWER_MAX).read_line(&mut line).await?;
    let line = line.trim_end();
    match line.split_at_checked(1) {
        Some(("+", text)) => Ok(text.to_owned()),
        Some(("$", "-1")) => Ok(String::new()),
        Some(("$", length)) => {
            let length: u64 = length.parse()?;
            anyhow::ensure!(length <= ANSWER_MAX, "an answer of Faktory's is too long");
            let mut block = vec![0; length as usize + 2];
            stream.read_exact(&mut block).await?;
            block.truncate(length as usize);
            Ok(String::from_utf8(block)?)
        }
        Some(("-", _)) => anyhow::bail!("Faktory refused a command"),
        _ => anyhow::bail!("Faktory closed the connection"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_hashed_as_the_protocol_wants_it() {
        // The worked example of the protocol's specification.
        assert_eq!(
            hash("foobar", "55104dc76695721d", 1545),
            "6d877f8e5544b1f2598768f817413ab8a357afffa924dedae99eb91472d4ec30"
        );
    }
}
