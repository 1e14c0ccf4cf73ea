//! A student's cohort, from the API to the lists, and what profiles recorded about it before.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::psql::psql;
use crate::service::Service;

#[tokio::test(flavor = "multi_thread")]
async fn a_cohort_goes_with_the_student_through_the_api_the_lists_and_the_versions() {
    let service = Service::start().await;
    let token = service.token("students:read students:write").await;
    let url = format!("{}/api/v1/students", service.server_url);
    let send = async |request: reqwest::RequestBuilder, body: Value| {
        let response = request.bearer_auth(&token).json(&body).send().await.unwrap();
        (response.status(), response.json::<Value>().await.unwrap())
    };
    let body = json!({ "display_name": "Noor Haddad", "phones": ["+14155550160"], "cohort": "Period 3 math" });
    let (status, made) = send(service.http.post(&url), body).await;
    assert_eq!((status, &made["cohort"]), (StatusCode::CREATED, &json!("Period 3 math")), "{made}");
    let id = made["student_id"].as_str().unwrap();

    let (status, changed) = send(service.http.patch(format!("{url}/{id}")), json!({ "cohort": "Algebra" })).await;
    assert_eq!((status, &changed["cohort"]), (StatusCode::OK, &json!("Algebra")), "{changed}");
    let before = psql(&service.database_url, &format!("select cohort from student_versions where student_id = '{id}'"));
    assert_eq!(before, "Period 3 math", "what the profile said before is kept");

    let person = service.log_in().await;
    assert!(person.read("/students?cohort=Algebra").await.contains("Noor Haddad"));
    assert!(!person.read("/students?cohort=Period+3+math").await.contains("Noor Haddad"));

    let (status, cleared) = send(service.http.patch(format!("{url}/{id}")), json!({ "cohort": null })).await;
    assert_eq!((status, cleared.get("cohort").is_none_or(Value::is_null)), (StatusCode::OK, true), "{cleared}");
    let (status, refused) =
        send(service.http.post(&url), json!({ "display_name": "X", "phones": [], "cohort": "x".repeat(61) })).await;
    assert!(status.is_client_error() && refused["errors"][0]["field"] == "cohort", "{refused}");
    service.stop().await;
}
