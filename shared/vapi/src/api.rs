//! The HTTP client. It sends one request; who calls decides whether to try again.

use std::time::Duration;

use http::StatusCode;
use http::header::{LOCATION, RETRY_AFTER};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

use super::diff::without_secrets;
use super::fault::{self, Fault};
use web::config::VapiConfig;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A page of long calls.
const MAX_ANSWER_BYTES: usize = 32 << 20;
/// A request that may be sent again is sent so many times.
const MAX_TRIES: u32 = 3;
/// The longest wait that VAPI may ask of a person at the command line or the dashboard.
const MAX_WAIT: Duration = Duration::from_secs(10);
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// VAPI's REST API. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Api {
    http: reqwest::Client,
    config: VapiConfig,
}

/// An answer that is no refusal.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Where a redirect leads. It is never followed: the key must not go there.
    pub location: Option<String>,
    pub body: Vec<u8>,
}

impl Api {
    /// `timeout` is that of one request.
    ///
    /// # Errors
    /// If this machine has no certificates to trust.
    pub fn new(config: VapiConfig, timeout: Duration) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT.min(timeout))
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("ai-tutor/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http, config })
    }

    /// Whether this is no VAPI but a stand-in on this machine.
    pub fn is_local(&self) -> bool {
        Url::parse(&self.config.api_url).is_ok_and(|url| web::config::is_loopback(&url))
    }

    /// The URL of a path. Ids are escaped.
    pub fn url(&self, path: &[&str]) -> Result<Url, Fault> {
        let mut url = Url::parse(&self.config.api_url).map_err(|_| Fault::Odd)?;
        url.path_segments_mut().map_err(|()| Fault::Odd)?.pop_if_empty().extend(path);
        Ok(url)
    }

    /// Sends one request. The fault says whether another try may help.
    pub async fn send(&self, method: Method, url: Url, body: Option<&Value>) -> Result<Answer, Fault> {
        let mut request = self.http.request(method, url).bearer_auth(self.config.api_key.expose_secret());
        if let Some(body) = body {
            request = request.json(body);
        }
        let mut response = request.send().await.map_err(|error| fault::of_transport(&error))?;
        let status = response.status();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let at_least = header(RETRY_AFTER).and_then(fault::seconds).unwrap_or_default();
        let location = header(LOCATION).map(str::to_owned);
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(Fault::Refused),
            StatusCode::NOT_FOUND | StatusCode::GONE => return Err(Fault::NotFound),
            StatusCode::TOO_MANY_REQUESTS => return Err(Fault::Busy { at_least }),
            status if status.is_server_error() => return Err(Fault::Failed { at_least }),
            _ => {}
        }
        let mut whole = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| fault::of_transport(&error))? {
            if whole.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(Fault::TooLarge);
            }
            whole.extend_from_slice(&chunk);
        }
        match status {
            status if status.is_client_error() => {
                let words = fault::words(&whole);
                Err(Fault::Invalid { words: body.map_or(words.clone(), |body| without_secrets(words, body)) })
            }
            status if status.is_success() || status.is_redirection() => Ok(Answer { location, body: whole }),
            _ => Err(Fault::Odd),
        }
    }

    pub(super) async fn list(&self, kind: &str) -> Result<Vec<Value>, Fault> {
        let mut url = self.url(&[kind])?;
        if kind != "credential" {
            url.query_pairs_mut().append_pair("limit", "1000");
        }
        match self.ask(Method::GET, url, None).await? {
            Value::Array(objects) => Ok(objects),
            _ => Err(Fault::Odd),
        }
    }

    pub(super) async fn get(&self, kind: &str, id: &str) -> Result<Value, Fault> {
        self.ask(Method::GET, self.url(&[kind, id])?, None).await
    }

    /// Returns what was made. If VAPI's answer does not arrive, it may be made all the same.
    pub(super) async fn create(&self, kind: &str, body: &Value) -> Result<Value, Fault> {
        self.ask(Method::POST, self.url(&[kind])?, Some(body)).await
    }

    pub(super) async fn change(&self, kind: &str, id: &str, body: &Value) -> Result<Value, Fault> {
        self.ask(Method::PATCH, self.url(&[kind, id])?, Some(body)).await
    }

    /// Sends, and sends again what VAPI certainly did not do. A failed POST may have been done.
    async fn ask(&self, method: Method, url: Url, body: Option<&Value>) -> Result<Value, Fault> {
        let mut wait = FIRST_WAIT;
        for n_tries in 1.. {
            let at_least = match self.send(method.clone(), url.clone(), body).await {
                Ok(answer) => return serde_json::from_slice(&answer.body).map_err(|_| Fault::Odd),
                Err(Fault::Busy { at_least }) if n_tries < MAX_TRIES && at_least <= MAX_WAIT => at_least,
                Err(Fault::Failed { at_least })
                    if method != Method::POST && n_tries < MAX_TRIES && at_least <= MAX_WAIT =>
                {
                    at_least
                }
                Err(fault) => return Err(fault),
            };
            tokio::time::sleep(at_least.max(wait)).await;
            wait *= 2;
        }
        Err(Fault::Unreachable)
    }
}
