//! The client libraries for agents, as they are installed. Each one lists the tools and calls every one of them on a
//! telephone line, with valid arguments. Without a token it is refused.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rmcp::model::CallToolRequestParams;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientLifecycleMode, ClientServiceExt};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use storage::access::Caller;
use storage::id::StudentId;
use storage::{clock, follow_up, note};

use crate::family_app::show_code;
use crate::server::{ALL_SCOPES, Server};
use crate::service::{Service, insert_student};
use crate::with_node::{node, nodes, packages};

const PHONE: &str = "+14155550142";
const CALL_ID: &str = "0199d3f0-7777-7aaa-8bbb-1234567890ab";

/// The calls that a client has to make.
#[derive(Serialize)]
struct Order {
    url: String,
    headers: BTreeMap<&'static str, String>,
    calls: Map<String, Value>,
}

/// The answers that a client received.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Heard {
    tools: Vec<String>,
    answers: BTreeMap<String, Answer>,
    error: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    is_error: bool,
    text: String,
}

/// A valid call of a tool, and the text of the refusal if the tool should refuse it.
#[derive(Deserialize)]
struct Good {
    arguments: Value,
    refuses: Option<String>,
}

/// A server with a student on the line, and a valid call for every listed tool.
struct Counter {
    server: Server,
    order: Order,
    good: BTreeMap<String, Good>,
}

impl Counter {
    async fn open() -> Self {
        let server = Server::production().await;
        let student = insert_student(&server.db, "Amara Okafor", PHONE).await;
        let key = server.agent_key(ALL_SCOPES).await;
        let headers: BTreeMap<&str, String> = BTreeMap::from([
            ("authorization", format!("Bearer {key}")),
            ("x-call-id", CALL_ID.to_owned()),
            ("x-caller-number", PHONE.to_owned()),
        ]);
        let ask = async |tool: &str, arguments: Value| {
            let ask = server.message(&key, "tools/call", &json!({ "name": tool, "arguments": arguments }));
            let ask = ask.header("x-call-id", CALL_ID).header("x-caller-number", PHONE);
            let answer: Value = ask.send().await.unwrap().json().await.unwrap();
            answer["result"]["structuredContent"].clone()
        };
        let asked = ask("next_question", json!({ "student_id": student.student_id })).await;
        // Opens the session that some of the tools read, and identifies the student.
        ask("identify_student", json!({ "first_name": "Amara" })).await;
        let url = format!("{}/api/v1/sessions/by-call/{CALL_ID}", server.url);
        let session: Value = server.http.get(url).bearer_auth(&key).send().await.unwrap().json().await.unwrap();
        let names = [
            ("$session_id", session["session_id"].clone()),
            ("$tomorrow", json!(clock::now() + Duration::from_hours(24))),
            ("$phone", json!(PHONE)),
            ("$call_id", json!(CALL_ID)),
            ("$student_id", json!(student.student_id)),
            ("$question_id", asked["question_id"].clone()),
        ];
        let mut table = include_str!("../clients/arguments.json").to_owned();
        for (name, value) in names {
            table = table.replace(name, value.as_str().unwrap());
        }
        let good: BTreeMap<String, Good> = serde_json::from_str(&table).unwrap();
        let listed = server.message(&key, "tools/list", &json!({})).send().await.unwrap();
        let listed: Value = listed.json().await.unwrap();
        let calls = listed["result"]["tools"].as_array().unwrap().iter().map(|tool| {
            let name = tool["name"].as_str().unwrap();
            let made = || made_up(&tool["inputSchema"], &json!(student.student_id));
            (name.to_owned(), good.get(name).map_or_else(made, |good| good.arguments.clone()))
        });
        let order = Order { url: format!("{}/mcp", server.url), headers, calls: calls.collect() };
        Self { server, order, good }
    }

