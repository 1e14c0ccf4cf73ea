//! The recording of a call: fetched from the storage it lies in, a piece at a time, and handed on. The browser never
//! learns where it lies.
//!
//! **Invariant:** nothing inside our network is ever asked for, whatever address a report names, unless an operator
//! named that very host.

mod vapi;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE,
};
use http::{HeaderValue, StatusCode};
use reqwest::redirect::{Attempt, Policy};
use shared::config::VapiConfig;
use url::Url;

use self::vapi::Vapi;
use crate::fault::Fault;
use crate::internet::{PublicNames, is_public_url};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two pieces. A listener who pauses is no delay of the storage's: nothing is read meanwhile.
const READ_TIMEOUT: Duration = Duration::from_secs(20);
/// Of one request: an hour's call, heard slowly.
const TIMEOUT: Duration = Duration::from_hours(3);
/// Twelve hours of telephone speech, uncompressed.
const MAX_BYTES: u64 = 1 << 30;
const MAX_REDIRECTS: usize = 3;
const MAX_RANGE_CHARS: usize = 100;

/// Where recordings may come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// These hosts and no others; empty: any public one.
    pub(crate) hosts: Vec<String>,
    /// `host:port` of storage of one's own: may be private, and speak without TLS.
    pub(crate) own: Vec<String>,
}

impl Allowed {
    fn is_own(&self, url: &Url) -> bool {
        let port = url.port_or_known_default().unwrap_or_default();
        url.host_str().is_some_and(|host| self.own.iter().any(|own| *own == format!("{host}:{port}")))
    }

    /// Whether to ask there at all. What a name stands for is looked at when it is resolved.
    fn allows(&self, url: &Url) -> bool {
        if self.is_own(url) {
            return matches!(url.scheme(), "https" | "http");
        }
        let host = url.host_str().unwrap_or_default();
        is_public_url(url) && (self.hosts.is_empty() || self.hosts.iter().any(|listed| is_within(host, listed)))
    }
}

/// `a.example.org` is within `example.org`, and so is that itself.
fn is_within(host: &str, listed: &str) -> bool {
    host == listed || host.strip_suffix(listed).is_some_and(|rest| rest.ends_with('.'))
}

/// The way to recordings. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Recordings {
    public: reqwest::Client,
    own: reqwest::Client,
    allowed: Arc<Allowed>,
    vapi: Option<Vapi>,
}

impl Recordings {
    pub(crate) fn new(allowed: Allowed, vapi: Option<VapiConfig>) -> anyhow::Result<Self> {
        let allowed = Arc::new(allowed);
        let client = |policy: Policy| {
            reqwest::Client::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(READ_TIMEOUT)
                .timeout(TIMEOUT)
                // A proxy would resolve names by itself, and not look at what they stand for.
                .no_proxy()
                .redirect(policy)
                .user_agent(concat!("ai-tutor/", env!("CARGO_PKG_VERSION")))
        };
        let rules = Arc::clone(&allowed);
        let follow = Policy::custom(move |attempt: Attempt<'_>| {
            // From the internet nothing leads to a host of one's own.
            if attempt.previous().len() > MAX_REDIRECTS || rules.is_own(attempt.url()) || !rules.allows(attempt.url()) {
                attempt.stop()
            } else {
                attempt.follow()
            }
        });
        let public = client(follow).dns_resolver(Arc::new(PublicNames)).build()?;
        Ok(Self { public, own: client(Policy::none()).build()?, allowed, vapi: vapi.map(Vapi::new).transpose()? })
    }

    /// Where VAPI has the recording of the call now; [`Fault::NotFound`] also where no key is set to ask with.
    pub(crate) async fn find_again(&self, call_id: &str) -> Result<String, Fault> {
        let vapi = self.vapi.as_ref().ok_or(Fault::NotFound("recording"))?;
        vapi.find_recording(call_id).await
    }

    /// The recording, or the piece of it that `range` asks for.
    pub(crate) async fn fetch(&self, address: &str, range: Option<&HeaderValue>) -> Result<Response, Fault> {
        let url = Url::parse(address).ok().filter(|url| self.allowed.allows(url));
        let url = url.ok_or(Fault::Refused(
            "The recording lies where this service must not fetch from. An operator sets RECORDING_HOSTS.",
        ))?;
        let client = if self.allowed.is_own(&url) { &self.own } else { &self.public };
        let type_of_name = mime_of(url.path());
        let mut request = client.get(url);
        if let Some(range) = range.filter(|range| is_range(range)) {
            request = request.header(RANGE, range);
        }
        let answer = request.send().await.map_err(|error| {
            // Without its address, which opens the recording.
            tracing::warn!(error = %error.without_url(), "a recording could not be fetched");
            Fault::Away("recording")
        })?;
        pass_on(answer, type_of_name)
    }
}

