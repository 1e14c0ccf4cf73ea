//! How callers prove who they are. Staff require a PIN and set it at the dashboard; the caller says it.

use reqwest::StatusCode;
use serde_json::{Value, json};
use storage::access::ClientKind;

use crate::assistant::{OTHER_PHONE, PHONE};
use crate::psql::psql;
use crate::server::ALL_SCOPES;
use crate::service::{Person, Service};

const VOICE: &str = "context:read calls:write notes:write";

/// One telephone call as the assistant sees it.
struct Call<'a> {
    service: &'a Service,
    key: &'a str,
    id: &'a str,
    phone: &'a str,
}

impl Call<'_> {
    /// Returns the text of the answer, and whether the tool succeeded.
    async fn tool(&self, name: &str, arguments: Value) -> (bool, String) {
        let params = json!({ "name": name, "arguments": arguments });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let request = self.service.http.post(format!("{}/mcp", self.service.server_url)).bearer_auth(self.key);
        let request = request.header("x-call-id", self.id).header("x-caller-number", self.phone);
        let request = request.header("content-type", "application/json").body(body.to_string());
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        let text = answer["result"]["content"][0]["text"].as_str().unwrap_or_default().to_owned();
        (answer["result"]["isError"] == json!(false), text)
    }

    async fn verify(&self, pin: &str, first_name: &str) -> (bool, String) {
        self.tool("verify_caller", json!({ "pin": pin, "first_name": first_name })).await
    }

    async fn context(&self) -> Value {
        let (is_answer, text) = self.tool("get_student_context", json!({})).await;
        assert!(is_answer, "{text}");
        let mut context: Value = serde_json::from_str(&text).unwrap();
        context.as_object_mut().unwrap().remove("as_of");
        context
    }
}

async fn ask_for(person: &Person, assurance: &str) {
    let page = "/settings/organisation";
    person.submit_to(page, page, &[("what", "assurance"), ("assurance", assurance)]).await;
}

