//! Strangers without a credential hold connections and send rubbish. Clients with a credential are served all the same.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::json;
use storage::access::ClientKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::processes::Process;
use crate::server::{ALL_SCOPES, Server};
use crate::service::{Service, eventually, insert_student};
use crate::vapi::{self, CALLER, REPORT};

/// How much memory a process may gain, for any number of strangers.
const MAX_GROWTH_KIB: usize = 20 * 1024;

/// Connections that the test holds, if the machine allows it.
const N_SLOW: usize = 8_300;
/// Open files that this process and the server need for everything else.
const N_OTHER_FILES: usize = 500;

/// Requests that are never finished.
const UNFINISHED: [&str; 6] = [
    "POST /webhooks/vapi HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{\"message\":",
    "POST /auth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 900\r\n\r\ngrant_type=",
    "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"j\r\n",
    "POST /webhooks/vapi HTTP/1.1\r\nHost: localhost\r\nX-Signature: ",
    "GET /api/v1/students HTTP/1.1\r\n",
    "",
];

fn resident_kib(process: &Process) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux reports the resident memory");
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Returns the limit of open files of this process.
fn max_files() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap_or(usize::MAX)
}

/// Connects as the n-th stranger, from one of four addresses.
async fn connect(to: SocketAddr, n: usize) -> TcpStream {
    let from = Ipv4Addr::new(127, 0, 0, 1 + u8::try_from(n % 4).unwrap());
    eventually("the server takes a connection", async || {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((from, 0))).ok()?;
        socket.connect(to).await.ok()
    })
    .await
}

/// The duration of each signed webhook, one after the other.
#[derive(Debug, Default)]
struct Times(Vec<Duration>);

impl Times {
    fn median(&mut self) -> Duration {
        self.0.sort();
        self.0[self.0.len() / 2]
    }
}

/// A client with a credential that works at the same time as the strangers.
struct Signed<'a> {
    server: &'a Server,
    key: String,
    n: AtomicUsize,
}

impl Signed<'_> {
    /// Delivers a report, and sometimes calls a tool. Returns how long the report took.
    async fn is_served(&self) -> Duration {
        let Self { server, key, n } = self;
        let n = n.fetch_add(1, Ordering::Relaxed);
        let report = vapi::sample_of_call(REPORT, &format!("call-{n}"));
        // Every tenth report uses a new connection.
        let http = if n.is_multiple_of(10) { crate::service::client() } else { server.http.clone() };
        let began = Instant::now();
        assert_eq!(vapi::deliver_to(&http, &server.url, &report).await, StatusCode::OK, "report {n}");
        let took = began.elapsed();
        // Only every tenth time, because each client has a rate limit.
        if n.is_multiple_of(10) {
            let answer = server.call(key, "get_student_context", &json!({ "phone": CALLER })).await;
            assert!(answer["isError"] != json!(true), "{answer}");
        }
        took
    }

    /// Delivers reports until the strangers are done, and at least `N_LEAST`.
    async fn beside(&self, strangers: impl Future<Output = ()>) -> Times {
        let mut times = Times::default();
        let mut strangers = pin!(strangers);
        let mut are_done = false;
        while !are_done || times.0.len() < N_LEAST {
            tokio::select! {
                () = &mut strangers, if !are_done => are_done = true,
                took = self.is_served() => times.0.push(took),
            }
        }
        times
    }
}

