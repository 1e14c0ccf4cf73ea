//! The whole service in this process, with a separate database and ports.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use reqwest::{Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use storage::access::{Caller, ClientKind, Role, ScopeSet};
use storage::db::{self, Db, PoolSize};
use storage::id::StudentId;
use storage::phone::Phone;
use storage::student::{self, NewStudent, Student};
use storage::{admin_user, agent_key, api_client, clock, consistency};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use web::config::{AdminConfig, McpServerConfig, Settings, WorkerConfig, from_environment};

use crate::psql::psql;

/// The secret in `tests/fixtures/vapi/hmac-vectors.json`.
pub const WEBHOOK_SECRET: &str = "vapi-hmac-test-secret";
pub const ADMIN_EMAIL: &str = "admin@example.org";
pub const ADMIN_PASSWORD: &str = "correct horse battery";
/// For tests only.
const JWT_PRIVATE_KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----";

/// How long a journey waits for anything before it fails.
const PATIENCE: Duration = Duration::from_mins(2);

/// Creates a migrated database beside the one in `DATABASE_URL`. Its template was migrated by `ai-tutor with-postgres`.
pub async fn new_database() -> SecretString {
    let (url, name) = new_url();
    psql(&server_url(), &format!("create database {name}"));
    db::migrate(&url, db::MIGRATION_PATIENCE).await.unwrap();
    url
}

/// Creates an empty database beside the one in `DATABASE_URL`.
pub async fn empty_database() -> SecretString {
    let (url, name) = new_url();
    db::create_database(&server_url(), &name).await.unwrap();
    url
}

fn server_url() -> SecretString {
    from_environment("DATABASE_URL").expect("DATABASE_URL is set: run ./dev test").into()
}

/// Returns the address of a database that does not exist yet, and its name.
fn new_url() -> (SecretString, String) {
    let name = format!("journey_{}", uuid::Uuid::now_v7().simple());
    let mut url = url::Url::parse(server_url().expose_secret()).unwrap();
    url.set_path(&name);
    (url.to_string().into(), name)
}

/// Waits until `look` returns something.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < deadline, "gave up waiting until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A running service, with ways to use it as VAPI, as an app, and as a person.
pub struct Service {
    pub db: Db,
    pub database_url: SecretString,
    pub server_url: String,
    pub admin_url: String,
    pub http: reqwest::Client,
    shutdown: CancellationToken,
    roles: JoinSet<anyhow::Result<()>>,
}

