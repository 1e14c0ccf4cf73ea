//! The same journeys with a real Faktory, the production binaries as separate processes, and the faults that kill such
//! processes in practice.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::StatusCode;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::first_call::{call_tool, mcp_client};
use crate::processes::{Faktory, Production};
use crate::service::{Person, analyzed, client, insert_student, new_database, token};
use crate::vapi::{self, CALL_ID, CALLER, REPORT, deliver_to};

const ALL_READS: &str = "context:read students:read sessions:read";

/// Leases and sweeps fast enough for a test.
const QUICK: [(&str, &str); 2] = [("WORKER_LEASE_SECONDS", "3"), ("WORKER_SWEEP_SECONDS", "1")];

/// Checks that each call was judged once.
async fn assert_judged_once(production: &Production, http: &reqwest::Client, token: &str, call_ids: &[String]) {
    for call_id in call_ids {
        let session = analyzed(http, &production.server_url, token, call_id).await;
        assert_eq!(session["analysis"]["status"], "baseline");
    }
    let url = format!("{}/api/v1/sessions?limit=100", production.server_url);
    let listed: Value = http.get(url).bearer_auth(token).send().await.unwrap().json().await.unwrap();
    assert_eq!(listed["items"].as_array().unwrap().len(), call_ids.len());
    let student_id = listed["items"][0]["student_id"].as_str().unwrap();
    let url = format!("{}/api/v1/students/{student_id}/context", production.server_url);
    let context: Value = http.get(url).bearer_auth(token).send().await.unwrap().json().await.unwrap();
    assert_eq!(context["student"]["n_calls"], json!(call_ids.len()), "each call counts once");
}

async fn deliver_calls(production: &Production, http: &reqwest::Client, calls: std::ops::Range<u32>) -> Vec<String> {
    let mut call_ids = Vec::new();
    for n in calls {
        let call_id = format!("call-{n}");
        let status = deliver_to(http, &production.server_url, &vapi::sample_of_call(REPORT, &call_id)).await;
        assert_eq!(status, StatusCode::OK, "a webhook is accepted even without the queue");
        call_ids.push(call_id);
    }
    call_ids
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Faktory: run ./dev test"]
async fn with_faktory_three_binaries_carry_a_call_to_the_next_tutor() {
    let faktory = Faktory::start().await;
    let mut production = Production::start(&faktory, &[]).await;
    let http = client();
    insert_student(&production.db, "Amara Okafor", CALLER).await;
    let token = token(&production.db, &http, &production.server_url, ALL_READS).await;
    assert_eq!(deliver_to(&http, &production.server_url, &vapi::sample(REPORT)).await, StatusCode::OK);
    let session = analyzed(&http, &production.server_url, &token, CALL_ID).await;
    let client = mcp_client(&production.server_url, &token).await;
    let context = call_tool(&client, "get_student_context", json!({ "phone": CALLER })).await;
    assert_eq!(context["last_call"]["practised"][0]["skill_id"], "maths.fractions.add_unlike");
    client.cancel().await.unwrap();

    let hash = storage::admin_user::hash_password(&"correct horse battery".into()).unwrap();
    let role = storage::access::Role::Viewer;
    let now = storage::clock::now();
    storage::admin_user::insert_user(&production.db, "v@example.org", role, Some(&hash), None, now).await.unwrap();
    let person = Person::log_in(&production.admin_url, "v@example.org", "correct horse battery").await;
    let page = person.read(&format!("/sessions/{}", session["session_id"].as_str().unwrap())).await;
    assert!(page.contains("two fifths"));

    for process in [&mut production.worker, &mut production.mcp_server, &mut production.admin] {
        assert_eq!(process.terminate(), Some(0), "SIGTERM ends the process without an error");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Faktory: run ./dev test"]
async fn with_faktory_a_killed_worker_loses_and_doubles_nothing() {
    let faktory = Faktory::start().await;
    let mut production = Production::start(&faktory, &QUICK).await;
    let http = client();
    insert_student(&production.db, "Amara Okafor", CALLER).await;
    let token = token(&production.db, &http, &production.server_url, ALL_READS).await;
    let mut call_ids = Vec::new();
    for round in 0..4 {
        call_ids.extend(deliver_calls(&production, &http, round * 10..round * 10 + 10).await);
        production.worker.kill();
        production.start_worker();
    }
    assert_judged_once(&production, &http, &token, &call_ids).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Faktory: run ./dev test"]
async fn with_faktory_killed_webhooks_are_still_accepted_and_worked_on() {
    let mut faktory = Faktory::start().await;
    let production = Production::start(&faktory, &QUICK).await;
    let http = client();
    insert_student(&production.db, "Amara Okafor", CALLER).await;
    let token = token(&production.db, &http, &production.server_url, ALL_READS).await;
    let mut call_ids = deliver_calls(&production, &http, 0..10).await;
    faktory.kill();
    call_ids.extend(deliver_calls(&production, &http, 10..20).await);
    tokio::time::sleep(Duration::from_secs(1)).await;
    faktory.launch().await;
    call_ids.extend(deliver_calls(&production, &http, 20..30).await);
    faktory.kill_redis();
    call_ids.extend(deliver_calls(&production, &http, 30..40).await);
    faktory.launch().await;
    assert_judged_once(&production, &http, &token, &call_ids).await;
}

/// Starts TLS for "localhost" in front of a port. Returns its port, and the file of the authority that signed its
/// certificate.
async fn tls_in_front_of(port: u16) -> (u16, PathBuf) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tls_port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust the certificate ends here.
                let Ok(mut tls) = acceptor.accept(tcp).await else { return };
                let mut faktory = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut tls, &mut faktory).await;
            });
        }
    });
    let file = std::env::temp_dir().join(format!("authority-{}.pem", uuid::Uuid::now_v7().simple()));
    std::fs::write(&file, authority.pem()).unwrap();
    (tls_port, file)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Faktory: run ./dev test"]
