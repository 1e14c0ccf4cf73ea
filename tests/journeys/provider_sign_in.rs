//! Signing in with the organisation's OpenID Connect provider: a stand-in that follows the standard and forges on
//! request, and a real one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode as Status};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use mcp_server::auth::signing_key::SigningKey;
use reqwest::StatusCode;
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use storage::access::Role;
use storage::id::AdminUserId;
use storage::{admin_user, clock};

use crate::clients::{hear_program, script};
use crate::logins::insert_admin;
use crate::processes::{JWT_PRIVATE_KEY, JWT_PRIVATE_KEY_TWO, free_port};
use crate::psql::psql;
use crate::service::{ADMIN_EMAIL, ADMIN_PASSWORD, Service};
use crate::with_node::node;

const CLIENT_ID: &str = "tutor at school";
const CLIENT_SECRET: &str = "a secret: of the provider";

/// How the provider forges a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Forgery {
    None,
    Unsigned,
    /// Signed with the client secret, which both sides know.
    ByClientSecret,
    /// Signed with a key that it does not publish.
    ByForeignKey,
}

struct Record {
    issuer: String,
    /// Challenge and nonce of each code that was not redeemed.
    codes: HashMap<String, (String, String)>,
    /// Claims that are added to the ID token, or replace its own.
    claims: Value,
    userinfo: Value,
    forgery: Forgery,
}

#[derive(Clone)]
struct FakeProvider(Arc<Mutex<Record>>);

impl FakeProvider {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let fake = Self(Arc::new(Mutex::new(Record {
            issuer,
            codes: HashMap::new(),
            claims: json!({}),
            userinfo: json!({}),
            forgery: Forgery::None,
        })));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/token", post(token))
            .route("/keys", get(keys))
            .route("/me", get(me))
            .with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        fake
    }

    fn issuer(&self) -> String {
        self.0.lock().unwrap().issuer.clone()
    }

    /// Sets the claims and the forgery of the next tokens.
    fn says(&self, claims: Value, forgery: Forgery) {
        let mut record = self.0.lock().unwrap();
        (record.claims, record.forgery) = (claims, forgery);
    }
}

async fn metadata(State(fake): State<FakeProvider>) -> axum::Json<Value> {
    let issuer = fake.issuer();
    axum::Json(json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize?tenant=1"),
        "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/keys"),
        "userinfo_endpoint": format!("{issuer}/me"),
    }))
}

/// Includes a key of an unknown type, as real providers do.
async fn keys() -> axum::Json<Value> {
    let own = SigningKey::from_pem(&pem(JWT_PRIVATE_KEY).into()).unwrap().jwk();
    axum::Json(json!({ "keys": [{ "kty": "AKP", "alg": "ML-DSA-44", "kid": "new" }, own] }))
}

async fn me(State(fake): State<FakeProvider>, headers: HeaderMap) -> Response {
    if headers.get("authorization").is_none_or(|value| value != "Bearer of-userinfo") {
        return Status::UNAUTHORIZED.into_response();
    }
    axum::Json(fake.0.lock().unwrap().userinfo.clone()).into_response()
}

async fn token(State(fake): State<FakeProvider>, headers: HeaderMap, body: String) -> Response {
    let form: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let basic = STANDARD.encode(format!("{}:{}", encoded(CLIENT_ID), encoded(CLIENT_SECRET)));
    let is_client = headers.get("authorization").is_some_and(|value| value == &format!("Basic {basic}"));
    let mut record = fake.0.lock().unwrap();
    let code = record.codes.remove(&form["code"]);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
    let Some((_, nonce)) = code.filter(|(expected, _)| is_client && *expected == challenge) else {
        return (Status::BAD_REQUEST, axum::Json(json!({ "error": "invalid_grant" }))).into_response();
    };
    let now = clock::now().timestamp();
    let mut claims = json!({
        "iss": record.issuer, "sub": "person-1", "aud": CLIENT_ID, "nonce": nonce, "iat": now, "exp": now + 300,
        "auth_time": now, "email": ADMIN_EMAIL, "email_verified": true,
    });
    for (name, value) in record.claims.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    let id_token = sign(&claims, record.forgery);
    axum::Json(json!({ "id_token": id_token, "access_token": "of-userinfo", "token_type": "Bearer" })).into_response()
}

fn pem(private: &str) -> String {
    private.replace("\\n", "\n")
}

