//! The official SDKs, which Claude and other agents use, connect with only the address of the endpoint. The official
//! conformance suite checks the authorization server.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use storage::access::Role;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::connector::{Connector, Staff};
use crate::clients::{hear_program, script};
use crate::service::Service;
use crate::with_node::{node, packages};

/// Runs a client's program, and clicks Allow for it.
async fn connect(program: &Path, arguments: &[String]) -> Value {
    let service = Service::start().await;
    let teacher = Staff::insert(&service, "teacher", Role::Tutor, None).await.person;
    service.student("Amara Okafor", "+14155550142").await;
    let order = json!({ "url": format!("{}/mcp", service.server_url), "cookie": teacher.cookie() });
    let heard = hear_program(program, arguments, &order).await;
    let account = teacher.read("/account").await;
    assert!(account.contains("SDK") && account.contains("127.0.0.1:33418"), "{heard}: {account}");
    service.stop().await;
    heard
}

fn judge(client: &str, heard: &Value) {
    let hears = |which: &str| heard[which].as_str().is_some_and(|text| text.contains("Amara Okafor"));
    assert!(hears("first"), "{client} signs in: {heard}");
    assert!(hears("second"), "{client} continues after its token ended: {heard}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node: run ./dev test"]
async fn with_node_the_typescript_sdks_connect_as_agents_of_a_person() {
    let (node, script) = (node(), script("oauth.mjs"));
    for version in ["1", "2"] {
        let arguments = [script.to_str().unwrap(), version].map(str::to_owned);
        let heard = connect(&node, &arguments).await;
        judge(&format!("TypeScript SDK {version}"), &heard);
        assert_eq!(heard["isRefreshed"], json!(true), "without a second consent: {heard}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Python: run ./dev test"]
async fn with_python_the_python_sdks_connect_as_agents_of_a_person() {
    for version in ["1", "2"] {
        let python = PathBuf::from(format!("target/tools/python-{version}/bin/python"));
        let heard = connect(&python, &["tests/clients/oauth.py".to_owned()]).await;
        judge(&format!("Python SDK {version}"), &heard);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node: run ./dev test"]
async fn with_node_the_conformance_suite_finds_no_fault_in_the_authorization_server() {
    let service = Service::start().await;
    let teacher = Staff::insert(&service, "teacher", Role::Tutor, None).await.person;
    let body = json!({ "client_name": "Suite", "redirect_uris": ["http://127.0.0.1/callback"] }).to_string();
    let (_, registered) = Connector::try_register(&service, &body).await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let mut suite = Command::new(node());
    suite.arg(packages().join("@modelcontextprotocol/conformance/dist/index.js")).arg("authorization");
    suite.args(["--url", &service.server_url, "--client-id", registered["client_id"].as_str().unwrap()]);
    suite.args(["--resource", &format!("{}/mcp", service.server_url), "--port", &port]);
    let mut suite = suite.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(suite.stdout.take().unwrap()).lines();
    let mut said = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.starts_with(&format!("{}/auth/authorize?", service.server_url)) {
            let page = Connector::page_of(&service, &line).await;
            let back = Connector::allow_all(&teacher, &page).await;
            service.http.get(back).send().await.unwrap();
        }
        said += &line;
        said.push('\n');
    }
    assert!(suite.wait().await.unwrap().success(), "{said}");
    assert!(said.matches('✓').count() >= 2 && !said.contains('✗'), "both scenarios have run:\n{said}");
    service.stop().await;
}
