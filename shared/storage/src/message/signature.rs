//! The signature of an outgoing webhook, as Standard Webhooks has it: base64 of HMAC-SHA256 over id, time and body.
//! Source: <https://www.standardwebhooks.com>.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

const PREFIX: &str = "whsec_";

/// Makes a secret of 256 random bits, `whsec_` and its base64.
pub fn generate_secret() -> SecretString {
    let mut bytes = [0_u8; 32];
    OsRng.try_fill_bytes(&mut bytes).expect("the operating system has random numbers");
    SecretString::from(format!("{PREFIX}{}", STANDARD.encode(bytes)))
}

/// Returns the header `webhook-signature`: one signature for each secret. `None` if a secret is not of [`generate_secret`].
pub fn sign<'a>(
    secrets: impl IntoIterator<Item = &'a SecretString>,
    id: &str,
    timestamp: i64,
    body: &str,
) -> Option<String> {
    let signed = format!("{id}.{timestamp}.{body}");
    let one = |secret: &SecretString| {
        let key = STANDARD.decode(secret.expose_secret().strip_prefix(PREFIX)?).ok().filter(|key| !key.is_empty())?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        mac.update(signed.as_bytes());
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    };
    Some(secrets.into_iter().map(one).collect::<Option<Vec<_>>>()?.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_has_the_published_signature() {
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let sign = |secrets: &[&SecretString], body: &str| {
            sign(secrets.iter().copied(), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body).unwrap()
        };
        let published = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(sign(&[&secret], r#"{"test": 2432232314}"#), published);
        assert_ne!(sign(&[&secret], r#"{"test": 2432232315}"#), published);
        let both = sign(&[&generate_secret(), &secret], r#"{"test": 2432232314}"#);
        assert_eq!(both.split(' ').nth(1), Some(published), "during a rotation both secrets sign");
    }

    #[test]
    fn other_texts_are_no_secrets() {
        for text in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64"] {
            assert_eq!(sign([&SecretString::from(text)], "id", 1, "{}"), None, "{text}");
        }
    }
}
