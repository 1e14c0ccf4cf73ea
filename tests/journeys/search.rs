//! The search bar at the top of every page.

use chrono::TimeDelta;
use reqwest::StatusCode;
use storage::{audit, clock};

use crate::service::{Service, eventually};
use crate::vapi::{self, CALL_ID, CALLER, REPORT};

#[tokio::test(flavor = "multi_thread")]
async fn one_question_finds_students_sessions_and_what_was_said() {
    let service = Service::start().await;
    let student = service.student("Amara Okafor", CALLER).await;
    let token = service.token("sessions:read").await;
    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    let session = service.analyzed(&token, CALL_ID).await;
    let session_id = session["session_id"].as_str().unwrap();
    let person = service.log_in().await;

    let found = person.read("/search?q=okaf+ama").await;
    assert!(found.contains(&format!("/students/{}", student.student_id)), "the student: {found}");
    assert!(found.contains(&format!("/sessions/{session_id}")), "their session");
    for id in [CALL_ID, &session_id[..13]] {
        assert!(person.read(&format!("/search?q={id}")).await.contains(&format!("/sessions/{session_id}")), "{id}");
    }
    let said = person.read("/search?q=six+third&in=transcripts").await;
    assert!(said.contains("<mark>") && said.contains(&format!("/sessions/{session_id}#t")), "{said}");
    let entries =
        audit::list_entries(&service.db, &audit::AuditQuery { limit: 50, ..Default::default() }).await.unwrap();
    let entry = entries.iter().find(|entry| entry.action == "session.search").expect("a search is in the audit log");
    assert!(entry.detail.to_string().contains(session_id) && !entry.detail.to_string().contains("third"));
    assert!(person.read("/search?q=crocodile").await.contains("Nothing found"));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_is_narrowed_by_speaker_class_and_days_and_counted() {
    let service = Service::start().await;
    service.student("Amara Okafor", CALLER).await;
    let token = service.token("sessions:read").await;
    let began = clock::now() - TimeDelta::hours(1);
    let call = |n: usize, answer: &str| {
        vapi::report(&format!("call-{n}"), began, &["Do you like dinosaurs?", answer, "Nice. Bye!"])
    };
    let answers = ["Dinosaurs had long necks", "No. Cats have long tails", "My cat has a long neck"];
    for (n, answer) in answers.into_iter().enumerate() {
        assert_eq!(service.deliver(&call(n, answer)).await, StatusCode::OK);
        service.analyzed(&token, &format!("call-{n}")).await;
    }
    service.write("update students set cohort = 'Period 3'").await;
    let person = service.log_in().await;
    let found = async |query: &str| person.read(&format!("/search?{query}")).await;
    let count = |page: &str| {
        let (_, rest) = page.split_once(r#"<p role="status">"#).unwrap_or_else(|| panic!("no count: {page}"));
        rest.split('<').next().unwrap().to_owned()
    };
    for (query, expected) in [
        ("q=dinosaur", "3 calls"),
        ("q=dinosaur&said=tutor", "3 calls"),
        ("q=dinosaur&said=student", "1 call"),
        ("q=cat&said=tutor", "0 calls"),
        ("q=cat+-tails&said=student", "1 call"),
        ("q=%22long+neck%22&said=student", "2 calls"),
        ("q=dinosaur&cohort=Period+3", "3 calls"),
        ("q=dinosaur&cohort=Period+4", "0 calls"),
        ("q=dinosaur&to=2020-01-01", "0 calls"),
        ("q=dinosaur&from=2020-01-01&said=student&cohort=Period+3&in=transcripts", "1 call"),
    ] {
        assert_eq!(count(&found(query).await), expected, "{query}");
    }
    // Both turns are shown, each with its words marked. With a filter, only turns of that speaker are shown.
    let both = found("q=dinosaurs+necks").await;
    assert!(both.contains("#t0\">Tutor</a>") && both.contains("#t1\">Student</a>"), "{both}");
    assert!(both.contains("<mark>Dinosaurs</mark> had long <mark>necks</mark>"), "{both}");
    let student = found("q=dinosaurs&said=student").await;
    assert!(student.contains("#t1\">Student</a>") && !student.contains("#t0"), "{student}");
    let chosen = student.contains(r#"<option value="student" selected>"#);
    assert!(chosen && found("q=cat&said=tutor").await.contains("No calls match"));
    assert_eq!(person.open("/search?q=cat&said=me").await.status(), StatusCode::UNPROCESSABLE_ENTITY);

    // More results than one page shows. The next page keeps the filters.
    for n in 3..33 {
        assert_eq!(service.deliver(&call(n, "Dinosaurs!")).await, StatusCode::OK);
        service.analyzed(&token, &format!("call-{n}")).await;
    }
    let first = found("q=dinosaur&said=student&cohort=Period+3").await;
    assert_eq!((count(&first), first.matches(r#"class="main""#).count()), ("31 calls".to_owned(), 25));
    let (_, next) = first
        .split_once("/search?q=dinosaur&amp;in=transcripts&amp;said=student&amp;cohort=Period+3&amp;after=")
        .unwrap();
    let after = next.split('"').next().unwrap();
    let second = found(&format!("q=dinosaur&in=transcripts&said=student&cohort=Period+3&after={after}")).await;
    assert_eq!(second.matches(r#"class="main""#).count(), 6);
    assert!(!second.contains(r#"<p role="status">"#), "only the first page shows the count");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_number_is_looked_up_by_a_form_and_stands_in_no_address() {
    let service = Service::start().await;
    let student = service.student("Amara Okafor", CALLER).await;
    let person = service.log_in().await;

    let address = format!("/search?q={}", CALLER.replace('+', "%2B"));
    let refused = person.read(&address).await;
    assert!(refused.contains("Do not put a phone number into an address") && !refused.contains("Amara"));
    let answer = person.post("/search", "/search", &[("q", CALLER)]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let found = answer.text().await.unwrap();
    assert!(found.contains(&format!("/students/{}", student.student_id)) && !found.contains(CALLER));
    let half = person.post("/search", "/search", &[("q", "555 010 0001")]).await.text().await.unwrap();
    assert!(half.contains("with + and the country code"), "{half}");
    assert_eq!(person.submit_to("/search", "/search", &[("q", "Amara O")]).await, "/search?q=Amara+O");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_comes_again_is_found_by_its_new_words() {
    let service = Service::start().await;
    service.student("Amara Okafor", CALLER).await;
    let token = service.token("sessions:read").await;
    let began = clock::now() - TimeDelta::hours(1);
    let saw = |animal: &str| {
        let answer = format!("I saw a {animal} at the pond");
        vapi::report("call-1", began, &["Hello! What did you see today?", &answer, "How nice. Goodbye!"])
    };
    assert_eq!(service.deliver(&saw("heron")).await, StatusCode::OK);
    service.analyzed(&token, "call-1").await;
    let person = service.log_in().await;
    let found = async |word: &str| person.read(&format!("/search?q={word}&in=transcripts")).await.contains("<mark>");
    assert!(found("heron").await);
    // Old jobs and deliveries are purged, and then the service no longer knows that the report came before.
    service.write("delete from jobs; delete from deliveries").await;
    assert_eq!(service.deliver(&saw("otter")).await, StatusCode::OK);
    eventually("the new words are found", async || found("otter").await.then_some(())).await;
    assert!(!found("heron").await, "the old words are no longer found");
    service.stop().await;
}
