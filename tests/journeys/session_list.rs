//! The list of sessions: filtered, sorted, saved as a view, exported as a file, and analysed again in one step.

use reqwest::StatusCode;
use secrecy::SecretString;
use serde_json::json;
use storage::access::Role;
use storage::{admin_user, audit, clock};

use crate::psql::psql;
use crate::service::{ADMIN_PASSWORD, Person, Service};
use crate::vapi::{self, CALL_ID, CALLER, REPORT};

/// Starts a service with one analysed call and `n` calls that are inserted directly, each longer and more expensive
/// than the one before.
async fn service_with(n: u32) -> (Service, String) {
    let service = Service::start().await;
    service.student("Amara Okafor", CALLER).await;
    let token = service.token("sessions:read").await;
    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    let session = service.analyzed(&token, CALL_ID).await;
    service.student("=Zoe Lindqvist", "+14155550999").await;
    let written = service.write(
        format!(
            "update students set cohort = 'Period 3', grade = 4 where display_name like '=Zoe%';
             insert into sessions (session_id, call_id, student_id, status, assistant_name, assistant_version, started_at,
                 ended_at, ended_reason, cost_microusd, created_at, updated_at)
             select gen_random_uuid(), 'written-' || n, (select student_id from students where display_name like '=Zoe%'),
                 'received', 'Milo', '12', at, at + n * interval '1 minute', 'silence-timed-out', n * 1000000, at, at
             from generate_series(1, {n}) n, lateral (select now() - n * interval '1 day' as at) t"
        ),
    );
    written.await;
    (service, session["session_id"].as_str().unwrap().to_owned())
}

