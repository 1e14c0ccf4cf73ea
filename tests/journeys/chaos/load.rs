//! Calls as VAPI would report them: signed, out of order, repeated, some never, and each retried with a backoff plan.

use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::history::{Event, History};
use super::world::{Door, N_STUDENTS, World, phone};
use crate::fake_vapi::FakeVapi;
use crate::vapi::{REPORT, sample, sign};

/// VAPI's own plan waits two seconds and doubles the wait each time, for five retries. Here the waits are shorter.
const N_TRIES: u32 = 6;
const FIRST_WAIT: Duration = Duration::from_millis(150);
/// Less than VAPI's twenty seconds, and longer than a server on a busy machine takes to refuse.
const PATIENCE: Duration = Duration::from_secs(15);
/// Statuses after which VAPI does not retry.
const NOT_AGAIN: [u16; 6] = [400, 401, 403, 404, 413, 422];
const ABREAST: usize = 96;
/// Above this number of waiting jobs, no new call is made.
const BEHIND_MAX: usize = 60;

/// VAPI's side of the connection.
#[derive(Clone)]
pub struct Caller {
    door: Door,
    vapi: FakeVapi,
    history: History,
    http: reqwest::Client,
    report: Arc<Value>,
    /// Whether something in front of the servers accepts messages before they do.
    answers_early: bool,
}

/// One webhook message.
#[derive(Clone)]
pub struct Message {
    pub call_id: String,
    pub key: String,
    pub body: Vec<u8>,
}

impl Caller {
    pub fn new(world: &World, answers_early: bool) -> Self {
        let http = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().unwrap();
        Self {
            door: world.door.clone(),
            vapi: world.vapi.clone(),
            history: world.history.clone(),
            http,
            report: Arc::new(serde_json::from_slice(&sample(REPORT)).unwrap()),
            answers_early,
        }
    }

