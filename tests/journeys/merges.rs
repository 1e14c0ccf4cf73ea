//! A child is registered twice. A person merges the two records at the dashboard, and undoes the merge.

use reqwest::StatusCode;

use crate::overview::plain;
use crate::psql::psql;
use crate::service::Service;
use crate::vapi::{self, CALLER, REPORT};

const CALL_ID: &str = "7b6d3c52-6c1e-4f0a-9d55-000000000001";

#[tokio::test(flavor = "multi_thread")]
async fn two_records_of_one_child_become_one_and_can_be_parted_again() {
    let service = Service::start().await;
    let first = service.student("Amara Okafor", CALLER).await.student_id;
    let token = service.token("sessions:read context:read students:read").await;
    assert_eq!(service.deliver(&vapi::sample_of_call(REPORT, CALL_ID)).await, StatusCode::OK);
    service.analyzed(&token, CALL_ID).await;
    // Simulates a roster that was imported twice.
    let second = service.student("Amara Okafor", CALLER).await.student_id;
    let count = |sql: &str| psql(&service.database_url, sql);

    let person = service.log_in().await;
    let choice = plain(&person.read(&format!("/students/{second}/merge")).await);
    assert!(choice.contains("Amara Okafor") && choice.contains("Same number"), "{choice}");
    let found = plain(&person.read(&format!("/students/{second}/merge?q=amara")).await);
    assert!(found.contains("Students found") && found.contains("Same number"), "{found}");

    let page = format!("/students/{second}/merge?with={first}");
    assert!(plain(&person.read(&page).await).contains("Are these the same child?"));
    let action = format!("/students/{second}/merge");
    let (first_text, second_text) = (first.to_string(), second.to_string());
    let nothing_chosen = person.post(&page, &action, &[("with", &first_text)]).await;
    assert_eq!(nothing_chosen.status(), StatusCode::UNPROCESSABLE_ENTITY);
    // Keeps the record without calls, so everything must move.
    person.submit_to(&page, &action, &[("with", &first_text), ("keep", &second_text)]).await;

    let kept = person.read(&format!("/students/{second}")).await;
    assert!(plain(&kept).contains("Merged with another record of Amara Okafor"), "{kept}");
    assert_eq!(count(&format!("select count(*) from sessions where student_id = '{second}'")), "1");
    assert_ne!(count(&format!("select count(*) from mastery where student_id = '{second}'")), "0");
    assert_eq!(count("select count(*) from students"), "1");
    let old = person.open(&format!("/students/{first}")).await;
    assert!(old.status().is_redirection(), "an old link leads to the student who was kept");
    assert_eq!(old.headers()["location"], format!("/students/{second}"));
    let context = service.get(&token, &format!("/api/v1/students/{second}/context")).await;
    assert!(!context["last_call"].is_null(), "{context}");

    let merge_id = count("select merge_id from student_merges");
    let undo = format!("/students/{second}/merges/{merge_id}/undo");
    person.submit_to(&format!("/students/{second}"), &undo, &[]).await;
    assert_eq!(count(&format!("select count(*) from sessions where student_id = '{first}'")), "1");
    assert_eq!(count(&format!("select count(*) from mastery where student_id = '{second}'")), "0");
    let again = person.post(&format!("/students/{second}"), &undo, &[]).await;
    assert_eq!(again.status(), StatusCode::NOT_FOUND);
    let entries = "select string_agg(action, ' ' order by at) from audit_entries where action like 'student.%merge'";
    assert_eq!(count(entries), "student.merge student.unmerge");
    service.stop().await;
}

/// If a student is merged while a call is analysed, the analysis ends with the kept student.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_in_the_middle_of_a_merge_is_not_lost() {
    let service = Service::start().await;
    let first = service.student("Amara Okafor", CALLER).await.student_id;
    let second = service.student("Amara Okafor", "+14155550187").await.student_id;
    let token = service.token("sessions:read").await;
    let person = service.log_in().await;
    let page = format!("/students/{second}/merge?with={first}");
    let action = format!("/students/{second}/merge");
    let (first_text, second_text) = (first.to_string(), second.to_string());
    let fields = [("with", &first_text[..]), ("keep", &second_text[..])];
    let report = vapi::sample_of_call(REPORT, CALL_ID);
    let (delivered, _) = tokio::join!(service.deliver(&report), person.submit_to(&page, &action, &fields));
    assert_eq!(delivered, StatusCode::OK);
    let session = service.analyzed(&token, CALL_ID).await;
    assert_eq!(session["student_id"], second_text, "{session}");
    assert_eq!(psql(&service.database_url, "select count(*) from evidence where student_id is null"), "0");
    service.stop().await;
}
