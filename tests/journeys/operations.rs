//! Probes, metrics, and the exit code of a binary without settings.

use std::process::Command;

use reqwest::StatusCode;
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::processes::{binary, operator};
use crate::psql::psql;
use crate::service::{Service, client, empty_database};
use crate::vapi::{self, REPORT};

const METRICS_TOKEN: &str = "a-token-for-the-scraper";

/// Returns the value of a series, given with its labels, or 0 if it does not exist yet.
fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}

async fn scrape(url: &str) -> String {
    let response = client().get(format!("{url}/metrics")).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    response.text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_need_neither_a_token_nor_our_host_name() {
    let service = Service::start().await;
    for url in [&service.server_url, &service.admin_url] {
        let probe = async |path: &str| {
            let request = service.http.get(format!("{url}{path}")).header("host", "probe.example.org");
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), StatusCode::OK, "{url}{path}");
            response.text().await.unwrap()
        };
        assert_eq!(probe("/livez").await, "ok\n");
        let ready: Value = serde_json::from_str(&probe("/readyz").await).unwrap();
        assert_eq!(ready["status"], "ready");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivered_webhook_and_its_work_are_counted() {
    // Other journeys in this process increase the same metrics, so only the increase is checked.
    const STORED: &str = r#"webhook_deliveries_total{type="end-of-call-report",outcome="stored"}"#;
    const DUPLICATE: &str = r#"webhook_deliveries_total{type="end-of-call-report",outcome="duplicate"}"#;
    const REFUSED: &str = r#"webhook_deliveries_total{type="other",outcome="refused"}"#;
    const DONE: &str = r#"jobs_total{kind="analyze_session",outcome="done"}"#;
    const REQUESTS: &str = r#"http_requests_total{route="/webhooks/vapi",method="POST",status="200"}"#;
    let service = Service::start().await;
    let before = scrape(&service.server_url).await;

    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    let unsigned = vapi::post(&service.http, &service.server_url, &[], b"{}").await;
    assert_eq!(unsigned.status(), StatusCode::UNAUTHORIZED);
    let token = service.token("sessions:read").await;
    service.analyzed(&token, vapi::CALL_ID).await;

    let after = crate::service::eventually("the work is counted", async || {
        let text = scrape(&service.server_url).await;
        (value(&text, DONE) > value(&before, DONE)).then_some(text)
    })
    .await;
    for (series, least) in [(STORED, 1.0), (DUPLICATE, 1.0), (REFUSED, 1.0), (REQUESTS, 2.0)] {
        assert!(value(&after, series) >= value(&before, series) + least, "{series}\n{after}");
    }
    assert!(after.contains(r#"http_request_duration_seconds_bucket{route="/webhooks/vapi",le="0.1"}"#), "{after}");
    assert!(after.contains("\njobs_oldest_wait_seconds "), "{after}");
    assert_eq!(value(&after, r#"jobs_open{kind="analyze_session",state="needs_attention"}"#).to_string(), "0");
    // A path may contain an id, but a route's pattern never does.
    assert!(after.contains(r#"route="/api/v1/sessions/by-call/{call_id}""#), "{after}");
    assert!(!after.contains(vapi::CALL_ID) && !after.contains(&vapi::CALLER[1..]), "{after}");
    assert!(scrape(&service.admin_url).await.contains("http_requests_total"), "the dashboard is counted too");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_metrics_token_nobody_reads_metrics_without_it() {
    let service = Service::start_with(&[("METRICS_TOKEN", METRICS_TOKEN)]).await;
    for url in [&service.server_url, &service.admin_url] {
        let url = format!("{url}/metrics");
        for (token, expected) in [
            (None, StatusCode::NOT_FOUND),
            (Some("wrong"), StatusCode::NOT_FOUND),
            (Some(METRICS_TOKEN), StatusCode::OK),
        ] {
            let request = service.http.get(&url);
            let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
            assert_eq!(request.send().await.unwrap().status(), expected, "{url} with {token:?}");
        }
    }
    service.stop().await;
}

#[test]
fn a_binary_without_settings_names_them_all_and_ends_with_78() {
    for (name, variables) in [
        ("mcp-server", &["JWT_PRIVATE_KEY", "DATABASE_URL", "VAPI_WEBHOOK_SECRET"][..]),
        ("worker", &["DATABASE_URL", "FAKTORY_URL"]),
        ("admin", &["DATABASE_URL"]),
    ] {
        let ended = Command::new(binary(name)).env_clear().output().unwrap();
        let output = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(78), "{name}: {output}");
        let named: Vec<_> = output.lines().skip(1).filter_map(|line| line.trim().split(':').next()).collect();
        assert_eq!(named, variables, "{name}: {output}");
    }
}

/// In production there is a database and no data directory.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_made_without_a_data_directory() {
    let url = crate::service::new_database().await;
    let folder = std::env::temp_dir().join(format!("no-data-{}", uuid::Uuid::now_v7().simple()));
    std::fs::create_dir(&folder).unwrap();
    let mut command = Command::new(binary("ai-tutor"));
    command.args(["admin-user", "create", "--email", "dana@example.org", "--role", "tutor"]).current_dir(&folder);
    command.env("DATABASE_URL", secrecy::ExposeSecret::expose_secret(&url)).stdin(std::process::Stdio::null());
    let made = command.output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert!(String::from_utf8_lossy(&made.stdout).contains("/setup/"), "a link to set the password");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "it leaves nothing behind");
    std::fs::remove_dir(&folder).unwrap();
}

/// Checks every foreign key again.
const REFERENCES: &str = "do $$ declare of record; begin
        for of in select conrelid::regclass as name, pg_get_constraintdef(oid) as it from pg_constraint where contype = 'f'
        loop
            execute format('alter table %s add constraint once_more %s', of.name, of.it);
            execute format('alter table %s drop constraint once_more', of.name);
        end loop;
    end $$";
/// Counts sessions whose search words are not the ones that their next change would compute.
const OTHER_WORDS: &str = "select count(*) from sessions s left join session_words w using (session_id)
    left join analyses a on a.session_id = s.session_id and a.is_current
    where w.words is distinct from (
        select said_words(string_agg(t.text, ' ' order by t.turn_no) filter (where t.speaker = 'student'),
            string_agg(t.text, ' ' order by t.turn_no) filter (where t.speaker = 'tutor'), a.findings->>'summary')
        from turns t where t.session_id = s.session_id having count(*) > 0)";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_derived_of_seeded_data_is_as_the_service_derives_it() {
    let service = Service::start().await;
    let (done, said) = operator(&service, &["seed", "--students", "200", "--sessions", "700"]);
    assert!(done && said.contains("200 students and 700 sessions"), "{said}");
    assert_eq!(psql(&service.database_url, OTHER_WORDS), "0");
    psql(&service.database_url, REFERENCES);
    // Compares all derived rows with their sources.
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_made_under_load_restores_to_the_same_rows() {
    let service = Service::start().await;
    service.student("Amara Okafor", vapi::CALLER).await;
    let token = service.token("sessions:read").await;
    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    service.analyzed(&token, vapi::CALL_ID).await;
    let target = empty_database().await;
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/backup-drill.sh");
    let mut drill = tokio::process::Command::new(script);
    drill.arg(target.expose_secret()).env("DATABASE_URL", service.database_url.expose_secret());
    let load = async {
        for n in 0..20 {
            assert_eq!(service.deliver(&vapi::sample_of_call(REPORT, &format!("call-{n}"))).await, StatusCode::OK);
        }
    };
    let (output, ()) = tokio::join!(drill.output(), load);
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("tables are equal"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(psql(&target, "select count(*) from turns").parse::<u32>().unwrap() > 0, "what was said is restored");
    service.stop().await;
}
