//! Asks VAPI for the current address of a recording. Addresses in reports expire, and private storage needs a signed
//! one.

use std::time::Duration;

use reqwest::Method;
use vapi::Api;
use web::config::VapiConfig;

use crate::fault::Fault;

/// Short, because a person waits for the player.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest address in bytes.
const MAX_ADDRESS_BYTES: usize = 8 << 10;

/// The part of VAPI's REST API for recordings. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Vapi(Api);

impl Vapi {
    pub(super) fn new(config: VapiConfig) -> anyhow::Result<Self> {
        Ok(Self(Api::new(config, TIMEOUT)?))
    }

    /// Returns an address of the call's recording that works for some minutes. Source: `GET /call/{id}/mono-recording`,
    /// which answers with a redirect.
    ///
    /// # Errors [`Fault::NotFound`] if VAPI has no recording, [`Fault::Away`] if it does not answer.
    pub(super) async fn find_recording(&self, call_id: &str) -> Result<String, Fault> {
        let url = self.0.url(&["call", call_id, "mono-recording"]).map_err(|_| Fault::Internal)?;
        let answer = self.0.send(Method::GET, url, None).await.map_err(|fault| match fault {
            vapi::Fault::NotFound => Fault::NotFound("recording"),
            fault => {
                tracing::warn!(error = %fault, "VAPI did not return the address of a recording");
                Fault::Away("recording")
            }
        })?;
        answer.location.filter(|address| address.len() <= MAX_ADDRESS_BYTES).ok_or_else(|| {
            tracing::warn!("VAPI did not return the address of a recording");
            Fault::Away("recording")
        })
    }
}
