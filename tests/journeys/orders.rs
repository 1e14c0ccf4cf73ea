//! A call ends in the same state for every order of its messages: all 120 orders of five messages.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::psql::psql;
use crate::service::{Service, eventually};
use crate::vapi::{self, CALLER, REPORT};

/// Returns the five messages of a call, with different times.
fn messages(call_id: &str) -> [Vec<u8>; 5] {
    let status = |status: &str, timestamp: i64| {
        let message = json!({
            "type": "status-update", "status": status, "timestamp": timestamp,
            "call": { "id": call_id, "type": "inboundPhoneCall", "customer": { "number": CALLER } },
        });
        serde_json::to_vec(&json!({ "message": message })).unwrap()
    };
    let mut again: Value = serde_json::from_slice(&vapi::sample_of_call(REPORT, call_id)).unwrap();
    again["message"]["artifact"]["presignedUrl"] = "https://s.example/again".into();
    [
        status("ringing", 1_795_190_528_000),
        status("in-progress", 1_795_190_531_000),
        status("ended", 1_795_190_614_000),
        vapi::sample_of_call(REPORT, call_id),
        serde_json::to_vec(&again).unwrap(),
    ]
}

fn orders(of: &[usize]) -> Vec<Vec<usize>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let begun = |first: usize| {
        let rest: Vec<usize> = of.iter().copied().filter(|i| *i != first).collect();
        orders(&rest).into_iter().map(move |order| [vec![first], order].concat())
    };
    of.iter().flat_map(|first| begun(*first)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_orders_of_a_calls_messages_end_in_one_state() {
    let service = Service::start().await;
    service.student("Amara Okafor", CALLER).await;
    let orders = orders(&[0, 1, 2, 3, 4]);
    assert_eq!(orders.len(), 120);
    // Round by round: each message is processed before the next one arrives.
    for round in 0..5 {
        for (n, order) in orders.iter().enumerate() {
            let message = &messages(&format!("order-{n}"))[order[round]];
            assert_eq!(service.deliver(message).await, StatusCode::OK);
        }
        eventually("all messages of the round are processed", async || {
            let open = storage::job::count_open(&service.db).await.unwrap();
            open.is_empty().then_some(())
        })
        .await;
    }
    let n_states = |columns: &str, from: &str| {
        psql(&service.database_url, &format!("select count(*), count(distinct ({columns})) from {from}"))
    };
    let session = "student_id, caller_phone, status, attention_reason, call_type, assistant_id, assistant_name,
                   assistant_version, started_at, ended_at, ended_reason, cost_microusd, recording_url";
    assert_eq!(n_states(session, "sessions"), "120|1");
    let turns = "(select md5(string_agg(turn_no || speaker || text || offset_ms, '|' order by turn_no)) as words
                  from turns group by session_id) as said";
    assert_eq!(n_states("words", turns), "120|1");
    // The findings do not contain the session's id, so they are the same, too.
    assert_eq!(n_states("analyser_version, status, findings", "analyses where is_current"), "120|1");
    assert_eq!(
        psql(&service.database_url, "select count(*) from deliveries"),
        "480",
        "the second report is a duplicate of the first"
    );
    service.stop().await;
}
