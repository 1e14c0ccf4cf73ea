//! A small mail server on this machine. It accepts every e-mail and keeps it.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// One e-mail as it arrived.
#[derive(Clone, Debug)]
pub struct Email {
    pub to: String,
    /// Headers and body, decoded from quoted-printable.
    pub text: String,
}

/// The mail server. It stops at the end of the journey.
#[derive(Clone, Debug)]
pub struct Mailbox {
    emails: Arc<Mutex<Vec<Email>>>,
    /// The answer to `RCPT`.
    verdict: Arc<Mutex<&'static str>>,
    pub url: String,
}

const ACCEPTED: &str = "250 ok";

impl Mailbox {
    pub async fn open() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("smtp://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let mailbox = Self { emails: Arc::default(), verdict: Arc::new(Mutex::new(ACCEPTED)), url };
        let accepting = mailbox.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mailbox = accepting.clone();
                tokio::spawn(async move { mailbox.converse(stream).await });
            }
        });
        mailbox
    }

    pub fn emails(&self) -> Vec<Email> {
        self.emails.lock().unwrap().clone()
    }

    /// Sets the answer to recipients from now on. `None` accepts them.
    pub fn answer(&self, verdict: Option<&'static str>) {
        *self.verdict.lock().unwrap() = verdict.unwrap_or(ACCEPTED);
    }

    /// Answers the commands of RFC 5321 that a client needs.
    async fn converse(&self, stream: TcpStream) -> Option<()> {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        let (mut to, mut reply) = (String::new(), "220 mailbox".to_owned());
        loop {
            write.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
            let line = lines.next_line().await.ok()??;
            let command = line.get(..4).unwrap_or_default().to_ascii_uppercase();
            reply = match &*command {
                "EHLO" => "250-mailbox\r\n250 8BITMIME".to_owned(),
                "RCPT" => {
                    to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                    (*self.verdict.lock().unwrap()).to_owned()
                }
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await.ok()?;
                    let mut text = String::new();
                    loop {
                        let line = lines.next_line().await.ok()??;
                        if line == "." {
                            break;
                        }
                        text += line.strip_prefix('.').unwrap_or(&line);
                        text.push('\n');
                    }
                    self.emails.lock().unwrap().push(Email { to: to.clone(), text: decoded(&text) });
                    ACCEPTED.to_owned()
                }
                "QUIT" => {
                    write.write_all(b"221 bye\r\n").await.ok()?;
                    return Some(());
                }
                _ => ACCEPTED.to_owned(),
            };
        }
    }
}

/// Decodes quoted-printable.
fn decoded(text: &str) -> String {
    let joined = text.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_str();
    while let Some((before, after)) = rest.split_once('=') {
        bytes.extend(before.bytes());
        if let Some(byte) = after.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok()) {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(b'=');
            rest = after;
        }
    }
    bytes.extend(rest.bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}
