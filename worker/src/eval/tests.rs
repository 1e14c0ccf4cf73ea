//! An evaluation with a model that is busy, fails, or answers nonsense: what is counted as the model's.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use axum::routing::post;
use serde_json::json;
use web::config::{LlmBudget, LlmConfig, LlmProvider};

use super::*;
use crate::llm::{Fault, Llm};

const HASTY: Patience = Patience { attempts: 3, first: Duration::from_millis(1), longest: Duration::from_secs(2) };

const DIALOGUES: &str = r#"{"id":"a","source":"cima","turns":[{"role":"assistant","text":"What is seven times eight?"},{"role":"student","text":"fifty-six"},{"role":"assistant","text":"Yes, well done.","labels":{"tutor_actions":["confirmation"]}}]}
{"id":"b","source":"cima","turns":[{"role":"assistant","text":"What is six times four?"},{"role":"student","text":"twenty"},{"role":"assistant","text":"No, not quite.","labels":{"tutor_actions":["correction"]}}]}"#;

type Script = Arc<Mutex<Vec<(u16, Option<&'static str>, String)>>>;

/// A model that gives these answers, with status and `Retry-After`; the last one for ever.
async fn model(answers: Vec<(u16, Option<&'static str>, String)>) -> Llm {
    async fn play(State(script): State<Script>) -> Response<Body> {
        let mut script = script.lock().unwrap();
        let (status, retry_after, body) = if script.len() > 1 { script.remove(0) } else { script[0].clone() };
        let mut response = Response::builder().status(StatusCode::from_u16(status).unwrap());
        if let Some(retry_after) = retry_after {
            response = response.header("retry-after", retry_after);
        }
        response.body(Body::from(body)).unwrap()
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/chat/completions", post(play)).with_state(Arc::new(Mutex::new(answers)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let timeout = Duration::from_secs(2);
    let (api_key, model, budget) = (None, "scripted".to_owned(), LlmBudget::default());
    Llm::new(LlmConfig { provider: LlmProvider::OpenAi, base_url, api_key, model, timeout, budget }).unwrap()
}

fn says(content: &str) -> (u16, Option<&'static str>, String) {
    (200, None, json!({ "choices": [{ "message": { "content": content } }] }).to_string())
}

fn judges(verdict: &str, quote: &str) -> (u16, Option<&'static str>, String) {
    let answer = json!({
        "turn_no": 1, "quote": quote, "skill_id": "maths.multiply.facts", "topic": null, "verdict": verdict, "help": "none",
    });
    let nothing = json!([]);
    says(
        &json!({ "answers": [answer], "no_answers": nothing, "misconceptions": nothing, "safety_flags": nothing })
            .to_string(),
    )
}

async fn evaluated(answers: Vec<(u16, Option<&'static str>, String)>) -> Result<Scores, Fault> {
    let llm = model(answers).await;
    evaluate_llm(&read(DIALOGUES).unwrap(), &llm, HASTY, || {}).await
}

fn score<'a>(scores: &'a Scores, name: &str) -> &'a Score {
    scores.scores.iter().find(|score| score.name == name).unwrap()
}

#[tokio::test]
async fn a_busy_model_is_waited_for_and_the_table_says_who_judged() {
    let busy = |status| (status, Some("0.05"), String::new());
    let answers = vec![busy(429), judges("correct", "fifty-six"), busy(503), busy(500), judges("incorrect", "twenty")];
    let scores = evaluated(answers).await.unwrap();
    assert!(scores.is_complete());
    assert!(scores.table().contains("judged by the model 2 of 2\n"), "{}", scores.table());
    assert_eq!(serde_json::to_value(&scores).unwrap()["n_judged_by_model"], 2);
}

#[tokio::test]
async fn what_the_rules_found_is_never_counted_as_the_models() {
    let scores =
        evaluated(vec![judges("correct", "fifty-six"), says("I like horses."), says("And dogs.")]).await.unwrap();
    assert!(!scores.is_complete());
    let model = scores.model.as_ref().unwrap();
    assert_eq!((model.n_judged_by_model, model.not_judged.values().sum::<usize>()), (1, 1));
    let table = scores.table();
    assert!(table.contains("judged by the model 1 of 2\n") && table.contains("could not be used"), "{table}");
    assert_eq!(score(&scores, "cima: share decided").cases, 1, "the other dialogue is in no score");
}

#[tokio::test]
async fn a_model_that_stays_away_ends_the_waiting_and_one_with_a_wrong_key_the_evaluation() {
    let scores = evaluated(vec![(429, None, String::new())]).await.unwrap();
    assert_eq!(scores.model.as_ref().unwrap().n_judged_by_model, 0);
    assert_eq!(scores.model.as_ref().unwrap().not_judged.values().sum::<usize>(), 2);
    assert!(!scores.is_complete());
    assert_eq!(evaluated(vec![(401, None, String::new())]).await.unwrap_err(), Fault::Unauthorised);
}

#[test]
fn a_score_without_cases_is_neither_met_nor_missed() {
    let dialogues = read(DIALOGUES).unwrap();
    let scores = evaluate(&dialogues, || {});
    assert_eq!(score(&scores, "bridge: wrong answers flagged").meets_goal(), None);
    let table = scores.table();
    let line = table.lines().find(|line| line.starts_with("bridge: wrong answers flagged")).unwrap();
    assert!(line.ends_with("no cases"), "{line}");
    assert!(!table.contains("judged by the model") && scores.is_complete());
}
