//! Who may be told of which child: every entry of every door, held against one table.
//!
//! The entries come from the server itself: its tools, templates, prompts and OpenAPI document. One without a rule fails.

use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use shared::access::ClientKind;
use shared::id::StudentId;

use crate::assistant::{OTHER_PHONE, PHONE, tomorrow};
use crate::psql::psql;
use crate::server::ALL_SCOPES;
use crate::service::Service;
use crate::vapi;

/// What a telephone client gets of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// An answer about the student of its line.
    Own,
    /// Nothing: for back offices.
    Never,
    /// An answer, whoever is on the line: it tells of no child.
    Always,
}
use Rule::{Always, Never, Own};

const TABLE: [(&str, Rule); 42] = [
    ("tool get_student_context", Own),
    ("tool identify_student", Own),
    ("tool register_student", Own),
    ("tool next_question", Own),
    ("tool check_answer", Own),
    ("tool record_evidence", Own),
    ("tool save_note", Own),
    ("tool flag_concern", Always),
    ("tool schedule_callback", Own),
    ("tool end_session_summary", Own),
    ("tool get_lesson_plan", Own),
    ("tool list_due_skills", Own),
    ("tool set_goal", Own),
    ("tool get_progress", Own),
    ("tool get_session", Own),
    ("tool list_students", Never),
    ("tool list_sessions", Never),
    ("tool search_sessions", Never),
    ("tool reanalyze_session", Never),
    ("tool correct_evidence", Never),
    ("resource student_context", Own),
    ("resource session_transcript", Own),
    ("prompt open_lesson", Own),
    ("prompt parent_report", Never),
    ("completion student_id", Never),
    ("completion session_id", Never),
    ("api createStudent", Never),
    ("api lookUpStudents", Never),
    ("api getStudent", Own),
    ("api updateStudent", Never),
    ("api deleteStudent", Never),
    ("api getStudentContext", Own),
    ("api listSessions", Never),
    ("api getSession", Own),
    ("api getSessionByCall", Own),
    ("api getTranscript", Own),
    ("api listFollowUps", Never),
    ("api closeFollowUp", Never),
    // Transports of MCP that reach no child.
    ("mcp ping", Always),
    ("mcp tools/list", Always),
    ("mcp prompts/list", Always),
    ("mcp resources/templates/list", Always),
];

fn rule(entry: &str) -> Rule {
    let found = TABLE.iter().find(|(known, _)| *known == entry);
    found.unwrap_or_else(|| panic!("{entry} has no rule: decide who may be told, and add it to the table")).1
}

/// What a request says of its line: the call, and the numbers.
type Header = (&'static str, Option<&'static str>, &'static [&'static str]);

const OPEN: &str = "call-of-gus";
const FOREIGN: &str = "call-of-zed";
const FINISHED: &str = "call-finished";

const HEADERS: [Header; 10] = [
    ("right", Some(OPEN), &[PHONE]),
    ("absent", None, &[]),
    ("empty", Some(""), &[""]),
    ("template", Some("{{call.id}}"), &["{{customer.number}}"]),
    ("doubled", Some(OPEN), &[PHONE, PHONE]),
    ("withheld", Some(OPEN), &["anonymous"]),
    ("foreign number", Some(OPEN), &[OTHER_PHONE]),
    ("foreign call", Some(FOREIGN), &[PHONE]),
    ("finished call", Some(FINISHED), &[PHONE]),
    ("unknown call", Some("call-unknown"), &[]),
];

struct Child {
    name: &'static str,
    student_id: StudentId,
    session_id: String,
    call_id: String,
}

const NAMES: [&str; 3] = ["Gus", "Fay", "Zed"];