    /// Makes calls at this rate until `stop`, waits until the last one is reported, and returns their number.
    pub async fn run(&self, seed: u64, calls_per_second: f64, stop: CancellationToken) -> u32 {
        let mut rng = StdRng::seed_from_u64(seed ^ 0x10ad);
        let (slots, tasks) = (Arc::new(Semaphore::new(ABREAST)), TaskTracker::new());
        let mut n_calls = 0;
        while !stop.is_cancelled() {
            // A slow machine gets fewer calls: the test looks for loss, not for speed.
            if self.history.n_behind() > BEHIND_MAX {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
            let slot = slots.clone().acquire_owned().await.unwrap();
            let (caller, rng_of_call) = (self.clone(), StdRng::seed_from_u64(rng.random()));
            let call_id = format!("chaos-{seed}-{n_calls}");
            n_calls += 1;
            tasks.spawn(async move {
                caller.call(&call_id, rng_of_call).await;
                drop(slot);
            });
            stop.run_until_cancelled(tokio::time::sleep(Duration::from_secs_f64(1.0 / calls_per_second))).await;
        }
        tasks.close();
        tasks.wait().await;
        n_calls
    }

    async fn call(&self, call_id: &str, mut rng: StdRng) {
        // One call in twenty comes from an unknown number.
        let phone = phone(if rng.random_ratio(1, 20) { N_STUDENTS + 7 } else { rng.random_range(0..N_STUDENTS) });
        let mut messages: Vec<Message> =
            ["ringing", "in-progress", "ended"].iter().map(|status| Self::status(call_id, &phone, status)).collect();
        messages.push(self.report(call_id, &phone));
        if rng.random_ratio(1, 5) {
            messages.push(self.report(call_id, &phone));
        }
        messages.shuffle(&mut rng);
        match rng.random_range(0..40) {
            // 0: no message of this call is ever sent. 1: its report is not sent.
            0 => messages.clear(),
            1 => messages.retain(|message| !message.key.ends_with("report")),
            _ => {}
        }
        self.ends(call_id, &phone);
        for message in messages {
            tokio::time::sleep(Duration::from_millis(rng.random_range(0..200))).await;
            self.deliver(&message).await;
        }
    }

    /// Records that VAPI knows that the call is over.
    pub fn ends(&self, call_id: &str, phone: &str) {
        self.vapi.add_call_of(call_id, phone, storage::clock::now());
        self.history.write(Event::Ended { call_id: call_id.to_owned() });
    }

    pub fn report(&self, call_id: &str, phone: &str) -> Message {
        let mut body = (*self.report).clone();
        let message = &mut body["message"];
        message["call"]["id"] = call_id.into();
        message["call"]["customer"] = json!({ "number": phone });
        message["customer"] = json!({ "number": phone });
        // Presigned addresses differ between attempts.
        message["artifact"]["presignedUrl"] = format!("https://s.example/{}", uuid::Uuid::new_v4()).into();
        Message {
            call_id: call_id.to_owned(),
            key: format!("{call_id}:end-of-call-report"),
            body: serde_json::to_vec(&body).unwrap(),
        }
    }

    /// The report on a call that the service placed.
    pub fn report_on(&self, call: &Value) -> Message {
        let (call_id, phone) = (call["id"].as_str().unwrap(), call["customer"]["number"].as_str().unwrap());
        let report = self.report(call_id, phone);
        let mut body: Value = serde_json::from_slice(&report.body).unwrap();
        body["message"]["call"] = call.clone();
        Message { body: serde_json::to_vec(&body).unwrap(), ..report }
    }

    fn status(call_id: &str, phone: &str, status: &str) -> Message {
        let message = json!({
            "type": "status-update", "status": status, "timestamp": storage::clock::now().timestamp_millis(),
            "call": { "id": call_id, "type": "inboundPhoneCall", "customer": { "number": phone } },
        });
        Message {
            call_id: call_id.to_owned(),
            key: format!("{call_id}:status-update:{status}"),
            body: serde_json::to_vec(&json!({ "message": message })).unwrap(),
        }
    }

    /// Retries as VAPI does. Returns false if it gave up.
    pub async fn deliver(&self, message: &Message) -> bool {
        let accepted = || Event::Accepted { call_id: message.call_id.clone(), key: message.key.clone() };
        if self.answers_early {
            self.history.write(accepted());
            self.try_once(0, &message.body).await;
            return true;
        }
        let mut wait = FIRST_WAIT;
        for n in 0..N_TRIES {
            let status = self.try_once(n as usize, &message.body).await;
            if (200..300).contains(&status) {
                self.history.write(accepted());
                return true;
            }
            self.history.write(Event::Refused { status });
            if NOT_AGAIN.contains(&status) {
                return false;
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        false
    }

    /// Returns the status of the answer, or 0 if there was none.
    pub async fn try_once(&self, n: usize, body: &[u8]) -> u16 {
        // The attempts alternate between the two servers.
        self.try_at(n + body.len(), body).await
    }

    /// Returns the status from one of the servers. Repeats the request while the server is too busy or too slow.
    pub async fn insist_at(&self, server: usize, body: &[u8]) -> u16 {
        let mut status = self.try_at(server, body).await;
        for _ in 1..N_TRIES {
            if !matches!(status, 0 | 503) {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            status = self.try_at(server, body).await;
        }
        status
    }

    /// Sends the message to one of the servers. Returns the status, or 0 if there was no answer.
    pub async fn try_at(&self, server: usize, body: &[u8]) -> u16 {
        let timestamp = storage::clock::now().timestamp().to_string();
        let signature = sign(&self.door.secret(), &timestamp, body);
        let url = format!("{}/webhooks/vapi", self.door.server(server));
        let request = self.http.post(url).header("x-timestamp", &timestamp).header("x-signature", signature);
        let response = request.header("content-type", "application/json").body(body.to_vec()).send().await;
        response.map_or(0, |response| response.status().as_u16())
    }
}
