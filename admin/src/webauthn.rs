//! Checks what a browser and an authenticator report about a passkey (Web Authentication, level 3). Pure.
//!
//! We verify it ourselves, with the signatures of aws-lc-rs: `webauthn-rs` is under MPL-2.0, which `deny.toml` does not
//! allow. Without attestation there is little to verify. We request none, because a school does not choose the makers
//! of its staff's authenticators.
//!
//! **The key of a new passkey** is the one that the browser returns from `getPublicKey()`, so nothing here reads CBOR. Attestation
//! "none" signs nothing, so the copy of the key inside the authenticator data would be no more trustworthy than this one: both
//! come from the browser of a person who is signed in and has just confirmed who they are. A browser that lies registers a
//! key of its owner's account, which it could do anyway. The credential's id is read from the authenticator data, where
//! relying party, presence and verification are, and must be the one that the browser names.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};
use url::{Host, Url};

/// The longest part of an answer in bytes. An RSA key of 8,192 bits has 1,100 bytes.
const MAX_BYTES: usize = 8 << 10;

/// The length of authenticator data before the credential: hash, flags and count.
const HEAD_BYTES: usize = 32 + 1 + 4;
const AAGUID_BYTES: usize = 16;

/// The bits of the flags.
const PRESENT: u8 = 1 << 0;
const VERIFIED: u8 = 1 << 2;
const MAY_BE_COPIED: u8 = 1 << 3;
const IS_COPIED: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;

/// Why an answer is rejected, in fixed words for the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Untrue {
    #[error("cannot be read")]
    Unreadable,
    #[error("another type")]
    Kind,
    #[error("from another origin")]
    Origin,
    #[error("for another service")]
    Party,
    #[error("no person was present")]
    Absent,
    #[error("the person was not verified")]
    Unverified,
    #[error("a key that cannot be used")]
    Key,
    #[error("a wrong signature")]
    Signature,
}

/// Bytes that arrive as base64url.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(serde::de::Error::custom)?;
        if bytes.len() > MAX_BYTES { Err(serde::de::Error::custom("too long")) } else { Ok(Self(bytes)) }
    }
}

/// The data that `passkey.js` sends about a new passkey.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Registration {
    pub(crate) id: Bytes,
    #[serde(rename = "clientDataJSON")]
    pub(crate) client_data: Bytes,
    pub(crate) authenticator_data: Bytes,
    pub(crate) public_key: Bytes,
    pub(crate) algorithm: i32,
}

/// The data that `passkey.js` sends about a used passkey.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Assertion {
    pub(crate) id: Bytes,
    #[serde(rename = "clientDataJSON")]
    pub(crate) client_data: Bytes,
    pub(crate) authenticator_data: Bytes,
    pub(crate) signature: Bytes,
    /// The owner of the passkey, as the authenticator names them.
    pub(crate) user_handle: Option<Bytes>,
}

/// The ceremony.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Create,
    Get,
}

/// The client data: the browser's description of its request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: Bytes,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    top_origin: Option<String>,
}

impl ClientData {
    pub(crate) fn parse(bytes: &Bytes) -> Result<Self, Untrue> {
        serde_json::from_slice(&bytes.0).map_err(|_| Untrue::Unreadable)
    }

    /// The challenge that was given to the browser.
    pub(crate) fn challenge(&self) -> Result<SecretString, Untrue> {
        let text = String::from_utf8(self.challenge.0.clone()).map_err(|_| Untrue::Unreadable)?;
        Ok(SecretString::from(text))
    }
}

/// Encodes a challenge as browsers receive and return it.
pub(crate) fn encoded(challenge: &str) -> String {
    URL_SAFE_NO_PAD.encode(challenge)
}

/// Signature algorithms, by their COSE numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Es256 = -7,
    EdDsa = -8,
    Rs256 = -257,
}

impl Algorithm {
    /// In order of preference.
    pub(crate) const ALL: [Self; 3] = [Self::Es256, Self::EdDsa, Self::Rs256];

