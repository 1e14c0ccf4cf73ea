//! Monitoring of the production binaries: traces, and the metrics that alerts and dashboards use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use reqwest::StatusCode;
use serde_json::json;

use crate::language_model::{model, says};
use crate::processes::{Faktory, Production, free_port};
use crate::service::{analyzed, client, insert_student, new_database, token};
use crate::vapi::{self, CALL_ID, CALLER, REPORT, deliver_to};

/// The received spans, each with the name of its service.
type Spans = Arc<Mutex<Vec<(String, Span)>>>;

/// Starts a trace collector. Returns its base URL and the spans it receives.
async fn collector() -> (String, Spans) {
    async fn take(State(spans): State<Spans>, body: Bytes) {
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        for of_resource in request.resource_spans {
            let attributes = of_resource.resource.unwrap_or_default().attributes;
            let name = attributes.iter().find(|attribute| attribute.key == "service.name");
            let service = format!("{:?}", name.unwrap().value);
            let all = of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            spans.lock().unwrap().extend(all.map(|span| (service.clone(), span)));
        }
    }
    let spans = Spans::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/traces", post(take)).with_state(spans.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, spans)
}

/// Makes a tool call as the assistant does during a call.
async fn ask_for_context(http: &reqwest::Client, server_url: &str, token: &str) -> StatusCode {
    let ask = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "get_student_context", "arguments": { "phone": CALLER } },
    });
    let request = http.post(format!("{server_url}/mcp")).bearer_auth(token).header("x-call-id", CALL_ID);
    let request =
        request.header("content-type", "application/json").header("accept", "application/json, text/event-stream");
    request.body(ask.to_string()).send().await.unwrap().status()
}

