//! Every kind of signed message, with odd fields and bytes, gets the kind of answer that fits. None is lost.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use super::any_bytes::{Edits, any_value, edited, edits, settled};
use crate::psql::psql;
use crate::service::Service;
use crate::vapi::CALLER;

const N_MESSAGES: usize = 600;

/// The types in VAPI's documents and in captures, and some invented ones.
const TYPES: [&str; 37] = [
    "assistant-request",
    "tool-calls",
    "function-call",
    "end-of-call-report",
    "status-update",
    "transfer-destination-request",
    "handoff-destination-request",
    "knowledge-base-request",
    "voice-request",
    "call.endpointing.request",
    "campaign.predial",
    "hang",
    "conversation-update",
    "transcript",
    "transcript[transcriptType=\"final\"]",
    "speech-update",
    "user-interrupted",
    "model-output",
    "transfer-update",
    "language-change-detected",
    "language-changed",
    "phone-call-control",
    "voice-input",
    "assistant.started",
    "assistant.speechStarted",
    "call.artifact.upload",
    "call.deleted",
    "call.delete.failed",
    "chat.created",
    "chat.deleted",
    "session.created",
    "session.updated",
    "session.deleted",
    "Tool-Calls",
    "telepathy.started",
    "end-of-call-report ",
    "\u{202e}hang",
];

/// Places in a message that can be changed. The call's id stays, so each message is distinct.
const PLACES: [&str; 18] = [
    "/message",
    "/message/call",
    "/message/call/type",
    "/message/call/customer",
    "/message/call/customer/number",
    "/message/customer",
    "/message/timestamp",
    "/message/status",
    "/message/artifact",
    "/message/artifact/messages",
    "/message/functionCall",
    "/message/functionCall/parameters",
    "/message/toolCallList",
    "/message/toolCallList/0",
    "/message/toolCallList/0/id",
    "/message/toolCallList/0/function",
    "/message/toolCallList/0/function/arguments",
    "/message/transcript",
];

/// Builds a message of that type, with the fields of all types.
fn message(r#type: &str, call_id: &str) -> Value {
    let concern = json!({ "category": "other", "text": format!("It is about {call_id}.") });
    json!({ "message": {
        "type": r#type, "timestamp": 1_795_190_623_312_i64, "status": "in-progress", "role": "user", "transcript": "It is 7.",
        "call": { "id": call_id, "type": "inboundPhoneCall", "customer": { "number": CALLER } },
        "customer": { "number": CALLER },
        "artifact": { "messages": [
            { "role": "bot", "message": "What is 3 plus 4?", "secondsFromStart": 0 },
            { "role": "user", "message": "It is 7.", "secondsFromStart": 4.5 },
        ] },
        "functionCall": { "name": "get_student_context", "parameters": {} },
        "toolCallList": [
            { "id": "t1", "type": "function", "function": { "name": "get_student_context", "arguments": {} } },
            { "id": "t2", "type": "function", "function": { "name": "flag_concern", "arguments": concern } },
        ],
    } })
}

/// A message. `changed` has the changed places, or `None` if its bytes were changed, too.
#[derive(Clone, Debug)]
struct Sent {
    r#type: &'static str,
    changed: Option<Vec<&'static str>>,
    body: Vec<u8>,
}

