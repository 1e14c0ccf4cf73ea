//! Where Faktory is: `tcp://:password@host:7419`, or `tcp+tls://` for a server behind TLS.

use secrecy::SecretString;
use url::Url;

const DEFAULT_PORT: u16 = 7419;

/// Where Faktory is, and its password.
#[derive(Clone, Debug)]
pub struct Address {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) password: Option<SecretString>,
    pub(super) has_tls: bool,
}

impl Address {
    /// Reads the URL. The error names no part of it, since it holds a password.
    pub fn parse(url: &str) -> Result<Self, &'static str> {
        const SHAPE: &str = "it should look like tcp://:password@host:7419, or tcp+tls:// for TLS";
        let url = Url::parse(url).map_err(|_| SHAPE)?;
        let has_tls = match url.scheme() {
            "tcp" => false,
            "tcp+tls" => true,
            _ => return Err(SHAPE),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(SHAPE)?;
        let password = match url.password() {
            Some(password) => Some(percent_decode(password).ok_or("its password is not valid percent-encoded UTF-8")?),
            None => None,
        };
        Ok(Self {
            // An IPv6 address has brackets in a URL but not in a socket address.
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: url.port().unwrap_or(DEFAULT_PORT),
            password: password.map(SecretString::from),
            has_tls,
        })
    }
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
            decoded.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn password(url: &str) -> Option<String> {
        let address = Address::parse(url).unwrap();
        address.password.map(|password| password.expose_secret().to_owned())
    }

    #[test]
    fn a_password_is_decoded() {
        assert_eq!(password("tcp://:p%40ss%2Fw%3Ard@queue.example:7419").as_deref(), Some("p@ss/w:rd"));
        assert_eq!(password("tcp://queue.example"), None);
        assert!(Address::parse("tcp://:%ff@queue.example").is_err());
        assert!(Address::parse("tcp://:%4@queue.example").is_err());
    }

    #[test]
    fn host_and_port_are_found() {
        let address = Address::parse("tcp://[::1]:7000").unwrap();
        assert_eq!((&address.host[..], address.port), ("::1", 7000));
        assert_eq!(Address::parse("tcp://queue.example").unwrap().port, 7419);
        let address = Address::parse("tcp+tls://:secret@queue.example").unwrap();
        assert_eq!((&address.host[..], address.port, address.has_tls), ("queue.example", 7419, true));
        assert_eq!(password("tcp+tls://:p%40ss@[::1]:7000").as_deref(), Some("p@ss"));
    }

    #[test]
    fn what_is_no_address_is_refused_without_being_repeated() {
        for url in ["redis://:secret@h:1", "queue.example:7419", "tcp://", "secret"] {
            assert!(!Address::parse(url).unwrap_err().contains("secret"), "{url}");
        }
    }
}
