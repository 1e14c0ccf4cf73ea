//! Compares who gets data about which child, for every entry of every endpoint, with one table.
//!
//! The entries come from the server itself: its tools, templates, prompts and OpenAPI document. An entry without a rule
//! fails the test.

use std::fmt::Write as _;

use reqwest::{RequestBuilder, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use storage::access::{ClientKind, Role};
use storage::analysis::{EvidenceFinding, Findings, SafetyFlag, SkillFinding};
use storage::caller_code::Code;
use storage::evidence::{Help, Source, Verdict};
use storage::id::StudentId;
use storage::{agent_key, clock};

use crate::agents::connector::{Connector, Staff};
use crate::assistant::{OTHER_PHONE, PHONE, tomorrow};
use crate::family_app::{App, show_code};
use crate::processes::operator;
use crate::psql::psql;
use crate::server::ALL_SCOPES;
use crate::service::{Service, eventually};
use crate::vapi;

/// The answers that a client gets from an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// An answer about the student on the line, or about the students that the person sees.
    Own,
    /// No answer.
    Never,
    /// An answer that mentions no other child.
    Always,
}
use Rule::{Always, Never, Own};

/// Each entry, with what a telephone client gets, and what the agent of a tutor who sees one cohort gets.
const TABLE: [(&str, Rule, Rule); 60] = [
    ("tool get_student_context", Own, Own),
    // This table sends a wrong code; `a_caller_proves_who_they_are` sends right ones.
    ("tool verify_caller", Never, Never),
    ("tool identify_student", Own, Never),
    ("tool register_student", Own, Never),
    ("tool next_question", Own, Own),
    ("tool check_answer", Own, Own),
    ("tool record_evidence", Own, Own),
    ("tool save_note", Own, Own),
    ("tool flag_concern", Always, Always),
    ("tool schedule_callback", Own, Own),
    ("tool end_session_summary", Own, Own),
    ("tool get_lesson_plan", Own, Own),
    ("tool list_due_skills", Own, Own),
    ("tool set_goal", Own, Own),
    ("tool get_progress", Own, Own),
    ("tool get_session", Own, Own),
    ("tool list_students", Never, Always),
    ("tool list_sessions", Never, Own),
    ("tool search_sessions", Never, Own),
    ("tool reanalyze_session", Never, Own),
    // These sessions have no answer that could be corrected.
    ("tool correct_evidence", Never, Never),
    ("resource student_context", Own, Own),
    ("resource session_transcript", Own, Own),
    ("prompt open_lesson", Own, Own),
    ("prompt parent_report", Never, Own),
    ("completion student_id", Never, Always),
    ("completion session_id", Never, Always),
    ("api listStudents", Never, Always),
    ("api createStudent", Never, Never),
    ("api lookUpStudents", Never, Never),
    ("api getStudent", Own, Own),
    ("api updateStudent", Never, Own),
    ("api deleteStudent", Never, Never),
    ("api undoErasure", Never, Never),
    ("api getStudentContext", Own, Own),
    ("api getMastery", Never, Own),
    ("api getPlan", Never, Own),
    ("api getAvailability", Never, Own),
    ("api setAvailability", Never, Own),
    ("api listEvidence", Never, Own),
    ("api listNotes", Never, Own),
    ("api listFacts", Never, Own),
    ("api listGuardians", Never, Own),
    ("api listSessions", Never, Always),
    ("api getSession", Own, Own),
    ("api getSessionByCall", Own, Own),
    ("api getTranscript", Own, Own),
    ("api listFollowUps", Never, Always),
    ("api closeFollowUp", Never, Never),
    // This table sends a wrong code.
    ("api exchangeCode", Never, Never),
    // For families: see `a_family_reaches_its_own_student_by_its_own_operations_and_nothing_else`.
    ("api listOwnStudents", Never, Never),
    ("api getOwnMastery", Never, Never),
    ("api getOwnPlan", Never, Never),
    ("api listOwnSessions", Never, Never),
    ("api listOwnQuestions", Never, Never),
    ("api listOwnCallbacks", Never, Never),
    // MCP methods that reach no child.
    ("mcp ping", Always, Always),
    ("mcp tools/list", Always, Always),
    ("mcp prompts/list", Always, Always),
    ("mcp resources/templates/list", Always, Always),
];

fn rules(entry: &str) -> (Rule, Rule) {
    let found = TABLE.iter().find(|(known, ..)| *known == entry);
    let (_, of_telephone, of_agent) =
        found.unwrap_or_else(|| panic!("{entry} has no rule: decide who gets the data, and add it to the table"));
    (*of_telephone, *of_agent)
}

