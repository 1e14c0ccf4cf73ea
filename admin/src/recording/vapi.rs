//! VAPI is asked where a recording lies now: the address of a report is good for a short time, and private storage gives
//! nothing away without one.

use std::time::Duration;

use http::StatusCode;
use http::header::LOCATION;
use reqwest::redirect::Policy;
use secrecy::ExposeSecret;
use shared::config::VapiConfig;
use url::Url;

use crate::fault::Fault;

/// A person waits for the player.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A signed address is long; a column of the database need not hold more than this.
const MAX_ADDRESS_BYTES: usize = 8 << 10;

/// VAPI's REST API, as far as recordings go. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Vapi {
    http: reqwest::Client,
    config: VapiConfig,
}

impl Vapi {
    pub(super) fn new(config: VapiConfig) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            // The key must not follow where the answer points, and that is all we want of it.
            .redirect(Policy::none())
            .user_agent(concat!("ai-tutor/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http, config })
    }

    /// Where the recording of the call lies for the next minutes. Source: `GET /call/{id}/mono-recording`, which answers
    /// with a redirect.
    ///
    /// # Errors
    /// [`Fault::NotFound`] where VAPI keeps none, [`Fault::Away`] where it does not say.
    pub(super) async fn find_recording(&self, call_id: &str) -> Result<String, Fault> {
        let mut url = Url::parse(&self.config.api_url).map_err(|_| Fault::Internal)?;
        let mut path = url.path_segments_mut().map_err(|()| Fault::Internal)?;
        path.pop_if_empty().extend(["call", call_id, "mono-recording"]);
        drop(path);
        let request = self.http.get(url).bearer_auth(self.config.api_key.expose_secret());
        let answer = request.send().await.map_err(|error| {
            tracing::warn!(error = %error.without_url(), "VAPI was not reached for a recording");
            Fault::Away("recording")
        })?;
        let status = answer.status();
        let address = answer.headers().get(LOCATION).and_then(|address| address.to_str().ok());
        match address.filter(|address| status.is_redirection() && address.len() <= MAX_ADDRESS_BYTES) {
            Some(address) => Ok(address.to_owned()),
            None if matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE) => Err(Fault::NotFound("recording")),
            None => {
                tracing::warn!(status = status.as_u16(), "VAPI did not say where a recording lies");
                Err(Fault::Away("recording"))
            }
        }
    }
}
