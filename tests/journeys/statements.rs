//! The number of SQL statements for one call. It is constant: it depends neither on the length of the call nor on the
//! student's history.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use storage::clock;

use crate::language_model::{model, says};
use crate::psql::{psql, try_psql};
use crate::service::{Service, eventually};
use crate::vapi::{self, CALLER};

/// Calls in one count.
const N_CALLS: usize = 10;
/// Statements from webhook to analysis, with rules only. Statements that look for work are not counted.
const BY_RULES: usize = 38;
/// The same number with a model that finds nothing more.
const WITH_MODEL: usize = 75;

type Counts = BTreeMap<(String, String), usize>;

/// Delivers a call in which a student answers `n` questions about one skill, and waits for its analysis.
async fn call(service: &Service, call_id: &str, began: DateTime<Utc>, n: usize) {
    let talk: Vec<String> = (0..n)
        .flat_map(|i| {
            let (a, b) = (3 + i % 4, 2 + i % 3);
            [format!("What is {a} plus {b}?"), format!("It is {}.", a + b)]
        })
        .chain(["That is right. Goodbye.".to_owned()])
        .collect();
    let said: Vec<&str> = talk.iter().map(String::as_str).collect();
    service.deliver(&vapi::report(call_id, began, &said)).await;
    let open = format!("select count(*) from sessions where call_id = '{call_id}' and status = 'analyzed'");
    let url = &service.database_url;
    eventually("the call is analysed", async || (psql(url, &open) == "1").then_some(())).await;
}

/// Returns how often the service ran each statement so far, by its id in Postgres, with its text. Statements that only
/// look for work are left out.
fn ran(service: &Service) -> BTreeMap<String, (usize, String)> {
    let rows = psql(
        &service.database_url,
        r"select queryid, sum(calls), min(regexp_replace(left(query, 200), '\s+', ' ', 'g')) from pg_stat_statements
          where dbid = (select oid from pg_database where datname = current_database()) and toplevel
            and query !~* '^(begin|commit|set |with due as|select pg_notify|insert into signs|select queryid|select pg_type|select count\(\*\) from sessions where call_id)'
          group by queryid",
    );
    let row = |line: &str| {
        let mut columns = line.splitn(3, '|');
        let mut next = || columns.next().unwrap().to_owned();
        (next(), (next().parse().unwrap(), next()))
    };
    rows.lines().map(row).collect()
}

/// Returns how often each statement ran per call, as a rounded average over [`N_CALLS`], because the service runs some
/// occasionally.
async fn count(service: &Service, name: &str, first: DateTime<Utc>, n_questions: usize) -> Counts {
    let before = ran(service);
    for i in 0..N_CALLS {
        call(service, &format!("{name}-{i}"), first + TimeDelta::hours(i as i64), n_questions).await;
    }
    let new = |(id, (n, text)): (String, (usize, String))| {
        let n = n - before.get(&id).map_or(0, |(n, _)| *n);
        let n_a_call = (n + N_CALLS / 2) / N_CALLS;
        (n_a_call > 0).then_some(((id, text), n_a_call))
    };
    ran(service).into_iter().filter_map(new).collect()
}

/// Returns true if the database can count statements.
fn can_count(url: &SecretString) -> bool {
    psql(url, "create extension if not exists pg_stat_statements");
    try_psql(url, "select count(*) from pg_stat_statements").is_ok()
}

async fn is_constant(service: Service, expected: usize) {
    if !can_count(&service.database_url) {
        eprintln!("SKIPPED: statements are counted where Postgres loads pg_stat_statements.");
        return service.stop().await;
    }
    service.student("Ana", CALLER).await;
    let mut at = clock::now() - TimeDelta::days(20);
    let mut next = |days| {
        at += TimeDelta::days(days);
        at
    };
    // The first call also reads the curriculum.
    call(&service, "warm", next(0), 3).await;
    let early = count(&service, "early", next(1), 3).await;
    let long = count(&service, "long", next(1), 60).await;
    let from = next(1);
    for i in 0..60 {
        call(&service, &format!("between-{i}"), from + TimeDelta::hours(i), 3).await;
    }
    let late = count(&service, "late", next(3), 3).await;
    assert_eq!(long, early, "a long call");
    assert_eq!(late, early, "a call after many others");
    assert_eq!(early.values().sum::<usize>(), expected, "statements of a call: {early:#?}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_costs_the_same_statements_however_long_it_is_and_whatever_came_before() {
    is_constant(Service::start().await, BY_RULES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_with_a_model_costs_the_same_statements_each_time() {
    let reading = r#"{"answers":[],"no_answers":[],"misconceptions":[],"safety_flags":[],"engagement":null}"#;
    let (base_url, _) = model(vec![says(reading)]).await;
    is_constant(Service::start_with(&[("LLM_BASE_URL", &base_url), ("LLM_MODEL", "scripted")]).await, WITH_MODEL).await;
}
