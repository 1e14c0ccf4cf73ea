//! A fuzzer's requests, to every tool and in every message, are answered: no panic, no 5xx, no internal error.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use crate::server::{ALL_SCOPES, Server};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs mcp-fuzzer: run ./dev fuzz"]
async fn with_fuzzer_nothing_that_is_sent_is_a_fault_of_ours() {
    let server = Server::production().await;
    let key = server.agent_key(ALL_SCOPES).await;
    let folder = std::env::temp_dir().join(format!("fuzz-{}", uuid::Uuid::now_v7().simple()));
    std::fs::create_dir(&folder).unwrap();
    let header = json!({ "Authorization": format!("Bearer {key}") });
    let providers =
        json!({ "providers": { "key": { "type": "custom", "headers": header } }, "default_provider": "key" });
    std::fs::write(folder.join("auth.json"), providers.to_string()).unwrap();
    let fuzzer = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/tools/python-fuzzer/bin/mcp-fuzzer");
    let mut command = Command::new(fuzzer);
    command.current_dir(&folder).env("HOME", &folder);
    command.args(["--mode", "all", "--phase", "both", "--protocol", "streamablehttp", "--no-network"]);
    command.args(["--endpoint", &format!("{}/mcp", server.url), "--auth-config", "auth.json"]);
    // A fixed seed makes findings reproducible.
    command.args(["--runs", "10", "--runs-per-type", "10", "--seed", "1", "--fail-if-no-tools"]);
    let ended = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.success() && said.contains("0 transport/protocol anomalies"), "{said}");

    let metrics = server.http.get(format!("{}/metrics", server.url)).send().await.unwrap().text().await.unwrap();
    let faults = ["status=\"5", "outcome=\"failed\"", "outcome=\"timed_out\"", "outcome=\"unavailable\""];
    let faults: Vec<&str> = metrics.lines().filter(|line| faults.iter().any(|fault| line.contains(fault))).collect();
    assert!(faults.is_empty(), "{}\n{said}", faults.join("\n"));
    assert!(metrics.contains("mcp_tool_calls_total"), "tools were called");
    std::fs::remove_dir_all(&folder).unwrap();
}
