//! From variables to the configuration of each role.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use chrono::TimeDelta;
use secrecy::SecretString;

use super::address::{MCP_SERVER_ADDR, address, address_without_port, public_url};
use super::env::{Faults, Settings};
use super::mail::mail;
use super::strict::{self, confidential_url, database_url, faktory_url, is_local, postgres_url};
use super::vapi::{tutor, vapi};
use super::webhook::webhook;
use super::{
    AdminConfig, LlmBudget, LlmConfig, LlmProvider, MailConfig, McpServerConfig, OidcConfig, QueueConfig,
    ReplicaConfig, RosterConfig, WorkerConfig,
};
use storage::access::{Scope, ScopeSet};
use storage::retention::Retention;

const ADMIN_ADDR: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8081);

impl McpServerConfig {
    /// Reads the settings. The error lists all faults at once.
    pub fn from_settings(mut settings: Settings<'_>) -> Result<Self, Faults> {
        let s = &mut settings;
        let (addr, is_platform) = address(s, "MCP_SERVER_ADDR", MCP_SERVER_ADDR);
        let public_url = public_url(s, addr);
        let (admin_addr, _) = address_without_port(s, "ADMIN_ADDR", ADMIN_ADDR);
        let is_exposed = !is_local(&public_url);
        let host = url::Url::parse(&public_url).ok().and_then(|url| url.host_str().map(str::to_owned));
        let mut allowed_hosts = s.list("ALLOWED_HOSTS");
        if allowed_hosts.is_empty() {
            allowed_hosts.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
        }
        allowed_hosts.extend(host.filter(|host| !allowed_hosts.contains(host)));
        let key = s.required("JWT_PRIVATE_KEY", "an Ed25519 private key, PKCS#8 PEM");
        let jwt_private_key = pem(s, "JWT_PRIVATE_KEY", &key);
        let previous = s.optional("JWT_PRIVATE_KEY_PREVIOUS");
        let config = Self {
            database_url: database_url(s),
            otlp_endpoint: otlp_endpoint(s),
            addr,
            admin_url: admin_url(s, admin_addr, &public_url),
            public_url,
            allowed_hosts,
            allowed_origins: allowed_origins(s),
            jwt_private_key,
            jwt_private_key_previous: previous.map(|key| pem(s, "JWT_PRIVATE_KEY_PREVIOUS", &key)),
            webhook: webhook(s, is_exposed),
            vapi_assistant_id: s.optional("VAPI_ASSISTANT_ID"),
            vapi_tool_scopes: tool_scopes(s),
            register_callers: s.parsed("REGISTER_CALLERS", false),
            client_requests_per_second: rate(s),
            metrics_token: metrics_token(s, is_exposed),
            is_local: !is_exposed && addr.ip().is_loopback(),
            proxies: strict::proxies(s, is_platform),
        };
        settings.finish(config)
    }
}

/// Traces hold no personal data, so plaintext to a collector in a private network will do.
fn otlp_endpoint(s: &mut Settings<'_>) -> Option<String> {
    let url = s.optional("OTEL_EXPORTER_OTLP_ENDPOINT")?;
    Some(s.checked_url("OTEL_EXPORTER_OTLP_ENDPOINT", &url, &["http", "https"]))
}

/// By default what a voice assistant needs, without the sessions.
fn tool_scopes(s: &mut Settings<'_>) -> ScopeSet {
    let voice = || [Scope::ContextRead, Scope::NotesWrite, Scope::CallsWrite].into_iter().collect();
    match s.optional("VAPI_TOOL_SCOPES").map(|text| text.parse()) {
        None => voice(),
        Some(Ok(scopes)) => scopes,
        Some(Err(error)) => {
            s.fault("VAPI_TOOL_SCOPES", format!("is not a list of scopes: {error}"));
            voice()
        }
    }
}

/// A busy voice platform makes four requests for a tool call; more than this is a mistake or a misuse.
fn rate(s: &mut Settings<'_>) -> u32 {
    let rate = s.parsed("CLIENT_REQUESTS_PER_SECOND", 100_u32);
    if rate == 0 {
        s.fault("CLIENT_REQUESTS_PER_SECOND", "is 0, which refuses every request; it is a number such as 100");
    }
    rate
}

