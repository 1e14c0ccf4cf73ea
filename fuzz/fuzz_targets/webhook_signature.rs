//! The signature check accepts exactly the requests that were signed with the secret and are not too old, with any
//! headers.

#![no_main]

use chrono::DateTime;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use mcp_server::fuzzing::is_from_vapi;
use sha2::Sha256;
use web::config::{SignatureEncoding, WebhookConfig};

const SECRET: &str = "a secret that no fuzzer guesses";
const NOW: i64 = 1_795_190_700;

fn settings(payload: &str, encoding: SignatureEncoding) -> WebhookConfig {
    WebhookConfig {
        secret: SECRET.into(),
        secret_previous: Some("the one before it".into()),
        signature_header: "x-signature".to_owned(),
        timestamp_header: "x-timestamp".to_owned(),
        payload: payload.to_owned(),
        prefix: String::new(),
        encoding,
    }
}

// Signature, timestamp, message id and body, with line ends between them.
fuzz_target!(|data: &[u8]| {
    let now = DateTime::from_timestamp(NOW, 0).unwrap();
    let mut parts = data.splitn(4, |byte| *byte == b'\n');
    let mut headers = HeaderMap::new();
    for name in ["x-signature", "x-timestamp", "svix-id"] {
        if let Some(value) = parts.next().and_then(|part| HeaderValue::from_bytes(part).ok()) {
            headers.insert(name, value);
        }
    }
    let body = parts.next().unwrap_or_default();
    for payload in ["{timestamp}.{body}", "{svix-id}.{timestamp}.{body}", "{body}"] {
        for encoding in [SignatureEncoding::Hex, SignatureEncoding::Base64] {
            assert!(!is_from_vapi(&settings(payload, encoding), &headers, body, now), "a forgery passed");
        }
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("{NOW}.").as_bytes());
    mac.update(body);
    headers.insert("x-timestamp", HeaderValue::from(NOW));
    headers.insert("x-signature", hex::encode(mac.finalize().into_bytes()).parse().unwrap());
    let genuine = settings("{timestamp}.{body}", SignatureEncoding::Hex);
    assert!(is_from_vapi(&genuine, &headers, body, now), "what VAPI signed was refused");
    let later = DateTime::from_timestamp(NOW + 301, 0).unwrap();
    assert!(!is_from_vapi(&genuine, &headers, body, later), "an old one passed");
});