async fn with_faktory_behind_tls_calls_are_analysed() {
    let faktory = Faktory::start().await;
    let (port, authority) = tls_in_front_of(faktory.port).await;
    let (right, trusted) = (format!("tcp+tls://:a-queue-password@localhost:{port}"), authority.to_str().unwrap());
    let database = new_database().await;

    let check = |url: &str, trusted: &Path| {
        let settings = [("FAKTORY_URL", url), ("SSL_CERT_FILE", trusted.to_str().unwrap())];
        crate::connections::check(&[&settings[..], &[("DATABASE_URL", database.expose_secret())]].concat())
    };
    let (code, output) = check(&right, &authority);
    assert!(code == Some(0) && output.contains("FAKTORY_URL: Faktory 1."), "{output}");
    // A name that is not in the certificate, and an authority that is not trusted.
    let other_name = right.replace("localhost", "127.0.0.1");
    let (_, other_authority) = tls_in_front_of(faktory.port).await;
    for (url, trusted, expected) in
        [(&other_name, &authority, "certificate not valid for name"), (&right, &other_authority, "certificate")]
    {
        let (code, output) = check(url, trusted);
        assert!(code == Some(1) && output.contains(expected), "{url}: {output}");
        assert!(!output.contains("a-queue-password"), "{output}");
    }

    let settings = [("SSL_CERT_FILE", trusted)];
    let production = Production::start_on(database.clone(), Some(right), &settings).await;
    let http = client();
    insert_student(&production.db, "Amara Okafor", CALLER).await;
    let token = token(&production.db, &http, &production.server_url, ALL_READS).await;
    let call_ids = deliver_calls(&production, &http, 0..10).await;
    assert_judged_once(&production, &http, &token, &call_ids).await;
    std::fs::remove_file(authority).unwrap();
    std::fs::remove_file(other_authority).unwrap();
}
