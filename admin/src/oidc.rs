//! Client of the organisation's OpenID Connect provider.
//!
//! Metadata and keys are fetched at each sign-in. The dashboard starts without the provider, and changes there apply at
//! once.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use reqwest::redirect::Policy;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use storage::admin_login::ABSOLUTE;
use storage::secret;
use url::Url;
use web::config::OidcConfig;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_ANSWER_BYTES: usize = 256 << 10;

pub(crate) const BACK: &str = "/login/provider/back";

/// Allowed difference between the provider's clock and ours.
const LEEWAY: TimeDelta = TimeDelta::seconds(60);

/// Signature algorithms with a public key only: never `none`, never a shared secret.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// Why a sign-in at the provider failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderFault {
    #[error("it does not answer: {0}")]
    Away(#[source] reqwest::Error),
    #[error("it answered with status {0}")]
    Status(u16),
    /// Its answer is wrong.
    #[error("its answer is not accepted: {0}")]
    Unbelievable(&'static str),
}

impl From<reqwest::Error> for ProviderFault {
    fn from(error: reqwest::Error) -> Self {
        Self::Away(error.without_url())
    }
}

/// The values that bind one sign-in at the provider. They stay on the server, except as hash or in the ID token.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize)]
pub(crate) struct Trip {
    /// Returned in the ID token.
    pub(crate) nonce: String,
    /// The PKCE verifier, sent when the code is redeemed.
    pub(crate) verifier: String,
    /// The path to open afterwards.
    pub(crate) next: String,
}

impl Trip {
    pub(crate) fn new(next: &str) -> Self {
        let random = |prefix| secret::generate(prefix).expose_secret().to_owned();
        Self { nonce: random("nonce"), verifier: random("pkce"), next: next.to_owned() }
    }
}

/// The person that the provider identified.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) subject: String,
    /// In lower case. `None`: the provider has not verified it.
    pub(crate) email: Option<String>,
    /// When the provider last authenticated them. `None`: unknown.
    pub(crate) authenticated_at: Option<DateTime<Utc>>,
    /// Whether they used a second factor (`mfa` of RFC 8176).
    pub(crate) is_strong: bool,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nonce: Option<String>,
    auth_time: Option<i64>,
    #[serde(default)]
    amr: Vec<String>,
    #[serde(flatten)]
    address: Address,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

#[derive(Debug, Default, Deserialize)]
struct Address {
    email: Option<String>,
    email_verified: Option<Value>,
}

impl Address {
    /// Some providers write the boolean as text.
    fn verified(self) -> Option<String> {
        let is_verified = self.email_verified.is_some_and(|value| value == true || value == "true");
        self.email.filter(|_| is_verified).map(|email| email.trim().to_lowercase())
    }
}

#[derive(Debug, Deserialize)]
struct UserInfo {
    sub: String,
    #[serde(flatten)]
    address: Address,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<Value>,
}

/// Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    config: Arc<OidcConfig>,
    http: reqwest::Client,
    redirect_uri: String,
}

