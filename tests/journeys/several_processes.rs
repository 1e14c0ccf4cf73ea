//! Two servers and three workers share one database, and nothing else.

use reqwest::StatusCode;

use crate::processes::Production;
use crate::psql::psql;
use crate::service::{analyzed, client, eventually, insert_student, new_database, token};
use crate::vapi::{self, CALLER, REPORT, deliver_to};

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_and_three_workers_share_the_work_and_do_all_of_it_once() {
    let url = new_database().await;
    let production = Production::start_on(url.clone(), None, &[]).await;
    let (_server, second) = production.add_server().await;
    let _workers = [production.add_worker(), production.add_worker()];
    let http = client();
    insert_student(&production.db, "Amara Okafor", CALLER).await;
    let token = token(&production.db, &http, &production.server_url, "sessions:read").await;

    // Each call is reported to both servers, until each worker has had work.
    let mut n_calls = 0;
    eventually("three workers have worked", async || {
        for _ in 0..10 {
            let report = vapi::sample_of_call(REPORT, &format!("call-{n_calls}"));
            let both = [&production.server_url, &second].map(|server| deliver_to(&http, server, &report));
            let statuses = futures::future::join_all(both).await;
            assert!(statuses.iter().all(|status| *status == StatusCode::OK), "{statuses:?}");
            n_calls += 1;
        }
        (psql(&url, "select count(distinct leased_by) from jobs") == "3").then_some(())
    })
    .await;
    for n in 0..n_calls {
        // The token of one server is good at the other.
        analyzed(&http, &second, &token, &format!("call-{n}")).await;
    }
    let counts = psql(
        &url,
        "select count(*), count(distinct call_id), (select count(*) from deliveries), (select max(attempts) from jobs),
             (select count(distinct n) from (select count(*) as n from evidence group by session_id) as each) from sessions",
    );
    assert_eq!(counts, format!("{n_calls}|{n_calls}|{n_calls}|1|1"), "sessions, calls, reports, attempts, sizes");
}
