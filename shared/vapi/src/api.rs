//! The HTTP client. It sends one request; who calls decides whether to try again.

use std::time::Duration;

use http::StatusCode;
use http::header::{LOCATION, RETRY_AFTER};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use url::Url;

use super::diff::without_secrets;
use super::fault::{self, Fault};
use web::config::VapiConfig;
use web::http::Allowed;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A page of long calls.
const MAX_ANSWER_BYTES: usize = 32 << 20;
/// A request that may be sent again is sent so many times.
const MAX_TRIES: u32 = 3;
/// The longest wait that VAPI may ask of a person at the command line or the dashboard.
const MAX_WAIT: Duration = Duration::from_secs(10);
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The hosts of the addresses by which VAPI lets a call be controlled are within this domain.
const DOMAIN: &str = "vapi.ai";

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

    /// Ends a call. `control` is `monitor.controlUrl` of the call as `GET /call/{id}` returns it. The address is a secret, and
    /// the key is not sent there. Returns [`Fault::Odd`] if the address is neither at VAPI nor at `VAPI_API_URL`, and
    /// [`Fault::NotFound`] if the call is over. Source: "Live call control" in VAPI's documentation.
    pub async fn end_call(&self, control: &str) -> Result<(), Fault> {
        let url = self.control_url(control).ok_or(Fault::Odd)?;
        let request = self.http.post(url).json(&json!({ "type": "end-call" }));
        let status = request.send().await.map_err(|error| fault::of_transport(&error))?.status();
        match status {
            status if status.is_success() => Ok(()),
            StatusCode::NOT_FOUND | StatusCode::GONE => Err(Fault::NotFound),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Fault::Refused),
            status if status.is_server_error() => Err(Fault::Failed { at_least: Duration::ZERO }),
            _ => Err(Fault::Odd),
        }
    }

    /// Reads the address to control a call: HTTPS at VAPI, or at the operator's own `VAPI_API_URL`.
    fn control_url(&self, control: &str) -> Option<Url> {
        let api = Url::parse(&self.config.api_url).ok()?;
        let own = format!("{}:{}", api.host_str()?, api.port_or_known_default()?);
        let url = Url::parse(control).ok()?;
        Allowed { hosts: vec![DOMAIN.to_owned()], own: vec![own] }.allows(&url).then_some(url)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_controlled_only_at_vapi_or_at_the_configured_address() {
        let is_accepted = |api_url: &str, control: &str| {
            let config = VapiConfig { api_url: api_url.to_owned(), api_key: "key".to_owned().into() };
            Api::new(config, Duration::from_secs(1)).unwrap().control_url(control).is_some()
        };
        let (real, fake) = ("https://api.vapi.ai", "http://127.0.0.1:9000");
        for control in ["https://phone-call-websocket.aws-us-west-2.vapi.ai/a/control", "https://api.vapi.ai/a/control"]
        {
            assert!(is_accepted(real, control), "{control}");
        }
        assert!(is_accepted(fake, "http://127.0.0.1:9000/a/control"), "a stand-in");
        for control in [
            "http://phone.vapi.ai/a/control",
            "https://phone.vapi.ai.example.org/a/control",
            "https://evilvapi.ai/a/control",
            "https://user:secret@phone.vapi.ai/a/control",
            "https://169.254.169.254/latest/meta-data",
            "http://127.0.0.1:9000/a/control",
            "wss://phone.vapi.ai/a/listen",
            "not a URL",
        ] {
            assert!(!is_accepted(real, control), "{control}");
        }
        assert!(!is_accepted(fake, "http://127.0.0.1:9001/a/control"), "another port");
    }
}