/// A request's line: a name for this test, the call and the numbers.
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

/// Data about a child that only staff and back offices get: surname, cohort, numbers and guardians; from a session, the
/// words of evidence, concerns and the cost.
const PRIVATE: [&str; 8] =
    ["Brandt", "cohort seven", PHONE, OTHER_PHONE, "guardian of", "words of evidence", "bullying", "4242424"];

/// Inserts the [`PRIVATE`] data.
async fn write_private(service: &Service, children: &[Child]) {
    let evidence = EvidenceFinding {
        turn_no: 0,
        quote: "words of evidence".to_owned(),
        verdict: Verdict::Correct,
        help: Help::None,
        source: Source::Rules,
        noise: 0.1,
        reason: "checked".to_owned(),
    };
    let findings = Findings {
        summary: "Practised fractions.".to_owned(),
        skills: vec![SkillFinding {
            skill_id: "maths.fractions.simplify".to_owned(),
            name: "Simplify fractions".to_owned(),
            evidence: vec![evidence],
        }],
        safety_flags: vec![SafetyFlag { category: "bullying".to_owned(), turn_no: 0 }],
        ..Findings::default()
    };
    let findings = json!(findings);
    let mut statements = "update students set cohort = 'cohort seven', timezone = 'Pacific/Auckland';
        update sessions set cost_microusd = 4242424;"
        .to_owned();
    for Child { student_id, session_id, name, .. } in children {
        write!(
            statements,
            "insert into analyses (analysis_id, session_id, analyser, analyser_version, status, findings, is_current,
                 duration_ms, created_at) values (gen_random_uuid(), '{session_id}', 'rules', '0', 'baseline', '{findings}',
                 true, 1, now());
             with g as (insert into guardians values (gen_random_uuid(), 'guardian of {name}', '{PHONE}', null, null, now(), now())
                 returning guardian_id)
             insert into student_guardians select '{student_id}', guardian_id, 'mother' from g;"
        )
        .unwrap();
    }
    service.write(statements).await;
}

/// Inserts three children. Gus and Fay share a number, and the open call belongs to Gus. Zed is from another family.
async fn children(service: &Service) -> Vec<Child> {
    let mut children = Vec::new();
    for name in NAMES {
        let phone = if name == "Zed" { OTHER_PHONE } else { PHONE };
        let student = service.student(&format!("{name} Brandt"), phone).await;
        let call_id = format!("lesson-{name}");
        let written = service.write(
            format!(
                "with s as (insert into sessions (session_id, call_id, student_id, status, caller_phone, ended_at, created_at,
                     updated_at) values (gen_random_uuid(), '{call_id}', '{0}', 'analyzed', '{phone}', now(), now(), now())
                     returning session_id),
                 t as (insert into turns (session_id, turn_no, speaker, text, offset_ms)
                     select session_id, 0, 'student', 'secret of {name}', 0 from s)
                 select session_id from s",
                student.student_id
            ),
        );
        let session_id = written.await;
        children.push(Child { name, student_id: student.student_id, session_id, call_id });
    }
    for (call_id, student, phone, ended) in [
        (OPEN, &children[0], PHONE, "null"),
        (FOREIGN, &children[2], OTHER_PHONE, "null"),
        (FINISHED, &children[0], PHONE, "now()"),
    ] {
        let written = service.write(
            format!(
                "insert into sessions (session_id, call_id, student_id, status, caller_phone, call_type, ended_at, created_at,
                     updated_at) values (gen_random_uuid(), '{call_id}', '{}', 'in_progress', '{phone}',
                     'inboundPhoneCall', {ended}, now(), now())",
                student.student_id
            ),
        );
        written.await;
    }
    children
}

/// Returns arguments that name the child, and the other required arguments of the tool.
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
            "pin" => json!("0000"),
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

    /// Returns whether there was an answer, and the whole answer.
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
        assert!(!path.contains('{'), "{path}: say in this test what to put there");
        let url = format!("{}{path}", self.service.server_url);
        let mut request = self.service.http.request(operation.method.parse().unwrap(), url).bearer_auth(&self.key);
        if !operation.body.is_null() {
            request = request.header("content-type", "application/json").body(operation.body.to_string());
        }
        let response = Self::on_line(request, header).send().await.unwrap();
        (response.status().is_success(), response.text().await.unwrap())
    }

    /// Calls the same tool by a signed webhook, which has the number in two places.
    async fn webhook(&self, (_, call_id, numbers): &Header, tool: &Value, arguments: &Value) -> (bool, String) {
        let call = json!({ "id": "t", "function": { "name": tool["name"], "arguments": arguments } });
        let mut message = json!({
            "type": "tool-calls", "timestamp": rand_millis(), "call": { "id": call_id }, "toolCallList": [call],
        });
        if let Some(number) = numbers.first() {
            message["call"]["customer"] = json!({ "number": number });
        }
        // A message cannot repeat a header, but it can contain two numbers.
        if numbers.len() > 1 {
            message["customer"] = json!({ "number": OTHER_PHONE });
        }
        let answer = self.service.ask(json!({ "message": message }).to_string().as_bytes()).await;
        (answer["results"][0].get("result").is_some(), answer.to_string())
    }
}

