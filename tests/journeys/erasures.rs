//! Erasing a person leaves none of their data in the database or the logs, however it came in, and none of it comes
//! back.

use std::io::Write;
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use storage::access::ClientKind;
use storage::id::StudentId;
use storage::job::{self, Job};
use storage::{clock, db};

use crate::agents::connector::Connector;
use crate::assistant::{VOICE, tomorrow};
use crate::fake_vapi::{API_KEY, FakeVapi};
use crate::mailbox::Mailbox;
use crate::outgoing_webhooks::insert_endpoint;
use crate::overview::plain;
use crate::processes::operator;
use crate::psql::{psql, try_psql};
use crate::receiver::{Answer, Receiver};
use crate::server::ALL_SCOPES;
use crate::service::{Person, Service, eventually};
use crate::vapi;

/// The start of every planted text. No text of the service contains it.
const MARK: &str = "zqcanary";
const NAME: &str = "Zqcanaryname Zqcanarysurname";
const PHONE: &str = "+14155550181";
/// A number that the student had before.
const PAST_PHONE: &str = "+14155550182";
const GUARDIAN_PHONE: &str = "+14155550183";

/// Everything that the service logs in this process.
static LOGS: LazyLock<Arc<Mutex<Vec<u8>>>> = LazyLock::new(|| {
    let logs = Arc::<Mutex<Vec<u8>>>::default();
    let writer = logs.clone();
    let make = move || Tee(writer.clone());
    let filter =
        "info,storage=trace,queue=trace,web=trace,vapi=trace,worker=trace,mcp_server=trace,admin=trace,sqlx=debug";
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(make).try_init();
    logs
});

