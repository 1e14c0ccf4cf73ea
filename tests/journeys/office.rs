//! The pages of admins: connections, failed jobs, the audit log, accounts.

use queue::lease::{claim_ready, finish_failed};
use reqwest::StatusCode;
use serde_json::json;
use storage::access::Role;
use storage::audit::{self, AuditEntry, AuditQuery};
use storage::db;
use storage::id::DeliveryId;
use storage::job::{self, Job, Lane};

use crate::agents::connector::Staff;
use crate::fake_vapi::{API_KEY, FakeVapi};
use crate::psql::psql;
use crate::service::{ADMIN_EMAIL, ADMIN_PASSWORD, Person, Service, WEBHOOK_SECRET, eventually};
use crate::vapi::{self, CALLER, REPORT};

async fn newest_entry(service: &Service) -> AuditEntry {
    let query = AuditQuery { limit: 1, ..AuditQuery::default() };
    audit::list_entries(&service.db, &query).await.unwrap().remove(0)
}

async fn sees(person: &Person, path: &str, text: &str) -> String {
    eventually(&format!("{path} says {text:?}"), async || {
        let page = person.read(path).await;
        page.contains(text).then_some(page)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_say_what_came_last_and_why_a_webhook_was_refused() {
    let fake = FakeVapi::default();
    fake.add_ended_call("missing", chrono::TimeDelta::minutes(30));
    let url = fake.start().await;
    let settings = [("VAPI_API_KEY", API_KEY), ("VAPI_API_URL", &url[..]), ("VAPI_RECONCILE_SECONDS", "1")];
    let service = Service::start_with(&settings).await;
    let person = service.log_in().await;
    let path = "/settings/connections";
    let page = sees(&person, path, "No webhook has arrived yet").await;
    assert!(page.contains("LLM_BASE_URL") && page.contains("/webhooks/vapi"));
    sees(&person, path, "1 call<").await;
    sees(&person, path, "0 missing calls found").await;

    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    let page = sees(&person, path, "end-of-call-report").await;
    assert!(!page.contains("No webhook has arrived yet") && !page.contains(WEBHOOK_SECRET));
    let timestamp = storage::clock::now().timestamp_millis().to_string();
    let body = vapi::sample(REPORT);
    let signature = vapi::sign("another-webhook-secret", &timestamp, &body);
    let headers = [("x-timestamp", &timestamp[..]), ("x-signature", &signature)];
    let refused = vapi::post(&service.http, &service.server_url, &headers, &body).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    sees(&person, path, "The last webhook was refused: signed with another secret").await;
    service.stop().await;
}

/// Inserts `n` jobs that failed with `reason`.
async fn give_up(service: &Service, n: u128, reason: &str) {
    for _ in 0..n {
        let delivery_id = DeliveryId::new();
        // In one transaction, because the running worker must not claim the job first.
        let mut tx = db::begin(&service.db).await.unwrap();
        job::enqueue(&mut tx, &Job::ProcessDelivery { delivery_id }, None).await.unwrap();
        let minute = std::time::Duration::from_mins(1);
        let held = claim_ready(&mut tx, Lane::Quick, 1, minute, "a").await.unwrap()[0].lease;
        let _ = finish_failed(&mut tx, &held, reason).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_jobs_of_one_reason_are_counted_and_decided_on_together() {
    let service = Service::start().await;
    give_up(&service, 60, "the disk was full").await;
    give_up(&service, 3, "it is too long").await;
    let person = service.log_in().await;
    let page = person.read("/jobs").await;
    assert!(page.contains("60 jobs") && page.contains("3 jobs"), "a page lists 25, and counts all: {page}");
    let next = page.split(r#"rel="next""#).next().unwrap().rsplit(r#"href=""#).next().unwrap();
    let next = next.split('"').next().unwrap().replace("&amp;", "&");
    assert!(next.starts_with("/jobs?after="), "{next}");
    assert!(person.read(&next).await.contains("First page"));
    let narrow = person.read("/jobs?kind=process_delivery&reason=it+is+too+long").await;
    assert_eq!(narrow.matches("/discard\"").count(), 3, "{narrow}");

    let ask = "/jobs/alike/discard?reason=it+is+too+long";
    assert!(person.read(ask).await.contains("Discard 3 jobs?"));
    let until = storage::clock::now().timestamp_micros().to_string();
    let fields = [("reason", "it is too long"), ("kind", ""), ("until", &until[..])];
    assert_eq!(person.submit(ask, "/jobs/alike/discard", &fields).await, "/jobs?discarded=3");
    let entry = newest_entry(&service).await;
    assert_eq!((&entry.action[..], &entry.detail["n"]), ("job.discard_for_reason", &json!(3)));

    let ask = "/jobs/alike/retry?reason=the+disk+was+full&kind=process_delivery";
    assert!(person.read(ask).await.contains("Retry 60 jobs?"));
    give_up(&service, 1, "the disk was full").await;
    let fields = [("reason", "the disk was full"), ("kind", "process_delivery"), ("until", &until[..])];
    assert_eq!(person.submit(ask, "/jobs/alike/retry", &fields).await, "/jobs?retried=60");
    let nothing = person.post("/jobs", "/jobs/alike/retry", &[("until", &until)]).await;
    assert_eq!(nothing.status(), StatusCode::UNPROCESSABLE_ENTITY, "never all of them at once");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_is_narrowed_and_exported_and_the_export_is_in_it() {
    let service = Service::start().await;
    let student = service.student("Amara Okafor", CALLER).await;
    let person = service.log_in().await;
    let page = format!("/students/{}", student.student_id);
    person.read(&page).await;
    person.post(&page, &format!("{page}/reveal-phone"), &[]).await;
    let revealed = person.read("/settings/audit?act=student.reveal_phone").await;
    assert!(revealed.contains("showed the phone numbers"));
    assert_eq!(revealed.matches("aud-ic").count(), 1, "{revealed}");
    let of_student = person.read(&format!("/settings/audit?object=student:{}", student.student_id)).await;
    assert!(of_student.contains("showed the phone numbers"));
    let named = person.read("/settings/audit?student=okafor").await;
    let link = format!(r#"showed the phone numbers of <a class="link" href="{page}">Amara Okafor</a>"#);
    assert!(named.contains(&link) && named.contains("read <a"), "{named}");
    assert!(person.read("/settings/audit?student=nobody").await.contains("No entries match"));
    assert!(person.read("/settings/audit?to=2020-01-01").await.contains("No entries match"));
    assert_eq!(person.open("/settings/audit?from=soon").await.status(), StatusCode::UNPROCESSABLE_ENTITY);

    let file = person.read("/settings/audit/export.csv?act=student.reveal_phone").await;
    assert!(file.starts_with("entry,at,actor,action,object,detail\r\n"), "{file}");
    assert_eq!(file.lines().count(), 2, "{file}");
    assert_eq!(newest_entry(&service).await.action, "audit.export");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_needs_the_old_one_and_ends_every_other_sign_in() {
    let service = Service::start().await;
    let here = service.log_in().await;
    let elsewhere = Person::log_in(&service.admin_url, ADMIN_EMAIL, ADMIN_PASSWORD).await;
    let change = async |old: &str, new: &str, again: &str| {
        let fields = [("old", old), ("password", new), ("again", again)];
        let answer = here.post("/account", "/account/password", &fields).await;
        (answer.status(), answer.text().await.unwrap())
    };
    let new = "a rather new password";
    for (old, password, again, why) in [
        ("a wrong password", new, new, "The old password is wrong"),
        (ADMIN_PASSWORD, new, "another new password", "The two new passwords differ"),
        (ADMIN_PASSWORD, "short", "short", "at least 12 characters"),
    ] {
        let (status, page) = change(old, password, again).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains(why) && page.contains("Nothing was changed"), "{page}");
    }
    assert_eq!(change(ADMIN_PASSWORD, new, new).await.0, StatusCode::SEE_OTHER);
    assert_eq!(newest_entry(&service).await.action, "admin.password");
    assert!(here.read("/account?done=password").await.contains("Your password is changed"));
    assert_eq!(elsewhere.open("/").await.status(), StatusCode::SEE_OTHER, "that sign-in ended");
    Person::log_in(&service.admin_url, ADMIN_EMAIL, new).await.read("/").await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_signs_somebody_else_out() {
    let service = Service::start().await;
    let admin = service.log_in().await;
    let hash = storage::admin_user::hash_password(&"correct horse battery".into()).unwrap();
    let role = storage::access::Role::Tutor;
    let now = storage::clock::now();
    let (id, _) =
        storage::admin_user::insert_user(&service.db, "tutor@example.org", role, Some(&hash), None, now).await.unwrap();
    let tutor = Person::log_in(&service.admin_url, "tutor@example.org", "correct horse battery").await;
    tutor.read("/").await;
    let users = "/settings/users";
    assert!(admin.read(users).await.contains("Signed in 1 time now"));
    let leave = format!("{users}/{id}/leave?step=sign-out");
    let asked = admin.read(&leave).await;
    assert!(asked.contains("Sign out: tutor@example.org?") && asked.contains("These sign-ins end"), "{asked}");
    assert!(!asked.contains("This person is not signed in"), "{asked}");
    assert_eq!(admin.submit(&leave, &format!("{users}/{id}/sign-out"), &[]).await, users);
    assert_eq!(tutor.open("/").await.status(), StatusCode::SEE_OTHER, "that sign-in ended");
    let entry = newest_entry(&service).await;
    assert_eq!((&entry.action[..], &entry.detail["n"]), ("admin.sign_out_user", &json!(1)));
    let log = admin.read("/settings/audit?act=admin.sign_out_user").await;
    assert!(log.contains("signed tutor@example.org out"), "the log names them: {log}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_and_dates_are_written_as_the_viewer_does_it() {
    let service = Service::start().await;
    let person = service.log_in().await;
    let read = async |language: &str| {
        person.open_with("/account", Some(("accept-language", language))).await.text().await.unwrap()
    };
    assert!(read("de-DE,de;q=0.9").await.contains("12.345,6"));
    assert!(read("en-US").await.contains("12,345.6"));
    let fields = [("theme", "dark"), ("zone", "Europe/Zurich"), ("locale", "de-CH")];
    let saved = person.post("/account", "/account", &fields).await;
    let cookies: Vec<_> = saved.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert!(cookies.iter().any(|cookie| cookie.starts_with("locale=de-CH;")), "{cookies:?}");
    // If a person has not chosen a time zone, the organisation's zone applies. New students get it, too.
    psql(&service.database_url, "update organisation set report_zone = 'Asia/Kolkata'");
    let other = Person::log_in(&service.admin_url, ADMIN_EMAIL, ADMIN_PASSWORD).await.read("/account").await;
    assert!(other.contains(r#"Times in <a class="link" href="/account">Asia/Kolkata"#), "{other}");
    assert!(
        person.read("/account").await.contains(r#"href="/account">Europe/Zurich"#),
        "the chosen zone has precedence"
    );
    assert_eq!(service.student("Amara Okafor", CALLER).await.timezone, "Asia/Kolkata");
    let unknown = [("theme", "dark"), ("zone", "Europe/Zurich"), ("locale", "mars")];
    let refused = person.post("/account", "/account", &unknown).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_handful_of_sessions_is_run_again_only_after_a_question() {
    let service = Service::start().await;
    let token = service.token("sessions:read").await;
    let mut ids = Vec::new();
    for n in 0..6 {
        let call = format!("call-{n}");
        assert_eq!(service.deliver(&vapi::sample_of_call(REPORT, &call)).await, StatusCode::OK);
        ids.push(service.analyzed(&token, &call).await["session_id"].as_str().unwrap().to_owned());
    }
    let person = service.log_in().await;
    let ticked: Vec<(&str, &str)> = ids.iter().map(|id| ("id", &id[..])).collect();
    let asked = person.post("/sessions", "/sessions/run-again", &ticked).await;
    assert_eq!(asked.status(), StatusCode::OK);
    assert!(asked.text().await.unwrap().contains("Run 6 sessions again?"));
    let confirmed: Vec<_> = ticked.iter().copied().chain([("confirmed", "yes")]).collect();
    assert_eq!(person.submit_to("/sessions", "/sessions/run-again", &confirmed).await, "/sessions?asked=6");
    assert_eq!(person.submit_to("/sessions", "/sessions/run-again", &ticked[..5]).await, "/sessions?asked=5");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_judged_anew_and_mastery_is_rebuilt_in_the_background() {
    let service = Service::start().await;
    service.student("Amara Okafor", CALLER).await;
    let token = service.token("sessions:read").await;
    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    let before = service.analyzed(&token, vapi::CALL_ID).await;
    let person = service.log_in().await;
    let page = "/jobs/overhauls";
    assert!(person.read(page).await.contains("None so far"));

    let rebuild = [("kind", "rebuild_mastery")];
    let asked = person.post(page, page, &rebuild).await.text().await.unwrap();
    assert!(asked.contains("Rebuild the mastery of 1 student?"), "{asked}");
    psql(&service.database_url, "update mastery set knowledge = 0.001");
    let confirmed = [("kind", "rebuild_mastery"), ("confirmed", "yes")];
    assert_eq!(person.submit(page, page, &confirmed).await, page);
    assert_eq!(newest_entry(&service).await.action, "overhaul.start");
    sees(&person, page, "1 of 1 students rebuilt").await;
    let damaged = psql(&service.database_url, "select count(*) from mastery where knowledge = 0.001");
    assert_eq!(damaged.trim(), "0", "what was believed is computed from the evidence");

    // The sample call has a fixed date, so the range is wide.
    let (from, to) = ("2020-01-01".to_owned(), storage::clock::now().date_naive().to_string());
    let fields = [("kind", "reanalyze"), ("from", &from[..]), ("to", &to[..]), ("all", "on"), ("confirmed", "yes")];
    assert_eq!(person.submit(page, page, &fields).await, page);
    sees(&person, page, "1 of 1 sessions queued").await;
    let n_analyses = eventually("the session is judged again", async || {
        let n =
            psql(&service.database_url, "select count(*) from jobs where kind = 'analyze_session' and state = 'done'");
        (n.trim() == "2").then_some(n)
    });
    n_analyses.await;
    let after = service.analyzed(&token, vapi::CALL_ID).await;
    assert_eq!(after["analysis"]["skills"], before["analysis"]["skills"]);
    let wrong = person.post(page, page, &[("kind", "reanalyze"), ("from", &to), ("to", &from)]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_takes_so_many_files_in_an_hour_and_no_more() {
    let service = Service::start().await;
    let student = service.student("Amara Okafor", CALLER).await.student_id;
    let token = service.token("sessions:read").await;
    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    let session = service.analyzed(&token, vapi::CALL_ID).await;
    let session = session["session_id"].as_str().unwrap();
    let person = service.log_in().await;
    let colleague = Staff::insert(&service, "colleague", Role::Tutor, None).await.person;
    let has_taken = |n: usize, ago: &str| {
        let taken = format!(
            "insert into audit_entries (at, actor, action)
             select now() - interval '{ago}', 'admin:{ADMIN_EMAIL}', 'student.export' from generate_series(1, {n})"
        );
        psql(&service.database_url, &taken);
    };
    has_taken(500, "61 minutes");
    has_taken(119, "30 minutes");
    let files = [
        format!("/students/{student}/export.json"),
        format!("/students/{student}/export.zip"),
        format!("/sessions/{session}/transcript.txt"),
        format!("/sessions/{session}/analysis.json"),
        "/students/export.csv".to_owned(),
        "/sessions/export.csv".to_owned(),
        "/analytics/export.csv?table=days".to_owned(),
    ];
    assert_eq!(person.open(&files[0]).await.status(), StatusCode::OK, "the last file of the hour");
    for file in &files {
        assert_eq!(person.open(file).await.status(), StatusCode::TOO_MANY_REQUESTS, "{file}");
        assert_eq!(colleague.open(file).await.status(), StatusCode::OK, "{file}, for another person");
    }
    assert!(person.open(&files[0]).await.text().await.unwrap().contains("120 files"));
    let throttled = "select count(distinct object) from audit_entries where action = 'admin.throttled'";
    assert_eq!(psql(&service.database_url, throttled), files.len().to_string());
    service.stop().await;
}
