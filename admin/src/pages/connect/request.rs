//! The query of an authorization request (OAuth 2.1). Pure.

use storage::access::ScopeSet;
use storage::agent_grant::Allowed;
use url::{Url, form_urlencoded};

/// The parameters, as received.
#[derive(Debug, Default)]
pub(super) struct Params {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    response_type: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
    scope: Option<String>,
    state: Option<String>,
    resources: Vec<String>,
    is_doubled: bool,
}

/// Why the request is rejected without asking the person: the error code of RFC 6749, section 4.1.2.1, and the reason.
pub(super) type Wrong = (&'static str, &'static str);

impl Params {
    pub(super) fn parse(query: &str) -> Self {
        let mut params = Self::default();
        let (mut client_id, mut redirect_uri) = (None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let param = match &*name {
                "client_id" => &mut client_id,
                "redirect_uri" => &mut redirect_uri,
                "response_type" => &mut params.response_type,
                "code_challenge" => &mut params.code_challenge,
                "code_challenge_method" => &mut params.code_challenge_method,
                "scope" => &mut params.scope,
                "state" => &mut params.state,
                // RFC 8707 lets a program name several.
                "resource" => {
                    params.resources.push(value.into_owned());
                    continue;
                }
                _ => continue,
            };
            params.is_doubled |= param.replace(value.into_owned()).is_some();
        }
        Self { client_id: client_id.unwrap_or_default(), redirect_uri: redirect_uri.unwrap_or_default(), ..params }
    }

    /// Returns the requested rights that the person `holds`.
    pub(super) fn check(&self, resource: &str, holds: ScopeSet) -> Result<ScopeSet, Wrong> {
        if self.is_doubled {
            return Err(("invalid_request", "a parameter is given twice"));
        }
        if self.response_type.as_deref() != Some("code") {
            return Err(("unsupported_response_type", "response_type must be code"));
        }
        if self.code_challenge_method.as_deref() != Some("S256") {
            return Err(("invalid_request", "code_challenge_method must be S256"));
        }
        // SHA-256 in base64url.
        let is_challenge = |text: &str| {
            text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        if !self.code_challenge.as_deref().is_some_and(is_challenge) {
            return Err(("invalid_request", "code_challenge must be 43 characters of base64url"));
        }
        if !self.resources.iter().all(|named| named.trim_end_matches('/') == resource) {
            return Err(("invalid_target", "resource does not match this server's metadata"));
        }
        // Unknown scopes are ignored.
        let asked = self.scope.as_deref().filter(|scope| !scope.trim().is_empty());
        let asked = asked.map(|scope| scope.split_ascii_whitespace().filter_map(|scope| scope.parse().ok()).collect());
        let scopes = asked.map_or(holds, |asked: ScopeSet| asked.intersection(holds));
        if scopes.is_empty() {
            Err(("invalid_scope", "your role allows none of the requested scopes"))
        } else {
            Ok(scopes)
        }
    }

    /// Returns the scopes that the person allows.
    pub(super) fn allowed(&self, scopes: ScopeSet) -> Allowed<'_> {
        Allowed {
            client_id: &self.client_id,
            redirect_uri: &self.redirect_uri,
            code_challenge: self.code_challenge.as_deref().unwrap_or_default(),
            scopes,
        }
    }

    /// Returns the address that brings `answer` to the program, with `issuer` (RFC 9207). `None`: the address is
    /// invalid.
    pub(super) fn back(&self, issuer: &str, answer: &[(&str, &str)]) -> Option<String> {
        let mut url = Url::parse(&self.redirect_uri).ok()?;
        let state = self.state.as_deref().map(|state| ("state", state));
        url.query_pairs_mut().extend_pairs(answer).extend_pairs(state).append_pair("iss", issuer);
        Some(url.into())
    }
}

#[cfg(test)]
mod tests {
    use storage::access::{Role, Scope};

    use super::*;

    const RESOURCE: &str = "https://tutor.example/mcp";
    const GOOD: &str = "response_type=code&client_id=a&redirect_uri=https://agent.example/back?of=1&state=a%26b\
        &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256\
        &scope=students:read+students:erase+offline_access&resource=https://tutor.example/mcp";

    fn check(query: &str) -> Result<ScopeSet, Wrong> {
        Params::parse(query).check(RESOURCE, Role::Tutor.scopes())
    }

    #[test]
    fn a_person_gives_of_what_is_asked_what_they_hold() {
        assert_eq!(check(GOOD), Ok([Scope::StudentsRead].into_iter().collect()));
        assert_eq!(check(&GOOD.replace("&scope=", "&x=")), Ok(Role::Tutor.scopes()));
        assert_eq!(check(&GOOD.replace("students:read+", "")).unwrap_err().0, "invalid_scope");
    }

    #[test]
    fn each_fault_has_its_error() {
        for (from, to, error) in [
            ("response_type=code", "response_type=token", "unsupported_response_type"),
            ("response_type=code&", "", "unsupported_response_type"),
            ("S256", "plain", "invalid_request"),
            ("&code_challenge_method=S256", "", "invalid_request"),
            ("E9Melhoa2", "E9Melhoa=", "invalid_request"),
            ("E9Melhoa2", "", "invalid_request"),
            ("resource=https://tutor.example/mcp", "resource=https://other.example/mcp", "invalid_target"),
            ("state=", "state=x&state=", "invalid_request"),
        ] {
            assert_eq!(check(&GOOD.replace(from, to)).unwrap_err().0, error, "{to}");
        }
    }

    #[test]
    fn the_answer_keeps_the_query_and_the_state_of_the_program() {
        let back = Params::parse(GOOD).back("https://tutor.example", &[("code", "c")]).unwrap();
        assert_eq!(back, "https://agent.example/back?of=1&code=c&state=a%26b&iss=https%3A%2F%2Ftutor.example");
    }
}