/// The minimum number of reports in each phase.
const N_LEAST: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_slow_strangers_and_of_long_ids_keep_nobody_out_and_cost_little() {
    let server = Server::production().await;
    insert_student(&server.db, "Amara Okafor", CALLER).await;
    let key = server.agent_key(ALL_SCOPES).await;
    let address: SocketAddr = server.url.strip_prefix("http://").unwrap().parse().unwrap();
    let signed = Signed { server: &server, key, n: AtomicUsize::default() };
    signed.is_served().await;
    send_long_ids(&server, 50, 2_000).await;
    let mut alone = signed.beside(async {}).await;
    let before = resident_kib(&server.process);

    let n_slow = N_SLOW.min(max_files().saturating_sub(N_OTHER_FILES));
    let mut slow = Vec::with_capacity(n_slow);
    let connecting = async {
        for n in 1..=n_slow {
            let mut stream = connect(address, n).await;
            // If the server closed this connection for another one, that is fine, too.
            let _ = stream.write_all(UNFINISHED[n % UNFINISHED.len()].as_bytes()).await;
            slow.push(stream);
        }
    };
    let mut beside_slow = signed.beside(connecting).await;
    let beside = resident_kib(&server.process);
    assert!(beside < before + MAX_GROWTH_KIB, "{n_slow} slow connections: {before} KiB became {beside}");

    let sending = async {
        send_long_ids(&server, 9_900, 2_000).await;
        send_long_ids(&server, 100, 1_900_000).await;
    };
    let mut beside_ids = signed.beside(sending).await;
    let after = resident_kib(&server.process);
    assert!(after < before + MAX_GROWTH_KIB, "10,000 long ids beside: {before} KiB became {after}");

    // Half of them within a second, unless webhooks are slow on this machine even without strangers.
    let healthy = alone.median();
    let bound = Duration::from_secs(1).max(20 * healthy);
    let medians = [beside_slow.median(), beside_ids.median()];
    println!(
        "{n_slow} slow connections: {before} KiB, then {beside}, with 10,000 long ids {after}; median of a signed webhook \
         {healthy:?}, then {medians:?}; the slowest of {} {:?}",
        beside_slow.0.len() + beside_ids.0.len(),
        beside_slow.0.iter().chain(&beside_ids.0).max(),
    );
    assert!(medians.iter().all(|median| *median < bound), "signed webhooks took {medians:?}, alone {healthy:?}");
}

/// Connections that one address opens at once.
const N_BURST: usize = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_from_one_address_keeps_no_webhook_out() {
    let server = Server::production().await;
    let address: SocketAddr = server.url.strip_prefix("http://").unwrap().parse().unwrap();
    let n_burst = N_BURST.min(max_files().saturating_sub(N_OTHER_FILES));
    let before = resident_kib(&server.process);
    for run in 0..5 {
        let burst = (0..n_burst).map(async |n| {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let _ = stream.write_all(UNFINISHED[n % UNFINISHED.len()].as_bytes()).await;
            stream
        });
        let report = vapi::sample_of_call(REPORT, &format!("burst-{run}"));
        let (held, status) =
            tokio::join!(futures::future::join_all(burst), vapi::deliver_to(&server.http, &server.url, &report));
        assert_eq!(status, StatusCode::OK, "in the burst");
        // On a new connection.
        let status = vapi::deliver_to(&crate::service::client(), &server.url, &report).await;
        assert_eq!((status, held.len()), (StatusCode::OK, n_burst), "beside it");
    }
    let after = resident_kib(&server.process);
    assert!(after < before + MAX_GROWTH_KIB, "{before} KiB became {after}");
}

