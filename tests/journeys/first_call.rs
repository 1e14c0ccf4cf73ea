//! A child calls, and in the next call the tutor knows what happened.

use reqwest::StatusCode;
use rmcp::model::CallToolRequestParams;
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{RoleClient, ServiceExt};
use serde_json::{Value, json};
use storage::access::ClientKind;

use crate::service::Service;
use crate::vapi::{self, CALL_ID, CALLER, REPORT};

const ALL_READS: &str = "context:read students:read sessions:read";

/// Connects a real MCP client.
pub async fn mcp_client(server_url: &str, token: &str) -> RunningService<RoleClient, ()> {
    let config = StreamableHttpClientTransportConfig::with_uri(format!("{server_url}/mcp")).auth_header(token);
    ().serve(StreamableHttpClientTransport::from_config(config)).await.unwrap()
}

/// Calls a tool. Returns the structured content of its answer.
pub async fn call_tool(client: &RunningService<RoleClient, ()>, name: &'static str, arguments: Value) -> Value {
    let arguments = arguments.as_object().cloned().unwrap();
    let answer = client.call_tool(CallToolRequestParams::new(name).with_arguments(arguments)).await.unwrap();
    assert_ne!(answer.is_error, Some(true), "{name} answers: {:?}", answer.content);
    answer.structured_content.expect("every tool answers with structured content")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_becomes_what_the_next_tutor_hears() {
    let service = Service::start().await;
    let amara = service.student("Amara Okafor", CALLER).await;
    let token = service.token(ALL_READS).await;
    let client = mcp_client(&service.server_url, &token).await;

    let before = call_tool(&client, "get_student_context", json!({ "phone": CALLER })).await;
    assert_eq!(before["status"], "known");
    assert_eq!(before["student"]["first_name"], "Amara");
    assert_eq!(before["student"]["n_calls"], 0);
    assert!(before.get("last_call").is_none());

    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    let session = service.analyzed(&token, CALL_ID).await;
    assert_eq!(session["student_id"], json!(amara.student_id));
    assert_eq!(session["analysis"]["status"], "baseline");
    assert!(session["analysis"]["judged_by"].as_str().unwrap().contains("rules"));

    let after = call_tool(&client, "get_student_context", json!({ "phone": CALLER })).await;
    assert_eq!(after["student"]["n_calls"], 1);
    let practised = &after["last_call"]["practised"][0];
    assert_eq!(practised["skill_id"], "maths.fractions.add_unlike");
    assert!(practised["n_correct"].as_u64().unwrap() >= 1, "five sixths was right: {practised}");
    assert!(practised["n_incorrect"].as_u64().unwrap() >= 1, "two fifths was wrong: {practised}");
    assert!(!practised["turns"].as_array().unwrap().is_empty());
    assert!(after["due"].as_array().unwrap().iter().any(|due| due["skill_id"] == practised["skill_id"]));
    let text = after.to_string();
    assert!(
        !text.contains("Okafor") && !text.contains("4155550142"),
        "the answer has neither a surname nor a number: {text}"
    );

    let same = call_tool(&client, "get_student_context", json!({ "student_id": amara.student_id })).await;
    assert_eq!(same["last_call"], after["last_call"]);
    let answer = call_tool(&client, "get_session", json!({ "call_id": CALL_ID })).await;
    assert_eq!(answer["session_id"], session["session_id"]);
    let listed = call_tool(&client, "list_sessions", json!({ "student_id": amara.student_id })).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);

    let person = service.log_in().await;
    let session_id = session["session_id"].as_str().unwrap();
    let page = person.read(&format!("/sessions/{session_id}")).await;
    for seen in ["Amara", "two fifths", "you found it yourself", "unlike"] {
        assert!(page.contains(seen), "the session's page shows {seen:?}");
    }
    assert!(person.read("/sessions").await.contains(session_id));
    assert!(person.read("/students").await.contains("Amara Okafor"));
    client.cancel().await.unwrap();
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_report_changes_nothing() {
    let service = Service::start().await;
    let amara = service.student("Amara Okafor", CALLER).await;
    let token = service.token(ALL_READS).await;
    let report = vapi::sample(REPORT);
    assert_eq!(service.deliver(&report).await, StatusCode::OK);
    let first = service.analyzed(&token, CALL_ID).await;
    let path = format!("/api/v1/students/{}/context", amara.student_id);
    let before = service.get(&token, &path).await;

    let again = futures_all(10, async || service.deliver(&report).await).await;
    assert!(again.iter().all(|status| *status == StatusCode::OK));
    let second = service.analyzed(&token, CALL_ID).await;
    let after = service.get(&token, &path).await;
    assert_eq!(first, second);
    assert_eq!(before["last_call"], after["last_call"]);
    assert_eq!(before["student"]["n_calls"], after["student"]["n_calls"]);
    let listed = service.get(&token, "/api/v1/sessions").await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    service.stop().await;
}

/// Runs `make` `n` times at once.
async fn futures_all<T>(n: usize, make: impl AsyncFn() -> T) -> Vec<T> {
    futures::future::join_all((0..n).map(|_| make())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_nobody_knows_is_kept_and_can_be_spoken_to() {
    let service = Service::start().await;
    let token = service.token(ALL_READS).await;
    let client = mcp_client(&service.server_url, &token).await;
    let context = call_tool(&client, "get_student_context", json!({ "phone": CALLER })).await;
    assert_eq!(context["status"], "new");
    assert!(context["note"].as_str().unwrap().to_lowercase().contains("unknown caller"));
    assert!(!context["say_first"].as_str().unwrap().is_empty());

    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    let session = service.analyzed(&token, CALL_ID).await;
    assert_eq!(session["student_id"], Value::Null);
    let path = format!("/api/v1/sessions/{}/transcript", session["session_id"].as_str().unwrap());
    let transcript = service.get(&token, &path).await;
    assert!(transcript["items"].as_array().unwrap().len() > 10, "the transcript is kept");
    client.cancel().await.unwrap();
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn siblings_are_asked_for_and_never_guessed() {
    let service = Service::start().await;
    service.student("Leo Brandt", CALLER).await;
    let ida = service.student("Ida Brandt", CALLER).await;
    let token = service.token(ALL_READS).await;
    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    assert_eq!(service.analyzed(&token, CALL_ID).await["student_id"], Value::Null);
    let client = mcp_client(&service.server_url, &token).await;
    let context = call_tool(&client, "get_student_context", json!({ "phone": CALLER })).await;
    assert_eq!(context["status"], "choose");
    assert_eq!(context["say_first"], "Hello! Is this Leo or Ida?");
    assert_eq!(context["choose_from"][1]["student_id"], json!(ida.student_id));
    client.cancel().await.unwrap();
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_key_opens_what_its_scopes_say_and_no_more() {
    let service = Service::start().await;
    service.student("Amara Okafor", CALLER).await;
    let key = service.agent_key_of(ClientKind::BackOffice, "context:read").await;
    let client = mcp_client(&service.server_url, &key).await;
    let tools = client.list_all_tools().await.unwrap();
    assert!(tools.iter().any(|tool| tool.name == "get_student_context"));
    assert!(!tools.iter().any(|tool| tool.name == "list_sessions"), "a token is not shown what it may not call");
    let context = call_tool(&client, "get_student_context", json!({ "phone": CALLER })).await;
    assert_eq!(context["status"], "known");
    let refused = client.call_tool(CallToolRequestParams::new("list_sessions")).await;
    assert!(refused.is_err(), "{refused:?}");
    let sessions = service.http.get(format!("{}/api/v1/sessions", service.server_url)).bearer_auth(&key).send().await;
    assert_eq!(sessions.unwrap().status(), StatusCode::FORBIDDEN);
    service.stop().await;
}