impl WorkerConfig {
    /// Reads the settings. The error lists all faults at once.
    pub fn from_settings(mut settings: Settings<'_>) -> Result<Self, Faults> {
        let s = &mut settings;
        let addr = s.parsed_if_set::<SocketAddr>("WORKER_ADDR");
        let config = Self {
            database_url: database_url(s),
            otlp_endpoint: otlp_endpoint(s),
            addr,
            metrics_token: metrics_token(s, addr.is_some_and(|addr| !addr.ip().is_loopback())),
            queue: queue(s),
            llm: llm(s),
            vapi: vapi(s),
            mail: worker_mail(s),
            roster: roster(s),
            webhook_own_hosts: s.list("WEBHOOK_OWN_HOSTS"),
            retention: Retention {
                tool_calls: days(s, "RETENTION_TOOL_CALLS_DAYS", 90),
                deliveries: days(s, "RETENTION_DELIVERIES_DAYS", 30),
                jobs: days(s, "RETENTION_JOBS_DAYS", 30),
                sessions: s.optional("RETENTION_SESSIONS_DAYS").map(|_| days(s, "RETENTION_SESSIONS_DAYS", 0)),
            },
            register_callers: s.parsed("REGISTER_CALLERS", false),
            lease: seconds(s, "WORKER_LEASE_SECONDS", 30, 3..=600),
            sweep_every: seconds(s, "WORKER_SWEEP_SECONDS", 5, 1..=60),
            reconcile_every: seconds(s, "VAPI_RECONCILE_SECONDS", 300, 1..=86400),
        };
        settings.finish(config)
    }
}

/// The roster, if one is read.
fn roster(s: &mut Settings<'_>) -> Option<RosterConfig> {
    let hours = s.parsed("ROSTER_EVERY_HOURS", 24_u32);
    if !(1..=720).contains(&hours) {
        s.fault("ROSTER_EVERY_HOURS", "is not between 1 and 720");
    }
    let max_removals_percent = s.parsed("ROSTER_MAX_REMOVALS_PERCENT", 10_u32);
    if max_removals_percent > 100 {
        s.fault("ROSTER_MAX_REMOVALS_PERCENT", "is not between 0 and 100");
    }
    let mut source = s.optional("ROSTER_SOURCE")?;
    if source.contains("://") {
        source = s.checked_url("ROSTER_SOURCE", &source, &["https", "http"]);
        if source.starts_with("http:") && !is_local(&source) {
            s.fault("ROSTER_SOURCE", "is not encrypted; use https://");
        }
    }
    let every = TimeDelta::hours(i64::from(hours));
    Some(RosterConfig { source, every, max_removals_percent })
}

/// The worker links to the dashboard, whose address it reads as `admin` does.
fn worker_mail(s: &mut Settings<'_>) -> Option<MailConfig> {
    let url = s.optional("SMTP_URL").and_then(|_| {
        let (addr, _) = address(s, "ADMIN_ADDR", ADMIN_ADDR);
        let public_url = s.optional("PUBLIC_URL").unwrap_or_else(|| format!("http://{MCP_SERVER_ADDR}"));
        admin_url(s, addr, &public_url)
    });
    mail(s, url)
}

impl LlmConfig {
    /// The model alone, for commands that need nothing else. `None`: none is configured.
    pub fn from_settings(mut settings: Settings<'_>) -> Result<Option<Self>, Faults> {
        let config = llm(&mut settings);
        settings.finish(config)
    }
}