/// Requests `n` tokens with client ids of that length.
async fn send_long_ids(server: &Server, n: usize, length: usize) {
    let url = format!("{}/auth/token", server.url);
    for i in 0..n {
        let id = format!("{i}{}", "0".repeat(length));
        let request = server.http.post(&url).header("content-type", "application/x-www-form-urlencoded");
        let sent = request.body(format!("grant_type=client_credentials&client_id={id}&client_secret=s")).send().await;
        let status = sent.unwrap().status();
        let expected = if length > 65_536 { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::UNAUTHORIZED };
        assert_eq!(status, expected, "an id of {length} letters");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_given_up_at_every_door() {
    let service = Service::start().await;
    let door = async |url: &str, path: &str| {
        let address: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\nemail=");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let read = tokio::time::timeout(Duration::from_mins(1), stream.read_to_string(&mut answer)).await;
        assert!(read.is_ok(), "{path} keeps the connection open");
        assert!(answer.starts_with("HTTP/1.1 408 "), "{path}: {answer}");
    };
    let (server, admin) = (&service.server_url, &service.admin_url);
    tokio::join!(
        door(server, "/auth/token"),
        door(server, "/webhooks/vapi"),
        door(server, "/mcp"),
        door(server, "/api/v1/students"),
        door(admin, "/login"),
        door(admin, "/setup/x"),
        door(admin, "/account"),
    );
    service.stop().await;
}

/// Sends a signed request, as an attacker who captured it could send it again.
async fn signed(service: &Service, timestamp: &str, body: &[u8]) -> serde_json::Value {
    let signature = vapi::sign(crate::service::WEBHOOK_SECRET, timestamp, body);
    let headers = [("x-timestamp", timestamp), ("x-signature", &signature)];
    let response = vapi::post(&service.http, &service.server_url, &headers, body).await;
    assert_eq!(response.status(), StatusCode::OK);
    response.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_call_that_comes_again_is_answered_and_not_made_again() {
    let service = Service::start().await;
    let student = service.student("Amara Okafor", CALLER).await;
    let call = |id: &str, tool: &str, arguments: serde_json::Value| {
        let function = json!({ "name": tool, "arguments": arguments });
        let body = json!({ "message": {
            "type": "tool-calls", "call": { "id": "a-call", "customer": { "number": CALLER } },
            "toolCallList": [{ "id": id, "type": "function", "function": function }],
        } });
        serde_json::to_vec(&body).unwrap()
    };
    let note = json!({ "student_id": student.student_id, "text": "Likes to draw the fractions." });
    let body = call("t1", "save_note", note);
    let now = storage::clock::now().timestamp();
    let first = signed(&service, &now.to_string(), &body).await;
    for later in [0, 1, 2] {
        assert_eq!(signed(&service, &(now + later).to_string(), &body).await, first);
    }
    let context = call("t2", "get_student_context", json!({}));
    let answer = signed(&service, &now.to_string(), &context).await;
    assert_eq!(signed(&service, &now.to_string(), &context).await, answer);
    let made = "select count(*) filter (where tool = 'save_note') || ' ' || count(*) filter (where tool = 'get_student_context')
                from tool_calls";
    eventually("each call was made once", async || {
        let made = crate::psql::psql(&service.database_url, made);
        (made == "1 1").then_some(())
    })
    .await;
    // A tool that only reads is run again if the request is a new one.
    signed(&service, &(now + 1).to_string(), &context).await;
    eventually("the new request was answered by a new call", async || {
        (crate::psql::psql(&service.database_url, made) == "1 2").then_some(())
    })
    .await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_read_of_a_childs_data_and_each_refusal_is_in_the_audit_log() {
    let service = Service::start().await;
    let student = service.student("Amara Okafor", CALLER).await;
    let id = student.student_id;
    let token = service.token("context:read students:read sessions:read").await;
    let get = async |path: String| service.get(&token, &path).await;
    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    let session = service.analyzed(&token, vapi::CALL_ID).await;
    get(format!("/api/v1/students/{id}")).await;
    get(format!("/api/v1/students/{id}/context")).await;
    get(format!("/api/v1/sessions/{}/transcript", session["session_id"].as_str().unwrap())).await;
    let tool_calls = json!({ "message": {
        "type": "tool-calls", "call": { "id": "a-call", "customer": { "number": CALLER } },
        "toolCallList": [{ "id": "t1", "function": { "name": "get_student_context", "arguments": {} } }],
    } });
    service.ask(&serde_json::to_vec(&tool_calls).unwrap()).await;
    let key = service.agent_key("context:read").await;
    let ask = async |tool: &str| {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": tool, "arguments": { "phone": CALLER } } });
        let request = service
            .http
            .post(format!("{}/mcp", service.server_url))
            .bearer_auth(&key)
            .header("x-call-id", "another-call");
        let request = request.header("x-caller-number", CALLER).header("accept", "application/json, text/event-stream");
        request.json(&body).send().await.unwrap().status()
    };
    assert_eq!(ask("get_student_context").await, StatusCode::OK);
    assert_eq!(ask("list_sessions").await, StatusCode::FORBIDDEN);
    let wrong = service.http.post(format!("{}/auth/token", service.server_url)).basic_auth("nobody", Some("a-secret"));
    let wrong = wrong.header("content-type", "application/x-www-form-urlencoded").body("grant_type=client_credentials");
    assert_eq!(wrong.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    // A student that the line does not reach, through requests that are not recorded as tool calls.
    let other = service.student("Zed Brandt", "+14155550199").await.student_id;
    let whole = service.agent_key_of(ClientKind::Telephone, ALL_SCOPES).await;
    let on_line = |request: reqwest::RequestBuilder| request.bearer_auth(&whole).header("x-caller-number", CALLER);
    for (method, params) in [
        ("resources/read", json!({ "uri": format!("student://{other}/context") })),
        ("prompts/get", json!({ "name": "open_lesson", "arguments": { "student_id": other } })),
    ] {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let request = on_line(service.http.post(format!("{}/mcp", service.server_url)));
        let request = request.header("accept", "application/json, text/event-stream");
        let answer: serde_json::Value = request.json(&body).send().await.unwrap().json().await.unwrap();
        assert!(answer["error"].is_object(), "{method}: {answer}");
    }
    let refused = on_line(service.http.get(format!("{}/api/v1/students/{other}", service.server_url)));
    assert_eq!(refused.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    for door in ["/api/v1/students", "/mcp"] {
        let request = service.http.post(format!("{}{door}", service.server_url)).bearer_auth("ak_not-a-key");
        assert_eq!(request.body("{}").send().await.unwrap().status(), StatusCode::UNAUTHORIZED, "{door}");
    }

    let rows = |filter: &str| {
        let query = format!(
            "select string_agg(distinct concat_ws(' ', detail->>'door', detail->>'what', detail->>'call'), ', ') from audit_entries
             where {filter}"
        );
        crate::psql::psql(&service.database_url, &query)
    };
    eventually("the reads are recorded", async || {
        let reads = rows(&format!("action = 'student.read' and object = 'student:{id}' and actor like 'client:%'"));
        let all = [
            "api getStudent,",
            "api getStudentContext",
            "tool get_student_context another-call",
            "webhook get_student_context a-call",
        ];
        all.iter().all(|read| format!("{reads},").contains(read)).then_some(())
    })
    .await;
    eventually("the read of the transcript is recorded", async || {
        rows(&format!("action = 'student.read' and object = 'student:{id}'"))
            .contains("api getTranscript")
            .then_some(())
    })
    .await;
    let count = |filter: &str| {
        crate::psql::psql(&service.database_url, &format!("select count(*) from audit_entries where {filter}"))
    };
    eventually("the refusals are recorded", async || {
        let of_other = rows(&format!("action = 'client.refused' and object = 'student:{other}'"));
        (rows("action = 'client.refused' and object is null") == "tool list_sessions"
            && of_other == "api getStudent, prompt open_lesson, resource student_context"
            && count("action = 'client.login_failed' and actor = 'stranger'") == "1"
            // Attempts by a stranger are logged, at most two per second.
            && count("action = 'client.bearer_refused' and actor = 'stranger' and detail ? 'address'") != "0"
            && count("action = 'client.token' and actor like 'client:%'") == "1")
            .then_some(())
    })
    .await;
    let entries = crate::psql::psql(
        &service.database_url,
        "select coalesce(string_agg(detail::text || coalesce(object, ''), ' '), '') from audit_entries",
    );
    assert!(
        !entries.contains("Amara") && !entries.contains(CALLER) && !entries.contains("a-secret"),
        "the audit log has only ids"
    );
    service.stop().await;
}