impl Service {
    /// Starts all three roles. Only the rules analyse.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// [`Service::start`] with these settings.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_on(new_database().await, settings).await
    }

    /// [`Service::start_with`] on this database.
    pub async fn start_on(database_url: SecretString, settings: &[(&str, &str)]) -> Self {
        let (server, admin) = (listen().await, listen().await);
        let (server_addr, admin_addr) = (server.local_addr().unwrap(), admin.local_addr().unwrap());
        let lookup = |name: &str| setting(settings, name, &database_url, server_addr, admin_addr);
        let db = db::patient_pool(&database_url, PoolSize(10)).unwrap();
        let shutdown = CancellationToken::new();
        let mut roles = JoinSet::new();
        let config = McpServerConfig::from_settings(Settings::new(lookup)).unwrap();
        roles.spawn(mcp_server::run(config, db.clone(), server, shutdown.clone()));
        let config = worker::Config::from_role(&WorkerConfig::from_settings(Settings::new(lookup)).unwrap()).unwrap();
        let worker_db = db::patient_pool(&database_url, PoolSize(10)).unwrap();
        roles.spawn(worker::run(config, worker_db, shutdown.clone()));
        let config = AdminConfig::from_settings(Settings::new(lookup)).unwrap();
        roles.spawn(admin::run(config, db.clone(), admin, shutdown.clone()));
        Self {
            db,
            database_url,
            server_url: format!("http://{server_addr}"),
            admin_url: format!("http://{admin_addr}"),
            http: client(),
            shutdown,
            roles,
        }
    }

    /// Stops all roles. Fails if one ended with an error, or if a derived row differs from its sources.
    pub async fn stop(mut self) {
        self.shutdown.cancel();
        while let Some(ended) = self.roles.join_next().await {
            ended.expect("no role panics").expect("every role ends without an error");
        }
        let differences = consistency::refresh_all(&self.db).await.unwrap();
        assert!(differences.is_empty(), "derived rows differ from their sources: {differences:?}");
        let nobody = StudentId(uuid::Uuid::nil());
        for student_id in consistency::list_students_after(&self.db, nobody, 1_000).await.unwrap() {
            let mut tx = db::begin(&self.db).await.unwrap();
            let repaired = consistency::repair_student(&mut tx, &Caller::operator(), student_id, clock::now()).await;
            assert!(!repaired.unwrap(), "the mastery of student {student_id} differs from the evidence");
            tx.commit().await.unwrap();
        }
    }

    /// Writes rows directly, and refreshes what is derived from them. Returns the output of the statements.
    pub async fn write(&self, statements: impl AsRef<str>) -> String {
        let said = psql(&self.database_url, statements.as_ref());
        consistency::refresh_all(&self.db).await.unwrap();
        said
    }

    pub async fn student(&self, name: &str, phone: &str) -> Student {
        insert_student(&self.db, name, phone).await
    }

    /// Creates a client, and returns a bearer token from `/auth/token`.
    pub async fn token(&self, scope: &str) -> String {
        token(&self.db, &self.http, &self.server_url, scope).await
    }

    /// Creates a client, and returns a long-lived bearer key. A client that may not read students or sessions is a
    /// telephone client.
    pub async fn agent_key(&self, scope: &str) -> String {
        let is_office = scope.contains("students:read") || scope.contains("sessions:read");
        self.agent_key_of(if is_office { ClientKind::BackOffice } else { ClientKind::Telephone }, scope).await
    }

    /// Creates a client of that kind, and returns a long-lived bearer key.
    pub async fn agent_key_of(&self, kind: ClientKind, scope: &str) -> String {
        let scopes: ScopeSet = scope.parse().unwrap();
        let now = clock::now();
        let (client, _) = api_client::insert_client(&self.db, "agent", kind, scopes, now).await.unwrap();
        agent_key::insert_key(&self.db, &client.client_id, now).await.unwrap().expose_secret().to_owned()
    }

    /// Sends a `GET` to the JSON API, which must succeed.
    pub async fn get(&self, token: &str, path: &str) -> Value {
        let response = self.http.get(format!("{}{path}", self.server_url)).bearer_auth(token).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "GET {path}");
        response.json().await.unwrap()
    }

    /// Returns the session of a call, once it is analysed.
    pub async fn analyzed(&self, token: &str, call_id: &str) -> Value {
        analyzed(&self.http, &self.server_url, token, call_id).await
    }

    /// Signs in as an admin. Returns the person with their cookies.
    pub async fn log_in(&self) -> Person {
        let hash = admin_user::hash_password(&SecretString::from(ADMIN_PASSWORD)).unwrap();
        let made = admin_user::insert_user(&self.db, ADMIN_EMAIL, Role::Admin, Some(&hash), None, clock::now()).await;
        made.unwrap();
        Person::log_in(&self.admin_url, ADMIN_EMAIL, ADMIN_PASSWORD).await
    }
}

/// Returns a setting of the roles: the journey's value, or the default. `{admin_port}` in a value is the dashboard's
/// port.
fn setting(
    settings: &[(&str, &str)],
    name: &str,
    database_url: &SecretString,
    server: SocketAddr,
    admin: SocketAddr,
) -> Option<String> {
    if let Some((_, value)) = settings.iter().find(|(key, _)| *key == name) {
        return Some(value.replace("{admin_port}", &admin.port().to_string()));
    }
    match name {
        "DATABASE_URL" => Some(database_url.expose_secret().to_owned()),
        "MCP_SERVER_ADDR" => Some(server.to_string()),
        "ADMIN_ADDR" => Some(admin.to_string()),
        "JWT_PRIVATE_KEY" => Some(JWT_PRIVATE_KEY.to_owned()),
        "VAPI_WEBHOOK_SECRET" => Some(WEBHOOK_SECRET.to_owned()),
        "QUEUE" if !settings.iter().any(|(key, _)| *key == "FAKTORY_URL") => Some("embedded".to_owned()),
        _ => None,
    }
}

async fn listen() -> TcpListener {
    TcpListener::bind(("127.0.0.1", 0)).await.unwrap()
}

pub fn client() -> reqwest::Client {
    reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().unwrap()
}

pub async fn insert_student(db: &Db, name: &str, phone: &str) -> Student {
    let new = NewStudent {
        display_name: name.to_owned(),
        grade: Some(7),
        cohort: None,
        locale: "en".to_owned(),
        timezone: None,
        phones: vec![Phone::parse(phone).unwrap()],
    };
    // On a busy machine, the pool may take longer than a server would wait.
    let mut tx = eventually("a connection is free", async || db::begin(db).await.ok()).await;
    let student = student::insert_student(&mut tx, &Caller::operator(), &new, clock::now()).await.unwrap();
    tx.commit().await.unwrap();
    student
}

