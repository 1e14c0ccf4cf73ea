//! Requests, arguments and names in the forms that clients and people write.

use std::io::Write as _;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::psql::psql;
use crate::server::ALL_SCOPES;
use crate::service::{Service, WEBHOOK_SECRET, eventually};
use crate::vapi::sign;

const READS: &str = "context:read students:read sessions:read";

fn report(call_id: &str) -> Vec<u8> {
    super::report(call_id, b"It is 7.", b"")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_taken_however_it_is_sent() {
    let service = Service::start().await;
    let token = service.token(READS).await;
    let post = async |path: &str, headers: &[(&str, &str)], body: &[u8]| {
        let timestamp = storage::clock::now().timestamp().to_string();
        let mut request = service.http.post(format!("{}{path}", service.server_url));
        request =
            request.header("x-timestamp", &timestamp).header("x-signature", sign(WEBHOOK_SECRET, &timestamp, body));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body.to_vec()).send().await.unwrap().status()
    };
    for (call_id, path, headers) in [
        ("charset", "/webhooks/vapi", &[("content-type", "application/json; charset=utf-8")][..]),
        ("latin", "/webhooks/vapi", &[("content-type", "application/json;charset=ISO-8859-1")]),
        ("text", "/webhooks/vapi", &[("content-type", "text/plain")]),
        ("untyped", "/webhooks/vapi", &[]),
        ("slash", "/webhooks/vapi/", &[("content-type", "application/json")]),
        ("query", "/webhooks/vapi?source=vapi", &[("content-type", "application/json")]),
        ("twice", "/webhooks/vapi", &[("content-type", "application/json"), ("content-type", "text/plain")]),
    ] {
        assert_eq!(post(path, headers, &report(call_id)).await, StatusCode::OK, "{call_id}");
        service.analyzed(&token, call_id).await;
    }
    let wide: Vec<u8> = "\u{feff}"
        .encode_utf16()
        .chain(String::from_utf8(report("utf-16")).unwrap().encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(post("/webhooks/vapi", &[], &wide).await, StatusCode::OK);
    service.analyzed(&token, "utf-16").await;

    // A report that is sent in chunks.
    let (body, timestamp) = (report("pieces"), storage::clock::now().timestamp().to_string());
    let address = service.server_url.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let signature = sign(WEBHOOK_SECRET, &timestamp, &body);
    let head = format!(
        "POST /webhooks/vapi HTTP/1.1\r\nhost: {address}\r\nx-timestamp: {timestamp}\r\nX-SIGNATURE: {signature}\r\n\
         transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for piece in body.chunks(100) {
        stream.write_all(&[format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat()).await.unwrap();
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    service.analyzed(&token, "pieces").await;

    // A second signature makes the request invalid. Compressed or empty bodies are kept for a person.
    let twice = [("x-signature", "0000")];
    assert_eq!(post("/webhooks/vapi", &twice, &report("doubled")).await, StatusCode::UNAUTHORIZED);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&report("packed")).unwrap();
    for body in [packed.finish().unwrap(), Vec::new()] {
        assert_eq!(post("/webhooks/vapi", &[("content-encoding", "gzip")], &body).await, StatusCode::OK);
    }
    eventually("both are named on the Jobs page", async || {
        let refused = "select count(*) from jobs where state = 'needs_attention' and last_error like '%not readable%'";
        (psql(&service.database_url, refused) == "2").then_some(())
    })
    .await;
    for (method, path, status) in [
        (reqwest::Method::HEAD, "/livez", StatusCode::OK),
        (reqwest::Method::HEAD, "/webhooks/vapi", StatusCode::METHOD_NOT_ALLOWED),
        (reqwest::Method::GET, "/webhooks/vapi/", StatusCode::METHOD_NOT_ALLOWED),
        (reqwest::Method::HEAD, "/api/v1/openapi.json", StatusCode::OK),
    ] {
        let response =
            service.http.request(method.clone(), format!("{}{path}", service.server_url)).send().await.unwrap();
        assert_eq!(response.status(), status, "{method} {path}");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slash_at_the_end_of_an_address_changes_nothing() {
    let service = Service::start().await;
    let token = service.token(READS).await;
    let student = service.student("Amara Okafor", "+14155550142").await;
    let (server, admin) = (&service.server_url, &service.admin_url);
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" }).to_string();
    let student = format!("/api/v1/students/{}", student.student_id);
    let form = "grant_type=client_credentials&client_id=none&client_secret=none";
    let doors: [(&str, &str, &str, Option<&str>, StatusCode); 14] = [
        (server, "/mcp", "application/json", Some(&hello), StatusCode::OK),
        (server, "/webhooks/vapi", "application/json", Some("{}"), StatusCode::UNAUTHORIZED),
        (server, "/auth/token", "application/x-www-form-urlencoded", Some(form), StatusCode::UNAUTHORIZED),
        (server, "/.well-known/oauth-authorization-server", "", None, StatusCode::OK),
        (server, "/.well-known/oauth-protected-resource/mcp", "", None, StatusCode::OK),
        (server, "/.well-known/jwks.json", "", None, StatusCode::OK),
        (server, "/api/v1/sessions", "", None, StatusCode::OK),
        (server, &student, "", None, StatusCode::OK),
        (server, "/api/v1/openapi.json", "", None, StatusCode::OK),
        (server, "/api/docs", "", None, StatusCode::OK),
        (server, "/livez", "", None, StatusCode::OK),
        (server, "/nowhere", "", None, StatusCode::NOT_FOUND),
        (admin, "/students", "", None, StatusCode::SEE_OTHER),
        (admin, "/livez", "", None, StatusCode::OK),
    ];
    for (url, path, content_type, body, status) in doors {
        let ask = async |path: String| {
            let request = match body {
                Some(body) => {
                    http.post(format!("{url}{path}")).header("content-type", content_type).body(body.to_owned())
                }
                None => http.get(format!("{url}{path}")),
            };
            let request = if path.starts_with("/auth") { request } else { request.bearer_auth(&token) };
            let response = request.send().await.unwrap();
            let location = response.headers().get("location").cloned();
            (response.status(), location, response.text().await.unwrap())
        };
        let plain = ask(path.to_owned()).await;
        assert_eq!(plain.0, status, "{path}: {}", plain.2);
        for end in ["/", "//", "?a=b", "/?a=b"] {
            // For a list, a query makes another request. A sign-in page keeps it as the page to return to.
            let same = if end.contains('?') { ask(format!("{path}?a=b")).await } else { plain.clone() };
            assert_eq!(ask(format!("{path}{end}")).await, same, "{path}{end}");
        }
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_call_of_an_older_assistant_is_answered() {
    let service = Service::start().await;
    service.student("Amara Okafor", "+14155550142").await;
    let function_call = |call: &Value| {
        let customer = json!({ "number": "+14155550142" });
        json!({ "message": { "type": "function-call", "call": { "id": "old", "customer": customer }, "functionCall": call } })
    };
    for parameters in [json!({}), json!(null), json!("{}"), json!({ "caller_number": "+14155550142" })] {
        let call = json!({ "name": "get_student_context", "parameters": parameters });
        let answer = service.ask(function_call(&call).to_string().as_bytes()).await;
        assert!(answer["result"].as_str().is_some_and(|result| result.contains("Amara")), "{parameters}: {answer}");
    }
    for (call, words) in [
        (json!({ "name": "get_weather", "parameters": {} }), "no tool of this name"),
        (json!({ "name": "get_student_context", "parameters": "not JSON" }), "must be a JSON object"),
        (json!({ "name": "save_note", "parameters": {} }), "is missing"),
        (json!({ "parameters": {} }), "must have the name"),
        (json!(null), "must have the name"),
    ] {
        let answer = service.ask(function_call(&call).to_string().as_bytes()).await;
        assert!(answer["error"].as_str().is_some_and(|error| error.contains(words)), "{call}: {answer}");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_argument_is_read_or_its_fault_is_named() {
    let service = Service::start().await;
    let key = service.agent_key(ALL_SCOPES).await;
    let url = format!("{}/mcp", service.server_url);
    let send = async |body: String| {
        let request =
            service.http.post(&url).bearer_auth(&key).header("content-type", "application/json; charset=utf-8");
        request.body(body).send().await.unwrap().json::<Value>().await.unwrap()
    };
    let call = |name: &str, arguments: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{name}","arguments":{arguments}}}}}"#
        )
    };
    for arguments in [
        "{}",
        "null",
        r#"{"limit":null}"#,
        r#"{"limit":2.0}"#,
        r#"{"limit":2e0}"#,
        r#"{"name":""}"#,
        r#"{"name":"\ud83d"}"#,
        r#"{"limit":3,"limit":2}"#,
        r#"{"cursor":null,"grade":0.0}"#,
    ] {
        let answer = send(call("list_students", arguments)).await;
        assert_eq!(answer["result"]["isError"], false, "{arguments}: {answer}");
    }
    for (arguments, words) in [
        (r#"{"limit":"2"}"#, "`limit` must be an integer"),
        (r#"{"limit":2.5}"#, "`limit` must be an integer"),
        (r#"{"limit":-0.0}"#, "`limit` must be from 1 to 20"),
        (r#"{"limit":99999999999999999999}"#, "`limit` must be"),
        (r#"{"limit":true}"#, "`limit` must be an integer"),
        (r#"{"limit":[2]}"#, "`limit` must be an integer"),
        (r#"{"Limit":2}"#, "`Limit` is an unknown argument"),
        (r#"{"pageSize":2}"#, "`pageSize` is an unknown argument"),
        (r#"{"name":7}"#, "`name` must be a string"),
        (r#"{"name":["Ana"]}"#, "`name` must be a string"),
        (r#"{"name":{"first":"Ana"}}"#, "`name` must be a string"),
        (r#"{"grade":14}"#, "`grade` must be"),
    ] {
        let answer = send(call("list_students", arguments)).await;
        let text = answer["result"]["content"][0]["text"].as_str().unwrap_or_default();
        assert!(answer["result"]["isError"] == true && text.contains(words), "{arguments}: {answer}");
    }
    for (params, words) in [
        (r#"{"name":"list_students","arguments":"{}"}"#, "params.arguments"),
        (r#"{"name":"list_students","arguments":[]}"#, "params.arguments"),
        (r#"{"name":7,"arguments":{}}"#, "params.name"),
        (r#"{"arguments":{}}"#, "params.name"),
        ("[1]", "params must be an object"),
        (r#""list_students""#, "params must be an object"),
        ("null", "params must be an object"),
    ] {
        let frame = format!(r#"{{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{params}}}"#);
        let answer = send(frame).await;
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(answer["error"]["code"] == -32602 && message.contains(words), "{params}: {answer}");
        assert_eq!(answer["id"], "a");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_a_name_as_it_is_typed() {
    let service = Service::start().await;
    let token = service.token(READS).await;
    let key = service.agent_key(ALL_SCOPES).await;
    let mut ids = std::collections::HashMap::new();
    for (n, name) in ["José Ruiz", "D’Andre Hill", "Anna Straße", "Zoe\u{308} Lee", "Łukasz Żak", "Jean-Luc Roy"]
        .into_iter()
        .enumerate()
    {
        let student = service.student(name, &format!("+1415555700{n}")).await;
        let call_id = format!("call-of-{n}");
        let status = json!({ "message": { "type": "status-update", "status": "in-progress",
            "call": { "id": call_id, "customer": { "number": format!("+1415555700{n}") } } } });
        assert_eq!(service.deliver(status.to_string().as_bytes()).await, StatusCode::OK);
        let url = format!("{}/api/v1/sessions/by-call/{call_id}", service.server_url);
        let session_id = eventually("the call is a session", async || {
            let session: Value = service.http.get(&url).bearer_auth(&token).send().await.ok()?.json().await.ok()?;
            Some(session["session_id"].as_str()?.to_owned())
        })
        .await;
        ids.insert(name, (student.student_id.to_string(), session_id));
    }
    let person = service.log_in().await;
    for (typed, name) in [
        ("Jose", "José Ruiz"),
        ("Jose\u{301} ruiz", "José Ruiz"),
        ("DAndre", "D’Andre Hill"),
        ("d'andre", "D’Andre Hill"),
        ("D`Andre Hill", "D’Andre Hill"),
        ("Strasse", "Anna Straße"),
        ("STRAẞE", "Anna Straße"),
        ("Zoë", "Zoe\u{308} Lee"),
        ("zoe", "Zoe\u{308} Lee"),
        ("lukasz zak", "Łukasz Żak"),
        ("jean luc", "Jean-Luc Roy"),
        ("\u{202a}JEAN-LUC\u{202c}", "Jean-Luc Roy"),
    ] {
        let (student_id, session_id) = &ids[name];
        let query: String = url::form_urlencoded::byte_serialize(typed.as_bytes()).collect();
        let students = person.read(&format!("/students?q={query}")).await;
        assert!(students.contains(student_id), "/students?q={typed}");
        let others = ids.values().filter(|(id, _)| id != student_id && students.contains(id)).count();
        assert_eq!(others, 0, "/students?q={typed} finds no other student");
        let found = person.read(&format!("/search?q={query}")).await;
        assert!(found.contains(student_id) && found.contains(session_id), "/search?q={typed}");
        let sessions = person.read(&format!("/sessions?q={query}")).await;
        assert!(sessions.contains(session_id), "/sessions?q={typed}");
        let listed = service
            .http
            .post(format!("{}/mcp", service.server_url))
            .bearer_auth(&key)
            .json(&json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
                "params": { "name": "list_students", "arguments": { "name": typed } } }));
        let listed: Value = listed.send().await.unwrap().json().await.unwrap();
        let items = listed["result"]["structuredContent"]["items"].as_array().unwrap().clone();
        assert!(items.len() == 1 && items[0]["student_id"] == student_id.as_str(), "list_students {typed}: {listed}");
    }
    service.stop().await;
}
