//! A token request as OAuth 2.1 has it: a form, and client credentials in a Basic header or in the form, or what the
//! client has signed instead. An agent of a person has no credentials: it shows a code or a refresh token.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use secrecy::SecretString;
use storage::access::ScopeSet;
use url::form_urlencoded;

use super::{Refusal, assertion, person};

/// What a client asks for. Its credentials are read, and not yet checked.
#[derive(Debug)]
pub(super) struct TokenRequest {
    pub client_id: String,
    pub asker: Asker,
    /// `None`: all scopes of the client.
    pub scopes: Option<ScopeSet>,
}

/// Who asks for a token.
#[derive(Debug)]
pub(super) enum Asker {
    Client(Proof),
    /// The agent of a person.
    Agent(person::Proof),
}

/// How a client proves who it is.
#[derive(Debug)]
pub(super) enum Proof {
    Secret(SecretString),
    /// A JWT.
    Assertion(SecretString),
}

/// The members of the form that matter here; others are ignored, as RFC 6749 §3.2 wants.
#[derive(Default)]
pub(super) struct Form {
    grant_type: Option<String>,
    pub client_id: Option<String>,
    client_secret: Option<String>,
    client_assertion_type: Option<String>,
    client_assertion: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    refresh_token: Option<String>,
    /// Of a revocation.
    pub token: Option<String>,
    scope: Option<String>,
    resources: Vec<String>,
}

impl TokenRequest {
    /// Reads a request for a token of `resource`.
    pub(super) fn read(headers: &HeaderMap, body: &[u8], resource: &str) -> Result<Self, Refusal> {
        let form = Form::read(headers, body)?;
        let grant_type = form.grant_type.as_deref().ok_or(Refusal::InvalidRequest("grant_type is missing"))?;
        let is_of_person = match grant_type {
            "client_credentials" => false,
            "authorization_code" | "refresh_token" => true,
            _ => return Err(Refusal::UnsupportedGrantType),
        };
        let is_ours = |named: &String| named.trim_end_matches('/') == resource;
        if !form.resources.iter().all(is_ours) {
            return Err(Refusal::InvalidTarget);
        }
        let scopes = form.scope.as_deref().filter(|scope| !scope.trim().is_empty()).map(str::parse).transpose();
        let scopes = scopes.map_err(|_| Refusal::InvalidScope)?;
        let (client_id, asker) = if is_of_person {
            let (client_id, proof) = form.of_person(headers)?;
            (client_id, Asker::Agent(proof))
        } else {
            let (client_id, proof) = form.credentials(headers)?;
            (client_id, Asker::Client(proof))
        };
        Ok(Self { client_id, asker, scopes })
    }
}

