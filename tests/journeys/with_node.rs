//! The official conformance suite against our wiring: the same router, gates and call wrapper as in production, with
//! the suite's own test tools beside ours.

use std::path::PathBuf;
use std::process::Command;

use crate::server::{ALL_SCOPES, Server, door_with_bearer};

/// Returns the folder into which `./dev test` installed the packages of tests/clients.
pub fn packages() -> PathBuf {
    let packages = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/tools/clients/node_modules");
    assert!(packages.is_dir(), "run ./dev test: it installs what tests/clients/package.json names");
    packages
}

/// Returns the versions of Node in tests/clients/package.json, the newest first. If npm has no Node package for the
/// system, returns only the installed version.
pub fn nodes() -> Vec<PathBuf> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return vec![PathBuf::from("node")];
    }
    [22, 20]
        .map(|version| {
            let node = packages().join(format!("node-{version}-linux-x64/bin/node"));
            let said = Command::new(&node).arg("--version").output().expect("npm has installed it").stdout;
            assert!(said.starts_with(format!("v{version}.").as_bytes()), "{}", node.display());
            node
        })
        .to_vec()
}

/// Returns the newest of [`nodes`]: the conformance suite needs Node 22.
pub fn node() -> PathBuf {
    nodes().swap_remove(0)
}

/// Fails on an unexpected failure, and on an expected failure that passes.
async fn run_suite(package: &str, select: [&str; 2], expected: &str) {
    let server = Server::conformance().await;
    let key = server.agent_key(ALL_SCOPES).await;
    let door = door_with_bearer(&server.url, &key).await;
    let mut suite = Command::new(node());
    suite.arg(packages().join(package).join("dist/index.js")).arg("server").args(["--url", &format!("{door}/mcp")]);
    suite.args(select).args(["--expected-failures", &format!("tests/clients/{expected}.yml")]);
    let ended = tokio::task::spawn_blocking(move || suite.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{package} {select:?}:\n{said}\n{}", String::from_utf8_lossy(&ended.stderr));
    assert!(said.matches('✓').count() > 20, "the suite has run:\n{said}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and the conformance build: run ./dev test"]
async fn with_node_the_suite_of_the_handshake_era_finds_nothing_unexpected() {
    run_suite("conformance-0.1.16", ["--suite", "active"], "expected-failures-2025-11-25").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and the conformance build: run ./dev test"]
async fn with_node_the_requirements_of_2025_11_25_hold() {
    let select = ["--requirements", "2025-11-25"];
    run_suite("@modelcontextprotocol/conformance", select, "expected-failures-2025-11-25").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and the conformance build: run ./dev test"]
async fn with_node_the_requirements_of_2026_07_28_hold() {
    let select = ["--requirements", "2026-07-28"];
    run_suite("@modelcontextprotocol/conformance", select, "expected-failures-2026-07-28").await;
}
