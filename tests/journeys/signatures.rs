//! The webhook endpoint accepts everything that VAPI signed, and nothing else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::StatusCode;
use serde_json::Value;

use crate::service::{Service, WEBHOOK_SECRET};
use crate::vapi::{self, CALL_ID, REPORT};

#[tokio::test(flavor = "multi_thread")]
async fn every_sample_is_accepted_as_it_stands() {
    let service = Service::start().await;
    let mut n_samples = 0;
    for entry in std::fs::read_dir(vapi::folder().join("raw")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        // Answers from the service and from VAPI's API are not webhooks.
        if name.contains("response") {
            continue;
        }
        assert_eq!(service.deliver(&vapi::sample(&name)).await, StatusCode::OK, "{name}");
        n_samples += 1;
    }
    assert!(n_samples >= 8, "{n_samples} samples");
    let unknown = br#"{"message":{"type":"something-new","call":{"id":"x1"},"field":[1,{"deep":null}]},"more":true}"#;
    assert_eq!(service.deliver(unknown).await, StatusCode::OK);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_vapi_did_not_sign_is_refused_and_not_kept() {
    let service = Service::start().await;
    let token = service.token("sessions:read").await;
    let body = vapi::sample(REPORT);
    let now = storage::clock::now().timestamp();
    let (fresh, old, early) = (now.to_string(), (now - 301).to_string(), (now + 310).to_string());
    let right = vapi::sign(WEBHOOK_SECRET, &fresh, &body);
    let mut tampered = body.clone();
    let place = tampered.iter().position(|byte| *byte == b'7').unwrap();
    tampered[place] = b'8';

    let of = |timestamp: &str| vapi::sign(WEBHOOK_SECRET, timestamp, &body);
    let (of_old, of_early, foreign) = (of(&old), of(&early), vapi::sign("another-webhook-secret", &fresh, &body));
    let absurd = "-9223372036854775808";
    for (what, timestamp, signature, body) in [
        ("one byte changed", Some(&fresh[..]), Some(&right[..]), &tampered),
        ("no signature", Some(&fresh), None, &body),
        ("an empty signature", Some(&fresh), Some(""), &body),
        ("no timestamp", None, Some(&right), &body),
        ("an old timestamp", Some(&old), Some(&of_old), &body),
        ("a timestamp of the future", Some(&early), Some(&of_early), &body),
        ("a wrong secret", Some(&fresh), Some(&foreign), &body),
        ("an absurd timestamp", Some(absurd), Some(&right), &body),
    ] {
        let headers = [("x-timestamp", timestamp), ("x-signature", signature)];
        let headers: Vec<(&str, &str)> = headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let answer = vapi::post(&service.http, &service.server_url, &headers, body).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{what}");
    }
    // A genuine signature with a wrong time is counted as a clock problem. Requests that anyone could send are not.
    let metrics =
        service.http.get(format!("{}/metrics", service.server_url)).send().await.unwrap().text().await.unwrap();
    let n_skewed = metrics.lines().find_map(|line| line.strip_prefix("webhook_clock_skew_total "));
    assert!(n_skewed.is_some_and(|n| n.parse::<u32>().unwrap() >= 2), "{metrics}");
    let url = format!("{}/api/v1/sessions/by-call/{CALL_ID}", service.server_url);
    assert_eq!(service.http.get(url).bearer_auth(&token).send().await.unwrap().status(), StatusCode::NOT_FOUND);

    // The same request with a right signature is accepted, so the signature was the reason.
    let headers = [("x-timestamp", &fresh[..]), ("x-signature", &right)];
    let answer = vapi::post(&service.http, &service.server_url, &headers, &body).await;
    assert_eq!(answer.status(), StatusCode::OK);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_secret_is_accepted_beside_the_new_one() {
    let new = ("VAPI_WEBHOOK_SECRET", "a-new-webhook-secret");
    let service = Service::start_with(&[new, ("VAPI_WEBHOOK_SECRET_PREVIOUS", WEBHOOK_SECRET)]).await;
    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    let body = vapi::sample("status-update.ended.json");
    let timestamp = storage::clock::now().timestamp_millis().to_string();
    let signature = vapi::sign(new.1, &timestamp, &body);
    let headers = [("x-timestamp", &timestamp[..]), ("x-signature", &signature)];
    assert_eq!(vapi::post(&service.http, &service.server_url, &headers, &body).await.status(), StatusCode::OK);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_refused() {
    let service = Service::start().await;
    let body = vec![b' '; 5 * 1024 * 1024 + 1];
    assert_eq!(service.deliver(&body).await, StatusCode::PAYLOAD_TOO_LARGE);
    service.stop().await;
}

/// The vectors were signed in the past. This test compares the signatures made here with theirs; the unit tests of the
/// server check its verification.
#[test]
fn our_stand_in_signs_as_the_vectors_do() {
    let vectors: Value =
        serde_json::from_slice(&std::fs::read(vapi::folder().join("hmac-vectors.json")).unwrap()).unwrap();
    let secret = vectors["secret"].as_str().unwrap();
    assert_eq!(secret, WEBHOOK_SECRET);
    let mut n_checked = 0;
    for vector in vectors["vectors"].as_array().unwrap() {
        let Some(timestamp) = vector["timestamp"].as_str() else { continue };
        let file = vector["body_file"].as_str().unwrap().trim_start_matches("raw/");
        let signature = vapi::sign(secret, timestamp, &vapi::sample(file));
        assert_eq!(signature, vector["hex"].as_str().unwrap());
        assert_eq!(STANDARD.encode(hex::decode(signature).unwrap()), vector["base64"].as_str().unwrap());
        n_checked += 1;
    }
    assert_eq!(n_checked, 10);
}
