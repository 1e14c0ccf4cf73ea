//! The settings of VAPI's API, and of the assistant that is set up there.

use std::fmt;
use std::str::FromStr;

use secrecy::SecretString;

use super::WebhookConfig;
use super::address::{MCP_SERVER_ADDR, address, public_url};
use super::env::{Faults, Settings};
use super::strict::{confidential_url, is_local};
use super::webhook::webhook;

/// VAPI's REST API.
#[derive(Clone, Debug)]
pub struct VapiConfig {
    pub api_url: String,
    pub api_key: SecretString,
}

impl VapiConfig {
    /// Reads the settings for a command that calls VAPI, without the other settings. Returns `None` without a key.
    pub fn from_settings(mut settings: Settings<'_>) -> Result<Option<Self>, Faults> {
        let config = vapi(&mut settings);
        settings.finish(config)
    }
}

/// One of a provider's models or voices: `PROVIDER/NAME` or `PROVIDER/NAME/LANGUAGE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub provider: String,
    pub name: String,
    /// BCP 47, or the provider's word for many.
    pub language: Option<String>,
}

impl FromStr for Named {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str = "is not PROVIDER/NAME or PROVIDER/NAME/LANGUAGE, such as deepgram/nova-3/multi";
        let parts: Vec<&str> = text.split('/').collect();
        let is_plain = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_graphic());
        if !parts.iter().all(is_plain) {
            return Err(SHAPE);
        }
        let (provider, name, language) = match parts[..] {
            [provider, name] => (provider, name, None),
            [provider, name, language] => (provider, name, Some(language.to_owned())),
            _ => return Err(SHAPE),
        };
        Ok(Self { provider: provider.to_owned(), name: name.to_owned(), language })
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.name)?;
        self.language.as_ref().map_or(Ok(()), |language| write!(f, "/{language}"))
    }
}

/// What the assistant at VAPI is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TutorConfig {
    pub model: Named,
    pub voice: Named,
    pub transcriber: Named,
}

impl Default for TutorConfig {
    fn default() -> Self {
        let named = |provider: &str, name: &str, language: Option<&str>| Named {
            provider: provider.to_owned(),
            name: name.to_owned(),
            language: language.map(str::to_owned),
        };
        Self {
            model: named("openai", "gpt-4.1", None),
            voice: named("vapi", "Elliot", None),
            transcriber: named("deepgram", "nova-3", Some("multi")),
        }
    }
}

/// What `ai-tutor vapi` needs.
#[derive(Clone, Debug)]
pub struct VapiSetupConfig {
    pub vapi: VapiConfig,
    pub public_url: String,
    pub webhook: WebhookConfig,
    pub tutor: TutorConfig,
    /// Overrides the assistant that was set up.
    pub assistant_id: Option<String>,
}

impl VapiSetupConfig {
    /// # Errors
    /// If there is no key, or VAPI could not reach the service.
    pub fn from_settings(mut settings: Settings<'_>) -> Result<Self, Faults> {
        let s = &mut settings;
        s.required("VAPI_API_KEY", "the private key of your VAPI organisation");
        let (addr, _) = address(s, "MCP_SERVER_ADDR", MCP_SERVER_ADDR);
        let public_url = public_url(s, addr);
        let vapi = vapi(s).unwrap_or_else(|| VapiConfig { api_url: String::new(), api_key: String::new().into() });
        if is_local(&public_url) && !is_local(&vapi.api_url) {
            s.fault(
                "PUBLIC_URL",
                "is on this machine, where VAPI cannot reach it; it is such as https://tutor.example.org",
            );
        }
        let webhook = webhook(s, !is_local(&public_url));
        let config = Self { vapi, public_url, webhook, tutor: tutor(s), assistant_id: s.optional("VAPI_ASSISTANT_ID") };
        settings.finish(config)
    }
}

pub(super) fn vapi(s: &mut Settings<'_>) -> Option<VapiConfig> {
    let api_key = SecretString::from(s.optional("VAPI_API_KEY")?);
    let url = s.optional("VAPI_API_URL").unwrap_or_else(|| "https://api.vapi.ai".to_owned());
    Some(VapiConfig { api_url: confidential_url(s, "VAPI_API_URL", &url), api_key })
}

pub(super) fn tutor(s: &mut Settings<'_>) -> TutorConfig {
    let default = TutorConfig::default();
    let tutor = TutorConfig {
        model: s.parsed("VAPI_MODEL", default.model),
        voice: s.parsed("VAPI_VOICE", default.voice),
        transcriber: s.parsed("VAPI_TRANSCRIBER", default.transcriber),
    };
    if tutor.model.language.is_some() {
        s.fault("VAPI_MODEL", "has a language; it is PROVIDER/NAME, such as openai/gpt-4.1");
    }
    tutor
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<VapiSetupConfig, Vec<&'static str>> {
        let lookup = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let config = VapiSetupConfig::from_settings(Settings::new(lookup));
        config.map_err(|faults| faults.0.into_iter().map(|fault| fault.variable).collect())
    }

    #[test]
    fn a_voice_is_read_as_it_is_written() {
        for text in ["openai/gpt-4.1", "deepgram/nova-3/multi"] {
            assert_eq!(text.parse::<Named>().unwrap().to_string(), text);
        }
        for text in ["", "openai", "openai/", "/x", "a/b/c/d", "a/b c", "a/b\n"] {
            assert!(text.parse::<Named>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn setting_up_needs_a_key_and_an_address_that_vapi_reaches() {
        const SECRET: (&str, &str) = ("VAPI_WEBHOOK_SECRET", "whs_4f9a1c7e2b8d6035");
        let key = ("VAPI_API_KEY", "k");
        assert_eq!(read(&[SECRET]).unwrap_err(), ["VAPI_API_KEY", "PUBLIC_URL"]);
        assert_eq!(read(&[SECRET, key]).unwrap_err(), ["PUBLIC_URL"]);
        assert!(read(&[SECRET, key, ("VAPI_API_URL", "http://127.0.0.1:9")]).is_ok(), "a stand-in on this machine");
        let public = ("PUBLIC_URL", "https://tutor.example.org");
        assert_eq!(read(&[SECRET, key, public]).unwrap().tutor, TutorConfig::default());
        assert_eq!(read(&[SECRET, key, public, ("VAPI_MODEL", "openai/gpt-4.1/en")]).unwrap_err(), ["VAPI_MODEL"]);
        assert_eq!(read(&[key, public]).unwrap_err(), ["VAPI_WEBHOOK_SECRET"]);
        let plain = ("VAPI_API_URL", "http://vapi.example.org");
        assert_eq!(read(&[SECRET, key, public, plain]).unwrap_err(), ["VAPI_API_URL"]);
    }
}
