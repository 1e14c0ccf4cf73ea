//! A new version replaces the old one under load. No request is refused or lost.

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use web::config::from_environment;

use crate::processes::{JWT_PRIVATE_KEY, Process, binary, free_port, signal};
use crate::psql::psql;
use crate::service::{WEBHOOK_SECRET, client, eventually, new_database};
use crate::vapi::{REPORT, deliver_through, sample_of_call};

const ROLLS: usize = 3;
const SENDERS: usize = 6;

async fn server(database_url: &SecretString) -> (Process, String) {
    let addr = format!("127.0.0.1:{}", free_port());
    let mut command = Command::new(binary("mcp-server"));
    command.env_clear().env("PATH", from_environment("PATH").unwrap_or_default());
    command.env("DATABASE_URL", database_url.expose_secret()).env("MCP_SERVER_ADDR", &addr);
    command.env("JWT_PRIVATE_KEY", JWT_PRIVATE_KEY).env("VAPI_WEBHOOK_SECRET", WEBHOOK_SECRET).env("RUST_LOG", "warn");
    let (process, url) = (Process::spawn(&mut command), format!("http://{addr}"));
    let http = client();
    eventually("the new server is ready", async || {
        let response = http.get(format!("{url}/readyz")).send().await.ok()?;
        response.status().is_success().then_some(())
    })
    .await;
    (process, url)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_refuses_and_loses_nothing() {
    let database_url = new_database().await;
    let (mut process, url) = server(&database_url).await;
    // Each attempt goes to the current server, as behind a platform's proxy.
    let current = Arc::new(Mutex::new(url));
    let (stop, n_accepted) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let (current, stop, n_accepted) = (current.clone(), stop.clone(), n_accepted.clone());
            tokio::spawn(async move {
                let http = client();
                for n in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let body = sample_of_call(REPORT, &format!("rolling-{sender}-{n}"));
                    let status = deliver_through(&http, || current.lock().unwrap().clone(), &body).await;
                    assert_eq!(status, StatusCode::OK, "no webhook is refused");
                    n_accepted.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            })
        })
        .collect();
    for _ in 0..ROLLS {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let (new, url) = server(&database_url).await;
        *current.lock().unwrap() = url;
        let mut old = std::mem::replace(&mut process, new);
        // For a moment, the proxy still sends to the old server.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let started = Instant::now();
        signal("TERM", old.id());
        let ended = tokio::task::spawn_blocking(move || old.wait()).await.unwrap();
        assert_eq!(ended, Some(0));
        assert!(started.elapsed() < Duration::from_secs(25), "{:?}", started.elapsed());
    }
    stop.store(true, Ordering::SeqCst);
    for sender in senders {
        sender.await.unwrap();
    }
    let n_accepted = n_accepted.load(Ordering::SeqCst);
    assert!(n_accepted > ROLLS * SENDERS, "there was load: {n_accepted}");
    let kept = psql(
        &database_url,
        "select count(*) from deliveries d join jobs on payload->>'delivery_id' = d.delivery_id::text",
    );
    assert_eq!(kept, n_accepted.to_string(), "each accepted delivery has its job");
}