pub async fn token(db: &Db, http: &reqwest::Client, server_url: &str, scope: &str) -> String {
    let scopes: ScopeSet = scope.parse().unwrap();
    let (client, secret) =
        api_client::insert_client(db, "app", ClientKind::BackOffice, scopes, clock::now()).await.unwrap();
    // A busy server may refuse for a moment. A client then asks again.
    eventually("a token is given", async || {
        let request = http
            .post(format!("{server_url}/auth/token"))
            .basic_auth(&client.client_id, Some(secret.expose_secret()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials");
        let response = request.send().await.unwrap();
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            return None;
        }
        let answer: Value = response.json().await.unwrap();
        Some(answer["access_token"].as_str().expect("a token").to_owned())
    })
    .await
}

pub async fn analyzed(http: &reqwest::Client, server_url: &str, token: &str, call_id: &str) -> Value {
    eventually("the session is analysed", async || {
        let url = format!("{server_url}/api/v1/sessions/by-call/{call_id}");
        let response = http.get(url).bearer_auth(token).send().await.ok()?;
        if response.status() != StatusCode::OK {
            return None;
        }
        let session: Value = response.json().await.ok()?;
        (session["status"] == json!("analyzed")).then_some(session)
    })
    .await
}

/// A person at the dashboard, without JavaScript.
pub struct Person {
    http: reqwest::Client,
    admin_url: String,
    cookie: Mutex<String>,
}

impl Person {
    pub async fn log_in(admin_url: &str, email: &str, password: &str) -> Self {
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let encoded: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("email", email)
            .append_pair("password", password)
            .finish();
        let request = http
            .post(format!("{admin_url}/login"))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", admin_url)
            .body(encoded);
        let mut response = request.try_clone().unwrap().send().await.unwrap();
        // A machine that runs a hundred journeys at once may ask the person to try again later.
        for _ in 0..5 {
            if response.status() != StatusCode::SERVICE_UNAVAILABLE {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            response = request.try_clone().unwrap().send().await.unwrap();
        }
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "the login is accepted");
        let cookies = response.headers().get_all("set-cookie").iter();
        let pairs = cookies.filter_map(|value| value.to_str().ok()?.split(';').next().map(str::to_owned));
        let cookie = pairs.collect::<Vec<_>>().join("; ");
        Self { http, admin_url: admin_url.to_owned(), cookie: Mutex::new(cookie) }
    }

    pub fn cookie(&self) -> String {
        self.cookie.lock().unwrap().clone()
    }

    /// Stores new values of cookies, as a browser does. A deleted cookie is kept, because the server must refuse it.
    fn keep_cookies(&self, response: &Response) {
        let mut kept = self.cookie.lock().unwrap();
        for set in response.headers().get_all("set-cookie") {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if !value.is_empty() {
                let others = kept.split("; ").filter(|other| !other.starts_with(&format!("{name}=")));
                *kept = others.chain([pair]).collect::<Vec<_>>().join("; ");
            }
        }
    }

    pub async fn open(&self, path: &str) -> Response {
        self.open_with(path, None).await
    }

    pub async fn open_with(&self, path: &str, header: Option<(&str, &str)>) -> Response {
        let mut request = self.http.get(format!("{}{path}", self.admin_url)).header("cookie", self.cookie());
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        request.send().await.unwrap()
    }

    /// Reads a page, which must exist.
    pub async fn read(&self, path: &str) -> String {
        let response = self.open(path).await;
        assert_eq!(response.status(), StatusCode::OK, "GET {path}");
        response.text().await.unwrap()
    }

    /// Shows times in this zone.
    pub fn in_zone(self, zone: &str) -> Self {
        let cookie = format!("{}; zone={zone}", self.cookie());
        *self.cookie.lock().unwrap() = cookie;
        self
    }

    /// Sends the form at `action` of the page, with its token. Returns the address of the redirect.
    pub async fn submit(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> String {
        assert!(self.read(page).await.contains(action), "{page} has a form for {action}");
        self.submit_to(page, action, fields).await
    }

    /// Like `submit`, for a form that leads back to its own page.
    pub async fn submit_to(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> String {
        let response = self.post(page, action, fields).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "POST {action}");
        response.headers()["location"].to_str().unwrap().to_owned()
    }

    /// Sends a form with the token of the page. Accepts any answer.
    pub async fn post(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> Response {
        let html = self.read(page).await;
        let (_, token) = html.split_once(r#"name="csrf" value=""#).expect("the page has a form");
        let token = token.split('"').next().unwrap();
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("csrf", token)
            .extend_pairs(fields)
            .finish();
        let request = self
            .http
            .post(format!("{}{action}", self.admin_url))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", &self.admin_url)
            .header("cookie", self.cookie())
            .body(body);
        let response = request.send().await.unwrap();
        self.keep_cookies(&response);
        response
    }
}