fn sign(claims: &Value, forgery: Forgery) -> String {
    let by = |private: &str| {
        let key = EncodingKey::from_ed_pem(pem(private).as_bytes()).unwrap();
        jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), claims, &key).unwrap()
    };
    match forgery {
        Forgery::None => by(JWT_PRIVATE_KEY),
        Forgery::ByForeignKey => by(JWT_PRIVATE_KEY_TWO),
        Forgery::ByClientSecret => {
            let key = EncodingKey::from_secret(CLIENT_SECRET.as_bytes());
            jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
        }
        Forgery::Unsigned => {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            format!("{}.{}.", part(&json!({ "alg": "none", "typ": "JWT" })), part(claims))
        }
    }
}

/// A sign-in that has left for the provider.
struct Trip {
    cookie: String,
    state: String,
    code: String,
}

struct Browser<'a> {
    service: &'a Service,
    fake: &'a FakeProvider,
    http: reqwest::Client,
}

impl Browser<'_> {
    async fn get(&self, path: &str, cookie: &str) -> reqwest::Response {
        let request = self.http.get(format!("{}{path}", self.service.admin_url));
        request.header("cookie", cookie).send().await.unwrap()
    }

    /// Goes to the provider, which lets the person in.
    async fn leave(&self, query: &str) -> Trip {
        let response = self.get(&format!("/login/provider?{query}"), "").await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let there = url::Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
        let asked: HashMap<String, String> = there.query_pairs().into_owned().collect();
        assert_eq!(
            (&asked["tenant"][..], &asked["response_type"][..], &asked["client_id"][..]),
            ("1", "code", CLIENT_ID)
        );
        assert_eq!(asked["redirect_uri"], format!("{}/login/provider/back", self.service.admin_url));
        assert_eq!(asked["code_challenge_method"], "S256");
        let code = uuid::Uuid::new_v4().to_string();
        let bound = (asked["code_challenge"].clone(), asked["nonce"].clone());
        self.fake.0.lock().unwrap().codes.insert(code.clone(), bound);
        Trip { cookie: cookies(&response), state: asked["state"].clone(), code }
    }

    async fn come_back(&self, trip: &Trip) -> reqwest::Response {
        let Trip { cookie, state, code } = trip;
        self.get(&format!("/login/provider/back?state={state}&code={code}"), cookie).await
    }

    /// Signs in. Returns the final status and the page.
    async fn sign_in(&self) -> (StatusCode, String) {
        let response = self.come_back(&self.leave("next=%2Fjobs").await).await;
        let (status, is_in) =
            (response.status(), cookies(&response).contains(" sid=sid_") || cookies(&response).starts_with("sid=sid_"));
        assert_eq!(
            is_in,
            status == StatusCode::SEE_OTHER,
            "a session cookie is set only with the redirect after signing in"
        );
        (status, response.text().await.unwrap())
    }
}

fn cookies(response: &reqwest::Response) -> String {
    let set = response.headers().get_all("set-cookie").iter();
    let pairs = set.filter_map(|value| value.to_str().ok()?.split(';').next().map(str::to_owned));
    pairs.collect::<Vec<_>>().join("; ")
}

async fn start(fake: &FakeProvider, more: &[(&str, &str)]) -> (Service, AdminUserId) {
    let issuer = fake.issuer();
    let own = [("OIDC_ISSUER", &*issuer), ("OIDC_CLIENT_ID", CLIENT_ID), ("OIDC_CLIENT_SECRET", CLIENT_SECRET)];
    let service = Service::start_with(&[&own[..], more].concat()).await;
    let hash = admin_user::hash_password(&SecretString::from(ADMIN_PASSWORD)).unwrap();
    let user = admin_user::insert_user(&service.db, ADMIN_EMAIL, Role::Admin, Some(&hash), None, clock::now()).await;
    (service, user.unwrap().0)
}