/// Returns a timestamp that makes each message different.
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

/// Everything the server offers to clients.
struct Entries {
    tools: Vec<Value>,
    prompts: Vec<Value>,
    templates: Vec<Value>,
    operations: Vec<Operation>,
}

fn name(of: &Value) -> &str {
    of["name"].as_str().unwrap()
}

impl Entries {
    /// Lists the entries as a client with all rights sees them.
    async fn list(office: &Door<'_>) -> Self {
        let listed = async |method: &str, field: &str| {
            let answer = office.mcp(&HEADERS[1], method, &json!({})).await;
            answer["result"][field].as_array().unwrap().clone()
        };
        Self {
            tools: listed("tools/list", "tools").await,
            prompts: listed("prompts/list", "prompts").await,
            templates: listed("resources/templates/list", "resourceTemplates").await,
            operations: operations(office.service).await,
        }
    }

    /// Uses every entry to ask about the child.
    async fn ask(&self, door: &Door<'_>, header: &Header, child: &Child, mut hold: impl FnMut(&str, &(bool, String))) {
        for tool in &self.tools {
            let params = json!({ "name": tool["name"], "arguments": arguments(tool, child) });
            hold(&format!("tool {}", name(tool)), &door.ask(header, "tools/call", &params).await);
        }
        for template in &self.templates {
            let uri = template["uriTemplate"].as_str().unwrap();
            let (_, variable) = uri.split_once('{').unwrap();
            let variable = variable.split('}').next().unwrap();
            let read =
                uri.replace("{student_id}", &child.student_id.to_string()).replace("{session_id}", &child.session_id);
            let answer = door.ask(header, "resources/read", &json!({ "uri": read })).await;
            hold(&format!("resource {}", name(template)), &answer);
            let params = json!({
                "ref": { "type": "ref/resource", "uri": uri }, "argument": { "name": variable, "value": "" },
            });
            hold(&format!("completion {variable}"), &door.ask(header, "completion/complete", &params).await);
        }
        for prompt in &self.prompts {
            let params = json!({ "name": prompt["name"], "arguments": { "student_id": child.student_id } });
            hold(&format!("prompt {}", name(prompt)), &door.ask(header, "prompts/get", &params).await);
        }
        for operation in &self.operations {
            hold(&format!("api {}", operation.id), &door.api(header, operation, child).await);
        }
        for method in ["ping", "tools/list", "prompts/list", "resources/templates/list"] {
            hold(&format!("mcp {method}"), &door.ask(header, method, &json!({})).await);
        }
    }
}

/// Records that the question was asked. Otherwise its answer does not count.
fn ask_question(service: &Service, child: &Child) {
    psql(
        &service.database_url,
        &format!(
            "insert into recent_questions values ('{}', '{{maths.fractions.simplify/0}}', now())
             on conflict (student_id) do update set question_ids = excluded.question_ids",
            child.student_id
        ),
    );
}

/// The organisation's requirement for callers, and the proof given in the open call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given {
    /// The number is sufficient.
    CallerId,
    /// A PIN is required and was not given yet.
    PinNotYet,
    Pin,
    /// A PIN is required and locked.
    Locked,
}

impl Given {
    fn reaches_gus(self) -> bool {
        matches!(self, Self::CallerId | Self::Pin)
    }

    fn set_up(self, service: &Service, gus: StudentId) {
        let sql = match self {
            Self::CallerId => "update organisation set identity_assurance = 'caller_id'".to_owned(),
            Self::PinNotYet => {
                "update organisation set identity_assurance = 'pin'; delete from call_assurances".to_owned()
            }
            Self::Pin => format!(
                "delete from call_assurances;
                 insert into call_assurances (session_id, tried_at, student_id, kind, verified_at)
                 select session_id, now(), '{gus}', 'pin', now() from sessions where call_id = '{OPEN}'"
            ),
            Self::Locked => {
                "delete from call_assurances; update caller_codes set n_failed = 3, locked_at = now()".to_owned()
            }
        };
        psql(&service.database_url, &sql);
    }
}

