//! A receiver of webhooks on this machine. It keeps the requests, and answers as the test sets.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::any;
use serde_json::Value;
use standardwebhooks::Webhook;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Request {
    pub fn payload(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn id(&self) -> String {
        self.headers["webhook-id"].to_str().unwrap().to_owned()
    }

    /// Returns whether the Standard Webhooks library accepts it with this secret.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        Webhook::new(secret).unwrap().verify(&self.body, &self.headers).is_ok()
    }
}

/// The receiver's answer.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    Status(u16),
    /// Status 200, after this time.
    After(Duration),
    /// A redirect to another path of the receiver, which would accept it.
    Redirect,
}

/// The receiver. It stops at the end of the journey.
#[derive(Clone, Debug)]
pub struct Receiver {
    requests: Arc<Mutex<Vec<Request>>>,
    answer: Arc<Mutex<Answer>>,
    pub host: String,
}

impl Receiver {
    pub async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let receiver = Self {
            requests: Arc::default(),
            answer: Arc::new(Mutex::new(Answer::Status(204))),
            host: format!("127.0.0.1:{}", listener.local_addr().unwrap().port()),
        };
        let router = Router::new().route("/{*path}", any(take)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.host)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Returns the requests of this event.
    pub fn of(&self, event: &str) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.payload()["type"] == event).collect()
    }

    pub fn answer(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Response {
    receiver.requests.lock().unwrap().push(Request { headers, body });
    let answer = *receiver.answer.lock().unwrap();
    match answer {
        Answer::Status(code) => StatusCode::from_u16(code).unwrap().into_response(),
        Answer::After(time) => {
            tokio::time::sleep(time).await;
            StatusCode::OK.into_response()
        }
        Answer::Redirect => Redirect::temporary("/elsewhere").into_response(),
    }
}