struct Tee(Arc<Mutex<Vec<u8>>>);

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Returns the whole database as `pg_dump` writes it.
fn dump(url: &SecretString) -> String {
    let output = Command::new("pg_dump").arg(url.expose_secret()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Returns the lines that contain a planted text or number. A dump has bytes in hexadecimal digits, so these are
/// searched, too.
fn canaries_in(dump: &str) -> Vec<String> {
    let texts = [MARK, &PHONE[1..], &PAST_PHONE[1..], &GUARDIAN_PHONE[1..]];
    let hex: Vec<String> =
        texts.iter().flat_map(|text| [hex::encode(text), hex::encode(text.to_uppercase())]).collect();
    let holds = |line: &str| {
        let line = line.to_lowercase();
        texts.iter().any(|text| line.contains(text)) || hex.iter().any(|hex| line.contains(hex.as_str()))
    };
    dump.lines().filter(|line| holds(line)).map(|line| line.chars().take(300).collect()).collect()
}

/// Returns the tables of a dump that contain a text.
fn tables_with(dump: &str, text: &str) -> Vec<String> {
    let (mut table, mut found) = (String::new(), Vec::new());
    for line in dump.lines() {
        if let Some(rest) = line.strip_prefix("COPY public.") {
            rest.split(' ').next().unwrap().clone_into(&mut table);
        }
        if line.contains(text) && found.last() != Some(&table) {
            found.push(table.clone());
        }
    }
    found
}

fn assert_nothing_is_left(service: &Service, student_id: &str) {
    let dump = dump(&service.database_url);
    assert_eq!(canaries_in(&dump), Vec::<String>::new());
    let allowed = ["audit_entries", "erasures"];
    let tables = tables_with(&dump, student_id);
    assert!(tables.iter().all(|table| allowed.contains(&&**table)), "{tables:?}");
    let logs = String::from_utf8_lossy(&LOGS.lock().unwrap()).into_owned();
    assert!(logs.contains("job done"), "the logs are captured");
    assert_eq!(canaries_in(&logs), Vec::<String>::new(), "in the logs");
}

/// Builds a report of a call from this number, with planted texts in what was said and in fields that the service does
/// not read.
fn report(call_id: &str, phone: &str) -> Vec<u8> {
    let said = [
        "Hello, what is one half plus one quarter?",
        "My name is Zqcanaryspoken and I love zqcanaryturn. I think it is two sixths.",
        "Not quite. What is one half plus one quarter?",
        "Three quarters, zqcanarysecond.",
    ];
    let body = vapi::report(call_id, clock::now() - TimeDelta::minutes(20), &said);
    let mut body: Value = serde_json::from_slice(&body).unwrap();
    let message = &mut body["message"];
    message["customer"] = json!({ "number": phone, "name": "Zqcanarycustomer" });
    message["call"]["customer"] = json!({ "number": phone });
    message["analysis"] = json!({ "summary": "zqcanarysummary" });
    message["artifact"]["recordingUrl"] = json!("https://storage.vapi.ai/zqcanaryrecording.wav");
    message["recordingUrl"] = json!("https://storage.vapi.ai/zqcanaryrecording.wav");
    serde_json::to_vec(&body).unwrap()
}

fn status(call_id: &str, phone: &str) -> Vec<u8> {
    let mut body: Value = serde_json::from_slice(&vapi::sample("status-update.in-progress.json")).unwrap();
    let message = &mut body["message"];
    message["timestamp"] = json!(clock::now().timestamp_millis());
    message["call"]["id"] = json!(call_id);
    message["call"]["createdAt"] = json!(clock::now().to_rfc3339());
    message["call"]["customer"] = json!({ "number": phone });
    message["customer"] = json!({ "number": phone, "name": "Zqcanarycustomer" });
    serde_json::to_vec(&body).unwrap()
}

/// Calls a tool on a line, as an assistant does. Returns the answer.
async fn tool(service: &Service, key: &str, line: (&str, &str), name: &str, arguments: Value) -> String {
    let params = json!({ "name": name, "arguments": arguments });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let request = service.http.post(format!("{}/mcp", service.server_url)).bearer_auth(key);
    let request = request.header("content-type", "application/json").header("x-caller-number", line.1);
    let request = if line.0.is_empty() { request } else { request.header("x-call-id", line.0) };
    let response = request.body(body.to_string()).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{name}");
    response.text().await.unwrap()
}

async fn jobs_are_done(service: &Service) {
    eventually("the jobs are done", async || {
        let open = psql(
            &service.database_url,
            "select count(*) from jobs where state in ('ready', 'sent', 'running') and run_at <= now()",
        );
        (open == "0").then_some(())
    })
    .await;
}

/// Plants texts about one student in every way that data comes in. Returns the student's id.
async fn plant(service: &Service, person: &Person, voice: &str) -> String {
    // Before the student is registered: a caller with a name, a concern without a call, and bodies that cannot be read.
    service.deliver(&report("call-past", PAST_PHONE)).await;
    let line = ("", PAST_PHONE);
    tool(service, voice, line, "flag_concern", json!({ "category": "other", "text": "zqcanaryconcernofnumber" })).await;
    service.deliver(&status("call-stranger", PAST_PHONE)).await;
    jobs_are_done(service).await;
    let line = ("call-stranger", PAST_PHONE);
    tool(service, voice, line, "register_student", json!({ "first_name": "Zqcanarystranger" })).await;
    service.deliver(format!("{{\"message\": zqcanaryunreadable {PAST_PHONE}").as_bytes()).await;
    let mut nameless: Value = serde_json::from_slice(&report("x", PHONE)).unwrap();
    nameless["message"]["call"].as_object_mut().unwrap().remove("id");
    nameless["message"]["note"] = json!("zqcanarynameless");
    service.deliver(&serde_json::to_vec(&nameless).unwrap()).await;

    // Import and command line.
    let file = std::env::temp_dir().join(format!("roster-{}.csv", uuid::Uuid::now_v7().simple()));
    let sheet = format!(
        "display_name,phones,grade,cohort,external_id\nZqcanarybefore Zqcanarysurname,{PAST_PHONE},4,zqcanarycohort,zqcanaryexternal\n"
    );
    std::fs::write(&file, sheet).unwrap();
    let (is_ok, output) = operator(service, &["student", "import", file.to_str().unwrap()]);
    assert!(is_ok && output.contains("1 students added"), "{output}");
    std::fs::remove_file(file).unwrap();
    let student_id = psql(&service.database_url, "select student_id from students");

    // The API.
    let token = service.token(ALL_SCOPES).await;
    let change = json!({ "display_name": NAME, "phones": [PHONE], "guidance": "zqcanaryguidance" });
    let url = format!("{}/api/v1/students/{student_id}", service.server_url);
    let patched = service.http.patch(&url).bearer_auth(&token).json(&change).send().await.unwrap();
    assert_eq!(patched.status(), StatusCode::OK);

    // The dashboard.
    let page = format!("/students/{student_id}");
    for (action, fields) in [
        ("notes", &[("note", "zqcanarynote"), ("who", "people")][..]),
        (
            "guardians",
            &[
                ("name", "Zqcanaryguardian"),
                ("relation", "zqcanaryrelation"),
                ("phone", GUARDIAN_PHONE),
                ("email", "zqcanary@example.org"),
            ],
        ),
        (
            "consents",
            &[
                ("action", "given"),
                ("means", "phone"),
                ("purpose", "recording"),
                ("reason", "zqcanaryreason"),
                ("expires_on", "2999-12-31"),
            ],
        ),
    ] {
        person.submit_to(&page, &format!("{page}/{action}"), fields).await;
    }
    let view = [("name", "zqcanary view"), ("query", "q=Zqcanarysurname%2C+Zqcanaryname")];
    person.submit_to("/sessions", "/sessions/views", &view).await;

    // A whole call with tools, and a call that continues.
    let line = ("call-done", PHONE);
    service.deliver(&status("call-done", PHONE)).await;
    jobs_are_done(service).await;
    for (name, arguments) in [
        ("save_note", json!({ "text": "zqcanarytoolnote" })),
        ("flag_concern", json!({ "category": "distress", "text": "zqcanaryconcern" })),
        ("flag_concern", json!({ "category": "distress", "text": "zqcanaryconcernagain" })),
        ("schedule_callback", json!({ "at": tomorrow(), "reason": "zqcanarycallback" })),
        ("end_session_summary", json!({ "summary": "zqcanaryendsummary" })),
    ] {
        let answer = tool(service, voice, line, name, arguments).await;
        assert!(!answer.contains("\"isError\":true"), "{name}: {answer}");
    }
    let office = service.agent_key_of(ClientKind::BackOffice, ALL_SCOPES).await;
    let goal = json!({ "student_id": student_id, "goal": "zqcanarygoal" });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "set_goal", "arguments": goal } });
    let request = service.http.post(format!("{}/mcp", service.server_url)).bearer_auth(&office);
    let request = request.header("content-type", "application/json").body(body.to_string());
    assert!(!request.send().await.unwrap().text().await.unwrap().contains("\"isError\":true"));
    service.deliver(&report("call-done", PHONE)).await;
    service.analyzed(&token, "call-done").await;
    service.deliver(&status("call-live", PHONE)).await;
    jobs_are_done(service).await;
    let live = ("call-live", PHONE);
    tool(service, voice, live, "flag_concern", json!({ "category": "other", "text": "zqcanarylive" })).await;

    // A person's agent, a call from the guardian's own telephone, and outgoing e-mails: an alert and a report.
    let agent = Connector::register(service).await;
    let tokens = agent.connect(person).await;
    let noted =
        agent.call(&tokens, "save_note", json!({ "student_id": student_id, "text": "zqcanaryagentnote" })).await;
    assert_eq!(noted["result"]["isError"], json!(false), "{noted}");
    service.deliver(&report("call-guardian", GUARDIAN_PHONE)).await;
    service.analyzed(&token, "call-guardian").await;
    let urgent = json!({ "category": "danger", "text": "zqcanaryurgent" });
    tool(service, voice, live, "flag_concern", urgent).await;
    let write =
        Job::WriteReport { student_id: StudentId(student_id.parse().unwrap()), week_on: clock::now().date_naive() };
    let mut tx = db::begin(&service.db).await.unwrap();
    job::enqueue(&mut tx, &write, None).await.unwrap();
    tx.commit().await.unwrap();
    eventually("the alert and the report are sent", async || {
        let sent =
            "select string_agg(kind, ' ' order by kind) from messages where state = 'sent' and endpoint_id is null";
        (psql(&service.database_url, sent) == "concern_alert guardian_report").then_some(())
    })
    .await;
    jobs_are_done(service).await;
    student_id
}