/// Gus and Fay share a number, and an open call is settled as Gus. Zed is of another family.
async fn children(service: &Service) -> Vec<Child> {
    let mut children = Vec::new();
    for name in NAMES {
        let phone = if name == "Zed" { OTHER_PHONE } else { PHONE };
        let student = service.student(&format!("{name} Brandt"), phone).await;
        let call_id = format!("lesson-{name}");
        let session_id = psql(
            &service.database_url,
            &format!(
                "with s as (insert into sessions (session_id, call_id, student_id, status, caller_phone, ended_at, created_at,
                     updated_at) values (gen_random_uuid(), '{call_id}', '{0}', 'analyzed', '{phone}', now(), now(), now())
                     returning session_id),
                 t as (insert into turns (session_id, turn_no, speaker, text, offset_ms)
                     select session_id, 0, 'student', 'secret of {name}', 0 from s)
                 select session_id from s",
                student.student_id
            ),
        );
        children.push(Child { name, student_id: student.student_id, session_id, call_id });
    }
    for (call_id, student, phone, ended) in [
        (OPEN, &children[0], PHONE, "null"),
        (FOREIGN, &children[2], OTHER_PHONE, "null"),
        (FINISHED, &children[0], PHONE, "now()"),
    ] {
        psql(
            &service.database_url,
            &format!(
                "insert into sessions (session_id, call_id, student_id, status, caller_phone, call_type, ended_at, created_at,
                     updated_at) values (gen_random_uuid(), '{call_id}', '{}', 'in_progress', '{phone}',
                     'inboundPhoneCall', {ended}, now(), now())",
                student.student_id
            ),
        );
    }
    children
}

/// Arguments that name the child, of all that the schema has or requires.
fn arguments(tool: &Value, child: &Child) -> Value {
    let schema = &tool["inputSchema"];
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let mut arguments = json!({});
    for name in schema["properties"].as_object().unwrap().keys() {
        let value = match &name[..] {
            "student_id" => json!(child.student_id),
            "session_id" => json!(child.session_id),
            "first_name" => json!(child.name),
            _ if !required.contains(&json!(name)) => continue,
            "summary" | "text" | "reason" | "goal" | "words" | "question" => json!("the fractions test"),
            "category" => json!("other"),
            "at" => json!(tomorrow()),
            "skill_id" => json!("maths.fractions.simplify"),
            "question_id" => json!("maths.fractions.simplify/0"),
            "answer" => json!("3/4"),
            "verdict" => json!("correct"),
            "turn_no" => json!(0),
            other => panic!("{} needs {other}: say in this test what to send", tool["name"]),
        };
        arguments[name] = value;
    }
    arguments
}

struct Door<'a> {
    service: &'a Service,
    key: String,
}

impl Door<'_> {
    fn on_line(mut request: RequestBuilder, (_, call_id, numbers): &Header) -> RequestBuilder {
        if let Some(call_id) = call_id {
            request = request.header("x-call-id", *call_id);
        }
        for number in *numbers {
            request = request.header("x-caller-number", *number);
        }
        request
    }

    async fn mcp(&self, header: &Header, method: &str, params: &Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let request = self.service.http.post(format!("{}/mcp", self.service.server_url)).bearer_auth(&self.key);
        let request = Self::on_line(request, header).header("content-type", "application/json").body(body.to_string());
        request.send().await.unwrap().json().await.unwrap_or_default()
    }

    /// Whether there was an answer, and all of it.
    async fn ask(&self, header: &Header, method: &str, params: &Value) -> (bool, String) {
        let answer = self.mcp(header, method, params).await;
        let is_answer = answer.get("result").is_some_and(|result| {
            let values = result.pointer("/completion/values");
            result["isError"] != json!(true) && values.is_none_or(|values| values != &json!([]))
        });
        (is_answer, answer.to_string())
    }

    async fn api(&self, header: &Header, operation: &Operation, child: &Child) -> (bool, String) {
        let path = operation
            .path
            .replace("{student_id}", &child.student_id.to_string())
            .replace("{session_id}", &child.session_id)
            .replace("{call_id}", &child.call_id)
            .replace("{follow_up_id}", "0199aa00-0000-7000-8000-000000000001");
        assert!(!path.contains('{'), "{path}: say in this test what stands there");
        let url = format!("{}{path}", self.service.server_url);
        let mut request = self.service.http.request(operation.method.parse().unwrap(), url).bearer_auth(&self.key);
        if !operation.body.is_null() {
            request = request.header("content-type", "application/json").body(operation.body.to_string());
        }
        let response = Self::on_line(request, header).send().await.unwrap();
        (response.status().is_success(), response.text().await.unwrap())
    }

    /// The same tool by a signed webhook, in whose two places the number stands.
    async fn webhook(&self, (_, call_id, numbers): &Header, tool: &Value, arguments: &Value) -> (bool, String) {
        let call = json!({ "id": "t", "function": { "name": tool["name"], "arguments": arguments } });
        let mut message = json!({
            "type": "tool-calls", "timestamp": rand_millis(), "call": { "id": call_id }, "toolCallList": [call],
        });
        if let Some(number) = numbers.first() {
            message["call"]["customer"] = json!({ "number": number });
        }
        // A message cannot double a header; it can say two numbers.
        if numbers.len() > 1 {
            message["customer"] = json!({ "number": OTHER_PHONE });
        }
        let answer = self.service.ask(json!({ "message": message }).to_string().as_bytes()).await;
        (answer["results"][0].get("result").is_some(), answer.to_string())
    }
}

