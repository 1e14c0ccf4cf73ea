//! Programs register themselves, within limits.

use reqwest::StatusCode;
use serde_json::json;
use storage::access::Role;

use super::connector::{CALLBACK, Connector, Staff};
use crate::psql::psql;
use crate::service::Service;

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_is_bounded_and_says_what_is_wrong() {
    let service = Service::start().await;
    let register = async |body: &str| Connector::try_register(&service, body).await;
    let (status, answer) = register(
        &json!({
            "client_name": "Agent", "redirect_uris": [CALLBACK, "http://localhost:1234/back"], "scope": "all",
            "token_endpoint_auth_method": "client_secret_post", "grant_types": ["authorization_code"],
        })
        .to_string(),
    )
    .await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(answer["token_endpoint_auth_method"], "none", "the answer says that the client has no secret");
    assert!(answer.get("client_secret").is_none());
    let many: Vec<String> = (0..11).map(|n| format!("https://agent.example/{n}")).collect();
    for (body, error) in [
        ("no JSON".to_owned(), "invalid_client_metadata"),
        (json!({ "redirect_uris": "https://agent.example" }).to_string(), "invalid_client_metadata"),
        (json!({ "client_name": "x".repeat(81), "redirect_uris": [CALLBACK] }).to_string(), "invalid_client_metadata"),
        (json!({ "client_name": "Agent" }).to_string(), "invalid_redirect_uri"),
        (json!({ "redirect_uris": many }).to_string(), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["http://agent.example/back"] }).to_string(), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["cursor://back"] }).to_string(), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["https://agent.example/#x"] }).to_string(), "invalid_redirect_uri"),
    ] {
        let (status, answer) = register(&body).await;
        assert_eq!((status, answer["error"].as_str()), (StatusCode::BAD_REQUEST, Some(error)), "{body}: {answer}");
        assert!(answer["error_description"].as_str().unwrap().len() > 20, "{answer}");
    }
    for bytes in [20 * 1024, 2 * 1024 * 1024] {
        let large = json!({ "redirect_uris": [CALLBACK], "client_uri": "x".repeat(bytes) }).to_string();
        assert_eq!(register(&large).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    }
    let good = json!({ "redirect_uris": [CALLBACK] }).to_string();
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(register(&good).await.0);
    }
    assert!(statuses.contains(&StatusCode::TOO_MANY_REQUESTS), "{statuses:?}");
    assert_eq!(psql(&service.database_url, "select count(*) <= 3 from agents"), "t");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_nobody_connects_do_not_pile_up() {
    let service = Service::start().await;
    psql(
        &service.database_url,
        "insert into agents select 'agent_' || n, 'x', array['https://agent.example/back'], now() from generate_series(1, 5000) n",
    );
    let good = json!({ "redirect_uris": [CALLBACK] }).to_string();
    assert_eq!(Connector::try_register(&service, &good).await.0, StatusCode::SERVICE_UNAVAILABLE);
    psql(
        &service.database_url,
        "update agents set created_at = now() - interval '2 days' where client_id <> 'agent_1'",
    );
    let days = chrono::TimeDelta::days;
    let retention =
        storage::retention::Retention { tool_calls: days(90), deliveries: days(30), jobs: days(30), sessions: None };
    let agent = || Connector::register(&service);
    let now = storage::clock::now();
    storage::retention::purge(&service.db, &retention, now).await.unwrap();
    assert_eq!(psql(&service.database_url, "select count(*) from agents"), "1");
    // An agent that was connected is kept until a month after its access ended.
    let teacher = Staff::insert(&service, "teacher", Role::Tutor, None).await.person;
    let agent = agent().await;
    let tokens = agent.connect(&teacher).await;
    agent.revoke(tokens["access_token"].as_str().unwrap(), &[]).await;
    storage::retention::purge(&service.db, &retention, now + days(29)).await.unwrap();
    assert_eq!(psql(&service.database_url, "select count(*) from agents"), "1");
    storage::retention::purge(&service.db, &retention, now + days(31)).await.unwrap();
    storage::retention::purge(&service.db, &retention, now + days(31)).await.unwrap();
    assert_eq!(
        psql(&service.database_url, "select (select count(*) from agents) + (select count(*) from agent_grants)"),
        "0"
    );
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_knows_the_dashboard_programs_get_tokens_by_their_secrets_alone() {
    let service = Service::start_with(&[
        ("PUBLIC_URL", "https://tutor.example.org"),
        ("VAPI_WEBHOOK_SECRET", "8f2kQz7LmXw4TnB9vRc3HsYd6GpJ1aEu"),
        ("METRICS_TOKEN", "8f2kQz7LmXw4TnB9vRc3HsYd6GpJ1aEx"),
    ])
    .await;
    let metadata = service.get_json(&format!("{}/.well-known/oauth-authorization-server", service.server_url)).await;
    assert_eq!(metadata["grant_types_supported"], json!(["client_credentials"]));
    assert!(metadata.get("registration_endpoint").is_none());
    let (status, answer) = Connector::try_register(&service, &json!({ "redirect_uris": [CALLBACK] }).to_string()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer["error_description"].as_str().unwrap().contains("ADMIN_URL"), "{answer}");
    let asked = service.http.get(format!("{}/auth/authorize", service.server_url)).send().await.unwrap();
    assert_eq!(asked.status(), StatusCode::BAD_REQUEST);
    service.stop().await;
}
