//! Streams the recording of a call from its storage, chunk by chunk. The browser never gets the address of the storage.
//!
//! **Invariant:** hosts inside our network are never contacted, even if a report names one, unless an operator allowed
//! that host.

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
use url::Url;
use web::config::VapiConfig;
use web::http::{Allowed, PublicNames};

use self::vapi::Vapi;
use crate::fault::Fault;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The timeout between two chunks. If a listener pauses, nothing is read, so this does not count as a delay.
const READ_TIMEOUT: Duration = Duration::from_secs(20);
/// The timeout of one request: a call of an hour over a slow connection.
const TIMEOUT: Duration = Duration::from_hours(3);
/// The largest recording: twelve hours of uncompressed telephone speech.
const MAX_BYTES: u64 = 1 << 30;
const MAX_REDIRECTS: usize = 3;
const MAX_RANGE_CHARS: usize = 100;

/// Fetches recordings. Cheap to clone.
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
                // A proxy would resolve names itself, without our check of the addresses.
                .no_proxy()
                .redirect(policy)
                .user_agent(concat!("ai-tutor/", env!("CARGO_PKG_VERSION")))
        };
        let rules = Arc::clone(&allowed);
        let follow = Policy::custom(move |attempt: Attempt<'_>| {
            // A public host must not redirect to an internal one.
            if attempt.previous().len() > MAX_REDIRECTS || rules.is_own(attempt.url()) || !rules.allows(attempt.url()) {
                attempt.stop()
            } else {
                attempt.follow()
            }
        });
        let public = client(follow).dns_resolver(Arc::new(PublicNames)).build()?;
        Ok(Self { public, own: client(Policy::none()).build()?, allowed, vapi: vapi.map(Vapi::new).transpose()? })
    }

    /// Returns VAPI's current address of the recording. [`Fault::NotFound`] also if no API key is set.
    pub(crate) async fn find_again(&self, call_id: &str) -> Result<String, Fault> {
        let vapi = self.vapi.as_ref().ok_or(Fault::NotFound("recording"))?;
        vapi.find_recording(call_id).await
    }

    /// Returns the recording, or the requested `range` of it.
    pub(crate) async fn fetch(&self, address: &str, range: Option<&HeaderValue>) -> Result<Response, Fault> {
        let url = Url::parse(address).ok().filter(|url| self.allowed.allows(url));
        let url = url.ok_or(Fault::Refused(
            "The recording is on a host that this service must not contact. An operator sets RECORDING_HOSTS.",
        ))?;
        let client = if self.allowed.is_own(&url) { &self.own } else { &self.public };
        let type_of_name = mime_of(url.path());
        let mut request = client.get(url);
        if let Some(range) = range.filter(|range| is_range(range)) {
            request = request.header(RANGE, range);
        }
        let answer = request.send().await.map_err(|error| {
            // Logged without its address, which gives access to the recording.
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
        // Signed addresses expire, and storage deletes old recordings.
        return Err(if status.is_server_error() { Fault::Away("recording") } else { Fault::NotFound("recording") });
    }
    if answer.content_length().is_some_and(|length| length > MAX_BYTES) {
        return Err(Fault::Invalid("The recording is larger than 1 GB, which is not a phone call.".to_owned()));
    }
    let from = answer.headers();
    // Another host's page or script must never appear under our origin.
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

/// Parses a single byte range, as players send it.
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

    #[test]
    fn only_one_plain_range_is_handed_on() {
        let is = |text: &'static str| is_range(&HeaderValue::from_static(text));
        assert!(is("bytes=0-") && is("bytes=100-199") && is("bytes=-500"));
        assert!(!is("bytes=0-1,5-9") && !is("lines=0-1") && !is("bytes="));
    }
}
