//! Strangers without a credential who hold connections and send rubbish: whoever has one is served all the same.

use std::net::{Ipv4Addr, SocketAddr};

use reqwest::StatusCode;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::processes::Process;
use crate::server::{ALL_SCOPES, Server};
use crate::service::{Service, eventually, insert_student};
use crate::vapi::{self, CALLER, REPORT};

/// What a process may grow by, however many strangers there are.
const MAX_GROWTH_KIB: usize = 20 * 1024;

/// Connections that the journey holds, if the machine lets it.
const N_SLOW: usize = 8_300;
/// Files that this process and the server need for the rest.
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
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux says how much it holds");
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Files that this process may have open.
fn max_files() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap_or(usize::MAX)
}

/// A connection of the n-th stranger, from one of four addresses.
async fn connect(to: SocketAddr, n: usize) -> TcpStream {
    let from = Ipv4Addr::new(127, 0, 0, 1 + u8::try_from(n % 4).unwrap());
    eventually("the server takes a connection", async || {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((from, 0))).ok()?;
        socket.connect(to).await.ok()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_slow_strangers_and_of_long_ids_keep_nobody_out_and_cost_little() {
    let server = Server::production().await;
    insert_student(&server.db, "Amara Okafor", CALLER).await;
    let key = server.agent_key(ALL_SCOPES).await;
    let address: SocketAddr = server.url.strip_prefix("http://").unwrap().parse().unwrap();
    let served = async |n: usize| {
        let report = vapi::sample_of_call(REPORT, &format!("call-{n}"));
        assert_eq!(vapi::deliver_to(&server.http, &server.url, &report).await, StatusCode::OK, "beside {n}");
        let answer = server.call(&key, "get_student_context", &json!({ "phone": CALLER })).await;
        assert!(answer["isError"] != json!(true), "beside {n}: {answer}");
    };
    served(0).await;
    send_long_ids(&server, 50, 2_000).await;
    let before = resident_kib(&server.process);

    let n_slow = N_SLOW.min(max_files().saturating_sub(N_OTHER_FILES));
    let mut slow = Vec::with_capacity(n_slow);
    for n in 1..=n_slow {
        let mut stream = connect(address, n).await;
        // One that was closed meanwhile for another is as good.
        let _ = stream.write_all(UNFINISHED[n % UNFINISHED.len()].as_bytes()).await;
        slow.push(stream);
        if n % 500 == 66 {
            served(n).await;
        }
    }
    served(n_slow).await;
    let beside = resident_kib(&server.process);
    assert!(beside < before + MAX_GROWTH_KIB, "{n_slow} slow connections: {before} KiB became {beside}");

    send_long_ids(&server, 9_900, 2_000).await;
    send_long_ids(&server, 100, 1_900_000).await;
    served(n_slow + 1).await;
    let after = resident_kib(&server.process);
    assert!(after < before + MAX_GROWTH_KIB, "10,000 long ids beside: {before} KiB became {after}");
    println!("{n_slow} slow connections: {before} KiB, then {beside}, with 10,000 long ids {after}");
}

/// Asks for a token in so many names of that length.
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
        let read = tokio::time::timeout(std::time::Duration::from_secs(60), stream.read_to_string(&mut answer)).await;
        assert!(read.is_ok(), "{path} stays open");
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