impl AdminConfig {
    /// Reads the settings. The error lists all faults at once.
    pub fn from_settings(mut settings: Settings<'_>) -> Result<Self, Faults> {
        let s = &mut settings;
        let (addr, is_platform) = address(s, "ADMIN_ADDR", ADMIN_ADDR);
        let (mcp_addr, _) = address_without_port(s, "MCP_SERVER_ADDR", MCP_SERVER_ADDR);
        let public_url = s.optional("PUBLIC_URL").unwrap_or_else(|| format!("http://{mcp_addr}"));
        let public_url = s.checked_url("PUBLIC_URL", &public_url, &["https", "http"]);
        let admin_url = admin_url(s, addr, &public_url);
        let is_exposed = !(is_local(&public_url) && admin_url.as_deref().is_some_and(is_local));
        let config = Self {
            database_url: database_url(s),
            replica: replica(s),
            otlp_endpoint: otlp_endpoint(s),
            addr,
            oidc: oidc(s, admin_url.as_deref()),
            secure_cookies: admin_url.as_ref().is_none_or(|url| url.starts_with("https://")),
            admin_url,
            public_url,
            has_llm: s.optional("LLM_BASE_URL").is_some(),
            has_faktory: s.optional("FAKTORY_URL").is_some(),
            vapi: vapi(s),
            tutor: tutor(s),
            recording_hosts: s.list("RECORDING_HOSTS"),
            recording_own_hosts: s.list("RECORDING_OWN_HOSTS"),
            webhook_own_hosts: s.list("WEBHOOK_OWN_HOSTS"),
            metrics_token: metrics_token(s, is_exposed),
            is_local: !is_exposed && addr.ip().is_loopback(),
            proxies: strict::proxies(s, is_platform),
        };
        settings.finish(config)
    }
}

/// The replica, if there is one. It is compared with the primary every two seconds, so no shorter lag than 5 is accepted.
fn replica(s: &mut Settings<'_>) -> Option<ReplicaConfig> {
    let max_lag = seconds(s, "DATABASE_REPLICA_MAX_LAG_SECONDS", 10, 5..=3_600);
    let url = s.optional("DATABASE_REPLICA_URL")?;
    Some(ReplicaConfig { url: postgres_url(s, "DATABASE_REPLICA_URL", &url), max_lag })
}

/// By exact name only: a page of another origin would act with what its visitor's browser may do.
fn allowed_origins(s: &mut Settings<'_>) -> Vec<String> {
    let origins = s.list("ALLOWED_ORIGINS");
    let is_any = |origin: &String| {
        let host = origin.split_once("://").map_or(origin.as_str(), |(_, host)| host);
        ["", "*", "null"].contains(&host.split(':').next().unwrap_or_default())
    };
    if origins.iter().any(is_any) {
        s.fault("ALLOWED_ORIGINS", "allows any origin; name each, such as https://agent.example.org");
    }
    origins
}

fn metrics_token(s: &mut Settings<'_>, is_exposed: bool) -> Option<SecretString> {
    s.optional("METRICS_TOKEN").map(|token| strict::secret(s, "METRICS_TOKEN", token, is_exposed))
}

/// Where people open the dashboard. `None`: it is not set, and the dashboard is not for this machine alone.
fn admin_url(s: &mut Settings<'_>, addr: SocketAddr, public_url: &str) -> Option<String> {
    let Some(url) = s.optional("ADMIN_URL") else {
        return (addr.ip().is_loopback() && is_local(public_url)).then(|| format!("http://{addr}"));
    };
    let url = confidential_url(s, "ADMIN_URL", &url);
    if url::Url::parse(&url).is_ok_and(|url| url.path() != "/" || url.query().is_some() || !url.username().is_empty()) {
        s.fault("ADMIN_URL", "is more than scheme, host and port; it is such as https://dashboard.example.org");
    }
    Some(url)
}

/// The provider is named by three settings together.
fn oidc(s: &mut Settings<'_>, admin_url: Option<&str>) -> Option<OidcConfig> {
    let is_only = s.parsed("OIDC_ONLY", false);
    let Some(issuer) = s.optional("OIDC_ISSUER") else {
        for variable in ["OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_ONLY"] {
            if s.optional(variable).is_some() {
                s.fault(variable, "is set without OIDC_ISSUER");
            }
        }
        return None;
    };
    confidential_url(s, "OIDC_ISSUER", &issuer);
    if url::Url::parse(&issuer).is_ok_and(|url| url.query().is_some() || url.fragment().is_some()) {
        s.fault("OIDC_ISSUER", "is more than an address; it is such as https://login.example.org");
    }
    if admin_url.is_none() {
        s.fault("ADMIN_URL", "is not set; with OIDC_ISSUER it is needed, since the provider sends people back there");
    }
    let client_id = s.required("OIDC_CLIENT_ID", "what the provider calls this service");
    let client_secret = SecretString::from(s.required("OIDC_CLIENT_SECRET", "the provider's secret for this service"));
    Some(OidcConfig { issuer, client_id, client_secret, is_only })
}

