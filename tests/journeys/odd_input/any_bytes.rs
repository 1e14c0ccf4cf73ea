//! Any bytes with a valid signature are answered with 200, and become a session or a refusal with a reason. None is
//! lost or retried for ever, and a retry ends as the first attempt did.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::processes::operator;
use crate::psql::psql;
use crate::service::{Service, eventually};

const N_BODIES: usize = 300;

fn report(call_id: &str) -> Value {
    json!({ "message": {
        "type": "end-of-call-report", "endedReason": "customer-ended-call", "cost": 0.1073,
        "startedAt": "2026-11-20T16:02:11.412Z", "endedAt": "2026-11-20T16:03:33.712Z", "timestamp": 1_795_190_623_312_i64,
        "call": { "id": call_id, "type": "inboundPhoneCall", "customer": { "number": "+14155550142" } },
        "artifact": { "recordingUrl": "https://storage.example/a.wav", "messages": [
            { "role": "bot", "message": "What is 3 plus 4?", "secondsFromStart": 0 },
            { "role": "user", "message": "It is 7.", "secondsFromStart": 4.5 },
            { "role": "bot", "message": "Great, 7 is right!", "secondsFromStart": 8 },
        ] },
        "assistant": { "name": "Milo" }, "costs": [{ "type": "model", "cost": 0.09 }],
    } })
}

/// Places in a [`report`] that can be changed.
const PLACES: [&str; 20] = [
    "/message",
    "/message/type",
    "/message/call",
    "/message/call/id",
    "/message/call/customer",
    "/message/call/customer/number",
    "/message/startedAt",
    "/message/endedAt",
    "/message/timestamp",
    "/message/cost",
    "/message/costs",
    "/message/endedReason",
    "/message/assistant/name",
    "/message/artifact",
    "/message/artifact/recordingUrl",
    "/message/artifact/messages",
    "/message/artifact/messages/1",
    "/message/artifact/messages/1/role",
    "/message/artifact/messages/1/message",
    "/message/artifact/messages/1/secondsFromStart",
];

pub(super) fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["\u{0}", "", "2.0", "NaN", "status-update", "user", "+266696687", "\u{202e}"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-z]{1,6}", inner), 0..4).prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

/// Places in a body, the number of bytes to cut out there, and the bytes to insert.
pub(super) type Edits = Vec<(prop::sample::Index, usize, Vec<u8>)>;

pub(super) fn edits() -> impl Strategy<Value = Edits> {
    let odd = prop::sample::select(vec![
        &b"\\ud83d"[..],
        b"\xff",
        b"\x00",
        b"1e999",
        b"NaN",
        b"null",
        b"[",
        b"}",
        b"\"",
        b"\\",
        b",",
        b"[[[[",
        b"\xc0\xaf",
    ]);
    let put = prop_oneof![odd.prop_map(<[u8]>::to_vec), prop::collection::vec(any::<u8>(), 0..6)];
    prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize, put), 0..3)
}

pub(super) fn edited(mut body: Vec<u8>, edits: Edits) -> Vec<u8> {
    for (at, n_cut, put) in edits {
        let at = at.index(body.len());
        body.splice(at..(at + n_cut).min(body.len()), put);
    }
    body
}

/// A report with some fields replaced, and sometimes with bytes changed, cut out or inserted; or random bytes.
fn bodies(call_id: String) -> impl Strategy<Value = Vec<u8>> {
    let fields = prop::collection::vec((prop::sample::select(&PLACES[..]), any_value()), 0..3);
    let bytes = edits();
    let changed = (fields, bytes).prop_map(move |(fields, bytes)| {
        let mut report = report(&call_id);
        for (place, value) in fields {
            if let Some(old) = report.pointer_mut(place) {
                *old = value;
            }
        }
        edited(report.to_string().into_bytes(), bytes)
    });
    prop_oneof![9 => changed, 1 => prop::collection::vec(any::<u8>(), 0..200)]
}

pub(super) async fn settled(service: &Service) {
    eventually("every job has ended", async || {
        let open = "select count(*) from jobs where state not in ('done', 'needs_attention')";
        (psql(&service.database_url, open) == "0").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_becomes_a_session_or_a_refusal_with_a_reason() {
    let service = Service::start().await;
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut sent = std::collections::HashSet::new();
    for _ in 0..N_BODIES {
        let body = bodies(uuid::Uuid::now_v7().to_string()).new_tree(&mut runner).unwrap().current();
        assert_eq!(service.deliver(&body).await, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
        sent.insert(body);
    }
    settled(&service).await;

    let sql = |statement: &str| psql(&service.database_url, statement);
    assert_eq!(sql("select count(*) from deliveries"), sent.len().to_string(), "each body is kept");
    let lost = "select d.type, d.state, j.state, j.last_error from deliveries d
                left join jobs j on j.payload::text like '%' || d.delivery_id || '%'
                where case d.state
                    when 'ignored' then j.job_id is not null or d.type = 'end-of-call-report'
                    when 'processed' then j.state is distinct from 'done'
                    else j.state is distinct from 'needs_attention' or coalesce(j.last_error, '') = '' end";
    assert_eq!(sql(lost), "", "each delivery is done, refused with a reason, or of a type that is not needed");
    let unheard = "select d.call_id from deliveries d where d.state = 'processed' and d.type = 'end-of-call-report'
                   and not exists (select from sessions s where s.call_id = d.call_id and s.status = 'analyzed')";
    assert_eq!(sql(unheard), "", "each report that was read is a session");
    let unnamed =
        "select call_id from sessions where status = 'needs_attention' and coalesce(attention_reason, '') = ''";
    assert_eq!(sql(unnamed), "");
    let counts =
        sql("select (select count(*) from sessions) > 100, count(*) > 20 from jobs where state = 'needs_attention'");
    assert_eq!(counts, "t|t", "the bodies are neither all good nor all bad");

    let ends = "select job_id, state, last_error from jobs where kind = 'process_delivery' order by job_id";
    let before = sql(ends);
    let attempts: i64 = sql("select max(attempts) from jobs").parse().unwrap();
    assert!(attempts <= 2, "an unreadable body was tried {attempts} times");
    for reason in sql("select distinct last_error from jobs where state = 'needs_attention'").lines() {
        let (is_good, said) = operator(&service, &["job", "retry", "--reason", reason]);
        assert!(is_good, "{reason}: {said}");
    }
    settled(&service).await;
    assert_eq!(sql(ends), before, "a retry ends as the first attempt did");
    service.stop().await;
}