impl Provider {
    /// `admin_url`: the address of the dashboard, where the provider sends people back to.
    pub(crate) fn new(config: OidcConfig, admin_url: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            // Secrets are sent only to the addresses in the metadata.
            .redirect(Policy::none())
            .user_agent(concat!("ai-tutor/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let redirect_uri = format!("{admin_url}{BACK}");
        Ok(Self { config: Arc::new(config), http, redirect_uri })
    }

    pub(crate) fn is_only(&self) -> bool {
        self.config.is_only
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.config.issuer
    }

    /// Returns the address to redirect to. `again`: the provider must ask the person even if they are signed in.
    pub(crate) async fn way_there(&self, state: &str, trip: &Trip, again: bool) -> Result<String, ProviderFault> {
        let metadata = self.metadata().await?;
        let mut url = self.endpoint(&metadata.authorization_endpoint)?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(trip.verifier.as_bytes()));
        // If the last sign-in there is older, the provider asks again. The token then has the time.
        let max_age = if again { 0 } else { ABSOLUTE.num_seconds() }.to_string();
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("scope", "openid email"),
            ("client_id", &*self.config.client_id),
            ("redirect_uri", &*self.redirect_uri),
            ("state", state),
            ("nonce", &*trip.nonce),
            ("code_challenge", &*challenge),
            ("code_challenge_method", "S256"),
            ("max_age", &*max_age),
        ]);
        if again {
            url.query_pairs_mut().append_pair("prompt", "login");
        }
        Ok(url.into())
    }

    /// Redeems `code` and returns the person.
    pub(crate) async fn redeem(&self, code: &str, trip: &Trip, now: DateTime<Utc>) -> Result<Identity, ProviderFault> {
        let metadata = self.metadata().await?;
        let tokens = self.tokens(&metadata, code, trip).await?;
        let Keys { keys } = self.get(self.http.get(self.endpoint(&metadata.jwks_uri)?)).await?;
        let claims = self.judge(verified(&tokens.id_token, &keys)?, &trip.nonce, now)?;
        let address = match (claims.address.email.is_some(), &metadata.userinfo_endpoint, &tokens.access_token) {
            (false, Some(endpoint), Some(token)) => {
                let request = self.http.get(self.endpoint(endpoint)?).bearer_auth(token);
                let info: UserInfo = self.get(request).await?;
                if info.sub != claims.sub {
                    return Err(ProviderFault::Unbelievable("another person's address"));
                }
                info.address
            }
            _ => claims.address,
        };
        Ok(Identity {
            subject: claims.sub,
            email: address.verified(),
            authenticated_at: claims.auth_time.and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
            is_strong: claims.amr.iter().any(|method| method == "mfa"),
        })
    }

    async fn metadata(&self) -> Result<Metadata, ProviderFault> {
        let address = format!("{}/.well-known/openid-configuration", self.config.issuer.trim_end_matches('/'));
        let metadata: Metadata = self.get(self.http.get(address)).await?;
        if metadata.issuer == self.config.issuer {
            Ok(metadata)
        } else {
            Err(ProviderFault::Unbelievable("the metadata names another issuer; OIDC_ISSUER must be spelled as there"))
        }
    }

    /// Reads an address in the metadata. It must be as well protected as the issuer.
    fn endpoint(&self, address: &str) -> Result<Url, ProviderFault> {
        let url = Url::parse(address).map_err(|_| ProviderFault::Unbelievable("the metadata names no address"))?;
        let is_protected = url.scheme() == "https" || (url.scheme() == "http" && self.issuer().starts_with("http://"));
        if is_protected {
            Ok(url)
        } else {
            Err(ProviderFault::Unbelievable("the metadata names an address without HTTPS"))
        }
    }

    async fn tokens(&self, metadata: &Metadata, code: &str, trip: &Trip) -> Result<Tokens, ProviderFault> {
        let (id, secret) = (&self.config.client_id, self.config.client_secret.expose_secret());
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &trip.verifier),
        ];
        let mut request = self.http.post(self.endpoint(&metadata.token_endpoint)?);
        // Without a list, the method is Basic.
        let takes = |method: &str| {
            let listed = metadata.token_endpoint_auth_methods_supported.as_ref();
            listed.is_none_or(|methods| methods.iter().any(|found| found == method))
        };
        if takes("client_secret_basic") {
            let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            request = request.basic_auth(encoded(id), Some(encoded(secret)));
        } else {
            form.extend([("client_id", &id[..]), ("client_secret", secret)]);
        }
        let request = request.header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.get(request.body(body)).await
    }

    async fn get<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, ProviderFault> {
        let mut response = request.header(http::header::ACCEPT, "application/json").send().await?;
        if !response.status().is_success() {
            return Err(ProviderFault::Status(response.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(ProviderFault::Unbelievable("the answer is too long"));
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body)
            .map_err(|_| ProviderFault::Unbelievable("the answer does not follow the standard"))
    }

    /// Checks the claims: issuer, audience, nonce and times.
    fn judge(&self, claims: Claims, nonce: &str, now: DateTime<Utc>) -> Result<Claims, ProviderFault> {
        let id = &self.config.client_id;
        let is_for_us = match &claims.aud {
            Audience::One(audience) => audience == id,
            Audience::Several(audiences) => audiences.contains(id) && claims.azp.as_ref() == Some(id),
        };
        if claims.iss != self.config.issuer {
            return Err(ProviderFault::Unbelievable("another issuer"));
        }
        if !is_for_us || claims.azp.as_ref().is_some_and(|party| party != id) {
            return Err(ProviderFault::Unbelievable("for another service"));
        }
        if claims.nonce.as_deref() != Some(nonce) {
            return Err(ProviderFault::Unbelievable("from another sign-in"));
        }
        let at = |seconds| {
            DateTime::from_timestamp(seconds, 0).ok_or(ProviderFault::Unbelievable("times that contradict each other"))
        };
        if now >= at(claims.exp)? + LEEWAY || now + LEEWAY < at(claims.iat)? {
            return Err(ProviderFault::Unbelievable("too old, or from the future"));
        }
        let asked_at = claims.auth_time.map(at).transpose()?;
        if asked_at.is_some_and(|asked_at| asked_at + ABSOLUTE + LEEWAY < now) {
            return Err(ProviderFault::Unbelievable("a sign-in from long ago"));
        }
        if claims.sub.is_empty() || claims.sub.len() > 255 {
            return Err(ProviderFault::Unbelievable("no subject"));
        }
        Ok(claims)
    }
}

/// Returns the claims if one of the keys signed them.
fn verified(token: &str, keys: &[Value]) -> Result<Claims, ProviderFault> {
    let unsigned = || ProviderFault::Unbelievable("not signed by one of its keys");
    let header = jsonwebtoken::decode_header(token).map_err(|_| unsigned())?;
    if !ALGORITHMS.contains(&header.alg) || header.crit.is_some() {
        return Err(unsigned());
    }
    // We check times and names ourselves, against our clock.
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    // A key set may hold unknown key types. They are skipped.
    keys.iter()
        .filter(|key| key.get("use").is_none_or(|usage| usage == "sig"))
        .filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok())
        .filter(|key| header.kid.is_none() || key.common.key_id.is_none() || key.common.key_id == header.kid)
        .filter_map(|key| DecodingKey::from_jwk(&key).ok())
        .find_map(|key| jsonwebtoken::decode::<Claims>(token, &key, &validation).ok())
        .map(|token| token.claims)
        .ok_or_else(unsigned)
}
