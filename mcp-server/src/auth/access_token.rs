//! Access tokens: short-lived signed statements of ours, read back by ourselves (RFC 9068).

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use storage::access::{Scope, ScopeSet};
use storage::id::{AdminUserId, AgentGrantId, FamilyGrantId};
use uuid::Uuid;

use super::signing_key::SigningKey;

/// How long a token lives. A client asks again with its secret, an agent of a person with its refresh token.
pub const LIFETIME: TimeDelta = TimeDelta::minutes(15);

/// The client of tokens of students and guardians: any app.
pub const FAMILY: &str = "family";

/// How far two servers' clocks may differ.
const LEEWAY: TimeDelta = TimeDelta::seconds(5);

/// Keeps our tokens from being taken for another kind of JWT, and others for ours (RFC 8725).
const TYPE: &str = "at+jwt";

/// All but the two grants are required: a token without one of them is not ours.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    client_id: String,
    scope: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: Uuid,
    /// What a person allowed the client. Then `sub` is the person, otherwise the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grant_id: Option<AgentGrantId>,
    /// The access of a student or a guardian, who is also `sub`. Then the client is [`FAMILY`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    family_grant_id: Option<FamilyGrantId>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Several(Vec<String>),
}

/// What a good token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub client_id: String,
    /// If a person allowed it.
    pub grant_id: Option<AgentGrantId>,
    /// If a student or a guardian uses an app.
    pub family_grant_id: Option<FamilyGrantId>,
    pub scopes: ScopeSet,
    pub expires_at: DateTime<Utc>,
}

/// A token that is not to be believed. The reason is for logs and tests; an answer does not tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unbelievable {
    #[error("malformed, or signed by a key that is not ours")]
    Signature,
    #[error("not an access token")]
    Type,
    #[error("for another issuer or audience")]
    Audience,
    #[error("expired or not yet valid")]
    Time,
    #[error("a claim is missing or senseless")]
    Claims,
}

/// Makes and reads tokens. During a rotation of keys it reads those of the previous key too.
#[derive(Debug)]
pub struct Issuer {
    /// The public URL, without a slash at its end.
    pub issuer: String,
    /// The audience of every token: the canonical URI of the MCP endpoint (RFC 8707).
    pub resource: String,
    current: SigningKey,
    previous: Option<SigningKey>,
}

impl Issuer {
    /// Signs with `current`, and still accepts what `previous` signed.
    pub fn new(public_url: &str, current: SigningKey, previous: Option<SigningKey>) -> Self {
        let issuer = public_url.trim_end_matches('/').to_owned();
        Self { resource: format!("{issuer}/mcp"), issuer, current, previous }
    }

    /// A token issued to an API client.
    pub fn issue(&self, client_id: &str, scopes: ScopeSet, now: DateTime<Utc>) -> String {
        self.sign(&self.claims(client_id.to_owned(), client_id, scopes, now))
    }

    /// A token of an agent of a person.
    pub fn issue_for(
        &self,
        (person, grant_id): (AdminUserId, AgentGrantId),
        client_id: &str,
        scopes: ScopeSet,
        now: DateTime<Utc>,
    ) -> String {
        let claims = self.claims(person.to_string(), client_id, scopes, now);
        self.sign(&Claims { grant_id: Some(grant_id), ..claims })
    }

    /// A token of a student or a guardian, with the scope `own:read`.
    pub fn issue_to_family(&self, family_grant_id: FamilyGrantId, now: DateTime<Utc>) -> String {
        let scopes = [Scope::OwnRead].into_iter().collect();
        let claims = self.claims(family_grant_id.to_string(), FAMILY, scopes, now);
        self.sign(&Claims { family_grant_id: Some(family_grant_id), ..claims })
    }

    fn claims(&self, sub: String, client_id: &str, scopes: ScopeSet, now: DateTime<Utc>) -> Claims {
        Claims {
            iss: self.issuer.clone(),
            sub,
            aud: Audience::One(self.resource.clone()),
            client_id: client_id.to_owned(),
            scope: scopes.to_string(),
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: (now + LIFETIME).timestamp(),
            jti: Uuid::new_v4(),
            grant_id: None,
            family_grant_id: None,
        }
    }

