//! The first call of an unknown caller. The analysis finds who they are, and a person or a setting registers them as a
//! student.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::service::{Service, eventually};
use crate::vapi::{self, CALL_ID, CALLER, REPORT};

const READS: &str = "context:read students:read sessions:read";

/// The sample's call, in which the student gives their name.
fn first_call() -> Vec<u8> {
    let report = String::from_utf8(vapi::sample(REPORT)).unwrap();
    let changed =
        report.replace("Yeah, I'm ready.", "Hi, my name is Zuri. I'm in grade 5 and I want to practise fractions.");
    assert_ne!(changed, report);
    changed.into_bytes()
}

async fn student_of(service: &Service, token: &str) -> Value {
    service.get(token, &format!("/api/v1/sessions/by-call/{CALL_ID}")).await["student_id"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_takes_the_caller_for_a_new_student_by_one_click() {
    let service = Service::start().await;
    let token = service.token(READS).await;
    assert_eq!(service.deliver(&first_call()).await, StatusCode::OK);
    let session = service.analyzed(&token, CALL_ID).await;
    assert_eq!(session["student_id"], Value::Null, "no caller is registered without a decision");

    let person = service.log_in().await;
    let page = format!("/sessions/{}", session["session_id"].as_str().unwrap());
    assert!(person.read(&page).await.contains("Zuri"));
    let to = person.submit(&page, &format!("{page}/introduction/accept"), &[]).await;
    let shown = person.read(&to).await;
    assert!(shown.contains("Zuri") && shown.contains("Grade 5"), "{shown}");

    let context = format!("/api/v1{to}/context");
    let context = eventually("the call counts for the new student", async || {
        let context = service.get(&token, &context).await;
        (context["student"]["n_calls"] == 1).then_some(context)
    })
    .await;
    assert_eq!(context["last_call"]["practised"][0]["skill_id"], "maths.fractions.add_unlike");
    let known = json!({ "phone": CALLER });
    let client = crate::first_call::mcp_client(&service.server_url, &token).await;
    let answer = crate::first_call::call_tool(&client, "get_student_context", known).await;
    assert_eq!(answer["student"]["first_name"], "Zuri", "the next call is recognised");
    client.cancel().await.unwrap();
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_school_may_let_callers_register_by_their_name() {
    let service = Service::start_with(&[("REGISTER_CALLERS", "true")]).await;
    let token = service.token(READS).await;
    assert_eq!(service.deliver(&first_call()).await, StatusCode::OK);
    service.analyzed(&token, CALL_ID).await;
    let student_id = student_of(&service, &token).await;
    let student = service.get(&token, &format!("/api/v1/students/{}", student_id.as_str().unwrap())).await;
    assert_eq!((&student["display_name"], &student["grade"]), (&json!("Zuri"), &json!(5)));

    // If siblings share a telephone, a person must decide.
    service.student("Leo Brandt", "+14155550199").await;
    service.student("Ida Brandt", "+14155550199").await;
    let other =
        String::from_utf8(first_call()).unwrap().replace(CALLER, "+14155550199").replace(CALL_ID, "another-call");
    assert_eq!(service.deliver(other.as_bytes()).await, StatusCode::OK);
    assert_eq!(service.analyzed(&token, "another-call").await["student_id"], Value::Null);
    service.stop().await;
}
