//! Odd input from the real world: broken reports, odd numbers and names, rosters imported twice, a closed log pipe.

mod any_bytes;
mod any_kind;
mod at_the_doors;

use std::process::{Command, Stdio};
use std::time::Duration;

use reqwest::StatusCode;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::first_call::{call_tool, mcp_client};
use crate::processes::{JWT_PRIVATE_KEY, Process, binary, free_port, operator};
use crate::psql::psql;
use crate::service::{Service, WEBHOOK_SECRET, eventually};

const READS: &str = "context:read students:read sessions:read";

/// Builds a report of three turns, with `said` as the student's words and `field` beside the artifact.
fn report(call_id: &str, said: &[u8], field: &[u8]) -> Vec<u8> {
    [
        format!(r#"{{"message":{{"type":"end-of-call-report","call":{{"id":"{call_id}","customer":{{"number":"+14155550142"}}}},"#)
            .as_bytes(),
        field,
        br#""artifact":{"messages":[{"role":"bot","message":"What is 3 plus 4?","secondsFromStart":0},{"role":"user","message":""#,
        said,
        br#"","secondsFromStart":4},{"role":"bot","message":"Great, 7 is right!","secondsFromStart":8}]}}}"#,
    ]
    .concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_report_always_becomes_a_session() {
    let service = Service::start().await;
    let token = service.token(READS).await;
    let deep = format!("\"x\":{}1{},", "[".repeat(300), "]".repeat(300));
    let cases: [(&str, &[u8], &[u8], &str); 6] = [
        ("surrogate", br"It is 7. \ud83d", b"", "It is 7. \u{fffd}"),
        ("byte", b"It is 7. \xff", b"", "It is 7. \u{fffd}"),
        ("elsewhere", b"It is 7.", br#""analysis":{"summary":"ok \ud83c"},"#, "It is 7."),
        ("number", b"It is 7.", b"\"cost\":1e999,", "It is 7."),
        ("types", b"It is 7.", br#""cost":{},"startedAt":[],"endedReason":7,"#, "It is 7."),
        ("nested", b"It is 7.", deep.as_bytes(), "It is 7."),
    ];
    for (call_id, said, field, read) in cases {
        assert_eq!(service.deliver(&report(call_id, said, field)).await, StatusCode::OK, "{call_id}");
        let session = service.analyzed(&token, call_id).await;
        let path = format!("/api/v1/sessions/{}/transcript", session["session_id"].as_str().unwrap());
        let turns = service.get(&token, &path).await;
        assert!(turns.to_string().contains(read), "{call_id}: {turns}");
        let has_faults = !session["report_faults"].as_array().unwrap().is_empty();
        assert_eq!(has_faults, call_id != "types", "{call_id}: {session}");
    }

    // Unreadable words are not treated as a silent child. A body that is no message waits for a person.
    let odd = json!({"message": {"type": "end-of-call-report", "call": {"id": "odd"}, "transcript": "Milo: 3 plus 4?\nMaya: 7"}});
    assert_eq!(service.deliver(odd.to_string().as_bytes()).await, StatusCode::OK);
    let session = eventually("the session waits for a person", async || {
        let url = format!("{}/api/v1/sessions/by-call/odd", service.server_url);
        let session: Value = service.http.get(url).bearer_auth(&token).send().await.ok()?.json().await.ok()?;
        (session["status"] == "needs_attention").then_some(session)
    })
    .await;
    assert!(session["attention_reason"].as_str().unwrap().contains("cannot read"), "{session}");
    assert_eq!(service.deliver(b"\x00\x01 no JSON").await, StatusCode::OK);
    eventually("the refusal is named on the Jobs page", async || {
        let reasons =
            psql(&service.database_url, "select last_error from jobs where state = 'needs_attention' order by 1");
        (reasons.lines().count() == 2 && reasons.contains("the message is not readable")).then_some(())
    })
    .await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withheld_number_is_nobodys_and_a_name_is_found_as_it_is_typed() {
    let service = Service::start().await;
    let token = service.token("context:read calls:write students:read students:write").await;
    service.student("José R", "+14155556001").await;
    service.student("Jean-Luc R", "+14155556001").await;
    let client = mcp_client(&service.server_url, &token).await;
    for (typed, expected) in [("Jose", "José"), ("Jose\u{301}", "José"), ("jean luc", "Jean-Luc")] {
        let found =
            call_tool(&client, "identify_student", json!({ "first_name": typed, "phone": "+14155556001" })).await;
        assert_eq!(found["first_name"], expected, "{typed}: {found}");
    }
    client.cancel().await.unwrap();

    let url = format!("{}/api/v1/students", service.server_url);
    let post = async |key: Option<&str>, body: Value| {
        let mut request = service.http.post(&url).bearer_auth(&token).json(&body);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let response = request.send().await.unwrap();
        (response.status(), response.json::<Value>().await.unwrap())
    };
    for phone in ["+266696687", "anonymous", "+86282452253"] {
        let (status, _) = post(None, json!({ "display_name": "Nadia", "phones": [phone] })).await;
        assert!(status.is_client_error(), "{phone}: {status}");
    }
    let (status, answer) = post(None, json!({ "display_name": "a\u{0}b", "phones": [] })).await;
    assert_eq!(
        (status, answer["errors"][0]["field"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("display_name"))
    );

    let (status, first) = post(Some("k1"), json!({ "display_name": "Ida", "phones": ["+44 (0)20 7946 0555"] })).await;
    assert_eq!((status, &first["phones"][0]), (StatusCode::CREATED, &json!("+442079460555")), "{first}");
    let (_, again) = post(Some("k1"), json!({ "display_name": "Ida", "phones": ["+442079460555"] })).await;
    assert_eq!(again["student_id"], first["student_id"], "a repeated key returns the same student");
    assert_eq!(post(Some("k1"), json!({ "display_name": "Leo", "phones": [] })).await.0, StatusCode::CONFLICT);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_imported_twice_changes_nothing() {
    let service = Service::start().await;
    let file = std::env::temp_dir().join(format!("roster-{}.csv", uuid::Uuid::now_v7().simple()));
    std::fs::write(
        &file,
        "display_name,phones,grade,locale,timezone\nZed One,+14155557771,4,en,Pacific Standard Time\n\
         Zed Two,+14155557772,4,en,America/Chicago\nZed Two,'+14155557772,4,en,America/Chicago\n\n\nZed Bad,12,4,en,UTC\n",
    )
    .unwrap();
    let path = file.to_str().unwrap();
    let (_, output) = operator(&service, &["student", "import", path, "--dry-run"]);
    assert!(
        output.contains("nothing was written: 1 students added, 0 changed, 1 already there, 2 rows refused"),
        "{output}"
    );
    assert_eq!(psql(&service.database_url, "select count(*) from students"), "0");
    let (_, output) = operator(&service, &["student", "import", path]);
    assert!(output.contains("1 students added, 0 changed, 1 already there, 2 rows refused"), "{output}");
    assert!(output.contains("line 2: timezone:") && output.contains("line 7: phones[1]:"), "{output}");
    let (_, output) = operator(&service, &["student", "import", path]);
    assert!(output.contains("0 students added, 0 changed, 2 already there, 2 rows refused"), "{output}");
    assert_eq!(psql(&service.database_url, "select count(*) from students"), "1");
    std::fs::remove_file(file).unwrap();
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_lives_when_nobody_reads_its_log() {
    let service = Service::start().await;
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let mut command = Command::new(binary("mcp-server"));
    command.env("DATABASE_URL", service.database_url.expose_secret()).env("JWT_PRIVATE_KEY", JWT_PRIVATE_KEY);
    command.env("VAPI_WEBHOOK_SECRET", WEBHOOK_SECRET).env("MCP_SERVER_ADDR", format!("127.0.0.1:{port}"));
    command.env("RUST_LOG", "debug").stdin(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let log = child.stderr.take();
    let mut server = Process::of(child);
    eventually("the server is ready", async || service.http.get(format!("{url}/readyz")).send().await.ok()).await;
    drop(log);
    for _ in 0..50 {
        // Each unsigned webhook writes a line to the log.
        let answer = service.http.post(format!("{url}/webhooks/vapi")).body("{}").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
    let ended = tokio::time::timeout(Duration::from_mins(1), tokio::task::spawn_blocking(move || server.terminate()));
    assert_eq!(ended.await.unwrap().unwrap(), Some(0), "SIGTERM ends the server as always");
    service.stop().await;
}