/// The texts from [`plant`] that are data about the student.
const PLANTED: [&str; 33] = [
    "zqcanaryname",
    "zqcanarybefore",
    "zqcanarysurname",
    "zqcanaryspoken",
    "zqcanaryturn",
    "zqcanarysecond",
    "zqcanarycustomer",
    "zqcanarysummary",
    "zqcanaryrecording",
    "zqcanaryconcernofnumber",
    "zqcanarystranger",
    "zqcanaryunreadable",
    "zqcanarynameless",
    "zqcanarycohort",
    "zqcanaryexternal",
    "zqcanaryguidance",
    "zqcanarynote",
    "zqcanaryguardian",
    "zqcanaryrelation",
    "zqcanary@example.org",
    "zqcanaryreason",
    "zqcanarytoolnote",
    "zqcanaryconcern",
    "zqcanaryconcernagain",
    "zqcanarycallback",
    "zqcanaryendsummary",
    "zqcanarygoal",
    "zqcanarylive",
    "zqcanaryagentnote",
    "zqcanaryurgent",
    "zqcanaryname had ",
    "call-guardian",
    PAST_PHONE,
];

/// Returns the export with its request bodies decoded.
fn readable(export: &str) -> String {
    let mut text = export.to_lowercase();
    for part in export.split("\"body_base64\":\"").skip(1) {
        let encoded: String = part.split('"').next().unwrap().replace("\\n", "");
        let body = STANDARD.decode(encoded).unwrap();
        text.push_str(&String::from_utf8_lossy(&body).to_lowercase());
    }
    text
}