    /// Checks that every tool was listed and answered, and that none refused a valid call.
    fn judge(&self, client: &str, heard: &Heard) {
        assert!(heard.error.is_none(), "{client}: {heard:?}");
        let all: Vec<&String> = self.order.calls.keys().collect();
        let mut listed: Vec<&String> = heard.tools.iter().collect();
        listed.sort_by_key(|name| all.iter().position(|other| other == name));
        assert_eq!(listed, all, "{client} lists all tools");
        assert_eq!(heard.answers.len(), all.len(), "{client} calls all tools");
        for (name, answer) in &heard.answers {
            assert!(!answer.text.is_empty(), "{client}: {name} returns a text");
            match self.good.get(name).map(|good| &good.refuses) {
                Some(None) => assert!(!answer.is_error, "{client}: {name}: {}", answer.text),
                Some(Some(words)) => {
                    assert!(answer.is_error && answer.text.contains(words), "{client}: {name}: {answer:?}");
                }
                None => panic!("{name} has no good arguments in tests/clients/arguments.json yet: {}", answer.text),
            }
        }
    }

    /// Runs a client's program with a token and without one.
    async fn serve(&self, client: &str, program: &Path, arguments: &[String]) {
        self.judge(client, &hear(program, arguments, &self.order).await);
        let stranger = Order { headers: BTreeMap::new(), calls: self.order.calls.clone(), url: self.order.url.clone() };
        let heard = hear(program, arguments, &stranger).await;
        let refusal = heard.error.expect("without a token there is no answer").to_lowercase();
        // The Python SDK 2 does not report the status.
        let says = ["401", "unauthorized", "auth_required", "server returned an error response"]
            .iter()
            .any(|word| refusal.contains(word));
        assert!(says && heard.tools.is_empty() && heard.answers.is_empty(), "{client}: {refusal}");
    }
}

/// Returns arguments for a tool that the table does not know yet. They have the right types, but may make no sense.
fn made_up(schema: &Value, student_id: &Value) -> Value {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let make = |name: &str| {
        let property = &schema["properties"][name];
        match (name, property["type"].as_str(), property["enum"].get(0)) {
            (_, _, Some(first)) => first.clone(),
            ("student_id", ..) => student_id.clone(),
            (_, Some("integer" | "number"), _) => property.get("minimum").cloned().unwrap_or(json!(1)),
            (_, Some("boolean"), _) => json!(true),
            (_, Some("array"), _) => json!([]),
            _ => json!("fractions"),
        }
    };
    required.iter().filter_map(Value::as_str).map(|name| (name.to_owned(), make(name))).collect()
}

/// Copies the script beside the packages that it imports.
pub fn script(name: &str) -> PathBuf {
    let copy = packages().parent().unwrap().join(name);
    std::fs::copy(PathBuf::from("tests/clients").join(name), &copy).unwrap();
    copy
}

async fn hear(program: &Path, arguments: &[String], order: &Order) -> Heard {
    serde_json::from_value(hear_program(program, arguments, order).await).unwrap()
}

/// Runs the program with `order` on its standard input. Returns the JSON that it prints.
pub async fn hear_program(program: &Path, arguments: &[String], order: &impl Serialize) -> Value {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).env("HOME", std::env::temp_dir());
    let order = serde_json::to_vec(order).unwrap();
    let output = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(&order).unwrap();
        child.wait_with_output().unwrap()
    });
    let output = output.await.unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node: run ./dev test"]