/// A tool call, a report, and its analysis by rules and a model are one trace. Its root is the tutoring call.
async fn a_call_is_one_trace(faktory_url: Option<String>) {
    let (endpoint, spans) = collector().await;
    let answer = json!({
        "answers": [], "no_answers": [1, 3, 5, 7, 9, 11], "misconceptions": [], "safety_flags": [],
        "engagement": { "level": "high", "mood": "confident" },
    });
    let (llm, _) = model(vec![says(&answer.to_string())]).await;
    let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint[..]), ("LLM_BASE_URL", &llm), ("LLM_MODEL", "scripted")];
    let mut production = Production::start_on(new_database().await, faktory_url, &settings).await;
    let http = client();
    insert_student(&production.db, "Amara Okafor", CALLER).await;
    let token = token(&production.db, &http, &production.server_url, "context:read students:read sessions:read").await;
    assert_eq!(ask_for_context(&http, &production.server_url, &token).await, StatusCode::OK);
    assert_eq!(deliver_to(&http, &production.server_url, &vapi::sample(REPORT)).await, StatusCode::OK);
    analyzed(&http, &production.server_url, &token, CALL_ID).await;
    // A process sends its remaining spans when it ends.
    for process in [&mut production.worker, &mut production.mcp_server, &mut production.admin] {
        assert_eq!(process.terminate(), Some(0));
    }

    let spans = spans.lock().unwrap().clone();
    let (_, call) = spans.iter().find(|(_, span)| span.name == "call").expect("the call has a span");
    assert!(call.parent_span_id.is_empty(), "the call is the root");
    assert!(call.start_time_unix_nano < call.end_time_unix_nano);
    let of_call = spans.iter().filter(|(_, span)| span.trace_id == call.trace_id);
    let of_call: BTreeMap<&str, &(String, Span)> = of_call.map(|span| (&span.1.name[..], span)).collect();
    for (name, service, parent) in [
        ("POST /mcp", "mcp-server", "call"),
        ("POST /webhooks/vapi", "mcp-server", "call"),
        ("process_delivery", "worker", "call"),
        ("enrich_analysis", "worker", "call"),
        ("chat", "worker", "enrich_analysis"),
    ] {
        let (by, span) = of_call.get(name).unwrap_or_else(|| panic!("{name} is in {:?}", of_call.keys()));
        assert!(by.contains(service), "{name} is of {by}");
        assert_eq!(span.parent_span_id, of_call[parent].1.span_id, "{name} is below {parent}");
    }
    assert!(of_call.contains_key("get_student_context"), "{:?}", of_call.keys());
    let all = format!("{spans:?}").to_lowercase();
    for private in ["amara", "okafor", CALLER, "4155550142", "two fifths", &token] {
        assert!(!all.contains(&private.to_lowercase()), "a span holds {private}");
    }
    assert!(!spans.iter().any(|(_, span)| span.name.contains("readyz")), "probes create no spans");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_one_trace_from_its_tools_to_the_model() {
    a_call_is_one_trace(None).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Faktory: run ./dev test"]
async fn with_faktory_a_call_is_one_trace() {
    let faktory = Faktory::start().await;
    a_call_is_one_trace(Some(faktory.url())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_down_stops_nothing() {
    let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")];
    let mut production = Production::start_on(new_database().await, None, &settings).await;
    let http = client();
    insert_student(&production.db, "Amara Okafor", CALLER).await;
    let token = token(&production.db, &http, &production.server_url, "sessions:read").await;
    assert_eq!(deliver_to(&http, &production.server_url, &vapi::sample(REPORT)).await, StatusCode::OK);
    analyzed(&http, &production.server_url, &token, CALL_ID).await;
    for process in [&mut production.worker, &mut production.mcp_server, &mut production.admin] {
        assert_eq!(process.terminate(), Some(0));
    }
}

/// Returns the names of metrics in PromQL queries. The other words of PromQL do not look like ours.
fn figures_in(queries: &str) -> BTreeSet<String> {
    let words = queries.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let is_figure = |word: &&str| {
        ["_total", "_bucket", "_seconds"].iter().any(|end| word.ends_with(end))
            || ["jobs_open", "outage"].contains(word)
    };
    words.filter(is_figure).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_and_dashboards_ask_for_figures_that_exist_and_every_alert_has_a_page_in_the_runbook() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let (alerts, dashboard) = (read("deploy/prometheus/alerts.yaml"), read("deploy/grafana/ai-tutor.json"));
    let runbook = read("docs/operations.md");
    let names: Vec<&str> = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(names.len() > 8, "the alerts are where this test looks");
    for name in names {
        assert!(alerts.contains(&format!("docs/operations.md#{}\n", name.to_lowercase())), "{name} names its page");
        assert!(runbook.contains(&format!("\n### {name}\n")), "the runbook has {name}");
    }

    let worker_port = free_port();
    let watched = format!("127.0.0.1:{worker_port}");
    let production = Production::start_on(new_database().await, None, &[("WORKER_ADDR", &watched)]).await;
    let http = client();
    insert_student(&production.db, "Amara Okafor", CALLER).await;
    let token = token(&production.db, &http, &production.server_url, "context:read sessions:read").await;
    assert_eq!(ask_for_context(&http, &production.server_url, &token).await, StatusCode::OK);
    assert_eq!(deliver_to(&http, &production.server_url, &vapi::sample(REPORT)).await, StatusCode::OK);
    analyzed(&http, &production.server_url, &token, CALL_ID).await;
    let mut reported = String::new();
    for url in [&production.server_url, &production.admin_url, &format!("http://{watched}")] {
        let response = http.get(format!("{url}/metrics")).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{url}");
        reported.push_str(&response.text().await.unwrap());
    }
    let reported: BTreeSet<String> =
        reported.lines().filter_map(|line| line.split(['{', ' ']).next()).map(str::to_owned).collect();
    let asked_for: BTreeSet<String> = figures_in(&alerts).union(&figures_in(&dashboard)).cloned().collect();
    assert!(asked_for.len() > 10, "{asked_for:?}");
    let missing: Vec<_> = asked_for.difference(&reported).collect();
    assert!(missing.is_empty(), "no program reports {missing:?}");
    let ready = http.get(format!("http://{watched}/readyz")).send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::OK, "a worker has a readiness probe, too");
}
