//! A real streaming replica answers the heavy reads of the dashboard, and only while it follows.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use storage::db;

use crate::processes::{Process, binary, free_port, signal};
use crate::psql::{psql, try_psql};
use crate::service::{ADMIN_EMAIL, ADMIN_PASSWORD, Person, Service, eventually};
use crate::vapi::{self, CALLER, REPORT};

/// A separate cluster: a replica copies all databases of a cluster, and the tests have hundreds.
struct Primary {
    child: Child,
    url: SecretString,
}

impl Primary {
    /// Its databases are removed when its standard input ends.
    fn start() -> Self {
        let mut command = Command::new(binary("ai-tutor"));
        command.args(["with-postgres", "sh", "-c", "echo \"$DATABASE_URL\"; cat"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.as_mut().unwrap()), &mut line).unwrap();
        Self { child, url: SecretString::from(line.trim()) }
    }
}

impl Drop for Primary {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// A streaming replica, made by `pg_basebackup`.
struct Replica {
    process: Option<Process>,
    folder: PathBuf,
    port: u16,
    url: SecretString,
    /// A replica refuses to start with fewer than its primary.
    max_connections: String,
}

impl Replica {
    async fn start(primary: &SecretString) -> Self {
        let folder = std::env::temp_dir().join(format!("replica-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir(&folder).unwrap();
        let port = free_port();
        let mut url = url::Url::parse(primary.expose_secret()).unwrap();
        url.set_port(Some(port)).unwrap();
        let max_connections = format!("max_connections={}", psql(primary, "show max_connections"));
        let mut replica =
            Self { process: None, folder, port, url: SecretString::from(url.to_string()), max_connections };
        if let Some((uid, gid)) = postgres_user() {
            std::os::unix::fs::chown(&replica.folder, Some(uid), Some(gid)).unwrap();
        }
        let mut copy = replica.command("pg_basebackup");
        copy.arg("--dbname").arg(primary.expose_secret()).arg("--pgdata").arg(replica.folder.join("data"));
        copy.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync"]);
        let output = tokio::task::block_in_place(|| copy.output().unwrap());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        replica.launch().await;
        replica
    }

    /// Runs a program of Postgres, which refuses to run as root.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        if let Some((uid, gid)) = postgres_user() {
            command.uid(uid).gid(gid);
        }
        command.current_dir(&self.folder);
        command
    }

    async fn launch(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.folder.join("data")).args(["-h", "127.0.0.1", "-k", ""]);
        command.args(["-p", &self.port.to_string(), "-c", &self.max_connections]);
        self.process = Some(Process::spawn(command.stdout(log.try_clone().unwrap()).stderr(log)));
        eventually("the replica answers", async || try_psql(&self.url, "select 1").ok()).await;
    }