fn messages(call_id: String) -> impl Strategy<Value = Sent> {
    let kind = prop_oneof![prop::sample::select(&TYPES[..5]), prop::sample::select(&TYPES[..])];
    let fields = prop::collection::vec((prop::sample::select(&PLACES[..]), any_value()), 0..3);
    let bytes = prop_oneof![3 => Just(Edits::new()), 1 => edits()];
    (kind, fields, bytes).prop_map(move |(r#type, fields, bytes)| {
        let mut message = message(r#type, &call_id);
        let mut changed = Vec::new();
        for (place, value) in fields {
            if let Some(old) = message.pointer_mut(place) {
                *old = value;
                changed.push(place);
            }
        }
        let changed = bytes.is_empty().then_some(changed);
        Sent { r#type, changed, body: edited(message.to_string().into_bytes(), bytes) }
    })
}

/// Returns the kind of answer, and checks that it is complete.
fn kind(answer: &Value) -> &'static str {
    let fields = answer.as_object().expect("an answer is an object");
    let names: Vec<_> = fields.keys().map(String::as_str).collect();
    let is_line = |said: &Value| said.as_str().is_some_and(|text| !text.is_empty() && !text.contains(['\n', '\r']));
    match names[..] {
        [] => "nothing",
        ["assistantId", "assistantOverrides"] => {
            let context = answer["assistantOverrides"]["variableValues"]["studentContext"].as_str().unwrap();
            let context: Value = serde_json::from_str(context).unwrap();
            assert!(is_line(&answer["assistantId"]) && is_line(&context["say_first"]), "{answer}");
            "assistant"
        }
        ["results"] => {
            for result in answer["results"].as_array().unwrap() {
                let said = [&result["result"], &result["error"]].map(is_line);
                assert!(said[0] != said[1] && result["name"].is_string(), "{answer}");
                assert!(result["toolCallId"].is_string(), "{answer}");
            }
            "results"
        }
        ["result" | "error"] => {
            assert!(fields.values().all(is_line), "{answer}");
            "function"
        }
        _ => panic!("no kind of answer: {answer}"),
    }
}

fn kind_for(r#type: &str) -> &'static str {
    match r#type {
        "assistant-request" => "assistant",
        "tool-calls" => "results",
        "function-call" => "function",
        _ => "nothing",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_signed_message_gets_the_answer_of_its_kind() {
    let settings = [
        ("VAPI_ASSISTANT_ID", "assistant-of-the-school"),
        ("CLIENT_REQUESTS_PER_SECOND", "100000"),
        ("VAPI_TOOL_SCOPES", "context:read calls:write notes:write"),
    ];
    let service = Service::start_with(&settings).await;
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut bodies = std::collections::HashSet::new();
    let (mut n_concerns, mut n_answered) = (0, 0);
    for _ in 0..N_MESSAGES {
        let call_id = uuid::Uuid::now_v7().to_string();
        let Sent { r#type, changed, body } = messages(call_id).new_tree(&mut runner).unwrap().current();
        let answer = service.ask(&body).await;
        let (found, shown) = (kind(&answer), String::from_utf8_lossy(&body).into_owned());
        if let Some(changed) = changed.filter(|changed| !changed.contains(&"/message")) {
            assert_eq!(found, kind_for(r#type), "{shown}: {answer}");
            n_answered += 1;
            if r#type == "tool-calls" && !changed.iter().any(|place| place.starts_with("/message/toolCallList")) {
                let ids: Vec<_> = answer["results"].as_array().unwrap().iter().map(|one| &one["toolCallId"]).collect();
                assert_eq!(ids, ["t1", "t2"], "{shown}");
            }
        }
        let results = answer["results"].as_array().into_iter().flatten();
        n_concerns += results.filter(|one| one["name"] == "flag_concern" && one["result"].is_string()).count();
        bodies.insert(body);
    }
    assert!(n_answered > N_MESSAGES / 2 && n_concerns > N_MESSAGES / 20, "{n_answered} {n_concerns}");
    settled(&service).await;

    let sql = |statement: &str| psql(&service.database_url, statement);
    assert_eq!(sql("select count(*) from deliveries"), bodies.len().to_string(), "each message is kept");
    let n_raised: usize = sql("select sum(n_raised) from follow_ups").parse().unwrap();
    // Some concerns may be stored although their answer came too late.
    assert!(n_raised >= n_concerns, "every answered concern was stored: {n_concerns}, {n_raised}");
    let lost = "select d.type, d.state, j.state, j.last_error from deliveries d
                left join jobs j on j.payload::text like '%' || d.delivery_id || '%'
                where case d.state
                    when 'ignored' then j.job_id is not null or d.type = 'end-of-call-report'
                        or (d.type = 'status-update' and d.call_id is not null)
                    when 'processed' then j.state is distinct from 'done'
                    else j.state is distinct from 'needs_attention' or coalesce(j.last_error, '') = '' end";
    assert_eq!(sql(lost), "", "each delivery is done, refused with a reason, or of a type that is not needed");
    let kept = "select count(*) from deliveries where state = 'ignored' and body is not null";
    assert_eq!(sql(kept), "0", "no body of an ignored message is kept");
    service.stop().await;
}
