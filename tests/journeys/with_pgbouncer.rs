//! The production binaries through a real PgBouncer in transaction mode, where no session state is kept.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use futures::future::join_all;
use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::first_call::{call_tool, mcp_client};
use crate::processes::{Process, Production, binary, free_port};
use crate::psql::{psql, try_psql};
use crate::service::{Person, analyzed, client, empty_database, eventually, insert_student, token};
use crate::vapi::{self, CALLER, REPORT, deliver_to};

const ALL_READS: &str = "context:read students:read sessions:read";
const N_CALLS: usize = 40;

/// A PgBouncer in front of one database, with only three connections to Postgres, so clients really share them.
struct PgBouncer {
    _process: Process,
    folder: PathBuf,
    url: SecretString,
}

impl PgBouncer {
    async fn start(database: &SecretString, ignored_parameters: &str) -> Self {
        let to = url::Url::parse(database.expose_secret()).unwrap();
        let folder = std::env::temp_dir().join(format!("pgbouncer-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir(&folder).unwrap();
        let (port, name) = (free_port(), to.path().trim_start_matches('/'));
        let config = format!(
            "[databases]\n{name} = host={} port={} dbname={name} user={} password={}\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n\
             default_pool_size = 3\nmax_client_conn = 200\nignore_startup_parameters = {ignored_parameters}\n",
            to.host_str().unwrap(),
            to.port().unwrap_or(5432),
            to.username(),
            to.password().unwrap_or_default(),
        );
        let file = folder.join("pgbouncer.ini");
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new("pgbouncer");
        command.arg("--quiet").arg(&file);
        if is_root() {
            // PgBouncer refuses to run as root, and its user must be able to read the file.
            std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
            command.args(["--user", "nobody"]);
        }
        let process = Process::spawn(command.stdout(Stdio::null()));
        eventually("PgBouncer listens", async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()).await;
        let url = SecretString::from(format!("postgres://anyone@127.0.0.1:{port}/{name}"));
        Self { _process: process, folder, url }
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.starts_with(b"0\n")
}

fn migrate(url: &SecretString) -> Option<i32> {
    let mut command = Command::new(binary("ai-tutor"));
    command.arg("migrate").env("DATABASE_URL", url.expose_secret()).stdout(Stdio::null());
    Process::spawn(&mut command).wait()
}

async fn everything_works(ignored_parameters: &str) {
    let direct = empty_database().await;
    let bouncer = PgBouncer::start(&direct, ignored_parameters).await;
    for _ in 0..2 {
        assert_eq!(migrate(&bouncer.url), Some(0));
        let left = "select count(*) from pg_locks where locktype = 'advisory'
                    and database = (select oid from pg_database where datname = current_database())";
        assert_eq!(psql(&direct, left), "0", "no lock is left on a connection of the pooler");
    }

    let mut production = Production::start_on(bouncer.url.clone(), None, &[]).await;
    let db = storage::db::pool(&bouncer.url, storage::db::PoolSize(4)).unwrap();
    assert!(db.is_pooled().await.unwrap());
    let holder = direct.clone();
    let held = tokio::task::spawn_blocking(move || {
        try_psql(&holder, "begin; lock table watermarks in access exclusive mode; select pg_sleep(20); rollback")
    });
    let is_locked = "select count(*) from pg_locks where relation = 'watermarks'::regclass and granted";
    eventually("the table is locked", async || (psql(&direct, is_locked) == "1").then_some(())).await;
    let refused = storage::watermark::find(&db, "none").await.unwrap_err();
    assert!(refused.is_unavailable() && !held.is_finished(), "the time limit that the pooler dropped is kept");
    let end = "select pg_terminate_backend(pid) from pg_locks where relation = 'watermarks'::regclass
               and mode = 'AccessExclusiveLock'";
    psql(&direct, end);
    assert!(held.await.unwrap().is_err(), "the lock was released early");

    let http = client();
    insert_student(&db, "Amara Okafor", CALLER).await;
    let token = token(&db, &http, &production.server_url, ALL_READS).await;
    // All at once, so connections change hands between them.
    let calls: Vec<String> = (0..N_CALLS).map(|n| format!("call-{n}")).collect();
    let deliveries = calls.iter().map(async |call_id| {
        let report = vapi::sample_of_call(REPORT, call_id);
        deliver_to(&http, &production.server_url, &report).await
    });
    assert!(join_all(deliveries).await.into_iter().all(|status| status == StatusCode::OK));
    let mut session = json!(null);
    for call_id in &calls {
        session = analyzed(&http, &production.server_url, &token, call_id).await;
        assert_eq!(session["analysis"]["status"], "baseline");
    }
    let mcp = mcp_client(&production.server_url, &token).await;
    let context = call_tool(&mcp, "get_student_context", json!({ "phone": CALLER })).await;
    assert_eq!(context["last_call"]["practised"][0]["skill_id"], "maths.fractions.add_unlike");
    assert_eq!(context["student"]["n_calls"], json!(N_CALLS));
    mcp.cancel().await.unwrap();
    assert_eq!(
        psql(&direct, "select count(*) from jobs where attempts > 1 or state = 'needs_attention'"),
        "0",
        "no job was retried because connections were missing"
    );

    let hash = storage::admin_user::hash_password(&"correct horse battery".into()).unwrap();
    let (role, now) = (storage::access::Role::Admin, storage::clock::now());
    storage::admin_user::insert_user(&db, "v@example.org", role, Some(&hash), None, now).await.unwrap();
    let person = Person::log_in(&production.admin_url, "v@example.org", "correct horse battery").await;
    for path in ["/", "/sessions", "/students", "/analytics", "/curriculum", "/jobs", "/settings/connections"] {
        person.read(path).await;
    }
    let page = person.read(&format!("/sessions/{}", session["session_id"].as_str().unwrap())).await;
    assert!(page.contains("two fifths"));
    for process in [&mut production.worker, &mut production.mcp_server, &mut production.admin] {
        assert_eq!(process.terminate(), Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PgBouncer: run ./dev test"]
async fn with_pgbouncer_that_drops_settings_everything_works() {
    everything_works("extra_float_digits,options").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PgBouncer: run ./dev test"]
async fn with_pgbouncer_that_refuses_settings_everything_works() {
    everything_works("search_path").await;
}