    fn sign(&self, claims: &Claims) -> String {
        let header = Header {
            typ: Some(TYPE.to_owned()),
            kid: Some(self.current.key_id.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        jsonwebtoken::encode(&header, claims, &self.current.private).expect("a checked key signs plain claims")
    }

    /// What `token` grants at `now`.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Grant, Unbelievable> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Unbelievable::Signature)?;
        if !header.typ.is_some_and(|typ| typ.eq_ignore_ascii_case(TYPE)) || header.crit.is_some() {
            return Err(Unbelievable::Type);
        }
        let key_id = header.kid.ok_or(Unbelievable::Signature)?;
        let key = self.keys().find(|key| key.key_id == key_id).ok_or(Unbelievable::Signature)?;
        // One algorithm, fixed here and not by the token. Times and names are checked below, against our clock.
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let claims: Value =
            jsonwebtoken::decode(token, &key.public, &validation).map_err(|_| Unbelievable::Signature)?.claims;
        let claims: Claims = serde_json::from_value(claims).map_err(|_| Unbelievable::Claims)?;
        self.judge(claims, now)
    }

    fn judge(&self, claims: Claims, now: DateTime<Utc>) -> Result<Grant, Unbelievable> {
        let is_for_us = match &claims.aud {
            Audience::One(audience) => *audience == self.resource,
            Audience::Several(audiences) => audiences.contains(&self.resource),
        };
        if claims.iss != self.issuer || !is_for_us {
            return Err(Unbelievable::Audience);
        }
        let is_one = match (claims.grant_id, claims.family_grant_id) {
            (None, None) => claims.sub == claims.client_id && claims.client_id != FAMILY,
            (Some(_), None) => claims.sub.parse::<AdminUserId>().is_ok(),
            (None, Some(id)) => claims.client_id == FAMILY && claims.sub == id.to_string(),
            (Some(_), Some(_)) => false,
        };
        if claims.client_id.is_empty() || !is_one {
            return Err(Unbelievable::Claims);
        }
        let at = |seconds| DateTime::from_timestamp(seconds, 0).ok_or(Unbelievable::Claims);
        let (issued_at, not_before, expires_at) = (at(claims.iat)?, at(claims.nbf)?, at(claims.exp)?);
        if expires_at - issued_at > LIFETIME {
            return Err(Unbelievable::Claims);
        }
        if now >= expires_at + LEEWAY || now + LEEWAY < not_before.max(issued_at) {
            return Err(Unbelievable::Time);
        }
        let Claims { client_id, grant_id, family_grant_id, scope, .. } = claims;
        // The scope of families is none that a client may ask for, so it does not parse.
        let scopes = match family_grant_id {
            Some(_) if scope == Scope::OwnRead.as_str() => [Scope::OwnRead].into_iter().collect(),
            Some(_) => return Err(Unbelievable::Claims),
            None => scope.parse().map_err(|_| Unbelievable::Claims)?,
        };
        Ok(Grant { client_id, grant_id, family_grant_id, scopes, expires_at })
    }

    /// RFC 7517: what others need to read our tokens.
    pub fn jwks(&self) -> Value {
        json!({ "keys": self.keys().map(SigningKey::jwk).collect::<Vec<_>>() })
    }

    fn keys(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::EncodingKey;
    use serde_json::{Map, Value, json};
    use storage::access::Scope;

    use super::super::signing_key::tests::RFC_8037;
    use super::*;

    const OTHER_KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIEzNCJsphtuA/Q/GbeU/KQ8s9fCmq3SgQosO6vsmpPue\n\
        -----END PRIVATE KEY-----\n";

    fn key(pem: &str) -> SigningKey {
        SigningKey::from_pem(&pem.into()).unwrap()
    }

    fn issuer() -> Issuer {
        Issuer::new("https://tutor.example", key(RFC_8037), None)
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).unwrap()
    }

    fn good_claims() -> Map<String, Value> {
        let claims = json!({
            "iss": "https://tutor.example", "sub": "c1", "client_id": "c1", "aud": "https://tutor.example/mcp",
            "scope": "context:read", "iat": now().timestamp(), "nbf": now().timestamp(),
            "exp": now().timestamp() + 900, "jti": "6a4c7a34-3c39-4c6e-a6f5-0e7f6d6bb6a1",
        });
        claims.as_object().unwrap().clone()
    }

    /// Signs a token with any claims.
    fn signed(header: Header, claims: &Map<String, Value>) -> String {
        let header = Header { kid: header.kid.or(Some(key(RFC_8037).key_id)), ..header };
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_ed_pem(RFC_8037.as_bytes()).unwrap()).unwrap()
    }