    fn find(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| *algorithm as i32 == number)
    }

    fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::Es256 => &ECDSA_P256_SHA256_ASN1,
            Self::EdDsa => &ED25519,
            Self::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        }
    }
}

/// The public key of a passkey, ready to verify a signature.
#[derive(Debug)]
pub(crate) struct PublicKey(ParsedPublicKey);

impl PublicKey {
    /// Parses a `SubjectPublicKeyInfo`.
    pub(crate) fn parse(spki: &[u8], algorithm: i32) -> Result<Self, Untrue> {
        // Such a key is a DER sequence. The library would also accept bare keys, so they are rejected here.
        if spki.first() != Some(&0x30) {
            return Err(Untrue::Key);
        }
        let algorithm = Algorithm::find(algorithm).ok_or(Untrue::Key)?;
        ParsedPublicKey::new(algorithm.verification(), spki).map(Self).map_err(|_| Untrue::Key)
    }
}

/// A new passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) credential_id: Vec<u8>,
    pub(crate) sign_count: u32,
}

/// The relying party: this service, identified by the address of the dashboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RelyingParty {
    pub(crate) id: String,
    origin: String,
}

impl RelyingParty {
    /// `None`: browsers support no passkeys there. They need a domain name, and HTTPS unless it is `localhost`.
    pub(crate) fn of(admin_url: Option<&str>) -> Option<Self> {
        let url = Url::parse(admin_url?).ok()?;
        let Some(Host::Domain(host)) = url.host() else { return None };
        let is_safe = url.scheme() == "https" || host == "localhost" || host.ends_with(".localhost");
        is_safe.then(|| Self { id: host.to_owned(), origin: url.origin().ascii_serialization() })
    }

    /// Checks the client data of any answer: its type, and that it came from our page, which no other page framed.
    pub(crate) fn judge_client_data(&self, client_data: &ClientData, kind: Kind) -> Result<(), Untrue> {
        let expected = match kind {
            Kind::Create => "webauthn.create",
            Kind::Get => "webauthn.get",
        };
        if client_data.kind != expected {
            return Err(Untrue::Kind);
        }
        if client_data.origin != self.origin || client_data.cross_origin || client_data.top_origin.is_some() {
            return Err(Untrue::Origin);
        }
        Ok(())
    }

    /// Verifies a new passkey. The caller has verified the client data and used up the challenge.
    pub(crate) fn judge_registration(&self, registration: &Registration) -> Result<Made, Untrue> {
        let (flags, sign_count, rest) = self.judge_head(&registration.authenticator_data)?;
        if flags & HAS_CREDENTIAL == 0 {
            return Err(Untrue::Unreadable);
        }
        let credential = rest.get(AAGUID_BYTES..).ok_or(Untrue::Unreadable)?;
        let (length, credential) = credential.split_first_chunk::<2>().ok_or(Untrue::Unreadable)?;
        let credential_id = credential.get(..u16::from_be_bytes(*length).into()).ok_or(Untrue::Unreadable)?;
        if credential_id != registration.id.0 || !(16..=1023).contains(&credential_id.len()) {
            return Err(Untrue::Unreadable);
        }
        PublicKey::parse(&registration.public_key.0, registration.algorithm)?;
        Ok(Made { credential_id: credential_id.to_vec(), sign_count })
    }

    /// Verifies the use of a passkey. Returns how many signatures its authenticator has made. The caller has verified
    /// the client data and used up the challenge.
    pub(crate) fn judge_assertion(&self, assertion: &Assertion, key: &PublicKey) -> Result<u32, Untrue> {
        let (_, sign_count, _) = self.judge_head(&assertion.authenticator_data)?;
        let signed = [&assertion.authenticator_data.0[..], &Sha256::digest(&assertion.client_data.0)].concat();
        key.0.verify_sig(&signed, &assertion.signature.0).map_err(|_| Untrue::Signature)?;
        Ok(sign_count)
    }

