//! What has to be at VAPI: each object as its API takes it. Pure. The recommendations are VAPI's own.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use storage::phone::Phone;
use storage::student_context::StudentContext;
use web::config::{Named, SignatureEncoding, TutorConfig, WebhookConfig};

/// The system prompt, with the rules for the tools.
pub const PROMPT: &str = include_str!("prompt.txt");

/// The whole of a webhook; `mcp-server` answers within 2 s.
const WEBHOOK_TIMEOUT_SECONDS: u32 = 20;
/// VAPI waits 7.5 s for the answer to which assistant takes a call.
const RING_TIMEOUT_SECONDS: u32 = 7;
const TOOL_TIMEOUT_SECONDS: u32 = 10;
/// A lesson lasts at most half an hour.
const MAX_CALL_SECONDS: u32 = 1_800;
/// The header by which we know our own tool again: VAPI's MCP tools have no name.
const MARK_HEADER: &str = "X-Managed-By";
const MARK: &str = "ai-tutor vapi setup";

/// The tools that the assistant is offered: those of a telephone client with [`SCOPES`].
pub const TOOLS: [&str; 11] = [
    "get_student_context",
    "verify_caller",
    "identify_student",
    "register_student",
    "next_question",
    "check_answer",
    "record_evidence",
    "save_note",
    "flag_concern",
    "schedule_callback",
    "end_session_summary",
];
/// What the assistant's agent key may do.
pub const SCOPES: &str = "context:read calls:write notes:write";

/// What the assistant's metadata says of its making.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// A fingerprint of the webhook's secret, because VAPI never shows the secret again.
    pub secret_print: String,
    pub client_id: String,
    pub agent_key_id: String,
}

impl Mark {
    /// Reads the mark of an assistant.
    pub fn read(assistant: &Value) -> Self {
        let text = |name: &str| assistant["metadata"][name].as_str().unwrap_or_default().to_owned();
        Self {
            secret_print: text("aiTutorSecretPrint"),
            client_id: text("aiTutorClient"),
            agent_key_id: text("aiTutorAgentKey"),
        }
    }
}

/// The ids that an object names of others.
#[derive(Clone, Copy, Debug)]
pub struct Linked<'a> {
    pub webhook_credential: &'a str,
    pub tools_credential: &'a str,
    pub tool: &'a str,
}

/// What the objects are made of.
#[derive(Clone, Debug)]
pub struct Plan {
    pub public_url: String,
    pub tutor: TutorConfig,
    /// Whether calls of unknown callers may be recorded.
    pub records: bool,
}

impl Plan {
    /// Where VAPI sends its messages.
    pub fn webhook_url(&self) -> String {
        format!("{}/webhooks/vapi", self.public_url)
    }

    /// Where VAPI finds our tools.
    pub fn mcp_url(&self) -> String {
        format!("{}/mcp", self.public_url)
    }

    /// Two services in one VAPI organisation, such as one for tests, keep apart by it.
    fn short_url(&self) -> String {
        hex::encode(&Sha256::digest(&self.public_url)[..4])
    }

    /// The name of the HMAC credential, at most 40 characters.
    pub fn webhook_credential_name(&self) -> String {
        format!("ai-tutor webhook {}", self.short_url())
    }

    /// The name of the credential with the agent key.
    pub fn tools_credential_name(&self) -> String {
        format!("ai-tutor tools {}", self.short_url())
    }

    /// Whether the assistant sends its messages to us.
    pub fn is_own_assistant(&self, assistant: &Value) -> bool {
        assistant["metadata"]["aiTutorUrl"] == self.public_url.as_str()
    }

    /// Whether the tool is our MCP server.
    pub fn is_own_tool(&self, tool: &Value) -> bool {
        tool["server"]["headers"][MARK_HEADER] == MARK && tool["server"]["url"] == self.mcp_url().as_str()
    }

    /// Whether calls to the number come to us.
    pub fn is_own_number(&self, number: &Value) -> bool {
        number["server"]["url"] == self.webhook_url().as_str()
    }

