//! Tests the client over HTTP, against an endpoint with prepared answers.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use web::config::LlmBudget;

use super::*;

#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<Vec<Response<Body>>>>,
    asked: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
}

async fn play(State(script): State<Script>, headers: HeaderMap, body: String) -> Response<Body> {
    script.asked.lock().unwrap().push((headers, serde_json::from_str(&body).unwrap()));
    let mut answers = script.answers.lock().unwrap();
    if answers.is_empty() { answer(200, "{}") } else { answers.remove(0) }
}

fn answer(status: u16, body: impl Into<Body>) -> Response<Body> {
    Response::builder().status(StatusCode::from_u16(status).unwrap()).body(body.into()).unwrap()
}

fn said(content: &str) -> Response<Body> {
    let usage = json!({ "prompt_tokens": 20, "completion_tokens": 5 });
    answer(200, json!({ "choices": [{ "message": { "content": content } }], "usage": usage }).to_string())
}

async fn endpoint(answers: Vec<Response<Body>>) -> (Llm, Script) {
    endpoint_of(LlmProvider::OpenAi, answers).await
}

async fn endpoint_of(provider: LlmProvider, answers: Vec<Response<Body>>) -> (Llm, Script) {
    let script = Script { answers: Arc::new(Mutex::new(answers)), ..Script::default() };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/chat/completions", post(play)).route("/v1/messages", post(play));
    let router = router.with_state(script.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let config = LlmConfig {
        provider,
        base_url,
        api_key: Some("a key of sixteen".into()),
        model: "small".to_owned(),
        timeout: Duration::from_millis(400),
        budget: LlmBudget::default(),
    };
    (Llm::new(config).unwrap(), script)
}

async fn ask(llm: &Llm) -> Result<Answer, Fault> {
    let messages = [Message::new(Speaker::System, "Judge."), Message::new(Speaker::User, "Talk.")];
    let question = Question { messages: &messages, schema: &json!({ "type": "object" }), max_output_tokens: 100 };
    llm.ask(&question).await
}

#[tokio::test]
async fn the_way_of_asking_is_found_once_and_remembered() {
    let no_schema = || answer(400, "This response_format type is unavailable now");
    let no_limit = answer(400, "Unsupported parameter: 'max_completion_tokens'");
    let (llm, script) =
        endpoint(vec![no_limit, no_schema(), no_schema(), said("{\"a\": 1}"), said("{\"a\": 2}")]).await;
    let first = ask(&llm).await.unwrap();
    assert_eq!((&first.text[..], first.usage.input_tokens, first.usage.output_tokens), ("{\"a\": 1}", 20, 5));
    assert_eq!(ask(&llm).await.unwrap().text, "{\"a\": 2}");
    let asked = script.asked.lock().unwrap();
    assert_eq!(asked.len(), 5);
    let (headers, body) = &asked[4];
    assert_eq!(headers["authorization"], "Bearer a key of sixteen");
    assert_eq!((&body["response_format"]["type"], &body["max_tokens"]), (&json!("json_object"), &json!(100)));
}

#[tokio::test]
async fn anthropics_api_is_asked_in_its_own_way() {
    let said = json!({
        "content": [{ "type": "text", "text": "{\"a\": 1}" }], "stop_reason": "end_turn",
        "usage": { "input_tokens": 20, "output_tokens": 5 },
    });
    let too_old =
        answer(400, r#"{"type":"error","error":{"message":"output_config: Extra inputs are not permitted"}}"#);
    let overloaded = answer(529, r#"{"type":"error","error":{"type":"overloaded_error"}}"#);
    let answers = vec![too_old, answer(200, said.to_string()), overloaded];
    let (llm, script) = endpoint_of(LlmProvider::Anthropic, answers).await;
    assert_eq!(ask(&llm).await.unwrap().text, "{\"a\": 1}");
    assert_eq!(ask(&llm).await.unwrap_err(), Fault::Busy { at_least: Duration::ZERO });
    let asked = script.asked.lock().unwrap();
    let (headers, body) = &asked[0];
    assert_eq!(headers["x-api-key"], "a key of sixteen");
    assert_eq!(headers["anthropic-version"], "2023-06-01");
    assert!(headers.get("authorization").is_none() && body.get("output_config").is_some(), "{body}");
    assert!(asked[1].1.get("output_config").is_none(), "it learnt that this one knows no schemas");
}

#[tokio::test]
async fn a_silent_or_dribbling_endpoint_is_given_up_in_time() {
    let dribble = futures::stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Some((Ok::<_, std::io::Error>(" "), ()))
    });
    let (llm, _script) = endpoint(vec![answer(200, Body::from_stream(dribble))]).await;
    let started = Instant::now();
    assert_eq!(ask(&llm).await.unwrap_err(), Fault::TimedOut);
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn too_much_is_as_bad_as_nonsense() {
    let (llm, _script) = endpoint(vec![answer(200, " ".repeat(MAX_ANSWER_BYTES + 1)), answer(200, "<html>")]).await;
    assert_eq!(ask(&llm).await.unwrap_err(), Fault::Garbled);
    assert_eq!(ask(&llm).await.unwrap_err(), Fault::Garbled);
}

#[tokio::test]
async fn our_key_follows_no_redirect() {
    let mut elsewhere = answer(302, "");
    elsewhere.headers_mut().insert("location", "http://127.0.0.1:9/".parse().unwrap());
    let (llm, script) = endpoint(vec![elsewhere]).await;
    assert_eq!(ask(&llm).await.unwrap_err(), Fault::BadRequest);
    assert_eq!(script.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_worth_another_try() {
    let config = LlmConfig {
        provider: LlmProvider::OpenAi,
        base_url: "http://127.0.0.1:9".to_owned(),
        api_key: None,
        model: "small".to_owned(),
        timeout: Duration::from_secs(2),
        budget: LlmBudget::default(),
    };
    assert_eq!(ask(&Llm::new(config).unwrap()).await.unwrap_err(), Fault::Unreachable);
}

#[tokio::test]
async fn a_model_that_fails_five_times_is_not_asked_a_sixth_time() {
    let (llm, script) = endpoint((0..6).map(|_| answer(503, "")).collect()).await;
    for _ in 0..5 {
        assert!(matches!(ask(&llm).await, Err(Fault::Busy { .. })));
    }
    assert!(matches!(ask(&llm).await, Err(Fault::Away { at_least }) if at_least > Duration::from_secs(10)));
    assert_eq!(script.asked.lock().unwrap().len(), 5);
    assert!(llm.breaker().is_open());
}