/// Reads a PEM that is written on one line: `\n` is a line break.
fn pem(s: &mut Settings<'_>, variable: &'static str, value: &str) -> SecretString {
    let pem = value.replace("\\n", "\n");
    if !pem.is_empty() && !pem.contains("-----BEGIN PRIVATE KEY-----") {
        s.fault(variable, "is no PKCS#8 PEM: it begins with -----BEGIN PRIVATE KEY-----");
    }
    SecretString::from(pem)
}

fn queue(s: &mut Settings<'_>) -> QueueConfig {
    match (s.optional("FAKTORY_URL"), s.optional("QUEUE").as_deref()) {
        (Some(_), Some("embedded")) => {
            s.fault("QUEUE", "is embedded, but FAKTORY_URL is set: unset one of them");
            QueueConfig::Embedded
        }
        (None, Some("embedded")) => QueueConfig::Embedded,
        (_, Some(_)) => {
            s.fault("QUEUE", "is not embedded, its one value");
            QueueConfig::Embedded
        }
        (Some(url), None) => QueueConfig::Faktory(faktory_url(s, &url)),
        (None, None) => {
            s.fault("FAKTORY_URL", "is not set; it is tcp://:password@host:7419 (or set QUEUE=embedded)");
            QueueConfig::Embedded
        }
    }
}

fn llm(s: &mut Settings<'_>) -> Option<LlmConfig> {
    let (url, key, model) = (s.optional("LLM_BASE_URL"), s.optional("LLM_API_KEY"), s.optional("LLM_MODEL"));
    let Some(url) = url else {
        if key.is_some() || model.is_some() || s.optional("LLM_PROVIDER").is_some() {
            s.fault("LLM_BASE_URL", "is not set, but LLM_API_KEY, LLM_MODEL or LLM_PROVIDER is");
        }
        return None;
    };
    let timeout = seconds(s, "LLM_TIMEOUT_SECONDS", 60, 1..=180);
    let model = model.unwrap_or_else(|| s.required("LLM_MODEL", "the model's name at that endpoint"));
    Some(LlmConfig {
        provider: s.parsed("LLM_PROVIDER", LlmProvider::OpenAi),
        base_url: confidential_url(s, "LLM_BASE_URL", &url),
        api_key: key.map(SecretString::from),
        model,
        timeout,
        budget: budget(s),
    })
}

fn budget(s: &mut Settings<'_>) -> LlmBudget {
    let budget = LlmBudget {
        tokens_per_day: s.parsed_if_set("LLM_TOKENS_PER_DAY"),
        tokens_per_student_day: s.parsed_if_set("LLM_TOKENS_PER_STUDENT_DAY"),
        input_price: s.parsed_if_set("LLM_PRICE_INPUT"),
        output_price: s.parsed_if_set("LLM_PRICE_OUTPUT"),
    };
    for (variable, price) in [("LLM_PRICE_INPUT", budget.input_price), ("LLM_PRICE_OUTPUT", budget.output_price)] {
        if price.is_some_and(|price| !(0.0..=100_000.0).contains(&price)) {
            s.fault(variable, "is no price in US dollars for a million tokens");
        }
    }
    if budget.input_price.is_some() != budget.output_price.is_some() {
        s.fault("LLM_PRICE_INPUT", "and LLM_PRICE_OUTPUT are set together or not at all");
    }
    budget
}

fn seconds(s: &mut Settings<'_>, variable: &'static str, default: u64, range: RangeInclusive<u64>) -> Duration {
    let n = s.parsed(variable, default);
    if !range.contains(&n) {
        s.fault(variable, format!("is not between {} and {}", range.start(), range.end()));
    }
    Duration::from_secs(n)
}