    fn ours() -> Header {
        Header { typ: Some("at+jwt".into()), ..Header::new(Algorithm::EdDSA) }
    }

    #[test]
    fn an_issued_token_grants_its_scopes_until_it_expires() {
        let scopes: ScopeSet = [Scope::ContextRead, Scope::SessionsRead].into_iter().collect();
        let token = issuer().issue("c1", scopes, now());
        let grant = issuer().verify(&token, now()).unwrap();
        let expected = Grant {
            client_id: "c1".into(),
            grant_id: None,
            family_grant_id: None,
            scopes,
            expires_at: now() + LIFETIME,
        };
        assert_eq!(grant, expected);
        assert!(issuer().verify(&token, now() + LIFETIME + TimeDelta::seconds(4)).is_ok());
        assert_eq!(issuer().verify(&token, now() + LIFETIME + LEEWAY), Err(Unbelievable::Time));
        assert!(issuer().verify(&token, now() - LEEWAY).is_ok());
        assert_eq!(issuer().verify(&token, now() - TimeDelta::seconds(6)), Err(Unbelievable::Time));
    }

    #[test]
    fn a_token_of_an_agent_names_the_person_and_the_grant() {
        let (person, grant_id) = (AdminUserId::new(), AgentGrantId::new());
        let token = issuer().issue_for((person, grant_id), "agent_1", ScopeSet::all(), now());
        let grant = issuer().verify(&token, now()).unwrap();
        assert_eq!((grant.client_id.as_str(), grant.grant_id), ("agent_1", Some(grant_id)));
        let mut claims = good_claims();
        claims.insert("grant_id".into(), json!(grant_id));
        assert_eq!(issuer().verify(&signed(ours(), &claims), now()), Err(Unbelievable::Claims), "its sub is a client");
        claims.insert("sub".into(), json!(person));
        assert!(issuer().verify(&signed(ours(), &claims), now()).is_ok());
        claims.remove("grant_id");
        assert_eq!(issuer().verify(&signed(ours(), &claims), now()), Err(Unbelievable::Claims), "its sub is a person");
    }

    #[test]
    fn a_token_of_a_family_reads_its_own_and_nothing_else() {
        let id = FamilyGrantId::new();
        let token = issuer().issue_to_family(id, now());
        let grant = issuer().verify(&token, now()).unwrap();
        assert_eq!(
            (grant.family_grant_id, grant.grant_id, &grant.scopes.to_string()[..]),
            (Some(id), None, "own:read")
        );
        let mut claims = good_claims();
        for (name, value) in [
            ("family_grant_id", json!(id)),
            ("client_id", json!(FAMILY)),
            ("sub", json!(id)),
            ("scope", json!("own:read")),
        ] {
            claims.insert(name.into(), value);
        }
        assert!(issuer().verify(&signed(ours(), &claims), now()).is_ok());
        for (name, value) in [
            ("scope", json!("own:read students:read")),
            ("scope", json!("students:read")),
            ("sub", json!(FamilyGrantId::new())),
            ("client_id", json!("c1")),
            ("grant_id", json!(AgentGrantId::new())),
            ("family_grant_id", Value::Null),
        ] {
            let mut wrong = claims.clone();
            wrong.insert(name.into(), value);
            assert_eq!(issuer().verify(&signed(ours(), &wrong), now()), Err(Unbelievable::Claims), "{name}");
        }
    }

