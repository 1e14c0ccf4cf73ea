//! The JSON API answers as its OpenAPI document says, whatever is sent: no server error, no answer outside its schema.

use std::path::PathBuf;
use std::process::Command;

use reqwest::StatusCode;
use shared::access::ClientKind;

use crate::server::ALL_SCOPES;
use crate::service::Service;
use crate::vapi::{self, CALLER, REPORT};

/// Checks that do not hold for reasons. The first: time zones, cursors and numbers of withheld callers have rules that a JSON
/// Schema cannot state; each is refused with 422. The second: a new student has no erasure to undo.
const LEFT_OUT: &str = "positive_data_acceptance,ensure_resource_availability";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Schemathesis: run ./dev test"]
async fn with_schemathesis_the_api_is_what_its_document_says() {
    let service = Service::start_with(&[("CLIENT_REQUESTS_PER_SECOND", "100000")]).await;
    service.student("Amara Okafor", CALLER).await;
    let key = service.agent_key_of(ClientKind::BackOffice, ALL_SCOPES).await;
    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    service.analyzed(&key, vapi::CALL_ID).await;
    let folder = std::env::temp_dir().join(format!("schemathesis-{}", uuid::Uuid::now_v7().simple()));
    std::fs::create_dir(&folder).unwrap();
    let tool = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/tools/schemathesis/bin/schemathesis");
    let mut command = Command::new(tool);
    command.current_dir(&folder).args(["run", &format!("{}/api/v1/openapi.json", service.server_url)]);
    command.args(["--url", &service.server_url, "-H", &format!("Authorization: Bearer {key}")]);
    // Seeded: what it finds once it finds again.
    command.args(["--seed", "1", "--max-examples", "40", "--exclude-checks", LEFT_OUT]);
    command.args(["--phases", "examples,coverage,fuzzing,stateful"]);
    let ended = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.success(), "{said}{}", String::from_utf8_lossy(&ended.stderr));
    // All operations were tried, and some of what was sent was good.
    let document = mcp_server::api::openapi();
    let operations = document["paths"].as_object().unwrap().values().map(|of| of.as_object().unwrap().len());
    assert!(said.contains(&format!("Tested: {}", operations.sum::<usize>())), "{said}");
    let metrics =
        service.http.get(format!("{}/metrics", service.server_url)).send().await.unwrap().text().await.unwrap();
    let of_api = |line: &&str| line.starts_with("http_requests_total") && line.contains("/api/v1/");
    assert!(metrics.lines().filter(of_api).all(|line| !line.contains("status=\"5")), "{metrics}");
    for good in ["status=\"200\"", "status=\"201\""] {
        assert!(metrics.lines().filter(of_api).any(|line| line.contains(good)), "{good}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
    service.stop().await;
}