impl Form {
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Refusal::InvalidRequest("send application/x-www-form-urlencoded"));
        }
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            let member = match &*name {
                "grant_type" => &mut form.grant_type,
                "client_id" => &mut form.client_id,
                "client_secret" => &mut form.client_secret,
                "client_assertion_type" => &mut form.client_assertion_type,
                "client_assertion" => &mut form.client_assertion,
                "code" => &mut form.code,
                "redirect_uri" => &mut form.redirect_uri,
                "code_verifier" => &mut form.code_verifier,
                "refresh_token" => &mut form.refresh_token,
                "token" => &mut form.token,
                "scope" => &mut form.scope,
                // RFC 8707 lets a client name several.
                "resource" => {
                    form.resources.push(value.into_owned());
                    continue;
                }
                _ => continue,
            };
            if member.replace(value.into_owned()).is_some() {
                return Err(Refusal::InvalidRequest("a parameter is given twice"));
            }
        }
        Ok(form)
    }

    /// The program of an agent, and its code or refresh token.
    fn of_person(self, headers: &HeaderMap) -> Result<(String, person::Proof), Refusal> {
        if headers.contains_key(AUTHORIZATION) || self.client_secret.is_some() || self.client_assertion.is_some() {
            return Err(Refusal::InvalidRequest("an agent of a person has no secret; send client_id alone"));
        }
        let client_id = self.client_id.ok_or(Refusal::InvalidRequest("client_id is missing"))?;
        if let Some(token) = self.refresh_token {
            return Ok((client_id, person::Proof::RefreshToken(token.into())));
        }
        let code = self.code.ok_or(Refusal::InvalidRequest("code or refresh_token is missing"))?.into();
        let redirect_uri = self.redirect_uri.ok_or(Refusal::InvalidRequest("redirect_uri is missing"))?;
        let verifier = self.code_verifier.ok_or(Refusal::InvalidRequest("code_verifier is missing"))?.into();
        Ok((client_id, person::Proof::Code { code, redirect_uri, verifier }))
    }

    /// One way of proving who one is, not two (RFC 6749 §2.3).
    fn credentials(self, headers: &HeaderMap) -> Result<(String, Proof), Refusal> {
        let authorization = headers.get(AUTHORIZATION);
        if let Some(assertion) = self.client_assertion {
            if authorization.is_some() || self.client_secret.is_some() {
                return Err(Refusal::InvalidRequest("send a client_assertion or a secret, not both"));
            }
            if self.client_assertion_type.as_deref() != Some(assertion::TYPE) {
                return Err(Refusal::InvalidRequest("client_assertion_type is not the one of jwt-bearer"));
            }
            let claimed = assertion::claimed_client(&assertion).ok_or(Refusal::InvalidClient)?;
            // A name beside it is superfluous; another name is a mistake.
            if self.client_id.is_some_and(|client_id| client_id != claimed) {
                return Err(Refusal::InvalidRequest("client_id is not the sub of the client_assertion"));
            }
            return Ok((claimed, Proof::Assertion(assertion.into())));
        }
        let Some(authorization) = authorization else {
            let client_id = self.client_id.filter(|id| !id.is_empty()).ok_or(Refusal::NoClient)?;
            return Ok((client_id, Proof::Secret(self.client_secret.ok_or(Refusal::NoClient)?.into())));
        };
        let (basic_id, secret) = authorization.to_str().ok().and_then(read_basic).ok_or(Refusal::InvalidClient)?;
        if self.client_secret.is_some() || self.client_id.is_some_and(|client_id| client_id != basic_id) {
            return Err(Refusal::InvalidRequest(
                "send credentials in the Authorization header or in the form, not in both",
            ));
        }
        Ok((basic_id, Proof::Secret(secret)))
    }
}

/// Both halves are form-encoded before they are joined (RFC 6749 §2.3.1). Ours hold no character that this changes.
fn read_basic(authorization: &str) -> Option<(String, SecretString)> {
    let (scheme, encoded) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (client_id, secret) = pair.split_once(':')?;
    Some((form_decoded(client_id), form_decoded(secret).into()))
}