    #[test]
    fn a_token_of_the_previous_key_is_read_during_a_rotation_and_not_after() {
        let token = issuer().issue("c1", ScopeSet::all(), now());
        let rotated = |previous| Issuer::new("https://tutor.example", key(OTHER_KEY), previous);
        assert!(rotated(Some(key(RFC_8037))).verify(&token, now()).is_ok());
        assert_eq!(rotated(None).verify(&token, now()), Err(Unbelievable::Signature));
        assert_eq!(rotated(Some(key(RFC_8037))).jwks()["keys"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn a_token_for_another_audience_or_issuer_is_refused() {
        for (claim, value) in [
            ("aud", json!("https://other.example/mcp")),
            ("aud", json!("https://tutor.example")),
            ("aud", json!(["https://other.example/mcp"])),
            ("iss", json!("https://other.example")),
        ] {
            let mut claims = good_claims();
            claims.insert(claim.into(), value);
            assert_eq!(issuer().verify(&signed(ours(), &claims), now()), Err(Unbelievable::Audience), "{claim}");
        }
        let mut several = good_claims();
        several.insert("aud".into(), json!(["https://other.example", "https://tutor.example/mcp"]));
        assert!(issuer().verify(&signed(ours(), &several), now()).is_ok());
    }

    #[test]
    fn a_token_that_lacks_any_claim_is_refused() {
        assert!(issuer().verify(&signed(ours(), &good_claims()), now()).is_ok());
        for claim in good_claims().keys() {
            let mut claims = good_claims();
            claims.remove(claim);
            assert_eq!(issuer().verify(&signed(ours(), &claims), now()), Err(Unbelievable::Claims), "{claim}");
        }
    }

    #[test]
    fn a_token_with_a_senseless_claim_is_refused() {
        for (claim, value) in [
            ("exp", json!(now().timestamp() + 86_400)),
            ("exp", json!(f64::MAX)),
            ("exp", json!(i64::MAX)),
            ("exp", json!("tomorrow")),
            ("sub", json!("c2")),
            ("scope", json!("context:read students:delete")),
            ("jti", json!("1")),
        ] {
            let mut claims = good_claims();
            claims.insert(claim.into(), value);
            assert_eq!(issuer().verify(&signed(ours(), &claims), now()), Err(Unbelievable::Claims), "{claim}");
        }
    }

    #[test]
    fn a_token_of_another_type_is_refused() {
        for typ in [None, Some("JWT"), Some("jwt"), Some("dpop+jwt")] {
            let header = Header { typ: typ.map(Into::into), ..ours() };
            assert_eq!(issuer().verify(&signed(header, &good_claims()), now()), Err(Unbelievable::Type), "{typ:?}");
        }
    }

    #[test]
    fn an_unsigned_token_or_one_of_another_algorithm_is_refused() {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = part(&Value::Object(good_claims()));
        let kid = key(RFC_8037).key_id;
        let none = part(&json!({ "alg": "none", "typ": "at+jwt", "kid": kid }));
        assert_eq!(issuer().verify(&format!("{none}.{claims}."), now()), Err(Unbelievable::Signature));

        // A known attack: the public key is used as a shared secret.
        let header = Header { typ: Some("at+jwt".into()), kid: Some(kid), ..Header::new(Algorithm::HS256) };
        let x = key(RFC_8037).jwk()["x"].as_str().unwrap().to_owned();
        let secret = EncodingKey::from_secret(&URL_SAFE_NO_PAD.decode(x).unwrap());
        let forged = jsonwebtoken::encode(&header, &good_claims(), &secret).unwrap();
        assert_eq!(issuer().verify(&forged, now()), Err(Unbelievable::Signature));
    }

    #[test]
    fn a_token_of_a_foreign_key_that_claims_our_key_id_is_refused() {
        let header = Header { kid: Some(key(RFC_8037).key_id), ..ours() };
        let foreign = EncodingKey::from_ed_pem(OTHER_KEY.as_bytes()).unwrap();
        let token = jsonwebtoken::encode(&header, &good_claims(), &foreign).unwrap();
        assert_eq!(issuer().verify(&token, now()), Err(Unbelievable::Signature));
    }

    #[test]
    fn garbage_is_refused() {
        let good = issuer().issue("c1", ScopeSet::all(), now());
        let cut = &good[..good.len() - 2];
        for token in ["", ".", "..", "a.b.c", "e30.e30.", cut, &good.replace('.', "")] {
            assert!(issuer().verify(token, now()).is_err(), "{token}");
        }
    }
}
