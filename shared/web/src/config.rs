//! The settings of each role, read once, from the environment only. Reports all errors at once, each with its variable.

mod address;
mod env;
mod exit;
mod mail;
mod roles;
mod strict;
mod vapi;
mod webhook;

use std::net::SocketAddr;
use std::time::Duration;

use chrono::TimeDelta;
use secrecy::SecretString;

use crate::http::Proxies;
use storage::access::ScopeSet;
use storage::retention::Retention;

pub use self::env::{Fault, Faults, Settings, from_environment};
pub use self::exit::exit;
pub use self::strict::is_loopback;
pub use self::vapi::{Named, TutorConfig, VapiConfig, VapiSetupConfig};

/// How `mcp-server` is set up.
#[derive(Clone, Debug)]
pub struct McpServerConfig {
    pub database_url: SecretString,
    /// Base URL of an OTLP collector, without a slash at the end. `None`: no traces are sent.
    pub otlp_endpoint: Option<String>,
    pub addr: SocketAddr,
    /// Issuer of tokens; the MCP resource is `{public_url}/mcp`. Without a slash at the end.
    pub public_url: String,
    /// Where people open the dashboard, and allow agents there. `None`: it is not set, and people connect no agents.
    pub admin_url: Option<String>,
    /// Host names by which requests may call us.
    pub allowed_hosts: Vec<String>,
    /// Origins of browsers that may call MCP; none by default.
    pub allowed_origins: Vec<String>,
    /// Ed25519, PKCS#8 PEM.
    pub jwt_private_key: SecretString,
    /// Tokens that this key signed are still accepted.
    pub jwt_private_key_previous: Option<SecretString>,
    pub webhook: WebhookConfig,
    /// The assistant that answers calls, where VAPI asks us for one.
    pub vapi_assistant_id: Option<String>,
    /// What the tools that webhooks call may do.
    pub vapi_tool_scopes: ScopeSet,
    /// Whether an unknown caller becomes a student at once.
    pub register_callers: bool,
    pub client_requests_per_second: u32,
    /// Who may read `/metrics` from elsewhere than this machine.
    pub metrics_token: Option<SecretString>,
    /// Whether only this machine can reach the service. Then `/metrics` needs no token.
    pub is_local: bool,
    /// The proxies in front of us, which tell the client's address.
    pub proxies: Proxies,
}

/// How VAPI signs its webhooks. Its customer can change each of these; the defaults are VAPI's own.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    pub secret: SecretString,
    /// Accepted too, during a rotation.
    pub secret_previous: Option<SecretString>,
    pub signature_header: String,
    pub timestamp_header: String,
    /// What is signed: a text with `{body}` and `{timestamp}`.
    pub payload: String,
    /// Before the signature, for example `sha256=`.
    pub prefix: String,
    pub encoding: SignatureEncoding,
}

/// How a signature is written in its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureEncoding {
    Hex,
    Base64,
}

/// A streaming replica, for reads that may be some seconds old.
#[derive(Clone, Debug)]
pub struct ReplicaConfig {
    pub url: SecretString,
    /// A replica that is further behind is not read from.
    pub max_lag: Duration,
}

/// How `worker` is set up.
#[derive(Clone, Debug)]
pub struct WorkerConfig {
    pub database_url: SecretString,
    /// As in [`McpServerConfig`].
    pub otlp_endpoint: Option<String>,
    /// Where health and metrics are served. `None`: nowhere.
    pub addr: Option<SocketAddr>,
    /// As in [`McpServerConfig`].
    pub metrics_token: Option<SecretString>,
    pub queue: QueueConfig,
    pub llm: Option<LlmConfig>,
    pub vapi: Option<VapiConfig>,
    /// `None`: no e-mail is sent.
    pub mail: Option<MailConfig>,
    /// `None`: no roster is read.
    pub roster: Option<RosterConfig>,
    /// `host:port` of receivers of webhooks that may be private and without TLS.
    pub webhook_own_hosts: Vec<String>,
    pub retention: Retention,
    /// Whether an unknown caller who says their name becomes a student at once.
    pub register_callers: bool,
    /// How long a job is held without a sign of life before another worker may take it.
    pub lease: Duration,
    /// How often lost jobs are looked for.
    pub sweep_every: Duration,
    /// How often VAPI is asked for calls whose report never came.
    pub reconcile_every: Duration,
}