    /// Parses flags, count, and the rest. The person must be present and verified by PIN, fingerprint or face. A
    /// passkey then counts as two factors.
    fn judge_head<'a>(&self, data: &'a Bytes) -> Result<(u8, u32, &'a [u8]), Untrue> {
        if data.0.len() < HEAD_BYTES {
            return Err(Untrue::Unreadable);
        }
        let (head, rest) = data.0.split_at(HEAD_BYTES);
        let (party, flags) = (&head[..32], head[32]);
        if party != &Sha256::digest(&self.id)[..] {
            return Err(Untrue::Party);
        }
        if flags & PRESENT == 0 {
            return Err(Untrue::Absent);
        }
        if flags & VERIFIED == 0 {
            return Err(Untrue::Unverified);
        }
        if flags & IS_COPIED != 0 && flags & MAY_BE_COPIED == 0 {
            return Err(Untrue::Unreadable);
        }
        let count = head[33..].try_into().map_err(|_| Untrue::Unreadable)?;
        Ok((flags, u32::from_be_bytes(count), rest))
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    };
    use serde_json::{Value, json};

    use super::*;

    const FLAGS: u8 = PRESENT | VERIFIED;
    const ID: [u8; 20] = [7; 20];

    /// A software authenticator with a key of each algorithm.
    enum Authenticator {
        Es256(EcdsaKeyPair),
        EdDsa(Ed25519KeyPair),
        Rs256(RsaKeyPair),
    }

    impl Authenticator {
        fn all() -> [Self; 3] {
            [
                Self::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap()),
                Self::EdDsa(Ed25519KeyPair::generate().unwrap()),
                Self::Rs256(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()),
            ]
        }

        fn algorithm(&self) -> i32 {
            match self {
                Self::Es256(_) => -7,
                Self::EdDsa(_) => -8,
                Self::Rs256(_) => -257,
            }
        }

        fn spki(&self) -> Vec<u8> {
            match self {
                Self::Es256(pair) => pair.public_key().as_der().unwrap().as_ref().to_vec(),
                Self::EdDsa(pair) => pair.public_key().as_der().unwrap().as_ref().to_vec(),
                Self::Rs256(pair) => pair.public_key().as_der().unwrap().as_ref().to_vec(),
            }
        }

        fn sign(&self, message: &[u8]) -> Vec<u8> {
            let random = SystemRandom::new();
            match self {
                Self::Es256(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
                Self::EdDsa(pair) => pair.sign(message).as_ref().to_vec(),
                Self::Rs256(pair) => {
                    let mut signature = vec![0; pair.public_modulus_len()];
                    pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                    signature
                }
            }
        }
    }

    fn party() -> RelyingParty {
        RelyingParty::of(Some("https://dashboard.example.org")).unwrap()
    }

    fn client_data(kind: &str, changes: Value) -> Bytes {
        let mut said = json!({
            "type": kind, "challenge": encoded("pk_x"), "origin": "https://dashboard.example.org", "crossOrigin": false,
        });
        said.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        Bytes(said.to_string().into_bytes())
    }

    fn head(id: &str, flags: u8, count: u32) -> Vec<u8> {
        [&Sha256::digest(id)[..], &[flags], &count.to_be_bytes()].concat()
    }

    fn registered(id: &[u8], flags: u8) -> Bytes {
        let length = u16::try_from(id.len()).unwrap().to_be_bytes();
        // Behind the id is the key in CBOR, which is not read.
        let parts = [&head("dashboard.example.org", flags | HAS_CREDENTIAL, 5), &[0; 16][..], &length, id, &[0xa5]];
        Bytes(parts.concat())
    }

    fn registration(authenticator: &Authenticator) -> Registration {
        Registration {
            id: Bytes(ID.to_vec()),
            client_data: client_data("webauthn.create", json!({})),
            authenticator_data: registered(&ID, FLAGS),
            public_key: Bytes(authenticator.spki()),
            algorithm: authenticator.algorithm(),
        }
    }

    fn assertion(authenticator: &Authenticator, data: Vec<u8>) -> Assertion {
        let client_data = client_data("webauthn.get", json!({}));
        let signature = authenticator.sign(&[&data[..], &Sha256::digest(&client_data.0)].concat());
        Assertion {
            id: Bytes(ID.to_vec()),
            client_data,
            authenticator_data: Bytes(data),
            signature: Bytes(signature),
            user_handle: None,
        }
    }

    #[test]
    fn passkeys_belong_to_the_address_of_the_dashboard() {
        let of = |url| RelyingParty::of(Some(url)).map(|party| (party.id, party.origin));
        let named = |id: &str, origin: &str| Some((id.to_owned(), origin.to_owned()));
        assert_eq!(of("https://a.example.org"), named("a.example.org", "https://a.example.org"));
        assert_eq!(of("https://a.example.org:8443"), named("a.example.org", "https://a.example.org:8443"));
        assert_eq!(of("http://localhost:8081"), named("localhost", "http://localhost:8081"));
        for none in ["http://a.example.org", "http://127.0.0.1:8081", "https://[::1]:8081", "https://10.0.0.1"] {
            assert_eq!(of(none), None, "{none}");
        }
        assert_eq!(RelyingParty::of(None), None);
    }

    #[test]
    fn every_kind_of_key_is_registered_and_signs() {
        for authenticator in Authenticator::all() {
            let made = party().judge_registration(&registration(&authenticator)).unwrap();
            assert_eq!(made, Made { credential_id: ID.to_vec(), sign_count: 5 });
            let key = PublicKey::parse(&authenticator.spki(), authenticator.algorithm()).unwrap();
            let data = head("dashboard.example.org", FLAGS | MAY_BE_COPIED | IS_COPIED, 6);
            let used = assertion(&authenticator, data);
            assert_eq!(party().judge_assertion(&used, &key), Ok(6), "{}", authenticator.algorithm());
        }
    }

    #[test]
    fn what_another_key_signed_or_what_was_changed_is_not_believed() {
        let data = || head("dashboard.example.org", FLAGS, 6);
        for (authenticator, other) in Authenticator::all().iter().zip(Authenticator::all()) {
            let key = PublicKey::parse(&other.spki(), other.algorithm()).unwrap();
            let judge = |used: &Assertion, key: &PublicKey| party().judge_assertion(used, key);
            assert_eq!(judge(&assertion(authenticator, data()), &key), Err(Untrue::Signature));
            let key = PublicKey::parse(&authenticator.spki(), authenticator.algorithm()).unwrap();
            let counted_on = Bytes(head("dashboard.example.org", FLAGS, 7));
            let changed = Assertion { authenticator_data: counted_on, ..assertion(authenticator, data()) };
            assert_eq!(judge(&changed, &key), Err(Untrue::Signature));
            let said = client_data("webauthn.get", json!({ "challenge": encoded("pk_y") }));
            let changed = Assertion { client_data: said, ..assertion(authenticator, data()) };
            assert_eq!(judge(&changed, &key), Err(Untrue::Signature));
            for signature in [Vec::new(), vec![0; 64], vec![0; 256]] {
                let changed = Assertion { signature: Bytes(signature), ..assertion(authenticator, data()) };
                assert_eq!(judge(&changed, &key), Err(Untrue::Signature));
            }
        }
    }

    #[test]
    fn somebody_must_be_there_verified_and_at_this_service() {
        let [authenticator, ..] = Authenticator::all();
        let key = PublicKey::parse(&authenticator.spki(), authenticator.algorithm()).unwrap();
        for (data, why) in [
            (head("dashboard.example.org", VERIFIED, 6), Untrue::Absent),
            (head("dashboard.example.org", PRESENT, 6), Untrue::Unverified),
            (head("dashboard.example.org", FLAGS | IS_COPIED, 6), Untrue::Unreadable),
            (head("example.org", FLAGS, 6), Untrue::Party),
            (head("dashboard.example.org", FLAGS, 6)[..36].to_vec(), Untrue::Unreadable),
            (Vec::new(), Untrue::Unreadable),
        ] {
            assert_eq!(party().judge_assertion(&assertion(&authenticator, data), &key), Err(why));
        }
        let unverified = Registration { authenticator_data: registered(&ID, PRESENT), ..registration(&authenticator) };
        assert_eq!(party().judge_registration(&unverified), Err(Untrue::Unverified));
    }

    #[test]
    fn the_page_of_the_browser_was_ours() {
        let judged = |kind, changes| {
            let parsed = ClientData::parse(&client_data("webauthn.get", changes))?;
            party().judge_client_data(&parsed, kind)
        };
        assert_eq!(judged(Kind::Get, json!({})), Ok(()));
        assert_eq!(judged(Kind::Create, json!({})), Err(Untrue::Kind));
        for changes in [
            json!({ "origin": "https://dashboard.example.org.evil.example" }),
            json!({ "origin": "https://example.org" }),
            json!({ "origin": "http://dashboard.example.org" }),
            json!({ "origin": "https://dashboard.example.org:8443" }),
            json!({ "crossOrigin": true }),
            json!({ "topOrigin": "https://evil.example" }),
        ] {
            assert_eq!(judged(Kind::Get, changes.clone()), Err(Untrue::Origin), "{changes}");
        }
        assert_eq!(judged(Kind::Get, json!({ "challenge": "?" })), Err(Untrue::Unreadable));
        for broken in ["", "{}", "[]", "null", "{\"type\":\"webauthn.get\"}"] {
            assert!(ClientData::parse(&Bytes(broken.into())).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_registration_names_one_credential_and_a_key_that_can_be_used() {
        let [es256, eddsa, rs256] = Authenticator::all();
        let judge = |changed: Registration| party().judge_registration(&changed);
        let other = Registration { id: Bytes(vec![8; 20]), ..registration(&es256) };
        assert_eq!(judge(other), Err(Untrue::Unreadable), "the browser and the authenticator name two");
        for id in [vec![7; 15], vec![7; 1024]] {
            let odd =
                Registration { authenticator_data: registered(&id, FLAGS), id: Bytes(id), ..registration(&es256) };
            assert_eq!(judge(odd), Err(Untrue::Unreadable));
        }
        for n in [37, 50, 54, 56, 70] {
            let cut = Bytes(registered(&ID, FLAGS).0[..n].to_vec());
            let short = Registration { authenticator_data: cut, ..registration(&es256) };
            assert_eq!(judge(short), Err(Untrue::Unreadable), "{n}");
        }
        for (key, algorithm) in [
            (es256.spki(), -8),
            (es256.spki(), -257),
            (eddsa.spki(), -7),
            (rs256.spki(), -8),
            (es256.spki(), -35),
            (es256.spki()[..60].to_vec(), -7),
            (es256.spki()[26..].to_vec(), -7),
            (Vec::new(), -7),
        ] {
            let odd = Registration { public_key: Bytes(key), algorithm, ..registration(&es256) };
            assert_eq!(judge(odd), Err(Untrue::Key), "{algorithm}");
        }
    }

    #[test]
    fn an_answer_is_read_from_the_json_of_the_page() {
        let said =
            r#"{"id":"BwcH","clientDataJSON":"e30","authenticatorData":"AA","signature":"AQ","userHandle":null}"#;
        let read: Assertion = serde_json::from_str(said).unwrap();
        assert_eq!((read.id.0, read.signature.0, read.user_handle), (vec![7, 7, 7], vec![1], None));
        for broken in ["{}", &said.replace("AQ", "A+Q="), &said.replace("AQ", &"A".repeat(20_000))] {
            assert!(serde_json::from_str::<Assertion>(broken).is_err(), "{broken}");
        }
    }
}
