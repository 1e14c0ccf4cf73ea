//! VAPI's own record of our calls, over its REST API: in pages, with patience, and in bounded size.

mod call;
mod fault;

use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::header::RETRY_AFTER;
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret;
use serde_json::Value;
use shared::config::VapiConfig;

pub use self::call::{Call, Head};
pub use self::fault::Fault;
use crate::breaker::Breaker;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_mins(1);
/// A page of long calls; one that is larger is asked for in smaller pieces.
const MAX_ANSWER_BYTES: usize = 32 << 20;
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

#[derive(Debug)]
pub struct Vapi {
    http: reqwest::Client,
    config: VapiConfig,
    breaker: Breaker,
    /// Between two requests.
    pause: Duration,
}

impl Vapi {
    pub fn new(config: VapiConfig) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            // A key must not follow wherever an answer points.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("ai-tutor/", env!("CARGO_PKG_VERSION")))
            .build()?;
        // Nobody counts our requests on our own machine.
        let is_local = url::Url::parse(&config.api_url).is_ok_and(|url| url.host_str() == Some("127.0.0.1"));
        let pause = if is_local { Duration::ZERO } else { PAUSE };
        Ok(Self { http, config, breaker: Breaker::default(), pause })
    }

    /// Whether it was away so often that nobody asks it any more.
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
        let mut url = self.url()?;
        url.path_segments_mut().map_err(|()| Fault::Odd)?.push(call_id);
        match self.get(url).await {
            Ok(call) => Ok(Some(Call::read(call).ok_or(Fault::Odd)?)),
            Err(Fault::NotFound) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Deletes the call with its recording. `false`: VAPI does not know it.
    pub async fn delete_call(&self, call_id: &str) -> Result<bool, Fault> {
        let mut url = self.url()?;
        url.path_segments_mut().map_err(|()| Fault::Odd)?.push(call_id);
        match self.ask(Method::DELETE, url).await {
            Ok(_) => Ok(true),
            Err(Fault::NotFound) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    async fn list_page(&self, span: Span, before: Option<DateTime<Utc>>, limit: usize) -> Result<Vec<Head>, Fault> {
        let mut url = self.url()?;
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

    fn url(&self) -> Result<url::Url, Fault> {
        format!("{}/call", self.config.api_url).parse().map_err(|_| Fault::Odd)
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
                Err(Fault::Busy { at_least }) => permit.failed(*at_least, Instant::now()),
                _ => permit.answered(),
            }
            match answer {
                Err(Fault::Busy { at_least }) if n_tries < MAX_TRIES && at_least <= RETRY_AFTER_MAX => {
                    tokio::time::sleep(at_least.max(self.pause)).await;
                }
                answer => return answer,
            }
        }
        Err(Fault::Unreachable)
    }

    async fn ask_once(&self, method: Method, url: url::Url) -> Result<Vec<u8>, Fault> {
        let request = self.http.request(method, url).bearer_auth(self.config.api_key.expose_secret());
        let mut response = request.send().await.map_err(|error| fault::of_transport(&error))?;
        match response.status() {
            StatusCode::OK | StatusCode::NO_CONTENT => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(Fault::Refused),
            StatusCode::NOT_FOUND => return Err(Fault::NotFound),
            status if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
                let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
                return Err(Fault::Busy { at_least: retry_after.and_then(fault::seconds).unwrap_or_default() });
            }
            _ => return Err(Fault::Odd),
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| fault::of_transport(&error))? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(Fault::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}
