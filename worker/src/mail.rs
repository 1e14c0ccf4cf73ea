//! Sends e-mails over SMTP. The only file that names lettre.

use std::time::Duration;

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::{AsyncSmtpTransport, Error};
use lettre::{AsyncTransport, Message, Tokio1Executor};
use secrecy::ExposeSecret;
use storage::id::MessageId;
use web::config::{MailConfig, MailSecurity};

/// Of one step of the conversation.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A mail server. Each e-mail has its own connection.
#[derive(Debug)]
pub struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// Where e-mails lead; without a slash at the end.
    pub(crate) dashboard_url: String,
}

/// What an e-mail says, in plain text and in HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// Why an e-mail was not sent: fixed words, without an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the mail server cannot be reached")]
    Unreachable,
    #[error("the mail server did not answer in time")]
    TimedOut,
    #[error("the mail server offers no acceptable encryption")]
    Tls,
    #[error("the mail server refused our login")]
    Login,
    #[error("the mail server refused the e-mail for now")]
    Later,
    /// The recipient does not exist, or the server sends nothing to them.
    #[error("the mail server refused the recipient or the e-mail")]
    Refused,
    #[error("the address is no e-mail address")]
    Address,
}

impl Fault {
    /// Whether another attempt cannot help.
    pub(crate) fn is_final(self) -> bool {
        matches!(self, Self::Refused | Self::Address)
    }
}

impl Mail {
    /// # Errors
    /// If `MAIL_FROM` is no address, or if this machine has no certificates to trust.
    pub fn new(config: &MailConfig) -> anyhow::Result<Self> {
        let tls = || TlsParameters::new(config.host.clone());
        let tls = match config.security {
            MailSecurity::Tls => Tls::Wrapper(tls()?),
            MailSecurity::StartTls => Tls::Required(tls()?),
            MailSecurity::None => Tls::None,
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port)
            .tls(tls)
            .timeout(Some(TIMEOUT));
        if let Some((user, password)) = &config.login {
            transport = transport.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
        }
        let from = config.from.parse().map_err(|_| anyhow::anyhow!("MAIL_FROM is no e-mail address"))?;
        Ok(Self { transport: transport.build(), from, dashboard_url: config.dashboard_url.clone() })
    }

    /// Connects and logs in. For `check-config --connect`.
    pub async fn check(&self) -> Result<(), Fault> {
        match self.transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Fault::Later),
            Err(error) => Err(of_error(&error)),
        }
    }

    /// Sends one e-mail. Its id follows from the message's, so that a mailbox recognises a repetition.
    pub(crate) async fn send(&self, message_id: MessageId, to: &str, letter: Letter) -> Result<(), Fault> {
        let to: Mailbox = to.parse().map_err(|_| Fault::Address)?;
        let id = format!("<{message_id}@{}>", self.from.email.domain());
        let email = Message::builder()
            .message_id(Some(id))
            .from(self.from.clone())
            .to(to)
            .subject(letter.subject)
            .multipart(MultiPart::alternative_plain_html(letter.text, letter.html))
            .map_err(|_| Fault::Address)?;
        self.transport.send(email).await.map(drop).map_err(|error| of_error(&error))
    }
}

/// Escapes a text for HTML.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn of_error(error: &Error) -> Fault {
    let code = error.status().map(u16::from);
    match code {
        Some(530..=538) => Fault::Login,
        Some(500..) => Fault::Refused,
        Some(_) => Fault::Later,
        None if error.is_timeout() => Fault::TimedOut,
        None if error.is_tls() || error.is_client() => Fault::Tls,
        None => Fault::Unreachable,
    }
}