/// The stand-ins for everything that receives data from the service.
struct Outside {
    vapi: FakeVapi,
    mailbox: Mailbox,
    receiver: Receiver,
}

async fn start() -> (Service, Outside, Person, String) {
    let _ = &*LOGS;
    let outside =
        Outside { vapi: FakeVapi::default(), mailbox: Mailbox::open().await, receiver: Receiver::open().await };
    let service = Service::start_with(&[
        ("VAPI_API_URL", &outside.vapi.start().await),
        ("VAPI_API_KEY", API_KEY),
        ("SMTP_URL", &outside.mailbox.url),
        ("MAIL_FROM", "tutor@example.org"),
        ("WEBHOOK_OWN_HOSTS", &outside.receiver.host),
    ])
    .await;
    let voice = service.agent_key(VOICE).await;
    let person = service.log_in().await;
    insert_endpoint(&person, &outside.receiver.url()).await;
    (service, outside, person, voice)
}

/// Erases the student now. Returns the address of the receipt.
async fn erase_now(person: &Person, student_id: &str) -> String {
    let page = format!("/students/{student_id}/erase");
    let asked = [("name", NAME), ("when", "now"), ("asked_by", "guardian"), ("asked_on", "2026-11-16")];
    let to = person.submit_to(&page, &page, &asked).await;
    assert!(to.starts_with("/settings/erasures/"), "{to}");
    to
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_in_by_every_door_is_in_the_export_and_gone_after_the_erasure() {
    let (service, outside, person, voice) = start().await;
    outside.vapi.add_ended_call("call-done", TimeDelta::minutes(10));
    let student_id = plant(&service, &person, &voice).await;
    let export = person.read(&format!("/students/{student_id}/export.json")).await;
    let export = readable(&export);
    let missing: Vec<&str> = PLANTED.into_iter().filter(|text| !export.contains(text)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "all of it is in the export");
    assert!(canaries_in(&dump(&service.database_url)).len() > 20, "the search finds what is there");

    // An alert and a webhook wait for another attempt. A reminder and a report are due later.
    outside.mailbox.answer(Some("451 later"));
    outside.receiver.answer(Answer::Status(503));
    let again = json!({ "category": "abuse", "text": "zqcanaryurgent" });
    tool(&service, &voice, ("call-live", PHONE), "flag_concern", again).await;
    eventually("both wait for another attempt", async || {
        let wait = "select string_agg(distinct kind, ' ') from messages where state = 'waiting' and n_attempts > 0";
        let wait = psql(&service.database_url, wait);
        ["concern_alert", "concern.raised"].iter().all(|kind| wait.contains(kind)).then_some(())
    })
    .await;
    let receipt = erase_now(&person, &student_id).await;
    assert_nothing_is_left(&service, &student_id);
    outside.mailbox.answer(None);
    outside.receiver.answer(Answer::Status(204));
    let n_sent = (outside.mailbox.emails().len(), outside.receiver.requests().len());
    let due = "update jobs set run_at = now() where state = 'ready' and kind <> 'delete_call' returning kind";
    assert!(psql(&service.database_url, due).contains("alert_staff"), "a reminder was planned");
    jobs_are_done(&service).await;
    assert_eq!((outside.mailbox.emails().len(), outside.receiver.requests().len()), n_sent, "nothing more is sent");

    // Late messages are answered and not stored.
    for call_id in ["call-done", "call-live", "call-past", "call-stranger", "call-guardian"] {
        assert_eq!(service.deliver(&status(call_id, PHONE)).await, StatusCode::OK);
        assert_eq!(service.deliver(&report(call_id, PHONE)).await, StatusCode::OK);
        for name in ["flag_concern", "save_note", "schedule_callback", "register_student", "end_session_summary"] {
            let arguments = match name {
                "flag_concern" => json!({ "category": "other", "text": "zqcanarylate" }),
                "schedule_callback" => json!({ "at": tomorrow(), "reason": "zqcanarylate" }),
                "register_student" => json!({ "first_name": "Zqcanarylate" }),
                "end_session_summary" => json!({ "summary": "zqcanarylate" }),
                _ => json!({ "text": "zqcanarylate" }),
            };
            let answer = tool(&service, &voice, (call_id, PHONE), name, arguments).await;
            assert!(answer.contains("were deleted"), "{name}: {answer}");
        }
    }
    let mut by_webhook: Value = serde_json::from_slice(&vapi::sample("tool-calls.json")).unwrap();
    by_webhook["message"]["call"]["id"] = json!("call-live");
    by_webhook["message"]["toolCallList"][0]["function"] =
        json!({ "name": "flag_concern", "arguments": { "category": "other", "text": "zqcanarylate" } });
    let answer = service.ask(&serde_json::to_vec(&by_webhook).unwrap()).await;
    assert!(answer.to_string().contains("were deleted"), "{answer}");
    jobs_are_done(&service).await;
    assert_nothing_is_left(&service, &student_id);

    // VAPI is asked to delete each call, and its answers are kept.
    let answers = eventually("VAPI has deleted the calls that ended", async || {
        let answers = psql(
            &service.database_url,
            "select string_agg(call_id || ' ' || vapi_answer, ', ' order by call_id) from erased_calls where vapi_deleted_at is not null",
        );
        (answers.matches(',').count() == 2).then_some(answers)
    })
    .await;
    assert_eq!(answers, "call-done deleted, call-guardian unknown, call-past unknown");
    assert_eq!(outside.vapi.deleted(), ["call-done", "call-guardian", "call-past"]);
    let waits = "select count(*) from jobs where kind = 'delete_call' and state = 'ready' and run_at > now()";
    assert_eq!(psql(&service.database_url, waits), "2", "live calls are deleted when they end");
    let page = person.read("/settings/erasures").await;
    assert!(page.contains("3 of 5"), "{page}");
    let receipt = plain(&person.read(&receipt).await);
    for words in [
        "16 November 2026",
        "A parent or guardian",
        "Student profiles 1",
        "Calls 5",
        "Asked, no answer yet",
        "VAPI deleted 1 call",
        "VAPI does not know 2 calls",
        "No answer yet 2 calls",
        "Failed 0 calls",
    ] {
        assert!(receipt.contains(words), "{words}: {receipt}");
    }
    assert!(canaries_in(&receipt).is_empty() && !receipt.contains(&student_id), "{receipt}");

    // A new student with the same number is recognised again, but only in new calls.
    let again = service.student("Nora Field", PHONE).await;
    let token = service.token(ALL_SCOPES).await;
    service
        .deliver(&vapi::report("call-new", clock::now() - TimeDelta::minutes(5), &["What is two plus two?", "Four."]))
        .await;
    let assign = format!("update sessions set student_id = '{}' where call_id = 'call-new'", again.student_id);
    service.write(assign).await;
    service.analyzed(&token, "call-new").await;
    service.deliver(&report("call-done", PHONE)).await;
    jobs_are_done(&service).await;
    let calls = psql(&service.database_url, "select string_agg(call_id, ',') from sessions");
    assert_eq!(calls, "call-new", "the erased calls do not come back with it");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_waits_for_an_analysis_at_work_and_takes_its_results() {
    let (service, _, person, voice) = start().await;
    let student_id = plant(&service, &person, &voice).await;
    // The worker is inside the transaction that stores an analysis, and continues after a while.
    let holder = service.database_url.clone();
    let held = tokio::task::spawn_blocking(move || {
        try_psql(&holder, "begin; lock table analyses in share mode; select pg_sleep(2); commit")
    });
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    service.deliver(&report("call-midway", PHONE)).await;
    eventually("the analysis is held up", async || {
        let waits =
            "select count(*) > 0 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        (psql(&service.database_url, waits) == "t").then_some(())
    })
    .await;
    erase_now(&person, &student_id).await;
    held.await.unwrap().unwrap();
    jobs_are_done(&service).await;
    assert_nothing_is_left(&service, &student_id);
    let tombstones = "select count(*) from erased_calls where call_id = 'call-midway'";
    assert_eq!(psql(&service.database_url, tombstones), "1");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_blocks_the_student_can_be_undone_and_is_carried_out_when_due() {
    let (service, _, person, voice) = start().await;
    let student_id = plant(&service, &person, &voice).await;
    let url = format!("{}/api/v1/students/{student_id}", service.server_url);
    let writer = service.token("students:read students:write").await;
    let refused = service.http.delete(&url).bearer_auth(&writer).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN, "erasing needs a separate scope");

    let eraser = service.token(ALL_SCOPES).await;
    let ask = async || service.http.delete(&url).bearer_auth(&eraser).send().await.unwrap();
    let asked = ask().await;
    assert_eq!(asked.status(), StatusCode::ACCEPTED);
    let asked: Value = asked.json().await.unwrap();
    let again: Value = ask().await.json().await.unwrap();
    assert_eq!(asked, again, "a repeated request is one request");
    let context = tool(&service, &voice, ("", PHONE), "get_student_context", json!({})).await;
    assert!(!context.contains("Zqcanaryname"), "{context}");
    let unblock =
        service.http.patch(&url).bearer_auth(&eraser).json(&json!({ "status": "active" })).send().await.unwrap();
    assert_eq!(unblock.status(), StatusCode::CONFLICT);
    service.deliver(&report("call-meanwhile", PHONE)).await;
    jobs_are_done(&service).await;
    let judged =
        "select count(*) from evidence e join sessions s using (session_id) where s.call_id = 'call-meanwhile'";
    assert_eq!(psql(&service.database_url, judged), "0", "a new call is not judged");

    // A person undoes one request, and the client the other.
    let listed = person.read("/settings/erasures").await;
    assert!(listed.contains("Waiting") && listed.contains("Zqcanaryname"), "{listed}");
    person.submit_to("/settings/erasures", &format!("/students/{student_id}/erase/undo"), &[]).await;
    let status = || psql(&service.database_url, "select status from students");
    assert_eq!(status(), "active");
    assert_eq!(ask().await.status(), StatusCode::ACCEPTED);
    let undone = service.http.delete(format!("{url}/erasure")).bearer_auth(&eraser).send().await.unwrap();
    assert_eq!((undone.status(), status().as_str()), (StatusCode::NO_CONTENT, "active"));

    // A person requests a delayed erasure. The worker erases the student when it is due.
    let page = format!("/students/{student_id}/erase");
    let to = person.submit_to(&page, &page, &[("name", NAME), ("when", "later")]).await;
    assert_eq!(to, format!("/students/{student_id}"));
    assert!(person.read(&to).await.contains("This student will be erased"));
    psql(&service.database_url, "update erasures set due_at = now() where done_at is null and undone_at is null");
    eventually("the worker has erased the student", async || {
        (psql(&service.database_url, "select count(*) from students") == "0").then_some(())
    })
    .await;
    jobs_are_done(&service).await;
    assert_nothing_is_left(&service, &student_id);
    let acts = "select string_agg(action, ' ' order by audit_entry_id) from audit_entries where action like 'erasure.%' or action = 'student.erase'";
    assert_eq!(
        psql(&service.database_url, acts),
        "erasure.request erasure.undo erasure.request erasure.undo erasure.request student.erase"
    );
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_may_request_a_few_erasures_a_day() {
    let service = Service::start().await;
    let mut students = Vec::new();
    for n in 0..7 {
        students.push(service.student("Amara Okafor", &format!("+1415555019{n}")).await.student_id);
    }
    let token = service.token("students:erase").await;
    let ask = |student_id| {
        service.http.delete(format!("{}/api/v1/students/{student_id}", service.server_url)).bearer_auth(&token).send()
    };
    let asked = futures::future::join_all(students.iter().map(ask)).await;
    let statuses: Vec<u16> = asked.into_iter().map(|response| response.unwrap().status().as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 202).count(), 5, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 2, "{statuses:?}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_and_a_number_of_nobody_can_be_erased() {
    let (service, _, person, voice) = start().await;
    for call_id in ["call-one", "call-two"] {
        service.deliver(&report(call_id, PAST_PHONE)).await;
    }
    let line = ("", PAST_PHONE);
    tool(&service, &voice, line, "flag_concern", json!({ "category": "other", "text": "zqcanaryconcernofnumber" }))
        .await;
    let token = service.token(ALL_SCOPES).await;
    let session = service.analyzed(&token, "call-one").await;
    service.analyzed(&token, "call-two").await;
    let page = format!("/sessions/{}", session["session_id"].as_str().unwrap());
    assert!(person.read(&page).await.contains(&format!("{page}/erase")));
    let erase = format!("{page}/erase");
    assert!(person.submit_to(&erase, &erase, &[("confirmed", "yes")]).await.starts_with("/settings/erasures/"));
    assert_eq!(psql(&service.database_url, "select string_agg(call_id, ',') from sessions"), "call-two");

    let erasures = "/settings/erasures";
    person.submit_to(erasures, erasures, &[("phone", PAST_PHONE)]).await;
    jobs_are_done(&service).await;
    assert_eq!(canaries_in(&dump(&service.database_url)), Vec::<String>::new());
    // If a student has the number, the student must be erased instead.
    service.student("Nora Field", PHONE).await;
    let refused = person.post(erasures, erasures, &[("phone", PHONE)]).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_takes_what_was_learnt_in_it_along() {
    let service = Service::start().await;
    let student = service.student("Amara Okafor", vapi::CALLER).await;
    let person = service.log_in().await;
    let token = service.token(ALL_SCOPES).await;
    service.deliver(&vapi::sample(vapi::REPORT)).await;
    let session = service.analyzed(&token, vapi::CALL_ID).await;
    let learnt =
        || psql(&service.database_url, "select (select count(*) from mastery) + (select count(*) from evidence)");
    assert_ne!(learnt(), "0");
    let erase = format!("/sessions/{}/erase", session["session_id"].as_str().unwrap());
    person.submit_to(&erase, &erase, &[("confirmed", "yes")]).await;
    assert_eq!(learnt(), "0");
    let context = service.get(&token, &format!("/api/v1/students/{}/context", student.student_id)).await;
    assert_eq!(context["student"]["n_calls"], 0, "{context}");
    // Without a VAPI key, the job and the page report that the key is missing.
    eventually("the job waits for a person", async || {
        let why = psql(
            &service.database_url,
            "select last_error from jobs where kind = 'delete_call' and state = 'needs_attention'",
        );
        why.contains("VAPI_API_KEY is not set").then_some(())
    })
    .await;
    assert!(person.read("/settings/erasures").await.contains("VAPI_API_KEY is not set"));
    service.stop().await;
}
