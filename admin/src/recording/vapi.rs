//! VAPI is asked where a recording lies now: the address of a report is good for a short time, and private storage gives
//! nothing away without one.

use std::time::Duration;

use reqwest::Method;
use vapi;
use vapi::Api;
use web::config::VapiConfig;

use crate::fault::Fault;

/// A person waits for the player.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A signed address is long; a column of the database need not hold more than this.
const MAX_ADDRESS_BYTES: usize = 8 << 10;

/// VAPI's REST API, as far as recordings go. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Vapi(Api);

impl Vapi {
    pub(super) fn new(config: VapiConfig) -> anyhow::Result<Self> {
        Ok(Self(Api::new(config, TIMEOUT)?))
    }

    /// Where the recording of the call lies for the next minutes. Source: `GET /call/{id}/mono-recording`, which answers
    /// with a redirect.
    ///
    /// # Errors
    /// [`Fault::NotFound`] where VAPI keeps none, [`Fault::Away`] where it does not say.
    pub(super) async fn find_recording(&self, call_id: &str) -> Result<String, Fault> {
        let url = self.0.url(&["call", call_id, "mono-recording"]).map_err(|_| Fault::Internal)?;
        let answer = self.0.send(Method::GET, url, None).await.map_err(|fault| match fault {
            vapi::Fault::NotFound => Fault::NotFound("recording"),
            fault => {
                tracing::warn!(error = %fault, "VAPI did not say where a recording lies");
                Fault::Away("recording")
            }
        })?;
        answer.location.filter(|address| address.len() <= MAX_ADDRESS_BYTES).ok_or_else(|| {
            tracing::warn!("VAPI did not say where a recording lies");
            Fault::Away("recording")
        })
    }
}