async fn with_node_the_typescript_sdks_call_every_tool() {
    let counter = Counter::open().await;
    let (node, script) = (node(), script("typescript.mjs"));
    for (version, era) in [("1", "legacy"), ("2", "legacy"), ("2", "auto")] {
        let arguments = [script.to_str().unwrap(), version, era].map(str::to_owned);
        counter.serve(&format!("TypeScript SDK {version}, {era}"), &node, &arguments).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node: run ./dev test"]
async fn with_node_the_inspector_calls_every_tool_and_finds_no_fault_in_a_schema() {
    let mut counter = Counter::open().await;
    let script = script("inspector.mjs");
    let cli = packages().join("@modelcontextprotocol/inspector/clients/launcher/build/index.js");
    let arguments = |era| [script.to_str().unwrap(), cli.to_str().unwrap(), era].map(str::to_owned);
    for node in nodes() {
        counter.serve(&format!("Inspector, legacy, {}", node.display()), &node, &arguments("legacy")).await;
    }
    // Each call starts a process, so the second era has only three calls.
    counter.order.calls = counter.order.calls.into_iter().take(3).collect();
    for node in nodes() {
        let heard = hear(&node, &arguments("modern"), &counter.order).await;
        let is_served = heard.error.is_none() && heard.answers.len() == 3;
        assert!(is_served, "Inspector, modern, {}: {heard:?}", node.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Python: run ./dev test"]
async fn with_python_the_python_sdks_call_every_tool() {
    let counter = Counter::open().await;
    for (version, era) in [("1", "legacy"), ("2", "legacy"), ("2", "auto")] {
        let python = PathBuf::from(format!("target/tools/python-{version}/bin/python"));
        let arguments = ["tests/clients/python.py", era].map(str::to_owned);
        counter.serve(&format!("Python SDK {version}, {era}"), &python, &arguments).await;
    }
}

/// Makes the calls with rmcp's own client.
async fn hear_by_rmcp(order: &Order, era: ClientLifecycleMode) -> Heard {
    let headers = order.headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    let headers: HashMap<_, _> = headers.collect();
    let config = StreamableHttpClientTransportConfig::with_uri(order.url.clone()).custom_headers(headers);
    let mut heard = Heard::default();
    let client = match ().serve_with_lifecycle(StreamableHttpClientTransport::from_config(config), era).await {
        Ok(client) => client,
        Err(error) => return Heard { error: Some(format!("{error:?}")), ..heard },
    };
    heard.tools = client.list_all_tools().await.unwrap().into_iter().map(|tool| tool.name.into_owned()).collect();
    for (name, arguments) in &order.calls {
        let call = CallToolRequestParams::new(name.clone()).with_arguments(arguments.as_object().unwrap().clone());
        let answer = client.call_tool(call).await.unwrap();
        let text = answer.content[0].as_text().unwrap().text.clone();
        heard.answers.insert(name.clone(), Answer { is_error: answer.is_error == Some(true), text });
    }
    client.cancel().await.unwrap();
    heard
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_hears_why_a_question_was_chosen_and_repeats_what_adds_something_without_harm() {
    let counter = Counter::open().await;
    let headers = counter.order.headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    let config =
        StreamableHttpClientTransportConfig::with_uri(counter.order.url.clone()).custom_headers(headers.collect());
    let transport = StreamableHttpClientTransport::from_config(config);
    let client = ().serve_with_lifecycle(transport, ClientLifecycleMode::Initialize).await.unwrap();
    let call = async |tool: &'static str, arguments: Value| {
        let call = CallToolRequestParams::new(tool).with_arguments(arguments.as_object().unwrap().clone());
        let answer = client.call_tool(call).await.unwrap();
        assert_ne!(answer.is_error, Some(true), "{tool}: {answer:?}");
        (answer.content[0].as_text().unwrap().text.clone(), answer.structured_content.unwrap_or_default())
    };
    let (words, question) = call("next_question", json!({})).await;
    let why = question["why"].as_str().unwrap();
    assert!(
        words.contains(&format!("Why this skill: {why}.")) && question["reason"]["cause"].is_string(),
        "{question}"
    );
    let (_, plan) = call("get_lesson_plan", json!({})).await;
    let steps = plan["steps"].as_array().unwrap();
    assert!(!steps.is_empty());
    for step in steps {
        assert!(step["why"].as_str().is_some_and(|why| why.len() > 3), "{step}");
        assert!(step["reason"]["cause"].is_string() && step["reason"]["uncertainty"].is_number(), "{step}");
    }

    let tools = client.list_all_tools().await.unwrap();
    let takes_key = |name: &str| {
        let tool = tools.iter().find(|tool| tool.name == name).expect("a tool of that name");
        tool.input_schema["properties"].get("idempotency_key").is_some()
    };
    for tool in ["save_note", "set_goal", "schedule_callback", "flag_concern", "record_evidence", "check_answer"] {
        assert!(takes_key(tool), "{tool}");
    }
    let (db, operator) = (&counter.server.db, Caller::operator());
    let student_id: StudentId = plan["student_id"].as_str().unwrap().parse().unwrap();
    let written = async || {
        let n_notes = note::list_notes(db, &operator, student_id, 10).await.unwrap().len();
        let concerns = follow_up::list_open(db, &operator, None, 10).await.unwrap();
        (n_notes, concerns.iter().map(|concern| concern.n_raised).collect::<Vec<_>>())
    };
    assert_eq!(written().await, (0, Vec::new()));
    for (tool, arguments) in [
        ("save_note", json!({ "text": "Likes dinosaurs.", "idempotency_key": "n" })),
        ("flag_concern", json!({ "category": "bullying", "text": "A boy.", "idempotency_key": "f" })),
    ] {
        let first = call(tool, arguments.clone()).await;
        assert_eq!(call(tool, arguments).await, first, "{tool}: the same answer");
    }
    assert_eq!(written().await, (1, vec![1]), "the repetition of each has no effect");
    client.cancel().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rmcps_own_client_calls_every_tool() {
    let mut counter = Counter::open().await;
    let modern =
        || ClientLifecycleMode::Discover { preferred_versions: vec![rmcp::model::ProtocolVersion::V_2026_07_28] };
    for era in [ClientLifecycleMode::Initialize, modern()] {
        let client = format!("rmcp, {era:?}");
        counter.judge(&client, &hear_by_rmcp(&counter.order, era).await);
    }
    counter.order.headers.remove("authorization");
    for era in [ClientLifecycleMode::Initialize, modern()] {
        let refusal = hear_by_rmcp(&counter.order, era).await.error.expect("without a token there is no answer");
        assert!(refusal.contains("AuthRequired") || refusal.contains("401"), "{refusal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node: run ./dev test"]
async fn with_node_an_app_compiles_with_the_types_of_the_document_and_runs() {
    let service = Service::start().await;
    let amara = service.student("Amara Okafor", PHONE).await.student_id;
    service.student("Josefine Berg", "+14155550143").await;
    let staff = service.log_in().await;
    // Written beside the packages, where Node and the compiler look for them.
    let folder = packages().parent().unwrap().join("app");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy("tests/clients/app.ts", folder.join("app.ts")).unwrap();
    std::fs::write(folder.join("schema.json"), serde_json::to_vec(&mcp_server::api::openapi()).unwrap()).unwrap();
    let run = async |program: &str, arguments: &[&str]| {
        let mut command = Command::new(node());
        command.current_dir(&folder).arg(packages().join(program)).args(arguments);
        let ended = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        assert!(ended.status.success(), "{program}: {ended:?}");
    };
    run("openapi-typescript/bin/cli.js", &["schema.json", "--output", "schema.ts"]).await;
    let options = json!({ "strict": true, "target": "es2022", "module": "nodenext", "types": [] });
    let project = json!({ "compilerOptions": options, "files": ["app.ts"] });
    std::fs::write(folder.join("tsconfig.json"), project.to_string()).unwrap();
    run("typescript/bin/tsc", &[]).await;

    let token = service.token("students:read students:write").await;
    for node in nodes() {
        let code = show_code(&staff, amara, "").await;
        let order = json!({ "url": service.server_url, "token": token, "code": code });
        let heard = hear_program(&node, &[folder.join("app.js").display().to_string()], &order).await;
        assert_eq!(heard["names"], json!(["Amara Okafor", "Josefine Berg"]), "{heard}");
        assert_eq!(heard["own"], json!(["Amara Okafor"]), "{heard}");
        assert!(heard["plan"].as_u64() > Some(0), "{heard}");
        assert_eq!(
            (&heard["again"], &heard["grade"], &heard["newTag"]),
            (&json!(304), &json!(8), &json!(true)),
            "{heard}"
        );
        assert_eq!(heard["late"], 412, "{heard}");
        assert!(heard["says"].as_str().unwrap().contains("read it again"), "{heard}");
        assert!(heard["left"].as_str().unwrap().starts_with("\"client\";r="), "{heard}");
        service.write("update students set grade = null").await;
    }
    service.stop().await;
}
