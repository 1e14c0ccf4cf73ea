//! How VAPI signs its webhooks.

use secrecy::ExposeSecret;

use super::env::Settings;
use super::{SignatureEncoding, WebhookConfig, strict};

pub(super) fn webhook(s: &mut Settings<'_>, is_exposed: bool) -> WebhookConfig {
    let secret = s.required("VAPI_WEBHOOK_SECRET", "the key of VAPI's HMAC credential");
    let secret = strict::secret(s, "VAPI_WEBHOOK_SECRET", secret, is_exposed);
    let previous = s.optional("VAPI_WEBHOOK_SECRET_PREVIOUS");
    let secret_previous = previous.map(|value| strict::secret(s, "VAPI_WEBHOOK_SECRET_PREVIOUS", value, is_exposed));
    if secret_previous.as_ref().is_some_and(|previous| previous.expose_secret() == secret.expose_secret()) {
        s.fault("VAPI_WEBHOOK_SECRET_PREVIOUS", "is the same as VAPI_WEBHOOK_SECRET; unset it after the rotation");
    }
    let payload = s.optional("VAPI_SIGNATURE_PAYLOAD").unwrap_or_else(|| "{timestamp}.{body}".to_owned());
    for (token, why) in
        [("{body}", "the signature would not cover the request"), ("{timestamp}", "an old request could be sent again")]
    {
        if !payload.contains(token) {
            s.fault("VAPI_SIGNATURE_PAYLOAD", format!("does not hold {token}: {why}"));
        }
    }
    let encoding = match s.optional("VAPI_SIGNATURE_ENCODING").as_deref() {
        None | Some("hex") => SignatureEncoding::Hex,
        Some("base64") => SignatureEncoding::Base64,
        Some(_) => {
            s.fault("VAPI_SIGNATURE_ENCODING", "is neither hex nor base64");
            SignatureEncoding::Hex
        }
    };
    WebhookConfig {
        secret,
        secret_previous,
        signature_header: header(s, "VAPI_SIGNATURE_HEADER", "x-signature"),
        timestamp_header: header(s, "VAPI_TIMESTAMP_HEADER", "x-timestamp"),
        payload,
        prefix: s.optional("VAPI_SIGNATURE_PREFIX").unwrap_or_default(),
        encoding,
    }
}

fn header(s: &mut Settings<'_>, variable: &'static str, default: &str) -> String {
    let name = s.optional(variable).unwrap_or_else(|| default.to_owned()).to_ascii_lowercase();
    if http::HeaderName::try_from(&name).is_err() {
        s.fault(variable, "is no name of a header");
    }
    name
}
