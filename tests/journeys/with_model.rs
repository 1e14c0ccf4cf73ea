//! A real language model on this machine, over HTTP. It is too small to judge a lesson, but it can refuse a key, run
//! out of tokens, and answer in a requested form.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use web::config::{LlmBudget, LlmConfig, LlmProvider, from_environment};
use worker::llm::{Answer, Fault, Llm, Message, Question, Speaker};

const KEY: &str = "a-key-for-this-test";

/// The server. It stops with the test.
struct Server {
    process: Child,
    base_url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start() -> Self {
        let python = from_environment("MODEL_PYTHON").expect("MODEL_PYTHON is set: run ./dev test");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/model/serve.py");
        let mut command = Command::new(python);
        command.arg(script).arg(KEY).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("http://127.0.0.1:"), "the server prints its address: {line}");
        Self { process, base_url: line.trim().to_owned() }
    }

    fn model(&self, provider: LlmProvider, key: &str) -> Llm {
        let (base_url, timeout) = (self.base_url.clone(), Duration::from_mins(3));
        Llm::new(LlmConfig {
            provider,
            base_url,
            api_key: Some(key.into()),
            model: "local".to_owned(),
            timeout,
            budget: LlmBudget::default(),
        })
        .unwrap()
    }
}

async fn ask(llm: &Llm, text: &str) -> Result<Answer, Fault> {
    let messages =
        [Message::new(Speaker::System, "You judge one answer of a student."), Message::new(Speaker::User, text)];
    let schema = json!({
        "type": "object",
        "properties": {
            "turn_no": { "type": "integer" },
            "verdict": { "type": "string", "enum": ["correct", "incorrect", "unclear"] },
        },
        "required": ["turn_no", "verdict"],
        "additionalProperties": false,
    });
    llm.ask(&Question { messages: &messages, schema: &schema, max_output_tokens: 200 }).await
}

#[tokio::test]
#[ignore = "needs a language model: ./dev test"]
async fn an_answer_has_the_form_that_was_asked_for() {
    let server = Server::start();
    let answer = ask(&server.model(LlmProvider::OpenAi, KEY), "[1] student: two plus two is four").await.unwrap();
    let judged: Value = serde_json::from_str(&answer.text).unwrap();
    assert!(judged["turn_no"].is_i64(), "{judged}");
    assert!(["correct", "incorrect", "unclear"].contains(&judged["verdict"].as_str().unwrap()), "{judged}");
    assert!(answer.usage.input_tokens > 20 && answer.usage.output_tokens > 5, "{:?}", answer.usage);
}

#[tokio::test]
#[ignore = "needs a language model: ./dev test"]
async fn a_wrong_key_is_told_from_a_busy_server() {
    let server = Server::start();
    for provider in [LlmProvider::OpenAi, LlmProvider::Anthropic] {
        assert_eq!(ask(&server.model(provider, "no such key"), "x").await.unwrap_err(), Fault::Unauthorised);
    }
}

#[tokio::test]
#[ignore = "needs a language model: ./dev test"]
async fn a_call_that_is_too_long_is_told_so() {
    let server = Server::start();
    let long = "and then we added one half and one third ".repeat(2_000);
    for provider in [LlmProvider::OpenAi, LlmProvider::Anthropic] {
        assert_eq!(ask(&server.model(provider, KEY), &long).await.unwrap_err(), Fault::TooLong);
    }
}

/// This server has Anthropic's API but ignores the schema, so the client must detect answers that do not match.
#[tokio::test]
#[ignore = "needs a language model: ./dev test"]
async fn an_endpoint_that_ignores_the_schema_is_not_believed() {
    let server = Server::start();
    match ask(&server.model(LlmProvider::Anthropic, KEY), "[1] student: two plus two is four").await {
        Ok(answer) => assert!(serde_json::from_str::<Value>(&answer.text).is_ok(), "only JSON passes"),
        Err(fault) => assert!(matches!(fault, Fault::Garbled | Fault::Truncated), "{fault}"),
    }
}