    /// The body of a request that creates the credential of the webhook.
    pub fn webhook_credential(&self, webhook: &WebhookConfig) -> Value {
        let mut plan = json!({
            "type": "hmac",
            "secretKey": webhook.secret.expose_secret(),
            "algorithm": "sha256",
            "signatureHeader": webhook.signature_header,
            "timestampHeader": webhook.timestamp_header,
            "includeTimestamp": true,
            "payloadFormat": webhook.payload,
            "signatureEncoding": encoding(webhook),
        });
        if !webhook.prefix.is_empty() {
            plan["signaturePrefix"] = json!(webhook.prefix);
        }
        json!({ "provider": "custom-credential", "name": self.webhook_credential_name(), "authenticationPlan": plan })
    }

    /// `None`: VAPI keeps the key that it has.
    pub fn tools_credential(&self, agent_key: Option<&SecretString>) -> Value {
        let mut made = json!({ "provider": "custom-credential", "name": self.tools_credential_name() });
        if let Some(key) = agent_key {
            made["authenticationPlan"] = json!({ "type": "bearer", "token": key.expose_secret() });
        }
        made
    }

    /// The body of a request that creates the MCP tool.
    pub fn tool(&self, linked: Linked<'_>) -> Value {
        json!({
            "type": "mcp",
            "server": {
                "url": self.mcp_url(),
                "timeoutSeconds": TOOL_TIMEOUT_SECONDS,
                "credentialId": linked.tools_credential,
                "headers": { "X-Caller-Number": "{{customer.number}}", MARK_HEADER: MARK },
            },
            "metadata": { "protocol": "shttp" },
            // Without this VAPI speaks a sentence before every tool call.
            "toolMessages": TOOLS.map(|name| json!({ "name": name, "messages": [] })),
        })
    }

    /// The body of a request that creates the assistant.
    pub fn assistant(&self, linked: Linked<'_>, mark: &Mark) -> Value {
        let TutorConfig { model, voice, transcriber } = &self.tutor;
        json!({
            "name": "AI tutor",
            "firstMessageMode": "assistant-speaks-first",
            // Of a call that we were not asked about; otherwise the answer to VAPI has the student's own.
            "firstMessage": "Hello, I am your tutor! What is your first name?",
            "model": {
                "provider": model.provider,
                "model": model.name,
                "messages": [{ "role": "system", "content": PROMPT }],
                "temperature": 0.3,
                "maxTokens": 400,
                "toolIds": [linked.tool],
                "tools": [{ "type": "endCall" }],
            },
            "voice": with_language(voice, "voiceId"),
            "transcriber": with_language(transcriber, "model"),
            "serverMessages": ["status-update", "end-of-call-report"],
            "server": {
                "url": self.webhook_url(),
                "timeoutSeconds": WEBHOOK_TIMEOUT_SECONDS,
                "credentialId": linked.webhook_credential,
                "backoffPlan": {
                    "type": "exponential",
                    "maxRetries": 5,
                    "baseDelaySeconds": 2,
                    "excludedStatusCodes": [400, 401, 403, 404, 413, 422],
                },
            },
            "artifactPlan": artifact_plan(self.records),
            "analysisPlan": { "summaryPlan": { "enabled": false }, "successEvaluationPlan": { "enabled": false } },
            // The addresses to listen to a call and to control it need no key.
            "monitorPlan": { "listenEnabled": false, "controlEnabled": false },
            "maxDurationSeconds": MAX_CALL_SECONDS,
            "backgroundSound": "off",
            "metadata": {
                "aiTutorUrl": self.public_url,
                "aiTutorSecretPrint": mark.secret_print,
                "aiTutorClient": mark.client_id,
                "aiTutorAgentKey": mark.agent_key_id,
            },
        })
    }

    /// A number that VAPI asks us about: then each call gets the student's first message and recording policy.
    pub fn number(&self, provider: &Value, linked: Linked<'_>) -> Value {
        json!({
            "provider": provider,
            "assistantId": null,
            "squadId": null,
            "workflowId": null,
            "server": {
                "url": self.webhook_url(),
                "timeoutSeconds": RING_TIMEOUT_SECONDS,
                "credentialId": linked.webhook_credential,
            },
        })
    }
}