    /// Stops it without waiting for its clients.
    fn stop(&mut self) {
        let mut process = self.process.take().unwrap();
        signal("INT", process.id());
        assert_eq!(process.wait(), Some(0));
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.process = None;
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The user to run Postgres as. `None`: we are not root.
fn postgres_user() -> Option<(u32, u32)> {
    let id = |arguments: &[&str]| {
        let output = Command::new("id").args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse::<u32>().ok()
    };
    (id(&["-u"]) == Some(0)).then(|| Some((id(&["-u", "postgres"])?, id(&["-g", "postgres"])?)))?
}

/// The state that `/readyz` of the dashboard reports. It is never "unavailable" for a replica.
async fn state(service: &Service) -> String {
    let response = service.http.get(format!("{}/readyz", service.admin_url)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let body: Value = response.json().await.unwrap();
    match body["replica"].as_str() {
        Some(state) => {
            assert_eq!((&body["status"], &body["degraded"][0]), (&"degraded".into(), &"replica".into()));
            state.to_owned()
        }
        None => "following".to_owned(),
    }
}

async fn becomes(service: &Service, expected: &str) {
    eventually(expected, async || (state(service).await == expected).then_some(())).await;
    let metrics =
        service.http.get(format!("{}/metrics", service.admin_url)).send().await.unwrap().text().await.unwrap();
    let is_lost = u8::from(expected != "following");
    assert!(metrics.contains(&format!("\nreplica_lost {is_lost}\n")), "{metrics}");
    assert_eq!(metrics.contains("\nreplica_lag_seconds "), expected == "following");
}

/// What the analytics and the search of words count.
async fn counted(person: &Person) -> (String, String) {
    let page = person.read("/analytics").await;
    let (_, calls) = page.split_once(r#"<dt>Calls</dt><dd class="v">"#).expect("the figure is shown");
    let found = person.read("/search?q=fifths&in=transcripts").await;
    let (_, n) = found.split_once(r#"<p role="status">"#).expect("the count is shown");
    (calls.split('<').next().unwrap().to_owned(), n.split('<').next().unwrap().to_owned())
}

fn counts(analytics: &str, search: &str) -> (String, String) {
    (analytics.to_owned(), search.to_owned())
}

async fn call(service: &Service, call_id: &str) {
    assert_eq!(service.deliver(&vapi::sample_of_call(REPORT, call_id)).await, StatusCode::OK);
    let token = service.token("sessions:read").await;
    service.analyzed(&token, call_id).await;
}

/// Waits until the replica has all that is written now.
async fn catch_up(primary: &SecretString, replica: &SecretString) {
    let written = psql(primary, "select pg_current_wal_flush_lsn()");
    let has_all = format!("select pg_last_wal_replay_lsn() >= '{written}'");
    eventually("the replica has all", async || (psql(replica, &has_all) == "t").then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heavy_reads_use_the_replica_while_it_follows_and_the_primary_otherwise() {
    let primary = tokio::task::block_in_place(Primary::start);
    db::migrate(&primary.url, db::MIGRATION_PATIENCE).await.unwrap();
    let mut replica = Replica::start(&primary.url).await;
    let start = async |max_lag| {
        let settings =
            [("DATABASE_REPLICA_URL", replica.url.expose_secret()), ("DATABASE_REPLICA_MAX_LAG_SECONDS", max_lag)];
        Service::start_on(primary.url.clone(), &settings).await
    };

    // This dashboard accepts an hour.
    let service = start("3600").await;
    service.student("Amara Okafor", CALLER).await;
    let person = service.log_in().await;
    call(&service, "call-1").await;
    catch_up(&primary.url, &replica.url).await;
    becomes(&service, "following").await;
    assert_eq!(counted(&person).await, counts("1", "1 call"));
    psql(&replica.url, "select pg_wal_replay_pause()");
    eventually("it pauses", async || {
        (psql(&replica.url, "select pg_get_wal_replay_pause_state()") == "paused").then_some(())
    })
    .await;
    call(&service, "call-2").await;
    // The replica still has one call. Lists are read from the primary.
    assert_eq!(counted(&person).await, counts("1", "1 call"), "these pages are read from the replica");
    let list = person.read("/sessions").await;
    assert_eq!(list.matches(r#"href="/sessions/0"#).count(), 2, "{list}");
    let own = psql(
        &replica.url,
        "select string_agg(distinct application_name, ',') from pg_stat_activity where application_name like 'ai-tutor%'",
    );
    assert_eq!(own, "ai-tutor reads");
    service.stop().await;

    // Another one accepts five seconds.
    let service = start("5").await;
    let person = Person::log_in(&service.admin_url, ADMIN_EMAIL, ADMIN_PASSWORD).await;
    becomes(&service, "behind").await;
    assert_eq!(counted(&person).await, counts("2", "2 calls"));
    psql(&replica.url, "select pg_wal_replay_resume()");
    becomes(&service, "following").await;

    // Stopped between two checks: the page is answered from the primary at once.
    replica.stop();
    assert_eq!(counted(&person).await, counts("2", "2 calls"));
    becomes(&service, "unreachable").await;
    assert_eq!(counted(&person).await, counts("2", "2 calls"));
    call(&service, "call-3").await;
    replica.launch().await;
    becomes(&service, "following").await;
    catch_up(&primary.url, &replica.url).await;
    assert_eq!(counted(&person).await, counts("3", "3 calls"));
    assert_eq!(person.open("/").await.status(), StatusCode::OK);

    // A promoted replica is a separate database.
    psql(&replica.url, "select pg_promote()");
    becomes(&service, "not_a_replica").await;
    call(&service, "call-4").await;
    assert_eq!(counted(&person).await, counts("4", "4 calls"));
    service.stop().await;
}