/// The roster that the worker reads on a schedule.
#[derive(Clone)]
pub struct RosterConfig {
    /// A folder, a zip file, or the https:// address of a zip file, which may hold a secret.
    pub source: String,
    pub every: TimeDelta,
    /// If a larger share of the known students leaves, a person is asked.
    pub max_removals_percent: u32,
}

impl std::fmt::Debug for RosterConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RosterConfig").field("every", &self.every).finish_non_exhaustive()
    }
}

/// Where e-mails are sent, and how.
#[derive(Clone, Debug)]
pub struct MailConfig {
    pub host: String,
    pub port: u16,
    pub security: MailSecurity,
    /// User and password.
    pub login: Option<(String, SecretString)>,
    /// `Name <address>` or an address.
    pub from: String,
    /// Where e-mails lead; without a slash at the end.
    pub dashboard_url: String,
}

/// How the connection to the mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// From its beginning.
    Tls,
    /// By STARTTLS, and not without.
    StartTls,
    /// Not at all: the server is on this machine.
    None,
}

/// Who tells the worker that there is work.
#[derive(Clone, Debug)]
pub enum QueueConfig {
    /// `tcp://:password@host:7419`.
    Faktory(SecretString),
    /// The `jobs` table itself.
    Embedded,
}

/// A language model's endpoint.
#[derive(Clone, Debug)]
pub struct LlmConfig {
    pub provider: LlmProvider,
    /// Without a slash at the end; `/chat/completions` or `/messages` is added.
    pub base_url: String,
    pub api_key: Option<SecretString>,
    pub model: String,
    pub timeout: Duration,
    pub budget: LlmBudget,
}

/// What a language model may cost. `None`: no limit, or no price known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LlmBudget {
    /// In a day of UTC, input and output together.
    pub tokens_per_day: Option<u64>,
    pub tokens_per_student_day: Option<u64>,
    /// US dollars for a million tokens.
    pub input_price: Option<f64>,
    pub output_price: Option<f64>,
}

/// Whose way of asking an endpoint understands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LlmProvider {
    /// Chat completions, which most endpoints speak.
    #[default]
    OpenAi,
    /// Anthropic's messages.
    Anthropic,
}

impl std::str::FromStr for LlmProvider {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "openai" => Ok(Self::OpenAi),
            "anthropic" => Ok(Self::Anthropic),
            _ => Err("is not openai or anthropic"),
        }
    }
}

/// The organisation's OpenID Connect provider.
#[derive(Clone, Debug)]
pub struct OidcConfig {
    /// As the provider itself writes it.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: SecretString,
    /// Whether people sign in there alone.
    pub is_only: bool,
}

/// How `admin` is set up.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each says whether one thing is so")]
pub struct AdminConfig {
    pub database_url: SecretString,
    /// `None`: all reads are from the primary.
    pub replica: Option<ReplicaConfig>,
    /// As in [`McpServerConfig`].
    pub otlp_endpoint: Option<String>,
    pub addr: SocketAddr,
    /// Where people open the dashboard; without a slash at the end. `None`: unknown, but by HTTPS.
    pub admin_url: Option<String>,
    /// Cookies are for HTTPS only, unless the dashboard is served to this machine alone.
    pub secure_cookies: bool,
    /// Where agents and VAPI reach `mcp-server`; the settings page shows it.
    pub public_url: String,
    /// What the settings page says is connected.
    pub has_llm: bool,
    pub has_faktory: bool,
    /// Where people may sign in instead of by a password. `admin_url` is then known.
    pub oidc: Option<OidcConfig>,
    /// Asked where a recording lies, when the address of the report has had its time.
    pub vapi: Option<VapiConfig>,
    /// What the assistant at VAPI is made of; the Connections page compares it.
    pub tutor: TutorConfig,
    /// Hosts that recordings may be fetched from, with all below them; empty: any public one.
    pub recording_hosts: Vec<String>,
    /// `host:port` of storage of one's own, which may be private and without TLS.
    pub recording_own_hosts: Vec<String>,
    /// `host:port` of receivers of webhooks that may be private and without TLS.
    pub webhook_own_hosts: Vec<String>,
    /// Who may read `/metrics` from elsewhere than this machine.
    pub metrics_token: Option<SecretString>,
    /// Whether only this machine can reach the service. Then `/metrics` needs no token.
    pub is_local: bool,
    /// The proxies in front of us, which tell the client's address.
    pub proxies: Proxies,
}