/// Compares one answer with the table.
fn hold(given: Given, entry: &str, (header, ..): &Header, child: &Child, (is_answer, text): &(bool, String)) {
    let expected = match rules(entry).0 {
        Always => true,
        Never => false,
        Own => *header == "right" && child.name == "Gus" && given.reaches_gus(),
    };
    assert_eq!(*is_answer, expected, "{given:?}, {entry}, {header}, about {}: {text}", child.name);
    if !expected {
        let named: Vec<_> = NAMES.iter().filter(|name| text.contains(**name)).collect();
        assert!(named.is_empty(), "{entry}, {header}, about {}: a refusal names {named:?}: {text}", child.name);
    }
    let private: Vec<_> = PRIVATE.iter().filter(|words| text.contains(**words)).collect();
    // Lists of tools contain our own texts, with examples.
    assert!(
        private.is_empty() || entry.starts_with("mcp "),
        "{entry}, {header}, about {}: an assistant gets {private:?}: {text}",
        child.name
    );
    // No answer contains the other children's data.
    let others = NAMES.iter().filter(|name| **name != "Gus" && text.contains(&format!("secret of {name}")));
    assert_eq!(others.count(), 0, "{entry}, {header}: {text}");
    let reads = ["get_student_context", "next_question", "get_session"];
    if !given.reaches_gus() && *header == "right" && reads.iter().any(|tool| entry.ends_with(tool)) {
        assert!(text.contains("call verify_caller"), "{given:?}, {entry}: the answer says what to do: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_client_is_told_what_the_table_says_at_every_door() {
    let service =
        Service::start_with(&[("VAPI_TOOL_SCOPES", ALL_SCOPES), ("CLIENT_REQUESTS_PER_SECOND", "100000")]).await;
    let children = children(&service).await;
    write_private(&service, &children).await;
    let office = Door { service: &service, key: service.agent_key_of(ClientKind::BackOffice, ALL_SCOPES).await };
    let telephone = Door { service: &service, key: service.agent_key_of(ClientKind::Telephone, ALL_SCOPES).await };
    let listed = async |method: &str| office.mcp(&HEADERS[1], method, &json!({})).await["result"].clone();
    let by_default = listed("tools/list").await["tools"].to_string();
    assert!(!by_default.contains("verify_caller"), "it is listed only if a code is asked for");
    Given::PinNotYet.set_up(&service, children[0].student_id);
    let entries = Entries::list(&office).await;
    let hash = Code::hear("4219").unwrap().hash();
    for child in &children {
        let (id, db) = (child.student_id, &service.database_url);
        psql(db, &format!("insert into caller_codes values ('{id}', 'pin', '{hash}', 0, null, now(), 'operator')"));
    }

    // A back office without a line gets all data, so its absence on a line is meaningful.
    for id in ["getStudent", "getSession"] {
        let operation = entries.operations.iter().find(|operation| operation.id == id).unwrap();
        let (_, text) = office.api(&HEADERS[1], operation, &children[0]).await;
        assert!(text.contains(if id == "getStudent" { "cohort seven" } else { "words of evidence" }), "{text}");
        let (_, text) = office.api(&HEADERS[0], operation, &children[0]).await;
        assert!(PRIVATE.iter().all(|words| !text.contains(words)), "a back office on a line: {text}");
    }

    for given in [Given::CallerId, Given::PinNotYet, Given::Pin, Given::Locked] {
        given.set_up(&service, children[0].student_id);
        for header in &HEADERS {
            for child in &children {
                ask_question(&service, child);
                entries.ask(&telephone, header, child, |entry, answer| hold(given, entry, header, child, answer)).await;
                for tool in &entries.tools {
                    let answer = telephone.webhook(header, tool, &arguments(tool, child)).await;
                    hold(given, &format!("tool {}", name(tool)), header, child, &answer);
                }
            }
        }
    }
    service.stop().await;
}

/// A tutor of one cohort: their agent reaches the same students as they do at the dashboard.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_of_a_person_is_told_of_the_students_of_the_person() {
    let service = Service::start_with(&[("CLIENT_REQUESTS_PER_SECOND", "100000")]).await;
    let children = children(&service).await;
    for (child, cohort) in children.iter().zip(["'7b'", "'8a'", "null"]) {
        psql(
            &service.database_url,
            &format!("update students set cohort = {cohort} where student_id = '{}'", child.student_id),
        );
    }
    let office = Door { service: &service, key: service.agent_key_of(ClientKind::BackOffice, ALL_SCOPES).await };
    let entries = Entries::list(&office).await;
    let tutor = Staff::insert(&service, "tutor", Role::Tutor, Some(&["7b"])).await;
    let tokens = Connector::register(&service).await.connect(&tutor.person).await;
    let agent = Door { service: &service, key: tokens["access_token"].as_str().unwrap().to_owned() };
    // A line neither widens nor narrows what the person reaches.
    for header in [&HEADERS[1], &HEADERS[0], &HEADERS[7]] {
        for child in &children {
            ask_question(&service, child);
            entries
                .ask(&agent, header, child, |entry, (is_answer, text)| {
                    let expected = match rules(entry).1 {
                        Always => true,
                        Never => false,
                        Own => child.name == "Gus",
                    };
                    assert_eq!(*is_answer, expected, "{entry}, {}, about {}: {text}", header.0, child.name);
                    for other in &children[1..] {
                        let id = other.student_id.to_string();
                        let is_named = text.contains(other.name) || text.contains(&format!("secret of {}", other.name));
                        assert!(
                            !is_named,
                            "{entry}, {}, about {}: the answer names {}: {text}",
                            header.0, child.name, other.name
                        );
                        assert!(!text.contains(&id) || child.student_id == other.student_id, "{entry}: {text}");
                    }
                })
                .await;
        }
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_reaches_its_own_student_by_its_own_operations_and_nothing_else() {
    let service = Service::start_with(&[("CLIENT_REQUESTS_PER_SECOND", "100000")]).await;
    let children = children(&service).await;
    write_private(&service, &children).await;
    let office = Door { service: &service, key: service.agent_key_of(ClientKind::BackOffice, ALL_SCOPES).await };
    let entries = Entries::list(&office).await;
    let staff = service.log_in().await;
    let gus = children[0].student_id;
    let guardian = psql(&service.database_url, "select guardian_id from guardians where name = 'guardian of Gus'");
    let app = App { service: &service };
    let mut both = Vec::new();
    for holder in ["", &guardian[..]] {
        both.push(app.exchange(json!({ "code": show_code(&staff, gus, holder).await })).await);
    }
    let mut n = 0;
    for tokens in both {
        let family = Door { service: &service, key: tokens["access_token"].as_str().unwrap().to_owned() };
        // No line changes what they reach.
        for header in [&HEADERS[1], &HEADERS[0], &HEADERS[7]] {
            for child in &children {
                entries
                    .ask(&family, header, child, |entry, (is_answer, text)| {
                        let of_own = entry.starts_with("api listOwn") || entry.starts_with("api getOwn");
                        let expected = rules(entry) == (Always, Always) && entry.starts_with("mcp ")
                            || of_own && (child.name == "Gus" || entry == "api listOwnStudents");
                        assert_eq!(*is_answer, expected, "{entry}, {}, about {}: {text}", header.0, child.name);
                        n += usize::from(of_own && expected);
                        let private = PRIVATE.iter().filter(|words| **words != "Brandt" && text.contains(**words));
                        assert!(private.count() == 0 || entry.starts_with("mcp "), "{entry}: {text}");
                        let told = ["Fay", "Zed", "secret of"].iter().filter(|words| text.contains(**words));
                        assert_eq!(told.count(), 0, "{entry}, {}, about {}: {text}", header.0, child.name);
                    })
                    .await;
            }
        }
    }
    assert_eq!(n, 2 * 3 * (6 + 2), "all six of Gus, and the list of students also where another is named");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_office_client_names_students_by_its_scopes() {
    let service = Service::start_with(&[("CLIENT_REQUESTS_PER_SECOND", "100000")]).await;
    let children = children(&service).await;
    let office = Door { service: &service, key: service.agent_key_of(ClientKind::BackOffice, ALL_SCOPES).await };
    let operations = operations(&service).await;
    for scope in ALL_SCOPES.split(' ') {
        let narrow = Door { service: &service, key: service.agent_key_of(ClientKind::BackOffice, scope).await };
        for child in &children {
            let is_for_clients = |of: &&Operation| of.method == "GET" && !of.path.contains("/own/");
            for operation in operations.iter().filter(is_for_clients) {
                let needs = match &operation.id[..] {
                    "getStudentContext" | "getPlan" => "context:read",
                    "listSessions" | "getSession" | "getSessionByCall" | "getTranscript" => "sessions:read",
                    _ => "students:read",
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
    // A line that the office names also limits it.
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
        assert_eq!(webhook().await, action.contains("client_"), "no client has the tools of webhooks");
        let path = format!("{}/api/v1/follow-ups", service.server_url);
        let others = service.http.get(path).bearer_auth(&office).send().await.unwrap();
        assert_eq!(others.status(), StatusCode::OK, "a back office continues to work");
        person.submit_to(page, &action, &[("to", "start")]).await;
        assert!(asks().await && webhook().await, "the client is let in again");
    }
    psql(&service.database_url, "insert into telephone_stop values (true, now(), 'operator')");
    assert_eq!(service.deliver(&vapi::sample(vapi::REPORT)).await, StatusCode::OK);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_stops_starts_and_changes_clients_and_ends_one_key() {
    let service = Service::start().await;
    service.student("Gus Brandt", PHONE).await;
    let run = |words: &[&str]| operator(&service, &[&["api-client"], words].concat());
    let good = |words: &[&str]| {
        let (is_good, said) = run(words);
        assert!(is_good, "{words:?}: {said}");
        said
    };
    let made = good(&["create", "--name", "phone", "--scope", "context:read students:read", "--agent-key"]);
    let made: Value = serde_json::from_str(&made).unwrap();
    let client_id = made["client_id"].as_str().unwrap();
    let telephone = Door { service: &service, key: made["agent_key"].as_str().unwrap().to_owned() };
    let line: Header = ("right", None, &[PHONE]);
    let context = json!({ "name": "get_student_context", "arguments": {} });
    let asks = async || telephone.ask(&line, "tools/call", &context).await.0;
    // Servers follow within seconds. Another journey checks how many.
    let becomes = async |expected: bool| {
        eventually("the server follows", async || (asks().await == expected).then_some(())).await;
    };
    becomes(true).await;
    for which in [&["--client-id", client_id][..], &["--all-telephones"]] {
        good(&[&["stop"], which].concat());
        becomes(false).await;
        assert!(good(&["list"]).contains(r#""is_stopped":true"#));
        good(&[&["start"], which].concat());
        becomes(true).await;
    }

    let list = json!({ "name": "list_students", "arguments": {} });
    let lists = async || telephone.ask(&HEADERS[1], "tools/call", &list).await.0;
    assert!(!lists().await, "a telephone client lists no students");
    good(&["set-kind", "--client-id", client_id, "--kind", "back-office"]);
    eventually("a back office lists students", async || lists().await.then_some(())).await;
    good(&["set-kind", "--client-id", client_id, "--kind", "telephone"]);
    eventually("a telephone client lists no students again", async || (!lists().await).then_some(())).await;

    // One key is revoked; another key of the same client still works.
    let second = agent_key::insert_key(&service.db, client_id, clock::now()).await.unwrap();
    let second = Door { service: &service, key: second.expose_secret().to_owned() };
    let keys: Vec<Value> = good(&["list-keys", "--client-id", client_id])
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(keys.len(), 2, "{keys:?}");
    let (newer, older) = (keys[0]["agent_key_id"].as_str().unwrap(), keys[1]["agent_key_id"].as_str().unwrap());
    let revoke = ["revoke-key", "--client-id", client_id, "--agent-key-id", older];
    assert!(!run(&["revoke-key", "--client-id", "client_other", "--agent-key-id", older]).0, "of another client");
    good(&revoke);
    becomes(false).await;
    assert!(second.ask(&line, "tools/call", &context).await.0, "the other key still works");
    let (is_good, said) = run(&revoke);
    assert!(!is_good && said.contains("no such key that is still valid"), "{said}");

    let person = service.log_in().await;
    let page = format!("/settings/clients/{client_id}/revoke");
    let html = person.read(&page).await;
    assert!(html.contains("Or only one agent key") && html.matches("Revoke key").count() == 1, "{html}");
    assert_eq!(person.submit(&page, &format!("/settings/clients/{client_id}/keys/{newer}/revoke"), &[]).await, page);
    eventually("the server follows", async || (!second.ask(&line, "tools/call", &context).await.0).then_some(())).await;

    let acts = psql(
        &service.database_url,
        "select string_agg(action || coalesce(' ' || (detail->>'kind'), ''), ', ' order by at, audit_entry_id) from audit_entries
         where actor = 'operator' or action = 'client.revoke_key'",
    );
    let expected = "api_client.create telephone, api_client.stop, api_client.start, api_client.stop, api_client.start, \
                    api_client.set_kind back_office, api_client.set_kind telephone, api_client.revoke_key, client.revoke_key";
    assert_eq!(acts, expected);
    for command in ["stop", "start", "set-kind", "list-keys", "revoke-key"] {
        let help = good(&[command, "--help"]);
        assert!(help.contains("--client-id") && help.lines().next().is_some_and(|line| line.len() > 20), "{help}");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_concern_is_kept_whoever_calls_and_repeated_ones_are_one_row() {
    let service = Service::start().await;
    let children = children(&service).await;
    let telephone = Door { service: &service, key: service.agent_key_of(ClientKind::Telephone, ALL_SCOPES).await };
    let concern = |text: &str| {
        let arguments = json!({ "category": "abuse", "text": text, "student_id": children[2].student_id });
        json!({ "name": "flag_concern", "arguments": arguments })
    };
    for header in &HEADERS {
        for n in 0..6 {
            let text = format!("{}, said {}", header.0, n % 3);
            let (is_kept, text) = telephone.ask(header, "tools/call", &concern(&text)).await;
            assert!(is_kept, "{text}");
        }
    }
    let rows = psql(
        &service.database_url,
        "select count(*), sum(n_raised), sum(1 + cardinality(more)), count(distinct student_id) from follow_ups",
    );
    // One each for the call, the unknown call, the client, and the withheld or foreign line. All texts are kept.
    let columns: Vec<i64> = rows.split('|').map(|n| n.parse().unwrap()).collect();
    assert!(columns[0] <= 4, "{rows}");
    assert_eq!(
        (columns[1], columns[2], columns[3]),
        (60, 30, 1),
        "every concern is counted and none is dropped: {rows}"
    );
    assert_eq!(
        psql(
            &service.database_url,
            "select count(*) from follow_ups f join sessions s using (session_id) where call_id in ('call-of-zed', 'call-finished')"
        ),
        "0",
        "nothing is attached to other children's calls"
    );
    let person = service.log_in().await;
    let overview = person.read("/").await;
    assert!(
        overview.contains("absent, said 0") && overview.contains("Raised"),
        "the overview shows concerns that belong to no call"
    );
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_student_is_silence_everywhere_and_new_calls_are_not_judged() {
    let service = Service::start().await;
    let student = service.student("Gus Brandt", vapi::CALLER).await;
    let id = student.student_id;
    let key = service.agent_key_of(ClientKind::BackOffice, ALL_SCOPES).await;
    assert_eq!(service.deliver(&vapi::sample(vapi::REPORT)).await, StatusCode::OK);
    let session = service.analyzed(&key, vapi::CALL_ID).await;
    let session_id = session["session_id"].as_str().unwrap();
    psql(&service.database_url, "update students set status = 'blocked'");
    let count = || psql(&service.database_url, "select count(*) from evidence");
    let before = count();

    let office = Door { service: &service, key: key.clone() };
    let telephone = Door { service: &service, key: service.agent_key_of(ClientKind::Telephone, ALL_SCOPES).await };
    let line: Header = ("right", Some("live"), &[vapi::CALLER]);
    for (door, header) in [(&office, &HEADERS[1]), (&telephone, &line)] {
        for (tool, arguments) in [
            ("next_question", json!({ "student_id": id })),
            ("get_lesson_plan", json!({ "student_id": id })),
            ("list_due_skills", json!({ "student_id": id })),
            ("get_progress", json!({ "student_id": id })),
            ("get_session", json!({ "session_id": session_id, "include_transcript": true })),
            ("save_note", json!({ "student_id": id, "text": "x" })),
            ("set_goal", json!({ "student_id": id, "goal": "be ready for the fractions test" })),
        ] {
            let (is_answer, text) =
                door.ask(header, "tools/call", &json!({ "name": tool, "arguments": arguments })).await;
            assert!(!is_answer && !text.contains("Gus"), "{tool}: {text}");
        }
        let context = json!({ "name": "get_student_context", "arguments": { "student_id": id } });
        let (_, text) = door.ask(header, "tools/call", &context).await;
        assert!(text.contains("blocked") && !text.contains("Gus"), "{text}");
        let uri = json!({ "uri": format!("session://{session_id}/transcript") });
        assert!(!door.ask(header, "resources/read", &uri).await.0);
    }
    for (tool, arguments) in [("search_sessions", json!({ "words": "six" })), ("list_sessions", json!({}))] {
        let (_, text) = office.ask(&HEADERS[1], "tools/call", &json!({ "name": tool, "arguments": arguments })).await;
        assert!(text.contains(r#""items":[]"#), "{tool}: {text}");
    }
    for (path, status) in [
        (format!("/api/v1/sessions/{session_id}"), StatusCode::FORBIDDEN),
        (format!("/api/v1/sessions/{session_id}/transcript"), StatusCode::FORBIDDEN),
        (format!("/api/v1/sessions/by-call/{}", vapi::CALL_ID), StatusCode::FORBIDDEN),
        // This must work so that a back office can unblock the student.
        (format!("/api/v1/students/{id}"), StatusCode::OK),
    ] {
        let response =
            service.http.get(format!("{}{path}", service.server_url)).bearer_auth(&key).send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
    }
    assert_eq!(service.get(&key, "/api/v1/sessions").await["items"], json!([]));

    let again = String::from_utf8(vapi::sample(vapi::REPORT)).unwrap().replace(vapi::CALL_ID, "while-blocked");
    assert_eq!(service.deliver(again.as_bytes()).await, StatusCode::OK);
    crate::service::eventually("the call is stored", async || {
        let status = psql(&service.database_url, "select status from sessions where call_id = 'while-blocked'");
        (status == "analyzed").then_some(())
    })
    .await;
    assert_eq!(count(), before, "the call adds no evidence");
    let summary =
        "select findings->>'summary' from analyses join sessions using (session_id) where call_id = 'while-blocked'";
    assert_eq!(psql(&service.database_url, summary), "Not judged: the student is blocked.");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_spoken_instruction_comes_back_word_for_word_in_any_tools_answer() {
    let sayings: Vec<String> = include_str!("../cases/injections.jsonl")
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["text"].as_str().unwrap().to_owned())
        .collect();
    assert!(sayings.len() >= 200);
    let service = Service::start_with(&[("CLIENT_REQUESTS_PER_SECOND", "100000")]).await;
    service.student("Gus Brandt", vapi::CALLER).await;
    let office = service.token(ALL_SCOPES).await;
    let telephone = Door { service: &service, key: service.agent_key_of(ClientKind::Telephone, ALL_SCOPES).await };
    // Spoken: ten to a call.
    for (n, some) in sayings.chunks(10).enumerate() {
        let mut report: Value = serde_json::from_slice(&vapi::sample(vapi::REPORT)).unwrap();
        let message = &mut report["message"];
        let turns = some.iter().flat_map(|saying| [("bot", "What do you like?"), ("user", &saying[..])]);
        let turns = turns.enumerate().map(|(i, (role, text))| {
            json!({ "role": role, "message": text, "secondsFromStart": i * 8, "time": 1_795_190_500_000_u64, "duration": 4000 })
        });
        message["artifact"]["messages"] = turns.collect();
        message["call"]["id"] = json!(format!("spoken-{n}"));
        assert_eq!(service.deliver(report.to_string().as_bytes()).await, StatusCode::OK);
    }
    for n in 0..sayings.len().div_ceil(10) {
        service.analyzed(&office, &format!("spoken-{n}")).await;
    }
    // Sent to tools, each in its own call, because a limit on one call could hide an answer.
    let mut answers = Vec::new();
    for (n, saying) in sayings.iter().enumerate() {
        let call: &'static str = Box::leak(format!("told-{n}").into_boxed_str());
        let line: Header = ("right", Some(call), &[vapi::CALLER]);
        for (tool, arguments) in [
            ("save_note", json!({ "text": saying })),
            ("flag_concern", json!({ "category": "other", "text": saying })),
            ("set_goal", json!({ "goal": saying.chars().take(120).collect::<String>() })),
            ("schedule_callback", json!({ "at": tomorrow(), "reason": saying.chars().take(160).collect::<String>() })),
            ("end_session_summary", json!({ "summary": saying })),
            ("register_student", json!({ "first_name": saying.chars().take(60).collect::<String>() })),
        ] {
            let answer = telephone.ask(&line, "tools/call", &json!({ "name": tool, "arguments": arguments })).await;
            answers.push((tool, answer.1));
        }
    }
    let line: Header = ("right", Some("next"), &[vapi::CALLER]);
    let session = psql(&service.database_url, "select session_id from sessions where call_id = 'spoken-0'");
    for (tool, arguments) in [
        ("get_student_context", json!({})),
        ("get_lesson_plan", json!({})),
        ("list_due_skills", json!({})),
        ("next_question", json!({})),
        ("get_progress", json!({})),
        ("get_session", json!({ "session_id": session })),
        ("get_session", json!({ "session_id": session, "include_transcript": true })),
        ("list_sessions", json!({})),
        ("search_sessions", json!({ "words": "tutor" })),
    ] {
        let answer = telephone.ask(&line, "tools/call", &json!({ "name": tool, "arguments": arguments })).await;
        answers.push((tool, answer.1));
    }
    let context = &answers[answers.len() - 9].1;
    assert!(context.contains("Gus"), "the next call is recognised: {context}");
    let plain =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let sayings: Vec<String> =
        sayings.iter().map(|saying| plain(&saying.chars().take(60).collect::<String>())).collect();
    for (tool, answer) in &answers {
        let answer = plain(answer);
        assert!(sayings.iter().all(|saying| !answer.contains(saying)), "{tool}: {answer}");
    }
    service.stop().await;
}
