//! Bodies of webhooks.

use chrono::DateTime;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::json_file;
use crate::service::Service;

const READS: &str = "context:read students:read sessions:read";

/// Returns the body with another call's id.
fn of_call(body: &str, from: &str, to: &str) -> String {
    let replaced = body.replace(&format!("\"{from}\""), &format!("\"{to}\""));
    assert_ne!(replaced, body, "{from} is in {body}");
    replaced
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_value_costs_no_call() {
    let service = Service::start().await;
    let token = service.token(READS).await;
    let text = |file: &str, field: &str| json_file(file)[field].as_str().unwrap().to_owned();
    let surrogate = text("01-lone-surrogate-turn.json", "body_raw");
    let listed = json_file("02-one-bad-value-loses-the-call.json")["body_raw"].clone();
    let deep = format!("\"deep\":{}1{},\"artifact\"", "[".repeat(200), "]".repeat(200));
    let cases: [(&str, Vec<u8>, &str); 7] = [
        ("c1", surrogate.clone().into_bytes(), "It is 7. \u{fffd}"),
        ("c2", listed[0].as_str().unwrap().into(), "It is 7."),
        ("c3", listed[1].as_str().unwrap().into(), "It is 7."),
        ("c4", with_byte(&of_call(&surrogate, "c1", "c4"), "\\ud83d"), "It is 7. \u{fffd}"),
        ("c5", of_call(&surrogate, "c1", "c5").replace("\"artifact\"", &deep).into_bytes(), "It is 7. \u{fffd}"),
        ("c-75", text("75-lone-surrogate.json", "raw").into_bytes(), "Fifty-six. \u{fffd}"),
        ("c-81", with_byte(&text("81-invalid-utf8-report.json", "raw_with_byte_ff"), "<0xFF>"), "Fifty-six. \u{fffd}"),
    ];
    for (call_id, body, said) in cases {
        assert_eq!(service.deliver(&body).await, StatusCode::OK, "{call_id}");
        let session = service.analyzed(&token, call_id).await;
        let texts = service.texts(&token, &session).await;
        assert!(texts.iter().any(|text| text == said), "{call_id}: {texts:?}");
        assert_eq!(texts.len(), if call_id.starts_with("c-") { 1 } else { 3 }, "{call_id}: {texts:?}");
        assert!(
            !session["report_faults"].as_array().unwrap().is_empty(),
            "{call_id} has the replaced bytes in its report faults"
        );
    }
    service.stop().await;
}

/// Replaces `mark` with a byte that is not UTF-8.
fn with_byte(text: &str, mark: &str) -> Vec<u8> {
    let (before, after) = text.split_once(mark).unwrap();
    [before.as_bytes(), b"\xff", after.as_bytes()].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn words_and_times_are_read_wherever_they_are() {
    let service = Service::start().await;
    let token = service.token(READS).await;
    let elsewhere = json_file("21-report-elsewhere.json")["body"].clone();
    let mut formatted = elsewhere.clone();
    let messages = formatted["message"]["messages"].take();
    let as_content = |message: &Value| json!({ "role": message["role"], "content": message["message"] });
    let as_content: Vec<Value> = messages.as_array().unwrap().iter().map(as_content).collect();
    formatted["message"] = json!({ "type": "end-of-call-report", "call": { "id": "leg1-formatted" },
                                   "artifact": { "messagesOpenAIFormatted": as_content } });
    let in_transcript = json!({ "message": json_file("64-report-without-artifact-messages.json")["message"] });
    for (body, said) in [
        (&elsewhere, ["What is 3 plus 4?", "It is 7."]),
        (&formatted, ["What is 3 plus 4?", "It is 7."]),
        (&in_transcript, ["Hi! What is 7 times 8?", "Fifty-six."]),
    ] {
        assert_eq!(service.deliver(body.to_string().as_bytes()).await, StatusCode::OK);
        let session = service.analyzed(&token, body["message"]["call"]["id"].as_str().unwrap()).await;
        assert_eq!(service.texts(&token, &session).await, said, "{body}");
    }

    let zero = json_file("22-epoch-zero-start.json")["body"].clone();
    assert_eq!(service.deliver(zero.to_string().as_bytes()).await, StatusCode::OK);
    let session = service.analyzed(&token, "e0").await;
    assert_eq!((&session["started_at"], &session["duration_seconds"]), (&Value::Null, &Value::Null), "{session}");

    let fields = json_file("74-time-units.json")["fields"].clone();
    let seconds = json!({ "message": { "type": "end-of-call-report", "call": { "id": "c-74" },
                                       "startedAt": fields["startedAt"], "endedAt": fields["endedAt"] } });
    assert_eq!(service.deliver(seconds.to_string().as_bytes()).await, StatusCode::OK);
    let session = service.analyzed(&token, "c-74").await;
    let started = session["started_at"].as_str().map(|at| DateTime::parse_from_rfc3339(at).unwrap());
    let is_right = started.is_none_or(|at| at.timestamp() == fields["startedAt"].as_i64().unwrap());
    assert!(is_right, "{session}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_has_ended_is_live_no_longer() {
    let service = Service::start().await;
    let token = service.token(READS).await;
    let person = service.log_in().await;
    let bodies = json_file("23-ended-without-report.json")["bodies"].clone();
    assert_eq!(service.deliver(bodies[0].to_string().as_bytes()).await, StatusCode::OK);
    let session = service.session_when(&token, "nr", |session| session["status"] == "in_progress").await;
    let link = format!("/sessions/{}", session["session_id"].as_str().unwrap());
    let live = async || {
        let page = person.read("/").await;
        let (_, live) = page.split_once("id=\"live\"").expect("the overview has live calls");
        live.split_once("</section>").unwrap().0.contains(&link)
    };
    assert!(live().await, "the call is live");
    assert_eq!(service.deliver(bodies[1].to_string().as_bytes()).await, StatusCode::OK);
    crate::service::eventually("the call is no longer live", async || (!live().await).then_some(())).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_in_own_storage_is_kept() {
    let file = json_file("19-own-recording-host.json");
    let (name, hosts) = file["env"].as_str().unwrap().split_once('=').unwrap();
    let service = Service::start_with(&[(name, hosts)]).await;
    let token = service.token(READS).await;
    let mut body = file["body"].clone();
    let mut second = body.clone();
    body["message"]["artifact"]["recordingUrl"] = json!("http://127.0.0.1:24100/a.wav");
    second["message"]["call"]["id"] = json!("r2");
    second["message"]["artifact"]["recordingUrl"] = json!("");
    second["message"]["artifact"]["recording"] = json!({ "mono": { "combinedUrl": "http://127.0.0.1:24100/a.wav" } });
    for (call_id, body) in [("r1", body), ("r2", second)] {
        assert_eq!(service.deliver(body.to_string().as_bytes()).await, StatusCode::OK);
        service.analyzed(&token, call_id).await;
        let kept = format!("select recording_url from sessions where call_id = '{call_id}'");
        assert_eq!(crate::psql::psql(&service.database_url, &kept), "http://127.0.0.1:24100/a.wav", "{call_id}");
    }
    service.stop().await;
}