fn browser<'a>(service: &'a Service, fake: &'a FakeProvider) -> Browser<'a> {
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    Browser { service, fake, http }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_school_account_opens_the_account_of_its_verified_address() {
    let fake = FakeProvider::start().await;
    let (service, _) = start(&fake, &[]).await;
    let browser = browser(&service, &fake);
    let response = browser.come_back(&browser.leave("next=%2Fjobs").await).await;
    assert_eq!(
        (response.status(), &response.headers()["location"]),
        (StatusCode::SEE_OTHER, &"/jobs".parse().unwrap())
    );
    let page = browser.get("/jobs", &cookies(&response)).await;
    assert_eq!(page.status(), StatusCode::OK);

    // From now on the person's id counts, and not the e-mail address.
    fake.says(json!({ "email": "ada@elsewhere.example.org" }), Forgery::None);
    assert_eq!(browser.sign_in().await.0, StatusCode::SEE_OTHER, "their address has changed");
    fake.says(json!({ "sub": "person-2" }), Forgery::None);
    let (status, page) = browser.sign_in().await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "another person has their old address");
    assert!(page.contains("There is no account here"));
    let written = psql(
        &service.database_url,
        "select string_agg(action || ' ' || coalesce(detail->>'by', '-'), ', ' order by at) from audit_entries where action like 'admin.login%'",
    );
    assert_eq!(written, "admin.login provider, admin.login provider, admin.login_failed provider");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_did_not_say_to_this_browser_opens_nothing() {
    let fake = FakeProvider::start().await;
    let (service, _) = start(&fake, &[]).await;
    let browser = browser(&service, &fake);
    let now = clock::now().timestamp();
    let untrue = [
        (json!({ "nonce": "nonce_of_another" }), Forgery::None),
        (json!({ "nonce": null }), Forgery::None),
        (json!({ "aud": "another service" }), Forgery::None),
        (json!({ "aud": [CLIENT_ID, "another service"] }), Forgery::None),
        (json!({ "azp": "another service" }), Forgery::None),
        (json!({ "iss": "https://another.example.org" }), Forgery::None),
        (json!({ "exp": now - 120, "iat": now - 600 }), Forgery::None),
        (json!({ "iat": now + 600, "exp": now + 900 }), Forgery::None),
        (json!({ "sub": "" }), Forgery::None),
        (json!({ "auth_time": now - 86_400 }), Forgery::None),
        (json!({}), Forgery::Unsigned),
        (json!({}), Forgery::ByClientSecret),
        (json!({}), Forgery::ByForeignKey),
    ];
    for (claims, forgery) in untrue {
        fake.says(claims.clone(), forgery);
        let (status, page) = browser.sign_in().await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{claims} {forgery:?}");
        assert!(page.contains("was not accepted"), "{claims} {forgery:?}");
    }
    for address in
        [json!({ "email_verified": false }), json!({ "email_verified": null }), json!({ "email": "x@y.org" })]
    {
        fake.says(address.clone(), Forgery::None);
        let (status, page) = browser.sign_in().await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{address}");
        assert!(page.contains("There is no account here"), "{address}");
    }
    // A userinfo answer about another person is ignored.
    let elsewhere = json!({ "email": null, "email_verified": null });
    fake.says(elsewhere.clone(), Forgery::None);
    fake.0.lock().unwrap().userinfo = json!({ "sub": "person-2", "email": ADMIN_EMAIL, "email_verified": true });
    assert_eq!(browser.sign_in().await.0, StatusCode::UNPROCESSABLE_ENTITY);

    fake.says(json!({}), Forgery::None);
    let (one, other) = (browser.leave("").await, browser.leave("").await);
    let stolen = Trip { cookie: other.cookie.clone(), state: one.state.clone(), code: one.code.clone() };
    assert_eq!(browser.come_back(&stolen).await.status(), StatusCode::UNPROCESSABLE_ENTITY, "state of another browser");
    let stolen = Trip { cookie: String::new(), ..stolen };
    assert_eq!(
        browser.come_back(&stolen).await.status(),
        StatusCode::UNPROCESSABLE_ENTITY,
        "a browser without a state"
    );
    let mixed = Trip { cookie: other.cookie.clone(), state: other.state.clone(), code: one.code.clone() };
    assert_eq!(browser.come_back(&mixed).await.status(), StatusCode::UNPROCESSABLE_ENTITY, "a code of another browser");
    let trip = browser.leave("").await;
    assert_eq!(browser.come_back(&trip).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(browser.come_back(&trip).await.status(), StatusCode::UNPROCESSABLE_ENTITY, "a repeated code");
    // A link on another site signs no one in.
    let request =
        browser.http.get(format!("{}/login/provider", service.admin_url)).header("sec-fetch-site", "cross-site");
    assert_eq!(request.send().await.unwrap().headers()["location"], "/login");
    let logins = psql(&service.database_url, "select count(*) from admin_logins");
    assert_eq!(logins, "1");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_may_be_asked_for_separately_and_a_sign_in_there_has_its_age() {
    let fake = FakeProvider::start().await;
    let (service, user) = start(&fake, &[]).await;
    let browser = browser(&service, &fake);
    let before = clock::now().timestamp() - 3_600;
    fake.says(json!({ "email": null, "email_verified": null, "auth_time": before }), Forgery::None);
    fake.0.lock().unwrap().userinfo =
        json!({ "sub": "person-1", "email": ADMIN_EMAIL.to_uppercase(), "email_verified": true });
    assert_eq!(browser.sign_in().await.0, StatusCode::SEE_OTHER);
    let is_old =
        "select confirmed_at < now() - interval '50 minutes' from admin_logins order by created_at desc limit 1";
    assert_eq!(
        psql(&service.database_url, is_old),
        "t",
        "the login counts as old, so sensitive actions need a password"
    );
    let again = browser.leave("again=1").await;
    fake.says(json!({}), Forgery::None);
    assert_eq!(browser.come_back(&again).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(psql(&service.database_url, is_old), "f");

    // The account has a second factor. It is required unless the provider already asked for one.
    let key = "update admin_users set totp_secret = '\\x3132333435363738393031323334353637383930'";
    psql(&service.database_url, key);
    let (status, page) = {
        let response = browser.come_back(&browser.leave("").await).await;
        assert!(!cookies(&response).contains("sid=sid_"));
        (response.status(), response.text().await.unwrap())
    };
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Enter your code"), "{user:?}");
    fake.says(json!({ "amr": ["pwd", "mfa"] }), Forgery::None);
    assert_eq!(browser.sign_in().await.0, StatusCode::SEE_OTHER);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_away_is_said_and_a_password_works() {
    let fake = FakeProvider::start().await;
    let away = [("OIDC_ISSUER", "http://127.0.0.1:9")];
    let more = [("OIDC_CLIENT_ID", CLIENT_ID), ("OIDC_CLIENT_SECRET", CLIENT_SECRET)];
    let service = Service::start_with(&[&away[..], &more[..]].concat()).await;
    let browser = browser(&service, &fake);
    let response = browser.get("/login/provider", "").await;
    assert!(response.text().await.unwrap().contains("does not answer"));
    service.log_in().await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_people_sign_in_by_the_provider_alone_a_password_opens_nothing() {
    let fake = FakeProvider::start().await;
    let (service, _) = start(&fake, &[("OIDC_ONLY", "true")]).await;
    let browser = browser(&service, &fake);
    let page = browser.get("/login", "").await.text().await.unwrap();
    assert!(page.contains("Sign in with your school account") && !page.contains(r#"type="password""#));
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("email", ADMIN_EMAIL), ("password", ADMIN_PASSWORD)])
        .finish();
    let request = browser.http.post(format!("{}/login", service.admin_url)).body(body);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(request.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    // An invitation leads to the provider, too.
    let page = browser.get("/setup/setup_x", "").await.text().await.unwrap();
    assert!(page.contains("You need no password") && !page.contains(r#"type="password""#), "{page}");
    let passkey = browser.http.post(format!("{}/login/passkey", service.admin_url)).send().await.unwrap();
    assert_eq!(passkey.status(), StatusCode::FORBIDDEN);
    assert_eq!(browser.sign_in().await.0, StatusCode::SEE_OTHER);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_provider_signs_in_is_asked_for_no_second_factor_here() {
    let fake = FakeProvider::start().await;
    let (service, _) = start(&fake, &[]).await;
    let browser = browser(&service, &fake);
    psql(&service.database_url, "update organisation set requires_second_factor = true");
    let response = browser.come_back(&browser.leave("next=%2Fjobs").await).await;
    let page = browser.get("/jobs", &cookies(&response)).await;
    assert_eq!(page.status(), StatusCode::OK);
    // With a password, the same person must set up a second factor.
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("email", ADMIN_EMAIL), ("password", ADMIN_PASSWORD)])
        .finish();
    let request = browser.http.post(format!("{}/login", service.admin_url)).body(body);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let page = browser.get("/jobs", &cookies(&request.send().await.unwrap())).await;
    assert_eq!(page.headers()["location"], "/account/second-factor");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node: run ./dev test"]
async fn with_node_a_real_provider_signs_people_in() {
    let issuer = format!("http://127.0.0.1:{}", free_port());
    let own = [("OIDC_ISSUER", &*issuer), ("OIDC_CLIENT_ID", CLIENT_ID), ("OIDC_CLIENT_SECRET", CLIENT_SECRET)];
    let service = Service::start_with(&own).await;
    insert_admin(&service).await;
    let order = json!({
        "issuer": issuer, "adminUrl": service.admin_url, "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET,
        "accounts": {
            "person-1": { "email": ADMIN_EMAIL, "email_verified": true },
            "person-2": { "email": ADMIN_EMAIL, "email_verified": false },
            "person-3": { "email": "ada@elsewhere.example.org", "email_verified": true },
        },
    });
    let arguments = [script("provider.mjs").to_str().unwrap().to_owned()];
    let seen = hear_program(&node(), &arguments, &order).await;
    for (who, path) in [("known", "/jobs"), ("again", "/students")] {
        assert_eq!(seen[who]["url"], format!("{}{path}", service.admin_url), "{seen}");
        assert_eq!(seen[who]["status"], 200, "{seen}");
    }
    for who in ["unverified", "unknown"] {
        assert_eq!(seen[who]["status"], 422, "{seen}");
        assert!(seen[who]["alert"].as_str().unwrap().starts_with("There is no account here"), "{seen}");
    }
    service.stop().await;
}