fn pass_on(answer: reqwest::Response, type_of_name: &'static str) -> Result<Response, Fault> {
    let status = answer.status();
    if !matches!(status, StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE) {
        tracing::warn!(status = status.as_u16(), "the storage of a recording refused it");
        // A signed address has its time, and storage its retention.
        return Err(if status.is_server_error() { Fault::Away("recording") } else { Fault::NotFound("recording") });
    }
    if answer.content_length().is_some_and(|length| length > MAX_BYTES) {
        return Err(Fault::Invalid("The recording is larger than 1 GB, which is no telephone call.".to_owned()));
    }
    let from = answer.headers();
    // Never a page or a script of somebody else's under our name.
    let said = from.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mime = said.filter(|mime| mime.starts_with("audio/")).unwrap_or(type_of_name);
    let mut headers = http::HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_str(mime).unwrap_or(HeaderValue::from_static("audio/wav")));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("inline; filename=\"recording\""));
    for name in [CONTENT_LENGTH, CONTENT_RANGE, ACCEPT_RANGES] {
        if let Some(value) = from.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    let pieces = stream::try_unfold((answer, 0_u64), |(mut answer, n_before)| async move {
        let piece: Option<Bytes> = answer.chunk().await.map_err(reqwest::Error::without_url)?;
        let Some(piece) = piece else { return Ok::<_, anyhow::Error>(None) };
        let n = n_before + piece.len() as u64;
        anyhow::ensure!(n <= MAX_BYTES, "the recording does not end");
        Ok(Some((piece, (answer, n))))
    });
    Ok((status, headers, Body::from_stream(pieces)).into_response())
}

/// One range of bytes, as players ask for it.
fn is_range(value: &HeaderValue) -> bool {
    let text = value.to_str().unwrap_or_default();
    let rest = text.strip_prefix("bytes=").unwrap_or_default();
    text.len() <= MAX_RANGE_CHARS && rest.contains('-') && rest.bytes().all(|b| b.is_ascii_digit() || b == b'-')
}

fn mime_of(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("mp3") => "audio/mpeg",
        Some("ogg" | "opus") => "audio/ogg",
        Some("m4a" | "mp4") => "audio/mp4",
        Some("webm") => "audio/webm",
        _ => "audio/wav",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(allowed: &Allowed, url: &str) -> bool {
        allowed.allows(&Url::parse(url).unwrap())
    }

    #[test]
    fn nothing_inside_is_asked_for_whatever_it_is_called() {
        for url in [
            "http://storage.example.org/a.wav",
            "https://localhost/a.wav",
            "https://intranet/a.wav",
            "https://127.0.0.1/a.wav",
            "https://0x7f000001/a.wav",
            "https://10.1.2.3/a.wav",
            "https://172.20.0.1/a.wav",
            "https://192.168.0.1/a.wav",
            "https://169.254.169.254/latest/meta-data",
            "https://100.64.0.1/a.wav",
            "https://[::1]/a.wav",
            "https://[::ffff:127.0.0.1]/a.wav",
            "https://[fd00::1]/a.wav",
            "https://[fe80::1]/a.wav",
            "https://[2002:7f00:1::]/a.wav",
            "https://user:secret@storage.example.org/a.wav",
            "ftp://storage.example.org/a.wav",
        ] {
            assert!(!allows(&Allowed::default(), url), "{url}");
        }
        assert!(allows(&Allowed::default(), "https://storage.example.org/a.wav?sign=x"));
        assert!(allows(&Allowed::default(), "https://8.8.8.8/a.wav"));
    }

    #[test]
    fn a_list_of_hosts_is_all_there_is() {
        let allowed = Allowed { hosts: vec!["vapi.ai".to_owned()], own: vec!["127.0.0.1:9000".to_owned()] };
        assert!(allows(&allowed, "https://storage.vapi.ai/a.wav") && allows(&allowed, "https://vapi.ai/a.wav"));
        assert!(!allows(&allowed, "https://evilvapi.ai/a.wav") && !allows(&allowed, "https://vapi.ai.evil.org/a"));
        assert!(allows(&allowed, "http://127.0.0.1:9000/a.wav"), "named by an operator");
        assert!(!allows(&allowed, "http://127.0.0.1:9001/a.wav"), "another door of the same house");
    }

    #[test]
    fn only_one_plain_range_is_handed_on() {
        let is = |text: &'static str| is_range(&HeaderValue::from_static(text));
        assert!(is("bytes=0-") && is("bytes=100-199") && is("bytes=-500"));
        assert!(!is("bytes=0-1,5-9") && !is("lines=0-1") && !is("bytes="));
    }
}