/// No two messages are alike.
fn rand_millis() -> u128 {
    uuid::Uuid::now_v7().as_u128() >> 80
}

struct Operation {
    id: String,
    method: String,
    path: String,
    body: Value,
}

async fn operations(service: &Service) -> Vec<Operation> {
    let document: Value = service
        .http
        .get(format!("{}/api/v1/openapi.json", service.server_url))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            operations.push(Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                body: operation["requestBody"]["content"]["application/json"]["example"].clone(),
            });
        }
    }
    operations
}

/// Holds one answer against the table.
fn hold(entry: &str, (header, ..): &Header, child: &Child, (is_answer, text): &(bool, String)) {
    let expected = match rule(entry) {
        Always => true,
        Never => false,
        Own => *header == "right" && child.name == "Gus",
    };
    assert_eq!(*is_answer, expected, "{entry}, {header}, about {}: {text}", child.name);
    if !expected {
        let told: Vec<_> = NAMES.iter().filter(|name| text.contains(**name)).collect();
        assert!(told.is_empty(), "{entry}, {header}, about {}: a refusal tells of {told:?}: {text}", child.name);
    }
    // Whatever is answered, it is not of the others.
    let others = NAMES.iter().filter(|name| **name != "Gus" && text.contains(&format!("secret of {name}")));
    assert_eq!(others.count(), 0, "{entry}, {header}: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_client_is_told_what_the_table_says_at_every_door() {
    let service =
        Service::start_with(&[("VAPI_TOOL_SCOPES", ALL_SCOPES), ("CLIENT_REQUESTS_PER_SECOND", "100000")]).await;
    let children = children(&service).await;
    let office = Door { service: &service, key: service.agent_key_of(ClientKind::BackOffice, ALL_SCOPES).await };
    let telephone = Door { service: &service, key: service.agent_key_of(ClientKind::Telephone, ALL_SCOPES).await };
    let listed = async |method: &str| office.mcp(&HEADERS[1], method, &json!({})).await["result"].clone();
    let tools = listed("tools/list").await["tools"].as_array().unwrap().clone();
    let prompts = listed("prompts/list").await["prompts"].as_array().unwrap().clone();
    let templates = listed("resources/templates/list").await["resourceTemplates"].as_array().unwrap().clone();
    let operations = operations(&service).await;
    let name = |of: &Value| of["name"].as_str().unwrap().to_owned();

    for header in &HEADERS {
        for child in &children {
            // The question is asked, so that its answer counts.
            psql(
                &service.database_url,
                &format!(
                    "insert into recent_questions values ('{}', '{{maths.fractions.simplify/0}}', now())
                     on conflict (student_id) do update set question_ids = excluded.question_ids",
                    child.student_id
                ),
            );
            for tool in &tools {
                let (entry, arguments) = (format!("tool {}", name(tool)), arguments(tool, child));
                let params = json!({ "name": tool["name"], "arguments": arguments });
                hold(&entry, header, child, &telephone.ask(header, "tools/call", &params).await);
                hold(&entry, header, child, &telephone.webhook(header, tool, &arguments).await);
            }
            for template in &templates {
                let uri = template["uriTemplate"].as_str().unwrap();
                let uri = uri
                    .replace("{student_id}", &child.student_id.to_string())
                    .replace("{session_id}", &child.session_id);
                let entry = format!("resource {}", name(template));
                hold(&entry, header, child, &telephone.ask(header, "resources/read", &json!({ "uri": uri })).await);
                let (_, variable) = template["uriTemplate"].as_str().unwrap().split_once('{').unwrap();
                let variable = variable.split('}').next().unwrap();
                let params = json!({
                    "ref": { "type": "ref/resource", "uri": template["uriTemplate"] },
                    "argument": { "name": variable, "value": "" },
                });
                let entry = format!("completion {variable}");
                hold(&entry, header, child, &telephone.ask(header, "completion/complete", &params).await);
            }
            for prompt in &prompts {
                let params = json!({ "name": prompt["name"], "arguments": { "student_id": child.student_id } });
                let entry = format!("prompt {}", name(prompt));
                hold(&entry, header, child, &telephone.ask(header, "prompts/get", &params).await);
            }
            for operation in &operations {
                let entry = format!("api {}", operation.id);
                hold(&entry, header, child, &telephone.api(header, operation, child).await);
            }
            for method in ["ping", "tools/list", "prompts/list", "resources/templates/list"] {
                hold(&format!("mcp {method}"), header, child, &telephone.ask(header, method, &json!({})).await);
            }
        }
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_office_client_names_students_by_its_scopes() {
    let service = Service::start().await;
    let children = children(&service).await;
    let office = Door { service: &service, key: service.agent_key_of(ClientKind::BackOffice, ALL_SCOPES).await };
    let operations = operations(&service).await;
    for scope in ALL_SCOPES.split(' ') {
        let narrow = Door { service: &service, key: service.agent_key_of(ClientKind::BackOffice, scope).await };
        for child in &children {
            for operation in operations.iter().filter(|operation| operation.method == "GET") {
                let needs = match &operation.id[..] {
                    "getStudent" | "listFollowUps" => "students:read",
                    "getStudentContext" => "context:read",
                    _ => "sessions:read",
                };
                for header in &HEADERS[1..4] {
                    let (is_answer, text) = office.api(header, operation, child).await;
                    assert!(is_answer, "{}, {}, {}: {text}", operation.id, header.0, child.name);
                    let (is_answer, text) = narrow.api(header, operation, child).await;
                    assert_eq!(is_answer, needs == scope, "{} with {scope}: {text}", operation.id);
                }
            }
        }
    }
    // A line that it names holds it, too.
    let context = operations.iter().find(|operation| operation.id == "getStudentContext").unwrap();
    assert!(office.api(&HEADERS[0], context, &children[0]).await.0);
    assert!(!office.api(&HEADERS[0], context, &children[1]).await.0);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_client_is_refused_within_five_seconds_and_calls_are_still_recorded() {
    let service = Service::start().await;
    service.student("Gus Brandt", PHONE).await;
    let telephone = Door { service: &service, key: service.agent_key_of(ClientKind::Telephone, ALL_SCOPES).await };
    let office = service.token("students:read sessions:read").await;
    let context = json!({ "name": "get_student_context", "arguments": {} });
    let line: Header = ("right", None, &[PHONE]);
    let asks = async || telephone.ask(&line, "tools/call", &context).await.0;
    let webhook = async || telephone.webhook(&line, &context, &json!({})).await.0;
    assert!(asks().await && webhook().await);
    let person = service.log_in().await;
    let page = "/settings/clients";
    let client_id = psql(&service.database_url, "select client_id from api_clients where kind = 'telephone'");
    for action in [format!("{page}/telephones"), format!("{page}/{client_id}/switch")] {
        person.submit_to(page, &action, &[("to", "stop")]).await;
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        assert!(!asks().await, "{action}");
        assert_eq!(webhook().await, action.contains("client_"), "the tools of webhooks are no client's");
        let path = format!("{}/api/v1/follow-ups", service.server_url);
        let others = service.http.get(path).bearer_auth(&office).send().await.unwrap();
        assert_eq!(others.status(), StatusCode::OK, "a back office goes on");
        person.submit_to(page, &action, &[("to", "start")]).await;
        assert!(asks().await && webhook().await, "it is let in again");
    }
    psql(&service.database_url, "insert into telephone_stop values (true, now(), 'operator')");
    assert_eq!(service.deliver(&vapi::sample(vapi::REPORT)).await, StatusCode::OK);
    service.stop().await;
}