fn form_decoded(text: &str) -> String {
    let pair = form_urlencoded::parse(text.as_bytes()).next();
    pair.map_or_else(String::new, |(name, _)| name.into_owned())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use secrecy::ExposeSecret;
    use storage::access::Scope;

    use super::*;

    const RESOURCE: &str = "https://tutor.example/mcp";

    fn read(form: &str, basic: Option<&str>) -> Result<(String, String, Option<ScopeSet>), Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8"));
        if let Some(pair) = basic {
            let value = format!("Basic {}", STANDARD.encode(pair));
            headers.insert(AUTHORIZATION, HeaderValue::from_str(&value).unwrap());
        }
        let request = TokenRequest::read(&headers, form.as_bytes(), RESOURCE)?;
        let Asker::Client(Proof::Secret(proof) | Proof::Assertion(proof)) = request.asker else { panic!("an agent") };
        Ok((request.client_id, proof.expose_secret().to_owned(), request.scopes))
    }

    #[test]
    fn credentials_are_read_from_the_form_and_from_the_header() {
        let expected = Ok(("client_1".to_owned(), "cs_a-b_c".to_owned(), None));
        assert_eq!(read("grant_type=client_credentials&client_id=client_1&client_secret=cs_a-b_c", None), expected);
        assert_eq!(read("grant_type=client_credentials", Some("client_1:cs_a-b_c")), expected);
        assert_eq!(read("grant_type=client_credentials", Some("client%5F1:cs%5Fa-b_c")), expected);
        assert_eq!(read("client_id=client_1&grant_type=client_credentials", Some("client_1:cs_a-b_c")), expected);
    }

    #[test]
    fn scope_and_resource_are_read() {
        let form = "grant_type=client_credentials&scope=context:read+sessions:read&resource=https://tutor.example/mcp";
        let scopes = [Scope::ContextRead, Scope::SessionsRead].into_iter().collect();
        assert_eq!(read(form, Some("c:s")).unwrap().2, Some(scopes));
        assert_eq!(read("grant_type=client_credentials&scope=", Some("c:s")).unwrap().2, None);
        let slash = "grant_type=client_credentials&resource=https%3A%2F%2Ftutor.example%2Fmcp%2F";
        assert!(read(slash, Some("c:s")).is_ok());
    }

    #[test]
    fn each_fault_has_its_error() {
        let good = "grant_type=client_credentials";
        for (form, basic, refusal) in [
            ("", Some("c:s"), Refusal::InvalidRequest("grant_type is missing")),
            ("grant_type=password", Some("c:s"), Refusal::UnsupportedGrantType),
            (good, None, Refusal::NoClient),
            ("grant_type=client_credentials&client_id=c", None, Refusal::NoClient),
            ("grant_type=client_credentials&scope=everything", Some("c:s"), Refusal::InvalidScope),
            ("grant_type=client_credentials&resource=https://other.example", Some("c:s"), Refusal::InvalidTarget),
            (good, Some("no colon"), Refusal::InvalidClient),
            (
                "grant_type=client_credentials&grant_type=x",
                Some("c:s"),
                Refusal::InvalidRequest("a parameter is given twice"),
            ),
        ] {
            assert_eq!(read(form, basic), Err(refusal), "{form}");
        }
        let twice = read("grant_type=client_credentials&client_secret=s", Some("c:s"));
        assert!(matches!(twice, Err(Refusal::InvalidRequest(_))), "{twice:?}");
    }

    #[test]
    fn a_signed_statement_is_one_way_and_a_secret_another() {
        // Says {"sub":"c"}.
        let signed = "grant_type=client_credentials&client_assertion=e30.eyJzdWIiOiJjIn0.x";
        let kind = "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
        let expected = Ok(("c".to_owned(), "e30.eyJzdWIiOiJjIn0.x".to_owned(), None));
        assert_eq!(read(&format!("{signed}&{kind}"), None), expected);
        assert_eq!(read(&format!("{signed}&{kind}&client_id=c"), None), expected);
        for (form, basic) in [
            (signed.to_owned(), None),
            (format!("{signed}&{kind}"), Some("c:s")),
            (format!("{signed}&{kind}&client_secret=s"), None),
            (format!("{signed}&{kind}&client_id=d"), None),
        ] {
            assert!(matches!(read(&form, basic), Err(Refusal::InvalidRequest(_))), "{form}");
        }
        let garbage = format!("grant_type=client_credentials&client_assertion=x&{kind}");
        assert_eq!(read(&garbage, None), Err(Refusal::InvalidClient));
    }

    #[test]
    fn an_agent_of_a_person_shows_a_code_or_a_refresh_token_and_no_secret() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let read = |form: &str| TokenRequest::read(&headers, form.as_bytes(), RESOURCE);
        let code = "grant_type=authorization_code&client_id=a&code=c&redirect_uri=u&code_verifier=v";
        let asker = read(code).unwrap().asker;
        assert!(matches!(asker, Asker::Agent(person::Proof::Code { redirect_uri, .. }) if redirect_uri == "u"));
        let refresh = "grant_type=refresh_token&client_id=a&refresh_token=t";
        assert!(matches!(read(refresh).unwrap().asker, Asker::Agent(person::Proof::RefreshToken(_))));
        for part in ["client_id=a", "code=c", "redirect_uri=u", "code_verifier=v"] {
            let without = code.replace(part, "x=1");
            assert!(matches!(read(&without), Err(Refusal::InvalidRequest(_))), "{part}");
        }
        let secret = read(&format!("{code}&client_secret=s"));
        assert!(matches!(secret, Err(Refusal::InvalidRequest(_))), "{secret:?}");
        let other = read(&format!("{refresh}&resource=https://other.example/mcp"));
        assert!(matches!(other, Err(Refusal::InvalidTarget)), "{other:?}");
    }

    #[test]
    fn a_body_that_is_no_form_is_refused() {
        let json = TokenRequest::read(&HeaderMap::new(), br#"{"grant_type":"client_credentials"}"#, RESOURCE);
        assert!(matches!(json, Err(Refusal::InvalidRequest(_))));
    }
}
