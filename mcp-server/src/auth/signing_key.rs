//! The Ed25519 key that signs access tokens, and what others may know of it.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A text that is no Ed25519 private key in PKCS#8 PEM.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an Ed25519 private key in PKCS#8 PEM; make one with `openssl genpkey -algorithm ed25519`")]
pub struct NotEd25519;

/// One key, with the id under which it is published.
pub struct SigningKey {
    /// RFC 7638 thumbprint: the same key has the same id on every server.
    pub key_id: String,
    pub(super) private: EncodingKey,
    pub(super) public: DecodingKey,
    /// The public key, in base64url.
    x: String,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// Reads a private Ed25519 key in PKCS #8.
    pub fn from_pem(pem: &SecretString) -> Result<Self, NotEd25519> {
        let private = EncodingKey::from_ed_pem(pem.expose_secret().as_bytes()).map_err(|_| NotEd25519)?;
        let pair = Ed25519KeyPair::from_pkcs8(private.as_bytes()).map_err(|_| NotEd25519)?;
        let public = pair.public_key().as_ref();
        let x = URL_SAFE_NO_PAD.encode(public);
        let key_id = thumbprint(&x);
        Ok(Self { key_id, private, public: DecodingKey::from_ed_der(public), x })
    }

    /// The public half, as a member of a JWK set.
    pub fn jwk(&self) -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "x": self.x, "kid": self.key_id, "alg": "EdDSA", "use": "sig" })
    }
}

/// SHA-256 over the key's required members in alphabetical order, without spaces (RFC 7638).
fn thumbprint(x: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The key of RFC 8037, appendix A.
    pub(crate) const RFC_8037: &str = "-----BEGIN PRIVATE KEY-----\n\
         MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
         -----END PRIVATE KEY-----\n";

    #[test]
    fn public_key_and_thumbprint_are_those_of_rfc_8037() {
        let key = SigningKey::from_pem(&RFC_8037.into()).unwrap();
        assert_eq!(key.jwk()["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(key.key_id, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn a_signature_is_that_of_rfc_8037() {
        let key = SigningKey::from_pem(&RFC_8037.into()).unwrap();
        let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = jsonwebtoken::crypto::sign(message, &key.private, jsonwebtoken::Algorithm::EdDSA).unwrap();
        assert_eq!(signature, "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
    }

    #[test]
    fn the_private_half_is_not_published() {
        let jwk = SigningKey::from_pem(&RFC_8037.into()).unwrap().jwk().to_string();
        assert!(!jwk.contains("\"d\"") && !jwk.contains("nWGxne"), "{jwk}");
    }

    #[test]
    fn another_kind_of_key_is_refused() {
        let p256 = "-----BEGIN PRIVATE KEY-----\n\
            MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2\n\
            OF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r\n\
            1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G\n\
            -----END PRIVATE KEY-----\n";
        for pem in [p256, "", "no key at all"] {
            assert_eq!(SigningKey::from_pem(&pem.into()).map(|_| ()), Err(NotEd25519));
        }
    }
}
