//! Tools and clients that must not bring the service down: tools that panic or hang; clients that leave, never return,
//! or all come at once. Over real HTTP, against separate processes.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use futures::stream::{self, StreamExt as _};
use reqwest::StatusCode;
use serde_json::{Value, json};
use storage::access::Caller;
use storage::tool_call::{self, ToolCall, ToolCallQuery};

use crate::processes::binary;
use crate::server::{ALL_SCOPES, Server};
use crate::service::eventually;

/// Returns the parameters of a client's first request.
fn hello() -> Value {
    let client = json!({ "name": "test", "version": "1" });
    json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client })
}

async fn recorded(server: &Server, tool: &str) -> ToolCall {
    let query = ToolCallQuery { limit: 100, ..ToolCallQuery::default() };
    eventually("the call is recorded", async || {
        let calls = tool_call::list_tool_calls(&server.db, &Caller::operator(), &query).await.unwrap();
        calls.into_iter().find(|call| call.tool == tool)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the conformance build: run ./dev test"]
async fn with_conformance_build_a_tool_that_panics_answers_and_the_next_call_too() {
    let server = Server::conformance().await;
    let key = server.agent_key(ALL_SCOPES).await;
    for _ in 0..3 {
        let answer = server.call(&key, "test_tool_that_panics", &json!({})).await;
        assert_eq!(answer["isError"], json!(true));
        assert!(answer["content"][0]["text"].as_str().unwrap().contains("Continue without"), "{answer}");
    }
    let answer = server.call(&key, "test_simple_text", &json!({})).await;
    assert_ne!(answer["isError"], json!(true));
    assert_eq!(recorded(&server, "test_tool_that_panics").await.outcome, "failed");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the conformance build: run ./dev test"]
async fn with_conformance_build_a_tool_that_hangs_answers_before_a_child_wonders() {
    let server = Server::conformance().await;
    let key = server.agent_key(ALL_SCOPES).await;
    let asked_at = Instant::now();
    let answer = server.call(&key, "test_tool_that_hangs", &json!({})).await;
    let waited = asked_at.elapsed();
    assert!(Duration::from_secs(2) < waited && waited < Duration::from_secs(15), "{waited:?}");
    assert!(answer["content"][0]["text"].as_str().unwrap().contains("took too long"), "{answer}");
    assert_eq!(recorded(&server, "test_tool_that_hangs").await.outcome, "timed_out");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the conformance build: run ./dev test"]
async fn with_conformance_build_the_work_stops_when_the_client_leaves() {
    let server = Server::conformance().await;
    let key = server.agent_key(ALL_SCOPES).await;
    let call = server.message(&key, "tools/call", &json!({ "name": "test_tool_that_hangs" }));
    assert!(call.timeout(Duration::from_millis(300)).send().await.unwrap_err().is_timeout());
    let call = recorded(&server, "test_tool_that_hangs").await;
    assert_eq!(call.outcome, "cancelled");
    assert!(call.duration_us < 2_000_000, "the tool continued for {} us", call.duration_us);
}

/// Returns the resident memory of a process, from the kernel.
fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the conformance build: run ./dev test"]
async fn with_conformance_build_three_thousand_clients_that_never_come_back_leave_nothing() {
    let server = Server::production().await;
    let mut keys = Vec::new();
    for _ in 0..20 {
        keys.push(server.agent_key("context:read").await);
    }
    // On a busy machine, a debug build may be overloaded for a moment. Then the client asks again.
    let initialize = async |key: &str| loop {
        let response = server.message(key, "initialize", &hello()).send().await.unwrap();
        if response.status() != StatusCode::SERVICE_UNAVAILABLE {
            assert_eq!(response.status(), StatusCode::OK);
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let open = async |n: usize| {
        for hundred in 0..n / 100 {
            join_all((0..100).map(|i| initialize(&keys[(hundred + i) % keys.len()]))).await;
        }
    };
    // A warm-up before measuring: connections, pools and the allocator's reserves.
    open(1_000).await;
    let before = resident_kib(server.process.id());
    open(3_000).await;
    let grown = resident_kib(server.process.id()).saturating_sub(before);
    // An SDK session takes 57 KiB: 3,000 of them would take 167 MiB.
    assert!(grown < 10 * 1024, "{grown} KiB more than {before} KiB");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the conformance build: run ./dev test"]
async fn with_conformance_build_a_hundred_clients_share_fairly_with_a_hasty_one() {
    let server = Server::production().await;
    let hasty = server.agent_key("context:read").await;
    let mut keys = Vec::new();
    for _ in 0..100 {
        keys.push(server.agent_key("context:read").await);
    }
    let arguments = json!({ "name": "get_student_context", "arguments": { "phone": "+14155550142" } });
    // `ask` returns whether the client was asked to wait. On a busy machine, a debug build may be overloaded for a
    // moment. Then the client asks again.
    let n_overrun = AtomicUsize::new(0);
    let ask = async |key: &str| loop {
        let response = server.message(key, "tools/call", &arguments).send().await.unwrap();
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            n_overrun.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        }
        assert_eq!(response.status(), StatusCode::OK);
        let has_retry_after = response.headers().contains_key("retry-after");
        let answer: Value = response.json().await.unwrap();
        let words = answer["result"]["content"][0]["text"].as_str().unwrap();
        assert_eq!(words.starts_with("Too many"), has_retry_after, "{words}");
        return has_retry_after;
    };
    // A server lets 384 connections wait, so the hasty client opens at most 200 at once.
    let in_haste = stream::iter(0..1_000).map(|_| ask(&hasty)).buffer_unordered(200).collect::<Vec<bool>>();
    let others = join_all(keys.iter().map(async |key| {
        let started = Instant::now();
        for _ in 0..5 {
            assert!(!ask(key).await, "a client that keeps to its share is never refused");
        }
        started.elapsed()
    }));
    let (in_haste, mut others) = tokio::join!(in_haste, others);
    assert!(in_haste.iter().filter(|refused| **refused).count() > 100, "the hasty client is refused");
    assert!(n_overrun.into_inner() < 500, "1,500 requests do not overload the server");
    others.sort_unstable();
    let (median, slowest) = (others[50], others[99]);
    assert!(slowest < median * 4 + Duration::from_secs(3), "the slowest took {slowest:?}, the median {median:?}");
}

#[tokio::test]
#[ignore = "needs the production binaries: run ./dev test"]
async fn with_conformance_build_the_production_binaries_know_nothing_of_it() {
    for (name, knows) in [("mcp-server", false), ("ai-tutor", false), ("examples/conformance", true)] {
        let found =
            Command::new("grep").args(["-q", "-F", "test_tool_that_panics"]).arg(binary(name)).status().unwrap();
        assert_eq!(found.success(), knows, "{name}");
    }
}
