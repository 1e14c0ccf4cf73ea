//! The mail server, and where messages to people lead.

use secrecy::SecretString;
use url::Url;

use super::env::Settings;
use super::{MailConfig, MailSecurity};
use domain::network::is_loopback_name;
use storage::admin_user::parse_email;

const EXAMPLE: &str = "smtps://user:password@mail.example.org";

/// `SMTP_URL` and `MAIL_FROM`, set together or not at all. `admin_url` is where e-mails lead.
pub(super) fn mail(s: &mut Settings<'_>, admin_url: Option<String>) -> Option<MailConfig> {
    let Some(url) = s.optional("SMTP_URL") else {
        if s.optional("MAIL_FROM").is_some() {
            s.fault("SMTP_URL", format!("is not set, but MAIL_FROM is; it is such as {EXAMPLE}"));
        }
        return None;
    };
    let from = s.required("MAIL_FROM", "the sender of e-mails, such as School <tutor@example.org>");
    if !from.is_empty() && parse_email(address_of(&from)).is_err() {
        s.fault("MAIL_FROM", "is no address; it is such as School <tutor@example.org>");
    }
    if admin_url.is_none() {
        s.fault("ADMIN_URL", "is not set; with SMTP_URL the worker needs it, since e-mails link to the dashboard");
    }
    let url = s.checked_url("SMTP_URL", &url, &["smtps", "smtp"]);
    let url = Url::parse(&url).ok()?;
    let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']').to_owned();
    let security = match url.scheme() {
        "smtps" => MailSecurity::Tls,
        _ if is_loopback_name(&host) => MailSecurity::None,
        _ => MailSecurity::StartTls,
    };
    let port = match security {
        MailSecurity::Tls => 465,
        MailSecurity::StartTls => 587,
        MailSecurity::None => 25,
    };
    let decoded = |text: &str| percent_decoded(text).filter(|text| !text.is_empty());
    let login = match (decoded(url.username()), decoded(url.password().unwrap_or_default())) {
        (Some(user), Some(password)) => Some((user, SecretString::from(password))),
        (None, None) => None,
        _ => {
            s.fault("SMTP_URL", format!("holds a user or a password without the other; it is such as {EXAMPLE}"));
            None
        }
    };
    Some(MailConfig { host, port: url.port().unwrap_or(port), security, login, from, dashboard_url: admin_url? })
}

/// `a@example.org` of `Name <a@example.org>`.
fn address_of(from: &str) -> &str {
    from.rsplit_once('<').map_or(from, |(_, rest)| rest.trim_end().strip_suffix('>').unwrap_or(""))
}

/// A part of a URL as it was before it was escaped. `None`: it is no text.
fn percent_decoded(text: &str) -> Option<String> {
    let pair = format!("x={}", text.replace('+', "%2B"));
    let (_, value) = url::form_urlencoded::parse(pair.as_bytes()).next()?;
    (!value.contains(char::REPLACEMENT_CHARACTER)).then(|| value.into_owned())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Option<MailConfig>, Vec<&'static str>> {
        let mut settings =
            Settings::new(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()));
        let config = mail(&mut settings, Some("https://dashboard.example.org".to_owned()));
        settings.finish(config).map_err(|faults| faults.0.into_iter().map(|fault| fault.variable).collect())
    }

    #[test]
    fn a_network_is_crossed_with_tls_only() {
        let security = |url: &str| {
            let config = read(&[("SMTP_URL", url), ("MAIL_FROM", "School <tutor@example.org>")]).unwrap().unwrap();
            (config.security, config.port)
        };
        assert_eq!(security("smtps://a:b@mail.example.org"), (MailSecurity::Tls, 465));
        assert_eq!(security("smtp://a:b@mail.example.org"), (MailSecurity::StartTls, 587));
        assert_eq!(security("smtp://a:b@10.0.0.7:25"), (MailSecurity::StartTls, 25));
        assert_eq!(security("smtp://127.0.0.1:2525"), (MailSecurity::None, 2525));
        assert_eq!(security("smtp://[::1]:2525"), (MailSecurity::None, 2525));
    }

    #[test]
    fn a_login_may_hold_any_character() {
        let url = "smtps://tutor%40example.org:p%2Bs+s%3A%20word@mail.example.org";
        let config = read(&[("SMTP_URL", url), ("MAIL_FROM", "tutor@example.org")]).unwrap().unwrap();
        let (user, password) = config.login.unwrap();
        assert_eq!((&user[..], password.expose_secret()), ("tutor@example.org", "p+s+s: word"));
    }

    #[test]
    fn half_a_mail_server_is_none() {
        assert!(read(&[]).unwrap().is_none());
        assert_eq!(read(&[("MAIL_FROM", "a@example.org")]).unwrap_err(), ["SMTP_URL"]);
        assert_eq!(read(&[("SMTP_URL", "smtps://mail.example.org")]).unwrap_err(), ["MAIL_FROM"]);
        let from = ("MAIL_FROM", "a@example.org");
        assert_eq!(read(&[("SMTP_URL", "https://mail.example.org"), from]).unwrap_err(), ["SMTP_URL"]);
        assert_eq!(read(&[("SMTP_URL", "smtps://user@mail.example.org"), from]).unwrap_err(), ["SMTP_URL"]);
        for odd in ["School", "School <tutor>", "School <tutor@example.org", "a@b@c"] {
            assert_eq!(
                read(&[("SMTP_URL", "smtps://mail.example.org"), ("MAIL_FROM", odd)]).unwrap_err(),
                ["MAIL_FROM"]
            );
        }
    }
}
