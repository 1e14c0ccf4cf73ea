//! What is refused outside this machine: plaintext connections, and secrets that can be guessed.

use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::env::Settings;
use crate::http::Proxies;
use domain::network::is_loopback_name;
use storage::secret::guesses_log10;

/// Guesses, as a power of ten, that a secret must withstand if others than this machine can try it.
const STRONG: f64 = 12.0;

/// Whether a URL names this machine.
pub fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(is_loopback_name)
}

/// A text as a URL of this machine.
pub(super) fn is_local(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| is_loopback(&url))
}

/// `DATABASE_URL`: over a network only with TLS.
pub(super) fn database_url(s: &mut Settings<'_>) -> SecretString {
    let url = s.required("DATABASE_URL", "postgres://user:password@host/database");
    postgres_url(s, "DATABASE_URL", &url)
}

/// The address of a Postgres: over a network only with TLS.
pub(super) fn postgres_url(s: &mut Settings<'_>, variable: &'static str, value: &str) -> SecretString {
    let url = s.checked_url(variable, value, &["postgres", "postgresql"]);
    if let Ok(parsed) = Url::parse(&url)
        && let Some(mode) = plaintext_mode(&parsed)
    {
        s.fault(
            variable,
            format!("has sslmode={mode}, but the database is not on this machine; use sslmode=verify-full or require"),
        );
    }
    SecretString::from(url)
}

/// The `sslmode` that lets a connection over a network be plain.
fn plaintext_mode(url: &Url) -> Option<String> {
    let last = |names: &[&str]| url.query_pairs().filter(|(name, _)| names.contains(&&**name)).last();
    let host = last(&["host", "hostaddr"]).map(|(_, host)| host.into_owned());
    let host = host.or_else(|| url.host_str().map(str::to_owned)).unwrap_or_default();
    let is_socket = Path::new(&host).is_absolute() || host.to_ascii_lowercase().starts_with("%2f");
    if host.is_empty() || is_socket || is_loopback_name(&host) {
        return None;
    }
    let mode = last(&["sslmode", "ssl-mode"])?.1.to_ascii_lowercase();
    ["disable", "allow", "prefer"].contains(&&*mode).then_some(mode)
}

/// A URL to which secrets or the words of children go.
pub(super) fn confidential_url(s: &mut Settings<'_>, variable: &'static str, value: &str) -> String {
    let url = s.checked_url(variable, value, &["https", "http"]);
    if url.starts_with("http://") && !is_local(&url) {
        s.fault(variable, "begins with http://; outside this machine it must be https://");
    }
    url
}

/// `FAKTORY_URL`, or only `host:port`, as platforms name a private service: over a network only with a password, which may
/// stand in `FAKTORY_PASSWORD`.
pub(super) fn faktory_url(s: &mut Settings<'_>, value: &str) -> SecretString {
    let with_scheme = if value.contains("://") { value.to_owned() } else { format!("tcp://{value}") };
    let checked = s.checked_url("FAKTORY_URL", &with_scheme, &["tcp", "tcp+tls"]);
    let Ok(mut url) = Url::parse(&checked) else { return SecretString::from(checked) };
    if let Some(password) = s.optional("FAKTORY_PASSWORD") {
        if url.password().is_some_and(|in_url| !in_url.is_empty()) {
            s.fault("FAKTORY_PASSWORD", "is set, but FAKTORY_URL holds a password too: keep one of them");
        }
        // Fails only for a URL without a host, which is a fault already. It escapes what must not stand in a URL.
        let _ = url.set_password(Some(&password));
    }
    if url.password().is_none_or(str::is_empty) && !url.host_str().is_none_or(is_loopback_name) {
        s.fault(
            "FAKTORY_URL",
            "has no password, but Faktory is not on this machine; use tcp://:password@host:7419, or set FAKTORY_PASSWORD",
        );
    }
    SecretString::from(String::from(url))
}

/// A secret that others than this machine can try, if `is_exposed`. The fault never holds the value.
pub(super) fn secret(s: &mut Settings<'_>, variable: &'static str, value: String, is_exposed: bool) -> SecretString {
    let secret = s.checked_secret(variable, value);
    let text = secret.expose_secret();
    if is_exposed && text.chars().count() >= 16 && guesses_log10(text, &[]) < STRONG {
        s.fault(variable, "can be guessed: use random letters, as `openssl rand -base64 32` prints them");
    }
    secret
}

/// `TRUSTED_PROXIES`: addresses or networks. Without it, a platform that sets `PORT` is believed, and no one else.
pub(super) fn proxies(s: &mut Settings<'_>, is_platform: bool) -> Proxies {
    let listed = s.list("TRUSTED_PROXIES");
    if listed.is_empty() {
        return if is_platform { Proxies::Platform } else { Proxies::None };
    }
    let read = |text: &String| text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    let networks: Vec<IpNet> = listed.iter().filter_map(read).collect();
    if networks.len() < listed.len() {
        s.fault("TRUSTED_PROXIES", "holds what is no address or network; it is a list such as 127.0.0.1, 10.0.0.0/8");
    }
    if networks.iter().any(|network| network.prefix_len() == 0) {
        s.fault("TRUSTED_PROXIES", "trusts every address; name those of your proxies");
    }
    Proxies::Listed(networks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_crossed_with_tls_only() {
        let mode = |url: &str| plaintext_mode(&Url::parse(url).unwrap());
        for url in [
            "postgres://a:b@db.example.org/x?sslmode=disable",
            "postgres://a:b@10.0.0.7/x?sslmode=prefer",
            "postgres://a:b@localhost/x?host=db.example.org&sslmode=ALLOW",
            "postgres://a:b@[2001:db8::1]/x?sslmode=disable",
        ] {
            assert!(mode(url).is_some(), "{url}");
        }
        for url in [
            "postgres://a:b@db.example.org/x",
            "postgres://a:b@db.example.org/x?sslmode=verify-full",
            "postgres://a:b@127.0.0.2/x?sslmode=disable",
            "postgres://a:b@[::1]/x?sslmode=disable",
            "postgres://a:b@localhost/x?sslmode=disable",
            "postgres://a@%2Fvar%2Frun%2Fpostgresql/x?sslmode=disable",
            "postgres:///x?host=/var/run/postgresql&sslmode=disable",
        ] {
            assert_eq!(mode(url), None, "{url}");
        }
    }

    #[test]
    fn what_can_be_guessed_is_no_secret() {
        for weak in
            ["aaaaaaaaaaaaaaaa", "abababababababab", "0123456789abcdef", "passwordpassword", "changeme-changeme"]
        {
            assert!(guesses_log10(weak, &[]) < STRONG, "{weak}: {}", guesses_log10(weak, &[]));
        }
        for strong in ["k3J9fQ2mX8vLp0Zr", "whs_4f9a1c7e2b8d6035", "vapi-hmac-test-secret", "qT7+wZp2Lm0/8sVd3xKc=="] {
            assert!(guesses_log10(strong, &[]) >= STRONG, "{strong}: {}", guesses_log10(strong, &[]));
        }
    }
}
