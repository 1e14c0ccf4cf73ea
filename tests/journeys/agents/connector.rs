//! An agent's program, as a person connects it, over HTTP.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use secrecy::SecretString;
use serde_json::{Value, json};
use storage::access::Role;
use storage::id::AdminUserId;
use storage::{admin_user, clock};

use crate::service::{Person, Service, eventually};

pub const CALLBACK: &str = "https://agent.example/back";
/// The verifier from RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const PASSWORD: &str = "kite lamp moss ferry";

impl Service {
    pub async fn get_json(&self, url: &str) -> Value {
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }
}

/// A staff member who is signed in at the dashboard.
pub struct Staff {
    pub admin_user_id: AdminUserId,
    pub email: String,
    pub person: Person,
}

impl Staff {
    pub async fn insert(service: &Service, name: &str, role: Role, cohorts: Option<&[&str]>) -> Self {
        let hash = admin_user::hash_password(&SecretString::from(PASSWORD)).unwrap();
        let email = format!("{name}@example.org");
        let made = admin_user::insert_user(&service.db, &email, role, Some(&hash), None, clock::now()).await;
        let (admin_user_id, _) = made.unwrap();
        let cohorts = cohorts.map(|cohorts| cohorts.iter().map(|cohort| (*cohort).to_owned()).collect::<Vec<_>>());
        admin_user::set_cohorts(&service.db, admin_user_id, cohorts.as_deref()).await.unwrap();
        let person = Self::log_in(service, &email).await;
        Self { admin_user_id, email, person }
    }

    pub async fn log_in(service: &Service, email: &str) -> Person {
        Person::log_in(&service.admin_url, email, PASSWORD).await
    }
}

pub type Answered = (StatusCode, Value);

/// Returns true if a code or refresh token was refused.
pub fn is_refused((status, answer): &Answered) -> bool {
    *status == StatusCode::BAD_REQUEST && answer["error"] == "invalid_grant"
}

pub struct Connector<'a> {
    service: &'a Service,
    pub client_id: String,
}

impl<'a> Connector<'a> {
    pub async fn register(service: &'a Service) -> Self {
        let said =
            json!({ "client_name": "Test agent", "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none" });
        let (status, answer) = Self::try_register(service, &said.to_string()).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        Self { service, client_id: answer["client_id"].as_str().unwrap().to_owned() }
    }

    pub async fn try_register(service: &Service, body: &str) -> Answered {
        let request = service.http.post(format!("{}/auth/register", service.server_url));
        let response = request.header("content-type", "application/json").body(body.to_owned()).send().await.unwrap();
        (response.status(), response.json().await.unwrap_or_default())
    }

    /// Returns the page that the browser is sent to. `instead` replaces the usual parameters.
    pub async fn page(&self, instead: &[(&str, &str)]) -> String {
        let resource = format!("{}/mcp", self.service.server_url);
        let usual = BTreeMap::from([
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", CALLBACK),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("state", "of & = the agent"),
            ("resource", &resource),
        ]);
        let query = form(usual, instead);
        Self::page_of(self.service, &format!("{}/auth/authorize?{query}", self.service.server_url)).await
    }

    /// Returns the page to which the authorization endpoint sends the browser.
    pub async fn page_of(service: &Service, url: &str) -> String {
        let browser = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let sent = browser.build().unwrap().get(url).send().await.unwrap();
        assert_eq!(sent.status(), StatusCode::SEE_OTHER);
        let location = sent.headers()["location"].to_str().unwrap();
        location.strip_prefix(&service.admin_url).expect("the page is the dashboard's").to_owned()
    }

    /// Answers on the consent page. Returns the parameters that the program receives.
    pub async fn answer(&self, person: &Person, page: &str, fields: &[(&str, &str)]) -> BTreeMap<String, String> {
        parsed(&Self::sent_back(person, page, fields).await)
    }

    /// Answers on the consent page. Returns the address to which the browser is sent.
    async fn sent_back(person: &Person, page: &str, fields: &[(&str, &str)]) -> String {
        let response = person.post(page, page, fields).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.headers()["refresh"].to_str().unwrap().strip_prefix("0; url=").unwrap().to_owned()
    }

    pub async fn allow(&self, person: &Person, page: &str) -> BTreeMap<String, String> {
        parsed(&Self::allow_all(person, page).await)
    }

    /// Allows all requested scopes. Returns the address to which the browser is sent.
    pub async fn allow_all(person: &Person, page: &str) -> String {
        let html = person.read(page).await;
        let scopes = html.split(r#"name="scope" value=""#).skip(1).map(|rest| rest.split('"').next().unwrap());
        let mut fields = vec![("answer", "allow")];
        fields.extend(scopes.map(|scope| ("scope", scope)));
        Self::sent_back(person, page, &fields).await
    }

    pub async fn connect(&self, person: &Person) -> Value {
        let code = self.allow(person, &self.page(&[]).await).await.remove("code").unwrap();
        let (status, tokens) = self.redeem(&code, &[]).await;
        assert_eq!(status, StatusCode::OK, "{tokens}");
        tokens
    }

    pub async fn redeem(&self, code: &str, instead: &[(&str, &str)]) -> Answered {
        let usual = BTreeMap::from([
            ("grant_type", "authorization_code"),
            ("client_id", &self.client_id[..]),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ]);
        self.post("/auth/token", form(usual, instead)).await
    }

    pub async fn refresh(&self, tokens: &Value, instead: &[(&str, &str)]) -> Answered {
        let usual = BTreeMap::from([
            ("grant_type", "refresh_token"),
            ("client_id", &self.client_id[..]),
            ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ]);
        self.post("/auth/token", form(usual, instead)).await
    }

    pub async fn revoke(&self, token: &str, instead: &[(&str, &str)]) -> Answered {
        let usual = BTreeMap::from([("client_id", &self.client_id[..]), ("token", token)]);
        self.post("/auth/revoke", form(usual, instead)).await
    }

    async fn post(&self, path: &str, body: String) -> Answered {
        let request = self.service.http.post(format!("{}{path}", self.service.server_url));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let response = request.send().await.unwrap();
        (response.status(), response.json().await.unwrap_or_default())
    }

    pub async fn call(&self, tokens: &Value, tool: &str, arguments: Value) -> Value {
        let params = json!({ "name": tool, "arguments": arguments });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let request = self.service.http.post(format!("{}/mcp", self.service.server_url));
        let request = request.bearer_auth(tokens["access_token"].as_str().unwrap());
        let response = request.header("content-type", "application/json").body(body.to_string()).send().await.unwrap();
        response.json().await.unwrap_or_default()
    }

    pub async fn works(&self, tokens: &Value) -> bool {
        self.call(tokens, "list_students", json!({})).await["result"]["isError"] == json!(false)
    }

    /// Waits until the access token and the refresh token no longer work.
    pub async fn ends(&self, tokens: &Value) {
        eventually("the token ends", async || (!self.works(tokens).await).then_some(())).await;
        assert!(is_refused(&self.refresh(tokens, &[]).await));
    }
}

/// Parses the parameters that the program receives at its callback address.
fn parsed(back: &str) -> BTreeMap<String, String> {
    assert!(back.starts_with(&format!("{CALLBACK}?")), "{back}");
    url::Url::parse(back).unwrap().query_pairs().into_owned().collect()
}

fn form<'a>(mut usual: BTreeMap<&'a str, &'a str>, instead: &[(&'a str, &'a str)]) -> String {
    usual.extend(instead.iter().copied());
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(usual).finish()
}
