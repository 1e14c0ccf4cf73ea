//! `check-config --connect` against services that answer, that refuse, and that do not exist.

use std::process::Command;

use axum::http::StatusCode;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::fake_vapi::{API_KEY, FakeVapi};
use crate::language_model::{model, says};
use crate::processes::{JWT_PRIVATE_KEY, binary, free_port};
use crate::service::{WEBHOOK_SECRET, empty_database, new_database};

/// Runs the check. Returns the exit code and all output.
pub fn check(settings: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = Command::new(binary("ai-tutor"));
    command.args(["check-config", "--connect"]).env_clear();
    command.env("JWT_PRIVATE_KEY", JWT_PRIVATE_KEY).env("VAPI_WEBHOOK_SECRET", WEBHOOK_SECRET);
    let output = tokio::task::block_in_place(|| command.envs(settings.iter().copied()).output().unwrap());
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_answers_is_named_with_its_version() {
    let database = new_database().await;
    let (llm_url, _) = model(vec![says(r#"{"ready": true}"#)]).await;
    let vapi_url = FakeVapi::default().start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let storage = listener.local_addr().unwrap().to_string();
    let (code, output) = check(&[
        ("DATABASE_URL", database.expose_secret()),
        ("QUEUE", "embedded"),
        ("LLM_BASE_URL", &llm_url),
        ("LLM_MODEL", "a-model"),
        ("VAPI_API_URL", &vapi_url),
        ("VAPI_API_KEY", API_KEY),
        ("RECORDING_OWN_HOSTS", &storage),
    ]);
    assert_eq!(code, Some(0), "{output}");
    for line in [
        "DATABASE_URL: Postgres 1",
        "schema up to date",
        "QUEUE: embedded",
        "LLM_BASE_URL: a-model answered; this cost 1100 tokens",
        "VAPI_API_KEY: VAPI accepts the key",
        &format!("RECORDING_OWN_HOSTS: {storage} accepts connections"),
    ] {
        assert!(output.contains(line), "{line} in\n{output}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_says_what_to_do_and_no_secret() {
    let empty = empty_database().await;
    let refusal = (StatusCode::UNAUTHORIZED, json!({ "error": { "message": "bad key" } }));
    let (llm_url, _) = model(vec![refusal]).await;
    let vapi_url = FakeVapi::default().start().await;
    let nobody = format!("tcp://:a-queue-password@127.0.0.1:{}", free_port());
    let (code, output) = check(&[
        ("DATABASE_URL", empty.expose_secret()),
        ("FAKTORY_URL", &nobody),
        ("LLM_BASE_URL", &llm_url),
        ("LLM_MODEL", "a-model"),
        ("LLM_API_KEY", "a-key-of-the-model"),
        ("VAPI_API_URL", &vapi_url),
        ("VAPI_API_KEY", "not-the-key-of-vapi"),
        ("RECORDING_OWN_HOSTS", &format!("127.0.0.1:{}", free_port())),
    ]);
    assert_eq!(code, Some(1), "{output}");
    for line in [
        "DATABASE_URL: FAILED: the schema is not up to date: run `ai-tutor migrate`",
        "FAKTORY_URL: FAILED: Connection refused",
        "LLM_BASE_URL: FAILED: the language model refused our key",
        "VAPI_API_KEY: FAILED: VAPI refused our key",
        "RECORDING_OWN_HOSTS: FAILED: 127.0.0.1:",
        "5 of the connections failed",
    ] {
        assert!(output.contains(line), "{line} in\n{output}");
    }
    for secret in ["a-queue-password", "a-key-of-the-model", "not-the-key-of-vapi", WEBHOOK_SECRET] {
        assert!(!output.contains(secret), "{output}");
    }
}