/// Reads a number of days, at least 7: a fault on Friday may be investigated on Monday.
fn days(s: &mut Settings<'_>, variable: &'static str, default: u32) -> TimeDelta {
    let days = s.parsed(variable, default);
    if !(7..=3_650).contains(&days) {
        s.fault(variable, "is not between 7 and 3650");
    }
    TimeDelta::days(i64::from(days))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::http::Proxies;

    const PEM: &str = "-----BEGIN PRIVATE KEY-----\\nx\\n-----END PRIVATE KEY-----";

    fn settings<'a>(pairs: &'a [(&'a str, &'a str)]) -> Settings<'a> {
        Settings::new(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    fn variables(faults: Faults) -> Vec<&'static str> {
        faults.0.into_iter().map(|fault| fault.variable).collect()
    }

    #[test]
    fn every_fault_is_told_at_once_with_its_variable() {
        let faults = McpServerConfig::from_settings(settings(&[("VAPI_WEBHOOK_SECRET", "short"), ("PORT", "80a")]));
        assert_eq!(variables(faults.unwrap_err()), ["PORT", "JWT_PRIVATE_KEY", "DATABASE_URL", "VAPI_WEBHOOK_SECRET"],);
    }

    #[test]
    fn a_fault_never_shows_a_secret() {
        let pairs = [("VAPI_WEBHOOK_SECRET", "hunter2"), ("JWT_PRIVATE_KEY", "hunter2"), ("DATABASE_URL", "hunter2")];
        let faults = McpServerConfig::from_settings(settings(&pairs)).unwrap_err();
        assert_eq!(faults.0.len(), 3);
        assert!(!faults.to_string().contains("hunter2"), "{faults}");
    }

    #[test]
    fn defaults_are_vapis_own_and_loopback() {
        let pairs = [
            ("DATABASE_URL", "postgres://localhost/x"),
            ("JWT_PRIVATE_KEY", PEM),
            ("VAPI_WEBHOOK_SECRET", "0123456789abcdef"),
        ];
        let config = McpServerConfig::from_settings(settings(&pairs)).unwrap();
        assert_eq!(config.public_url, "http://127.0.0.1:8080");
        assert_eq!(config.webhook.signature_header, "x-signature");
        assert_eq!(config.webhook.payload, "{timestamp}.{body}");
        assert_eq!(config.allowed_hosts, ["localhost", "127.0.0.1", "::1"]);
        assert!(config.jwt_private_key.expose_secret().contains("KEY-----\nx\n"));
    }

    #[test]
    fn behind_a_platforms_port_the_public_url_must_be_https() {
        let mut pairs = vec![
            ("DATABASE_URL", "postgres://localhost/x"),
            ("JWT_PRIVATE_KEY", PEM),
            ("VAPI_WEBHOOK_SECRET", "k3J9fQ2mX8vLp0Zr"),
            ("PORT", "10000"),
        ];
        assert_eq!(variables(McpServerConfig::from_settings(settings(&pairs)).unwrap_err()), ["PUBLIC_URL"]);
        pairs.push(("PUBLIC_URL", "http://tutor.example.com"));
        assert_eq!(variables(McpServerConfig::from_settings(settings(&pairs)).unwrap_err()), ["PUBLIC_URL"]);
        pairs.pop();
        pairs.push(("PUBLIC_URL", "https://tutor.example.com/"));
        let config = McpServerConfig::from_settings(settings(&pairs)).unwrap();
        assert_eq!(config.addr, "0.0.0.0:10000".parse().unwrap());
        assert_eq!(config.public_url, "https://tutor.example.com");
        assert!(config.allowed_hosts.contains(&"tutor.example.com".to_owned()));
        assert!(config.proxies == Proxies::Platform && !config.is_local);
    }

    #[test]
    fn what_guards_children_is_neither_plain_nor_weak_outside_this_machine() {
        let faults = |more: &[(&'static str, &'static str)]| {
            let base = [("DATABASE_URL", "postgres://localhost/x"), ("JWT_PRIVATE_KEY", PEM)];
            let webhook = ("VAPI_WEBHOOK_SECRET", "k3J9fQ2mX8vLp0Zr");
            let pairs = [more, &base, &[webhook]].concat();
            let of = |faults: Option<Faults>| faults.map(variables).unwrap_or_default();
            let mut all = of(McpServerConfig::from_settings(settings(&pairs)).err());
            all.extend(of(WorkerConfig::from_settings(settings(&pairs)).err()));
            all.extend(of(AdminConfig::from_settings(settings(&pairs)).err()));
            all.retain(|variable| pairs.iter().any(|(name, _)| name == variable));
            all.dedup();
            all
        };
        let public = ("PUBLIC_URL", "https://tutor.example.org");
        let equal = "aaaaaaaaaaaaaaaa";
        for (variable, refused, fine) in [
            ("DATABASE_URL", "postgres://a:b@db.example.org/x?sslmode=disable", "postgres://a:b@db.example.org/x"),
            ("LLM_BASE_URL", "http://llm.example.org/v1", "http://127.0.0.1:8000/v1"),
            ("FAKTORY_URL", "tcp://faktory.example.org:7419", "tcp://localhost:7419"),
            ("FAKTORY_URL", "tcp://:@faktory.example.org:7419", "tcp://:secret@faktory.example.org:7419"),
            ("FAKTORY_URL", "faktory-1a2b:7419", "localhost:7419"),
            ("VAPI_WEBHOOK_SECRET", equal, "whs_4f9a1c7e2b8d6035"),
            ("METRICS_TOKEN", equal, "qT7wZp2Lm08sVd3xKc"),
            ("ALLOWED_ORIGINS", "https://a.example *", "https://a.example"),
            ("ALLOWED_ORIGINS", "https://*", "http://localhost:*"),
            ("TRUSTED_PROXIES", "0.0.0.0/0", "10.0.0.0/8, 127.0.0.1"),
            ("TRUSTED_PROXIES", "proxy.example.org", "::1"),
            ("ADMIN_URL", "http://dashboard.example.org", "https://dashboard.example.org/"),
            ("ADMIN_URL", "https://dashboard.example.org/admin", "http://localhost:8081"),
        ] {
            let model = ("LLM_MODEL", "m");
            let found = faults(&[(variable, refused), public, model]);
            assert!(!found.is_empty() && found.iter().all(|name| *name == variable), "{variable}={refused}: {found:?}");
            assert!(faults(&[(variable, fine), public, model]).is_empty(), "{variable}={fine}");
        }
        assert_eq!(faults(&[("VAPI_API_URL", "http://vapi.example"), ("VAPI_API_KEY", "k")]), ["VAPI_API_URL"]);
        assert!(faults(&[("VAPI_WEBHOOK_SECRET", equal)]).is_empty(), "on this machine alone, for tests");
    }

    #[test]
    fn cookies_and_links_follow_the_addresses_that_were_set() {
        let config = |more: &[(&'static str, &'static str)]| {
            let pairs = [&[("DATABASE_URL", "postgres://localhost/x")], more].concat();
            let config = AdminConfig::from_settings(settings(&pairs)).unwrap();
            (config.admin_url, config.secure_cookies, config.is_local)
        };
        assert_eq!(config(&[]), (Some("http://127.0.0.1:8081".to_owned()), false, true));
        let public = ("PUBLIC_URL", "https://tutor.example.org");
        assert_eq!(config(&[public]), (None, true, false), "a proxy on this machine");
        let own = ("ADMIN_URL", "https://dashboard.example.org/");
        assert_eq!(config(&[public, own]), (Some("https://dashboard.example.org".to_owned()), true, false));
        assert_eq!(config(&[("PORT", "10000")]), (None, true, false));
    }

    #[test]
    fn a_replica_is_reached_by_tls_and_may_not_be_asked_for_more_than_it_is_compared() {
        let read = |given: &[(&'static str, &'static str)]| {
            let base = [("DATABASE_URL", "postgres://localhost/x")];
            AdminConfig::from_settings(settings(&[&base[..], given].concat()))
                .map(|config| config.replica.map(|replica| replica.max_lag.as_secs()))
                .map_err(variables)
        };
        assert_eq!(read(&[]).unwrap(), None);
        let url = ("DATABASE_REPLICA_URL", "postgres://replica.example.org/x");
        assert_eq!(read(&[url]).unwrap(), Some(10));
        assert_eq!(read(&[url, ("DATABASE_REPLICA_MAX_LAG_SECONDS", "60")]).unwrap(), Some(60));
        let short = read(&[url, ("DATABASE_REPLICA_MAX_LAG_SECONDS", "1")]).unwrap_err();
        assert_eq!(short, ["DATABASE_REPLICA_MAX_LAG_SECONDS"]);
        let plain = ("DATABASE_REPLICA_URL", "postgres://replica.example.org/x?sslmode=disable");
        assert_eq!(read(&[plain]).unwrap_err(), ["DATABASE_REPLICA_URL"]);
    }

    #[test]
    fn a_provider_is_whole_and_spoken_to_in_secret() {
        const ISSUER: (&str, &str) = ("OIDC_ISSUER", "https://login.example.org/");
        let keys = [("OIDC_CLIENT_ID", "tutor"), ("OIDC_CLIENT_SECRET", "a secret of theirs")];
        let read = |given: &[(&'static str, &'static str)]| {
            let base = [("DATABASE_URL", "postgres://localhost/x")];
            AdminConfig::from_settings(settings(&[&base[..], given].concat()))
                .map(|config| config.oidc)
                .map_err(variables)
        };
        let oidc = read(&[&keys[..], &[ISSUER]].concat()).unwrap().unwrap();
        assert_eq!((&oidc.issuer[..], oidc.is_only), ("https://login.example.org/", false), "as they write it");
        assert!(read(&[&keys[..], &[ISSUER, ("OIDC_ONLY", "true")]].concat()).unwrap().unwrap().is_only);
        assert_eq!(read(&[ISSUER]).unwrap_err(), ["OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"]);
        let public = ("PUBLIC_URL", "https://tutor.example.org");
        assert_eq!(read(&[&keys[..], &[ISSUER, public]].concat()).unwrap_err(), ["ADMIN_URL"]);
        let plain = ("OIDC_ISSUER", "http://login.example.org");
        assert_eq!(read(&[&keys[..], &[plain]].concat()).unwrap_err(), ["OIDC_ISSUER"]);
        assert_eq!(read(&[("OIDC_ONLY", "true")]).unwrap_err(), ["OIDC_ONLY"], "no one could sign in");
    }

    #[test]
    fn a_worker_needs_faktory_or_a_word_that_it_does_not() {
        let database = ("DATABASE_URL", "postgres://localhost/x");
        assert_eq!(variables(WorkerConfig::from_settings(settings(&[database])).unwrap_err()), ["FAKTORY_URL"]);
        let embedded = WorkerConfig::from_settings(settings(&[database, ("QUEUE", "embedded")])).unwrap();
        assert!(matches!(embedded.queue, QueueConfig::Embedded) && embedded.llm.is_none());
        let both = [database, ("QUEUE", "embedded"), ("FAKTORY_URL", "tcp://localhost:7419")];
        assert_eq!(variables(WorkerConfig::from_settings(settings(&both)).unwrap_err()), ["QUEUE"]);
    }

    #[test]
    fn the_password_of_faktory_may_stand_beside_its_address() {
        let queue = |url: &'static str, password: &'static str| {
            let pairs =
                [("DATABASE_URL", "postgres://localhost/x"), ("FAKTORY_URL", url), ("FAKTORY_PASSWORD", password)];
            WorkerConfig::from_settings(settings(&pairs)).map(|config| match config.queue {
                QueueConfig::Faktory(url) => url.expose_secret().to_owned(),
                QueueConfig::Embedded => String::new(),
            })
        };
        // As a platform makes passwords, and names a private service.
        assert_eq!(queue("faktory-1a2b:7419", "a/b+c=").unwrap(), "tcp://:a%2Fb+c%3D@faktory-1a2b:7419");
        assert_eq!(queue("tcp+tls://faktory.example.org", "x").unwrap(), "tcp+tls://:x@faktory.example.org");
        let two = queue("tcp://:y@faktory.example.org", "x").unwrap_err();
        assert_eq!(variables(two), ["FAKTORY_PASSWORD"]);
    }

    #[test]
    fn half_a_model_is_no_model() {
        let base = [("DATABASE_URL", "postgres://localhost/x"), ("QUEUE", "embedded")];
        let with = |more: &[(&'static str, &'static str)]| [&base[..], more].concat();
        let only_key = with(&[("LLM_API_KEY", "k")]);
        assert_eq!(variables(WorkerConfig::from_settings(settings(&only_key)).unwrap_err()), ["LLM_BASE_URL"]);
        let only_url = with(&[("LLM_BASE_URL", "http://localhost:1/v1")]);
        assert_eq!(variables(WorkerConfig::from_settings(settings(&only_url)).unwrap_err()), ["LLM_MODEL"]);
    }
}