/// What VAPI keeps of a call. A packet capture has the voices, too.
pub fn artifact_plan(records: bool) -> Value {
    json!({ "recordingEnabled": records, "videoRecordingEnabled": false, "pcapEnabled": false })
}

/// The values that differ for each call: the first message, whether it is recorded, and what the tutor should know.
pub fn overrides(known: &StudentContext, phone: Option<&Phone>, records: bool) -> Value {
    let student = known.student.as_ref();
    json!({
        "firstMessage": known.say_first,
        "artifactPlan": artifact_plan(records),
        "variableValues": {
            "studentName": student.map_or("", |student| &student.first_name),
            "studentContext": serde_json::to_string(known).unwrap_or_default(),
            "callerNumber": phone.map_or("", Phone::as_str),
        },
        "metadata": { "student_id": student.map(|student| student.student_id) },
    })
}

/// A fingerprint of the secret and of all that is signed with it: it tells whether VAPI has the present one. With 32 bits it
/// does not give the secret away.
pub fn secret_print(webhook: &WebhookConfig) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(webhook.secret.expose_secret().as_bytes())
        .expect("HMAC takes keys of any length");
    let WebhookConfig { signature_header, timestamp_header, payload, prefix, .. } = webhook;
    for part in [MARK, signature_header, timestamp_header, payload, prefix, encoding(webhook)] {
        mac.update(part.as_bytes());
        mac.update(b"\0");
    }
    hex::encode(&mac.finalize().into_bytes()[..4])
}

fn encoding(webhook: &WebhookConfig) -> &'static str {
    match webhook.encoding {
        SignatureEncoding::Hex => "hex",
        SignatureEncoding::Base64 => "base64",
    }
}

fn with_language(named: &Named, field: &str) -> Value {
    let mut made = json!({ "provider": named.provider, field: named.name });
    if let Some(language) = &named.language {
        made["language"] = json!(language);
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(secret: &str, header: &str) -> WebhookConfig {
        WebhookConfig {
            secret: SecretString::from(secret),
            secret_previous: None,
            signature_header: header.to_owned(),
            timestamp_header: "x-timestamp".to_owned(),
            payload: "{timestamp}.{body}".to_owned(),
            prefix: String::new(),
            encoding: SignatureEncoding::Hex,
        }
    }

    #[test]
    fn the_print_changes_with_all_that_is_signed_and_tells_no_secret() {
        let print = secret_print(&webhook("whs_4f9a1c7e2b8d6035", "x-signature"));
        assert_eq!(print.len(), 8);
        assert_eq!(print, secret_print(&webhook("whs_4f9a1c7e2b8d6035", "x-signature")));
        assert_ne!(print, secret_print(&webhook("whs_4f9a1c7e2b8d6036", "x-signature")));
        assert_ne!(print, secret_print(&webhook("whs_4f9a1c7e2b8d6035", "x-vapi-signature")));
    }

    #[test]
    fn two_services_of_one_organisation_keep_apart() {
        let plan = |url: &str| Plan { public_url: url.to_owned(), tutor: TutorConfig::default(), records: false };
        let (one, other) = (plan("https://a.example"), plan("https://b.example"));
        let linked = Linked { webhook_credential: "w", tools_credential: "t", tool: "m" };
        let assistant = one.assistant(linked, &Mark::default());
        assert!(one.is_own_assistant(&assistant) && !other.is_own_assistant(&assistant));
        assert!(one.is_own_tool(&one.tool(linked)) && !other.is_own_tool(&one.tool(linked)));
        assert_ne!(one.webhook_credential_name(), other.webhook_credential_name());
        assert!(one.webhook_credential_name().len() <= 40);
    }

    #[test]
    fn nothing_of_a_call_is_recorded_without_consent() {
        let kept = artifact_plan(false);
        assert!(kept.as_object().unwrap().values().all(|on| on == false));
    }
}
