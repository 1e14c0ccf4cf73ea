//! A client proves who it is by what it has signed: `private_key_jwt` of OpenID Connect, RFC 7523.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use storage::api_client::{self, ApiClient};
use storage::db::Db;

use super::Refusal;
use super::public_keys::PublicKeys;
use crate::auth::access_token::{Audience, Issuer};

/// By which a form says that it brings one.
pub(super) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// What is signed for longer could be found and used for longer.
const LIFETIME_MAX: TimeDelta = TimeDelta::minutes(10);
/// How far the client's clock may differ from ours.
const LEEWAY: TimeDelta = TimeDelta::seconds(30);
const MAX_JTI_BYTES: usize = 200;

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    nbf: Option<i64>,
    jti: Option<String>,
}

/// Whose assertion it claims to be; nothing is proved yet.
pub(super) fn claimed_client(assertion: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Subject {
        sub: String,
    }
    let payload = URL_SAFE_NO_PAD.decode(assertion.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok().map(|Subject { sub }| sub)
}

/// Returns the client that signed `assertion` for this server, recently, and for the first time. `None`: no client's
/// key matches.
pub(super) async fn find_client(
    db: &Db,
    issuer: &Issuer,
    client_id: &str,
    assertion: &str,
    now: DateTime<Utc>,
) -> Result<Option<ApiClient>, Refusal> {
    let found = api_client::find_signing_client(db, client_id).await.map_err(|_| Refusal::Unavailable)?;
    let Some((client, keys)) = found else { return Ok(None) };
    let keys = match PublicKeys::parse(&keys) {
        Ok(keys) => keys,
        Err(error) => {
            tracing::error!(client_id, %error, "a stored public key cannot be read");
            return Ok(None);
        }
    };
    let Some(claims) = keys.verify(assertion) else { return Ok(None) };
    let claims = serde_json::from_value(claims);
    let claims: Claims = claims.map_err(|_| Refusal::InvalidAssertion("it needs iss, sub, aud, exp and jti"))?;
    let (jti, expires_at) = judge(&claims, issuer, client_id, now).map_err(Refusal::InvalidAssertion)?;
    let is_new = api_client::accept_assertion(db, client_id, jti, expires_at + LEEWAY, now).await;
    if !is_new.map_err(|_| Refusal::Unavailable)? {
        return Err(Refusal::InvalidAssertion("it was shown before: sign a new one for each request"));
    }
    Ok(Some(client))
}

/// Its id and its end, or what is wrong with it.
fn judge<'a>(
    claims: &'a Claims,
    issuer: &Issuer,
    client_id: &str,
    now: DateTime<Utc>,
) -> Result<(&'a str, DateTime<Utc>), &'static str> {
    if claims.iss != client_id || claims.sub != client_id {
        return Err("its iss and sub are the client's id");
    }
    let endpoint = format!("{}/auth/token", issuer.issuer);
    // One for several servers could be shown by one of them to another.
    let is_ours = |audience: &String| *audience == issuer.issuer || *audience == endpoint;
    let is_for_us = match &claims.aud {
        Audience::One(audience) => is_ours(audience),
        Audience::Several(audiences) => !audiences.is_empty() && audiences.iter().all(is_ours),
    };
    if !is_for_us {
        return Err("its aud must be the issuer of this server's metadata, and no other");
    }
    let at = |seconds| DateTime::from_timestamp(seconds, 0).ok_or("its times are no times");
    let expires_at = at(claims.exp)?;
    if now >= expires_at + LEEWAY {
        return Err("it is over: compare the clocks");
    }
    if expires_at - now > LIFETIME_MAX + LEEWAY {
        return Err("it ends more than 10 minutes from now");
    }
    if let Some(not_before) = claims.nbf
        && now + LEEWAY < at(not_before)?
    {
        return Err("it is not valid yet: compare the clocks");
    }
    let jti = claims.jti.as_deref().filter(|jti| (1..=MAX_JTI_BYTES).contains(&jti.len()) && !jti.contains('\0'));
    Ok((jti.ok_or("its jti has 1 to 200 bytes, another one each time")?, expires_at))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::auth::signing_key::SigningKey;
    use crate::auth::signing_key::tests::RFC_8037;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).unwrap()
    }

    fn claims() -> Value {
        let exp = (now() + TimeDelta::minutes(5)).timestamp();
        json!({ "iss": "c", "sub": "c", "aud": "https://tutor.example", "exp": exp, "jti": "1" })
    }

    fn judged(claims: Value) -> Result<String, &'static str> {
        let issuer = Issuer::new("https://tutor.example/", SigningKey::from_pem(&RFC_8037.into()).unwrap(), None);
        let claims: Claims = serde_json::from_value(claims).map_err(|_| "claims")?;
        judge(&claims, &issuer, "c", now()).map(|(jti, _)| jti.to_owned())
    }

    #[test]
    fn a_statement_for_us_of_now_is_believed() {
        assert_eq!(judged(claims()), Ok("1".to_owned()));
        for aud in [json!("https://tutor.example/auth/token"), json!(["https://tutor.example"])] {
            let mut good = claims();
            good["aud"] = aud;
            assert!(judged(good).is_ok());
        }
    }

    #[test]
    fn each_claim_is_held_against_its_rule() {
        let at = |minutes| json!((now() + TimeDelta::minutes(minutes)).timestamp());
        for (claim, value) in [
            ("iss", json!("d")),
            ("sub", json!("d")),
            ("aud", json!("https://other.example")),
            ("aud", json!([])),
            ("aud", json!(["https://tutor.example", "https://other.example"])),
            ("exp", at(-1)),
            ("exp", at(11)),
            ("exp", json!(i64::MAX)),
            ("nbf", at(1)),
            ("jti", json!("")),
            ("jti", json!("x".repeat(201))),
            ("jti", Value::Null),
        ] {
            let mut bad = claims();
            bad[claim] = value.clone();
            assert!(judged(bad).is_err(), "{claim} {value}");
        }
    }

    #[test]
    fn whose_it_claims_to_be_is_read_of_anything() {
        assert_eq!(claimed_client("e30.eyJzdWIiOiJjIn0.x").as_deref(), Some("c"));
        for text in ["", "a.b", "a.e30.c", "..", "a.%%%.c"] {
            assert_eq!(claimed_client(text), None, "{text}");
        }
    }
}