/// Returns the calls of a page, by their ids, in order.
fn ids(page: &str) -> Vec<String> {
    page.split("name=\"id\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_finds_what_it_names_and_nothing_else() {
    let (service, analyzed) = service_with(3).await;
    let person = service.log_in().await;
    for (query, n) in [
        ("", 4),
        ("q=amara", 1),
        ("q=Lind", 3),
        ("q=zzz", 0),
        ("words=sixths", 1),
        ("words=pizza", 0),
        ("status=analyzed", 1),
        ("cohort=Period+3", 3),
        ("grade=4", 3),
        ("grade=7&q=amara", 1),
        ("skill=maths", 1),
        ("skill=maths.no.such_skill", 0),
        ("assistant=Milo%1F12", 3),
        ("assistant=Milo%1F13", 0),
        ("ended=silence", 3),
        ("ended=student", 1),
        ("ended=error", 0),
        ("to=2020-01-01", 0),
    ] {
        let found = ids(&person.read(&format!("/sessions?{query}")).await);
        assert_eq!(found.len(), n, "{query}");
        assert!(n != 1 || found[0] == analyzed, "{query}");
    }
    for query in ["grade=x", "sort=mood", "ended=well", "after=1"] {
        assert_eq!(person.open(&format!("/sessions?{query}")).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_every_order_are_all_sessions_once() {
    let (service, _) = service_with(59).await;
    let person = service.log_in().await;
    for sort in ["started", "-started", "length", "-length", "cost", "-cost"] {
        let mut seen = Vec::new();
        let mut next = Some(format!("/sessions?sort={sort}"));
        while let Some(path) = next {
            let page = person.read(&path).await;
            seen.extend(ids(&page));
            next = page.split_once("rel=\"next\"").map(|(before, _)| {
                let (_, link) = before.rsplit_once("href=\"").unwrap();
                link.split('"').next().unwrap().replace("&amp;", "&")
            });
        }
        let key = match sort.trim_start_matches('-') {
            "length" => "ended_at - started_at",
            "cost" => "cost_microusd",
            _ => "created_at",
        };
        let direction = if sort.starts_with('-') { "asc" } else { "desc" };
        let sql = format!("select session_id from sessions order by {key} {direction}, session_id {direction}");
        let wanted = psql(&service.database_url, &sql);
        assert_eq!(seen, wanted.lines().collect::<Vec<_>>(), "{sort}");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_is_kept_by_its_person_until_they_forget_it() {
    let (service, _) = service_with(1).await;
    let person = service.log_in().await;
    let query = "cohort=Period+3&sort=-cost";
    let to = person.submit("/sessions", "/sessions/views", &[("name", "Third period"), ("query", query)]).await;
    assert_eq!(to, format!("/sessions?{query}"));
    let page = person.read(&to).await;
    assert!(page.contains("Third period") && ids(&page).len() == 1);
    let hash = admin_user::hash_password(&SecretString::from(ADMIN_PASSWORD)).unwrap();
    let email = "viewer@example.org";
    admin_user::insert_user(&service.db, email, Role::Viewer, Some(&hash), None, clock::now()).await.unwrap();
    let viewer = Person::log_in(&service.admin_url, email, ADMIN_PASSWORD).await;
    assert!(!viewer.read("/sessions").await.contains("Third period"));
    let (_, rest) = page.split_once("action=\"/sessions/views/").unwrap();
    let delete = format!("/sessions/views/{}", rest.split('"').next().unwrap());
    assert_eq!(viewer.post("/sessions", &delete, &[]).await.status(), StatusCode::NOT_FOUND, "another person's view");
    person.submit("/sessions", &delete, &[]).await;
    assert!(!person.read("/sessions").await.contains("Third period"));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_holds_what_the_filters_show_and_no_formula() {
    let (service, _) = service_with(30).await;
    let person = service.log_in().await;
    let file = person.read("/sessions/export.csv?cohort=Period+3").await;
    assert_eq!(file.lines().count(), 31, "the file has all pages and a header");
    assert!(file.contains("\"'=Zoe Lindqvist\"") && !file.contains("Amara"), "{file}");
    assert!(file.lines().nth(1).unwrap().contains(",Silence,silence-timed-out,received,Milo,12,1.000000,"));
    let entries =
        audit::list_entries(&service.db, &audit::AuditQuery { limit: 5, ..Default::default() }).await.unwrap();
    let entry = entries.iter().find(|entry| entry.action == "sessions.export").expect("an entry");
    assert_eq!(entry.detail, json!({ "filters": 1 }), "what was looked for may be a name");
    let hash = admin_user::hash_password(&SecretString::from(ADMIN_PASSWORD)).unwrap();
    let email = "viewer@example.org";
    admin_user::insert_user(&service.db, email, Role::Viewer, Some(&hash), None, clock::now()).await.unwrap();
    let viewer = Person::log_in(&service.admin_url, email, ADMIN_PASSWORD).await;
    assert_eq!(viewer.open("/sessions/export.csv").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(viewer.post("/sessions", "/sessions/run-again", &[]).await.status(), StatusCode::FORBIDDEN);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ticked_sessions_are_analysed_again_and_the_rest_is_left_alone() {
    let (service, analyzed) = service_with(1).await;
    let person = service.log_in().await;
    let fields = [("id", &analyzed[..]), ("back", "status=analyzed")];
    let to = person.submit("/sessions", "/sessions/run-again", &fields).await;
    assert_eq!(to, "/sessions?status=analyzed&asked=1");
    assert!(person.read(&to).await.contains("1 session will be analysed again"));
    let entries =
        audit::list_entries(&service.db, &audit::AuditQuery { limit: 20, ..Default::default() }).await.unwrap();
    assert_eq!(entries.iter().filter(|entry| entry.action == "session.analyze").count(), 1);
    assert_eq!(person.post("/sessions", "/sessions/run-again", &[]).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let text = person.read(&format!("/sessions/{analyzed}/transcript.txt")).await;
    assert!(text.contains("Amara: ") && text.contains("Tutor: "));
    let raw = person.read(&format!("/sessions/{analyzed}/analysis.json")).await;
    assert!(serde_json::from_str::<serde_json::Value>(&raw).unwrap()["skills"].is_array());
    let page = person.read(&format!("/sessions/{analyzed}")).await;
    assert!(page.contains("Phone line") && page.contains("Attempts") && page.contains("Newer session"));
    service.stop().await;
}
