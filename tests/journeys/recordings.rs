//! Playing recordings at the dashboard: from a test storage that supports ranges, and from no forbidden address.

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode as Status};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use reqwest::StatusCode;
use secrecy::SecretString;
use storage::access::Role;
use storage::{admin_user, audit, clock};

use crate::fake_vapi::{API_KEY, FakeVapi};
use crate::psql::psql;
use crate::service::{ADMIN_PASSWORD, Person, Service};
use crate::vapi::{self, CALL_ID, CALLER, REPORT};

/// Returns a WAV file of a low hum: 8,000 samples per second, one byte each.
pub fn wav(seconds: u32) -> Vec<u8> {
    let n = seconds * 8_000;
    let mut bytes = Vec::with_capacity(n as usize + 44);
    bytes.extend(b"RIFF");
    bytes.extend((36 + n).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend(8_000_u32.to_le_bytes());
    bytes.extend(8_000_u32.to_le_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend(8_u16.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(n.to_le_bytes());
    bytes.extend((0..n).map(|i| 128 + (i % 40) as u8));
    bytes
}

/// Starts a storage like VAPI's, with one file, whole or in pieces. Returns its address with the port.
pub async fn storage(seconds: u32) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let file = Bytes::from(wav(seconds));
    let serve = move |Path(name): Path<String>, headers: HeaderMap| {
        let file = file.clone();
        async move { answer(&name, &headers, &file) }
    };
    let router = Router::new().route("/{name}", get(serve));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn answer(name: &str, headers: &HeaderMap, file: &Bytes) -> Response {
    match name {
        "call.wav" => {}
        "page.wav" => return ([("content-type", "text/html")], "<script>alert(1)</script>").into_response(),
        "away.wav" => return (Status::FOUND, [("location", "http://127.0.0.1:1/call.wav")]).into_response(),
        _ => return Status::FORBIDDEN.into_response(),
    }
    let range = headers.get("range").and_then(|range| range.to_str().ok()?.strip_prefix("bytes="));
    let Some((from, to)) = range.and_then(|range| range.split_once('-')) else {
        return ([("content-type", "audio/wav"), ("accept-ranges", "bytes")], file.clone()).into_response();
    };
    let from: usize = from.parse().unwrap();
    let to = to.parse().unwrap_or(file.len() - 1).min(file.len() - 1);
    if from >= file.len() {
        return (Status::RANGE_NOT_SATISFIABLE, [("content-range", format!("bytes */{}", file.len()))]).into_response();
    }
    let piece = format!("bytes {from}-{to}/{}", file.len());
    let headers = [("content-type", "audio/wav".to_owned()), ("content-range", piece)];
    (Status::PARTIAL_CONTENT, headers, file.slice(from..=to)).into_response()
}

/// Sets the address of the only session's recording.
pub fn lies_at(service: &Service, url: &str) {
    psql(&service.database_url, &format!("update sessions set recording_url = '{url}'"));
}

async fn get_piece(person: &Person, page: &str, range: Option<&str>) -> reqwest::Response {
    person.open_with(&format!("{page}/recording"), range.map(|range| ("range", range))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_is_heard_in_pieces_by_whom_it_may_concern_and_from_where_it_may_come() {
    let storage = storage(3).await;
    let service = Service::start_with(&[("RECORDING_OWN_HOSTS", &storage)]).await;
    service.student("Amara Okafor", CALLER).await;
    let token = service.token("sessions:read").await;
    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    let session = service.analyzed(&token, CALL_ID).await;
    let page = format!("/sessions/{}", session["session_id"].as_str().unwrap());
    let person = service.log_in().await;
    lies_at(&service, &format!("http://{storage}/call.wav"));

    let html = person.read(&page).await;
    assert!(html.contains(&format!("src=\"{page}/recording\"")) && !html.contains(&storage));
    let file = wav(3);
    let whole = get_piece(&person, &page, None).await;
    assert_eq!(whole.status(), StatusCode::OK);
    assert_eq!(whole.headers()["cache-control"], "no-store");
    assert_eq!(whole.headers()["content-length"], file.len().to_string().as_str());
    assert!(!whole.headers().contains_key("content-encoding"));
    assert_eq!(whole.bytes().await.unwrap(), file);
    let piece = get_piece(&person, &page, Some("bytes=100-199")).await;
    assert_eq!(piece.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(piece.headers()["content-range"], format!("bytes 100-199/{}", file.len()).as_str());
    assert_eq!(piece.bytes().await.unwrap(), file[100..200]);
    let beyond = get_piece(&person, &page, Some("bytes=9999999-")).await;
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    let entries =
        audit::list_entries(&service.db, &audit::AuditQuery { limit: 50, ..Default::default() }).await.unwrap();
    let n_plays = entries.iter().filter(|entry| entry.action == "recording.play").count();
    assert_eq!(n_plays, 1, "many pieces are one audit entry");

    lies_at(&service, &format!("http://{storage}/page.wav"));
    let page_of_another = get_piece(&person, &page, None).await;
    assert_eq!(page_of_another.headers()["content-type"], "audio/wav", "the answer is never a page from the storage");
    for (path, status) in [("gone.wav", StatusCode::NOT_FOUND), ("away.wav", StatusCode::NOT_FOUND)] {
        lies_at(&service, &format!("http://{storage}/{path}"));
        assert_eq!(get_piece(&person, &page, None).await.status(), status, "{path}");
    }
    for inside in ["https://127.0.0.1/x.wav", "https://169.254.169.254/latest", "http://example.org/x.wav"] {
        lies_at(&service, inside);
        assert_eq!(get_piece(&person, &page, None).await.status(), StatusCode::FORBIDDEN, "{inside}");
    }
    // A public name that leads to an internal address. The address is checked when the name is resolved.
    lies_at(&service, "https://localhost.localdomain/x.wav");
    assert_eq!(get_piece(&person, &page, None).await.status(), StatusCode::BAD_GATEWAY);

    let hash = admin_user::hash_password(&SecretString::from(ADMIN_PASSWORD)).unwrap();
    let email = "viewer@example.org";
    admin_user::insert_user(&service.db, email, Role::Viewer, Some(&hash), None, clock::now()).await.unwrap();
    let viewer = Person::log_in(&service.admin_url, email, ADMIN_PASSWORD).await;
    lies_at(&service, &format!("http://{storage}/call.wav"));
    assert_eq!(get_piece(&viewer, &page, None).await.status(), StatusCode::FORBIDDEN);
    assert!(!viewer.read(&page).await.contains("/recording"));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_whose_address_has_had_its_time_is_found_again_at_vapi() {
    let storage = storage(2).await;
    let vapi = FakeVapi::default();
    let url = vapi.start().await;
    let settings = [
        ("RECORDING_OWN_HOSTS", &*storage),
        ("VAPI_API_URL", &url),
        ("VAPI_API_KEY", API_KEY),
        ("VAPI_RECONCILE_SECONDS", "86400"),
    ];
    let service = Service::start_with(&settings).await;
    service.student("Amara Okafor", CALLER).await;
    let token = service.token("sessions:read").await;
    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    let session = service.analyzed(&token, CALL_ID).await;
    let page = format!("/sessions/{}", session["session_id"].as_str().unwrap());
    let person = service.log_in().await;
    lies_at(&service, &format!("http://{storage}/old.wav"));

    assert_eq!(get_piece(&person, &page, None).await.status(), StatusCode::NOT_FOUND, "VAPI has no recording");
    vapi.add_ended_call(CALL_ID, chrono::TimeDelta::minutes(5));
    vapi.be_busy(1);
    vapi.keep_recordings_at(&format!("http://{storage}/call.wav"));
    assert_eq!(get_piece(&person, &page, None).await.status(), StatusCode::BAD_GATEWAY, "VAPI is busy");
    let piece = get_piece(&person, &page, Some("bytes=100-199")).await;
    assert_eq!(piece.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(piece.bytes().await.unwrap(), wav(2)[100..200]);
    assert_eq!(get_piece(&person, &page, None).await.status(), StatusCode::OK);
    assert_eq!(vapi.n_looked_for(), 2, "one failed request, one that finds it, and then the address is known");
    // An address from VAPI is checked like any other.
    lies_at(&service, &format!("http://{storage}/old.wav"));
    vapi.keep_recordings_at("https://169.254.169.254/latest");
    assert_eq!(get_piece(&person, &page, None).await.status(), StatusCode::FORBIDDEN);
    service.stop().await;
}
