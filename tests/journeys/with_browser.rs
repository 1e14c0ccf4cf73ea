//! The dashboard in Debian's Chromium: with and without JavaScript, its page weight, and accessibility checks with axe.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use reqwest::StatusCode;
use storage::id::SessionId;
use storage::session::{self, SessionStatus};
use storage::{clock, db};

use crate::psql::psql;
use crate::recordings::{lies_at, storage};
use crate::service::{ADMIN_EMAIL, ADMIN_PASSWORD, Service};
use crate::vapi::{self, CALL_ID, CALLER, REPORT};

/// Starts a service with a failed session and a person, then runs the script, which must succeed.
async fn browse(what: &str) {
    let storage = storage(82).await;
    // Passkeys need a domain name as the address.
    let settings = [("RECORDING_OWN_HOSTS", &storage[..]), ("ADMIN_URL", "http://localhost:{admin_port}")];
    let service = Service::start_with(&settings).await;
    let admin_url = service.admin_url.replace("127.0.0.1", "localhost");
    let student = service.student("Amara Okafor", CALLER).await;
    let token = service.token("sessions:read").await;
    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    let found = service.analyzed(&token, CALL_ID).await;
    let session_id: SessionId = found["session_id"].as_str().unwrap().parse().unwrap();
    let mut tx = db::begin(&service.db).await.unwrap();
    let (status, reason) = (SessionStatus::NeedsAttention, Some("the analysis failed"));
    session::mark_session(&mut tx, session_id, status, reason, clock::now()).await.unwrap();
    tx.commit().await.unwrap();
    lies_at(&service, &format!("http://{storage}/call.wav"));
    let of = |sql: &str| psql(&service.database_url, sql);
    let job_id = of("insert into jobs (job_id, dedupe_key, kind, payload, state, attempts, max_attempts, last_error, finished_at)
        values (gen_random_uuid(), 'gave-up', 'enrich_analysis', '{}', 'needs_attention', 12, 12, 'the model was away', now())
        returning job_id");
    // Two students whose family takes them away: one is erased by mouse, one by keyboard.
    let leaving =
        [service.student("Kofi Mensah", "+14155550161").await, service.student("Ama Mensah", "+14155550162").await];
    let leaving = leaving.map(|student| student.student_id.to_string()).join(",");
    of("update students set cohort = 'Period 3'");
    let erasure_id = of("insert into erasures (erasure_id, requested_by, requested_at, due_at, done_at, asked_by, asked_on, counts)
        values (gen_random_uuid(), 'admin:a', now(), now(), now(), 'guardian', current_date, '{\"calls\": 3}') returning erasure_id");
    // Entries for the calendar: a call every day, a reminder, and an overdue one.
    of(&format!(
        "update students set call_weekdays = '{{1,2,3,4,5,6,7}}', call_time = '16:30', timezone = 'Asia/Tokyo' where student_id = '{0}';
         insert into follow_ups (follow_up_id, kind, student_id, text, due_at, author, created_at)
         select gen_random_uuid(), 'reminder', '{0}', 'Ask for the book', now() + n * interval '1 day', 'admin:a', now()
         from unnest('{{-9, 2}}'::int[]) n",
        student.student_id
    ));
    // Answers that the analysis was unsure about: one is marked by mouse, one by keyboard.
    of(&format!(
        "update analyses set findings = jsonb_set(findings, '{{undecided}}', (
             select jsonb_agg(jsonb_build_object('turn_no', turn_no, 'skill_id', 'maths.fractions.add_unlike'))
             from (select turn_no from turns where session_id = '{session_id}' and speaker = 'student'
                   order by turn_no limit 3) t))
         where session_id = '{session_id}' and is_current"
    ));
    let import_id = of(&format!(
        "insert into student_imports (import_id, student_id, author, imported_at)
         values (gen_random_uuid(), '{}', 'admin:a', now()) returning import_id",
        student.student_id
    ));
    let skill_id = of("select skill_id from evidence where verdict = 'incorrect' order by skill_id limit 1");
    let client_id = of("select client_id from api_clients limit 1");
    let other_id = of("insert into admin_users (admin_user_id, email, role, created_at)
        values (gen_random_uuid(), 'tutor@example.org', 'tutor', now()) returning admin_user_id");
    // An endpoint that fails, with a log.
    of("with e as (insert into webhook_endpoints (endpoint_id, url, events, secret, created_by, created_at, failing_since)
            values (gen_random_uuid(), 'https://example.org/hook', '{session.analyzed}', 'whsec_', 'operator', now(), now())
            returning endpoint_id)
        insert into messages (message_id, dedupe_key, kind, endpoint_id, state, status_code, last_error, due_at, created_at)
        select gen_random_uuid(), 'browser', 'test', endpoint_id, 'failed', 500, 'the receiver answered 500', now(), now() from e");
    // An urgent concern without any alert.
    of(&format!(
        "insert into follow_ups (follow_up_id, kind, session_id, category, text, due_at, author, created_at)
        values (gen_random_uuid(), 'concern', '{session_id}', 'danger', 'Please read.', now(), 'client:c', now())"
    ));
    let mut tx = storage::db::begin(&service.db).await.unwrap();
    session::derived::refresh(&mut tx, &[session_id]).await.unwrap();
    tx.commit().await.unwrap();
    service.log_in().await;
    if what == "weight" {
        // As many calls as a page lists, so page weights are realistic.
        for n in 0..25 {
            let call = format!("0b6d3c52-6c1e-4f0a-9d55-0000000000{n:02}");
            assert_eq!(service.deliver(&vapi::sample_of_call(REPORT, &call)).await, StatusCode::OK);
            service.analyzed(&token, &call).await;
        }
    }

    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut script = Command::new("timeout");
    script.args(["600", "node"]).arg(root.join("tests/browser/dashboard.mjs")).arg(what);
    script.envs([("ADMIN_URL", &admin_url), ("SERVER_URL", &service.server_url)]);
    script.envs([("EMAIL", ADMIN_EMAIL), ("PASSWORD", ADMIN_PASSWORD), ("CHROMIUM", "/usr/bin/chromium")]);
    script.envs([("SESSION_ID", session_id.to_string()), ("STUDENT_ID", student.student_id.to_string())]);
    script.envs([("ERASURE_ID", erasure_id), ("LEAVING_IDS", leaving), ("IMPORT_ID", import_id)]);
    script.envs([("SKILL_ID", skill_id), ("JOB_ID", job_id), ("CLIENT_ID", client_id)]);
    script.env("OTHER_ID", other_id);
    // Page weights are worth reading even if all checks pass.
    script.stdout(Stdio::inherit());
    script.env("PACKAGES", root.join("target/tools/browser"));
    let ended = tokio::task::spawn_blocking(move || script.output().unwrap()).await.unwrap();
    assert!(ended.status.success(), "{what}:\n{}", String::from_utf8_lossy(&ended.stderr));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium and Node: run ./dev test"]
async fn with_browser_a_failed_analysis_is_retried_and_turns_analysed_while_one_looks() {
    browse("live").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium and Node: run ./dev test"]
async fn with_browser_a_recording_is_heard_in_step_with_its_transcript() {
    browse("player").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium and Node: run ./dev test"]
async fn with_browser_news_comes_by_plain_requests_where_no_stream_comes_through() {
    browse("polling").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium and Node: run ./dev test"]
async fn with_browser_all_of_it_works_without_javascript() {
    browse("plain").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium and Node: run ./dev test"]
async fn with_browser_a_page_that_is_left_open_is_cleared() {
    browse("idle").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium and Node: run ./dev test"]
async fn with_browser_a_tutors_tasks_take_few_clicks_by_mouse_and_by_keyboard() {
    browse("teach").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium and Node: run ./dev test"]
async fn with_browser_a_passkey_is_added_signs_in_and_is_removed() {
    browse("passkey").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium and Node: run ./dev test"]
async fn with_browser_axe_finds_no_fault_on_any_page() {
    browse("axe").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium and Node: run ./dev test"]
async fn with_browser_no_page_is_heavy_at_first_or_when_it_is_opened_again() {
    browse("weight").await;
}
