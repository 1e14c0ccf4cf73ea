//! VAPI's own record of our calls, over its REST API: in pages, with patience, and in bounded size.

mod call;

use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::Method;
use serde_json::Value;
use vapi::Api;
pub use vapi::Fault;
use web::config::VapiConfig;

pub use self::call::{Call, Head};
use crate::breaker::Breaker;

const TIMEOUT: Duration = Duration::from_mins(1);
/// Of a list; a page that is too large is asked for in smaller pieces.
const PAGE: usize = 100;
/// VAPI does not say how often one may ask; its own tools ask not more often than this.
const PAUSE: Duration = Duration::from_millis(700);
/// A request that was put off for less is repeated here; for more, the whole work is put off.
const RETRY_AFTER_MAX: Duration = Duration::from_mins(1);
const MAX_TRIES: u32 = 3;

/// Which calls.
#[derive(Clone, Copy, Debug)]
pub enum Span {
    /// That changed at this moment or later.
    UpdatedFrom(DateTime<Utc>),
    /// That began in this time, the end left out.
    Created(DateTime<Utc>, DateTime<Utc>),
}

/// A client of VAPI's API.
#[derive(Debug)]
pub struct Vapi {
    api: Api,
    breaker: Breaker,
    /// Between two requests.
    pause: Duration,
}

impl Vapi {
    /// A client with the settings. Does not connect yet.
    pub fn new(config: VapiConfig) -> anyhow::Result<Self> {
        let api = Api::new(config, TIMEOUT)?;
        // No rate limit applies on our own machine.
        let pause = if api.is_local() { Duration::ZERO } else { PAUSE };
        Ok(Self { api, breaker: Breaker::default(), pause })
    }

    /// Returns the breaker, which stops requests after repeated failures.
    pub fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    /// All calls of the span, newest first, without what was said in them.
    pub async fn list_calls(&self, span: Span) -> Result<Vec<Head>, Fault> {
        let (mut heads, mut before, mut page) = (Vec::<Head>::new(), None, PAGE);
        loop {
            let calls = match self.list_page(span, before, page).await {
                Err(Fault::TooLarge) if page > 1 => {
                    page /= 2;
                    continue;
                }
                calls => calls?,
            };
            let is_last = calls.len() < page;
            let oldest = calls.iter().map(|head| head.created_at).min();
            // There are no cursors, so the way on is by time; any other order than this would leave calls out.
            if !is_last && !calls.is_sorted_by_key(|head| std::cmp::Reverse(head.created_at)) {
                return Err(Fault::Odd);
            }
            // The last moment is asked for again, lest a page's end falls between two calls of it.
            let n_known = heads.len();
            heads.extend(
                calls
                    .into_iter()
                    .filter(|head| !heads.iter().rev().take(page).any(|h| h.id == head.id))
                    .collect::<Vec<_>>(),
            );
            if is_last || oldest.is_none() {
                return Ok(heads);
            }
            before =
                if heads.len() > n_known { oldest } else { oldest.map(|at| at - chrono::TimeDelta::milliseconds(1)) };
        }
    }

    /// The call with all that was said. `None`: VAPI does not know it any more.
    pub async fn find_call(&self, call_id: &str) -> Result<Option<Call>, Fault> {
        match self.get(self.api.url(&["call", call_id])?).await {
            Ok(call) => Ok(Some(Call::read(call).ok_or(Fault::Odd)?)),
            Err(Fault::NotFound) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Places a call and returns VAPI's id of it. It is sent once: if the answer is lost, the call may be placed all the same.
    pub async fn place_call(&self, body: &Value) -> Result<String, Fault> {
        let permit = self.breaker.permit(Instant::now()).map_err(|_| Fault::Away)?;
        let answer = self.api.send(Method::POST, self.api.url(&["call"])?, Some(body)).await;
        match &answer {
            Err(Fault::Unreachable | Fault::TimedOut) => permit.failed(Duration::ZERO, Instant::now()),
            Err(Fault::Busy { at_least } | Fault::Failed { at_least }) => permit.failed(*at_least, Instant::now()),
            _ => permit.answered(),
        }
        let call: Value = serde_json::from_slice(&answer?.body).map_err(|_| Fault::Odd)?;
        Head::read(&call).map(|head| head.id).ok_or(Fault::Odd)
    }

    /// Asks VAPI to end a call that was just read. [`Fault::NotFound`]: VAPI gives no address for it, or it is over.
    pub async fn end_call(&self, call: &Call) -> Result<(), Fault> {
        self.api.end_call(call.control_url().ok_or(Fault::NotFound)?).await
    }

    /// Deletes the call with its recording. `false`: VAPI does not know it.
    pub async fn delete_call(&self, call_id: &str) -> Result<bool, Fault> {
        match self.ask(Method::DELETE, self.api.url(&["call", call_id])?).await {
            Ok(_) => Ok(true),
            Err(Fault::NotFound) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    async fn list_page(&self, span: Span, before: Option<DateTime<Utc>>, limit: usize) -> Result<Vec<Head>, Fault> {
        let mut url = self.api.url(&["call"])?;
        let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("limit", &limit.to_string());
            match span {
                Span::UpdatedFrom(from) => query.append_pair("updatedAtGe", &text(from)),
                Span::Created(from, to) => {
                    query.append_pair("createdAtGe", &text(from)).append_pair("createdAtLt", &text(to))
                }
            };
            if let Some(before) = before {
                query.append_pair("createdAtLe", &text(before));
            }
        }
        let Value::Array(calls) = self.get(url).await? else { return Err(Fault::Odd) };
        Ok(calls.iter().filter_map(Head::read).collect())
    }

    async fn get(&self, url: url::Url) -> Result<Value, Fault> {
        let body = self.ask(Method::GET, url).await?;
        serde_json::from_slice(&body).map_err(|_| Fault::Odd)
    }

    /// Asks, and asks again where VAPI says when to. Returns the body.
    async fn ask(&self, method: Method, url: url::Url) -> Result<Vec<u8>, Fault> {
        for n_tries in 1.. {
            tokio::time::sleep(self.pause).await;
            let permit = self.breaker.permit(Instant::now()).map_err(|_| Fault::Away)?;
            let answer = self.ask_once(method.clone(), url.clone()).await;
            match &answer {
                Err(Fault::Unreachable | Fault::TimedOut) => permit.failed(Duration::ZERO, Instant::now()),
                Err(Fault::Busy { at_least } | Fault::Failed { at_least }) => permit.failed(*at_least, Instant::now()),
                _ => permit.answered(),
            }
            match answer {
                Err(Fault::Busy { at_least } | Fault::Failed { at_least })
                    if n_tries < MAX_TRIES && at_least <= RETRY_AFTER_MAX =>
                {
                    tokio::time::sleep(at_least.max(self.pause)).await;
                }
                answer => return answer,
            }
        }
        Err(Fault::Unreachable)
    }

    async fn ask_once(&self, method: Method, url: url::Url) -> Result<Vec<u8>, Fault> {
        let answer = self.api.send(method, url, None).await?;
        if answer.location.is_some() { Err(Fault::Odd) } else { Ok(answer.body) }
    }
}