async fn code(person: &Person, student: &str, kind: &str, what: &str, code: &str) -> StatusCode {
    let page = format!("/students/{student}");
    let response = person.post(&page, &format!("{page}/codes/{kind}"), &[("do", what), ("code", code)]).await;
    response.status()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_proves_who_they_are_before_anything_is_told() {
    let service = Service::start_with(&[("VAPI_ASSISTANT_ID", "assistant")]).await;
    let maya = service.student("Maya Brandt", PHONE).await;
    let id = maya.student_id.to_string();
    let person = service.log_in().await;
    let key = service.agent_key_of(ClientKind::Telephone, VOICE).await;
    let call = |id, phone| Call { service: &service, key: &key, id, phone };
    let by_default = call("c0", PHONE).context().await;
    assert_eq!(by_default["status"], "known", "{by_default}");
    let (is_answer, text) = call("c0", PHONE).verify("4219", "Maya").await;
    assert!(!is_answer && text.contains("Not needed"), "{text}");

    ask_for(&person, "pin").await;
    assert_eq!(code(&person, &id, "pin", "set", "1234").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(code(&person, &id, "pin", "set", "4219").await, StatusCode::SEE_OTHER);
    let page = person.read(&format!("/students/{id}")).await;
    assert!(page.contains("Caller check") && !page.contains("4219"));
    assert_eq!(psql(&service.database_url, "select count(*) from caller_codes where code_hash like '%4219%'"), "0");

    // The answer does not reveal whether the number is known.
    let (ours, unknown) = (call("c1", PHONE), call("c2", "+14155559999"));
    let context = ours.context().await;
    assert_eq!(context, unknown.context().await);
    assert_eq!(context["status"], "unverified");
    assert!(context["note"].as_str().unwrap().contains("call verify_caller"), "{context}");
    for (tool, arguments) in [
        ("next_question", json!({})),
        ("identify_student", json!({ "first_name": "Maya" })),
        ("save_note", json!({ "text": "likes fractions" })),
        ("verify_caller", json!({ "pin": "9999", "first_name": "Maya" })),
        ("verify_caller", json!({ "pin": "four two one", "first_name": "Maya" })),
        ("register_student", json!({ "first_name": "Maya" })),
    ] {
        let (a, b) = (ours.tool(tool, arguments.clone()).await, unknown.tool(tool, arguments).await);
        assert_eq!(a, b, "{tool}");
        assert!(!a.1.contains("Brandt"), "{}", a.1);
    }
    let message = json!({ "message": {
        "type": "assistant-request", "timestamp": 1, "call": { "id": "c3", "customer": { "number": PHONE } },
    } });
    let greeting = service.ask(message.to_string().as_bytes()).await;
    assert_eq!(greeting["assistantOverrides"]["variableValues"]["studentName"], "", "{greeting}");
    assert!(!greeting.to_string().contains("Maya"), "{greeting}");

    // A concern still reaches the people responsible for the child.
    let concern = json!({ "category": "distress", "text": "she cries" });
    assert!(call("c6", PHONE).tool("flag_concern", concern).await.0);
    let whose = psql(&service.database_url, "select student_id from follow_ups where category = 'distress'");
    assert_eq!(whose, id);

    // The code as a child says it. It is valid for this call only.
    let right = call("c4", PHONE);
    let (is_answer, text) = right.verify("forty-two nineteen", "Maya").await;
    assert!(is_answer && text.contains("Maya"), "{text}");
    assert_eq!(right.context().await["status"], "known");
    assert_eq!(call("c5", PHONE).context().await["status"], "unverified", "another call");
    service.write("update sessions set ended_at = now() where call_id = 'c4'").await;
    let (is_answer, text) = right.tool("next_question", json!({})).await;
    assert!(!is_answer && !text.contains("Maya"), "the call is over: {text}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_wrong_codes_lock_it_and_staff_unlock_it() {
    let service = Service::start().await;
    let maya = service.student("Maya Brandt", PHONE).await;
    let id = maya.student_id.to_string();
    let person = service.log_in().await;
    ask_for(&person, "guardian_code").await;
    assert_eq!(code(&person, &id, "guardian_code", "set", "830517").await, StatusCode::SEE_OTHER);
    let key = service.agent_key_of(ClientKind::Telephone, ALL_SCOPES).await;
    let call = |id| Call { service: &service, key: &key, id, phone: PHONE };
    for wrong in ["830516", "four two one nine", "00000000"] {
        let (is_answer, text) = call("c1").verify(wrong, "Maya").await;
        assert!(!is_answer && text.contains("do not match"), "{text}");
    }
    let (is_answer, text) = call("c1").verify("830517", "Maya").await;
    assert!(!is_answer && text.contains("no more tries"), "{text}");
    let (is_answer, text) = call("c2").verify("830517", "Maya").await;
    assert!(!is_answer && text.contains("do not match"), "a locked code looks like a wrong one: {text}");
    let page = person.read(&format!("/students/{id}")).await;
    assert!(page.contains("Locked") && page.contains("Unlock"), "staff see that the code is locked");
    assert_eq!(code(&person, &id, "guardian_code", "unlock", "").await, StatusCode::SEE_OTHER);
    let (is_answer, text) = call("c2").verify("eight three oh five one seven", "Maya").await;
    assert!(is_answer, "{text}");
    let actions = psql(
        &service.database_url,
        "select string_agg(action, ' ' order by audit_entry_id) from audit_entries where action like 'caller_code.%'",
    );
    assert_eq!(actions, "caller_code.set caller_code.last_try caller_code.unlock caller_code.accepted");
    // A new code ends what the old code proved, even during the call.
    assert_eq!(call("c2").context().await["status"], "known");
    assert_eq!(code(&person, &id, "guardian_code", "set", "17293").await, StatusCode::SEE_OTHER);
    assert_eq!(call("c2").context().await["status"], "unverified");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn siblings_have_codes_of_their_own() {
    let service = Service::start().await;
    let (maya, leo) =
        (service.student("Maya Brandt", OTHER_PHONE).await, service.student("Leo Brandt", OTHER_PHONE).await);
    let person = service.log_in().await;
    ask_for(&person, "pin").await;
    for (student, pin) in [(&maya, "4219"), (&leo, "8305")] {
        assert_eq!(code(&person, &student.student_id.to_string(), "pin", "set", pin).await, StatusCode::SEE_OTHER);
    }
    let key = service.agent_key_of(ClientKind::Telephone, VOICE).await;
    let call = Call { service: &service, key: &key, id: "c1", phone: OTHER_PHONE };
    let context = call.context().await;
    assert!(context.get("choose_from").is_none() && !context.to_string().contains("Leo"), "{context}");
    assert!(!call.verify("4219", "Leo").await.0, "Maya's code");
    let (is_answer, text) = call.verify("8305", "Leo").await;
    assert!(is_answer && text.contains("Leo") && !text.contains("Maya"), "{text}");
    service.stop().await;
}
