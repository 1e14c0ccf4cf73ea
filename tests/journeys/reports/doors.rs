//! MCP frames, tool calls by webhook, and the contents of addresses and forms.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::json_file;
use crate::server::ALL_SCOPES;
use crate::service::{ADMIN_EMAIL, ADMIN_PASSWORD, Service};

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_is_answered_or_its_fault_is_named() {
    let service = Service::start().await;
    let key = service.agent_key(ALL_SCOPES).await;
    let whole = service.rpc(&key, None, &json_file("11-integer-as-float.json")).await;
    assert_eq!(whole["result"]["isError"], false, "2.0 is an integer: {whole}");
    for frame in json_file("12-arguments-as-string.json")["cases"].as_array().unwrap() {
        assert_eq!(service.rpc(&key, None, frame).await["error"]["code"], -32602, "{frame}");
    }
    let refused = service.rpc(&key, None, &json_file("73-initialize-without-clientinfo.json")["request"]).await;
    assert_eq!(refused["error"]["code"], -32602, "{refused}");
    assert!(refused["error"]["message"].as_str().unwrap().contains("clientInfo"), "{refused}");

    let calls = json_file("83-json-schema-integer.json")["calls"].clone();
    let frame = |name: &Value, arguments: &Value| json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": name, "arguments": arguments } });
    assert_eq!(service.rpc(&key, None, &frame(&calls[0][0], &calls[0][1])).await["result"]["isError"], false);
    let text = service.rpc(&key, None, &frame(&calls[1][0], &json!("{\"limit\":2}"))).await;
    assert_eq!(text["error"]["code"], -32602, "{text}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_call_by_webhook_is_answered_under_its_id() {
    let service = Service::start().await;
    let first = json_file("13-tool-calls-null-list.json");
    let second = json_file("82-tool-calls-null-list.json");
    for (body, id) in [
        (json!({ "message": first["message"] }).to_string(), "a1"),
        (json!({ "message": second["message"] }).to_string(), "t1"),
        // "_also": a lone surrogate in an argument, and a numeric id.
        (
            r#"{"message":{"type":"tool-calls","call":{"id":"tc3"},"toolCallList":[{"id":"a3","type":"function","function":{"name":"get_student_context","arguments":{"phone":"+1415555\ud83d"}}}]}}"#
                .to_owned(),
            "a3",
        ),
        (json!({ "message": first["message"] }).to_string().replace("\"a1\"", "7").replace("tc1", "tc4"), "7"),
    ] {
        let answer = service.ask(body.as_bytes()).await;
        assert_eq!(answer["results"][0]["toolCallId"], id, "{body}: {answer}");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nul_is_refused_or_finds_nothing() {
    let service = Service::start().await;
    let person = service.log_in().await;
    // 14-nul.sh
    for path in ["/sessions?q=a%00b", "/search?q=a%00b", "/students?cohort=%00", "/jobs?reason=%00"] {
        let status = person.open(path).await.status();
        assert!(status == StatusCode::OK || status == StatusCode::UNPROCESSABLE_ENTITY, "{path}: {status}");
    }
    let key = service.agent_key(ALL_SCOPES).await;
    for request in json_file("76-nul-argument.json")["requests"].as_array().unwrap() {
        let Some(tool) = request["tool"].as_str() else { continue };
        let answer = service.tool(&key, None, tool, &request["arguments"]).await.to_string();
        assert!(!answer.contains("Something went wrong"), "{tool}: {answer}");
    }
    let response = service
        .http
        .post(format!("{}/auth/token", service.server_url))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials&client_id=a%00b&client_secret=x")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(response.json::<Value>().await.unwrap()["error"], "invalid_client");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_over_plain_http_works() {
    let service = Service::start().await;
    service.log_in().await;
    // 20-origin-null-login.sh
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("email", ADMIN_EMAIL)
        .append_pair("password", ADMIN_PASSWORD)
        .finish();
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let request = http.post(format!("{}/login", service.admin_url)).header("origin", "null");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    assert_eq!(request.send().await.unwrap().status(), StatusCode::SEE_OTHER);
    service.stop().await;
}
