//! Migrations that run at the same time, or are killed.

use std::process::{Command, Stdio};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::processes::{Process, binary};
use crate::psql::{psql, try_psql};
use crate::service::{empty_database, eventually};

fn migrate(url: &SecretString) -> Process {
    let mut command = Command::new(binary("ai-tutor"));
    command.arg("migrate").env("DATABASE_URL", url.expose_secret()).stdout(Stdio::null());
    Process::spawn(&mut command)
}

fn n_applied(url: &SecretString) -> usize {
    psql(url, "select count(*) from _sqlx_migrations where success").parse().unwrap()
}

fn n_files() -> usize {
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap();
    files.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|ending| ending == "sql")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_and_the_second_waits() {
    let url = empty_database().await;
    let (mut one, mut two) = (migrate(&url), migrate(&url));
    assert_eq!((one.wait(), two.wait()), (Some(0), Some(0)));
    assert_eq!(n_applied(&url), n_files());
    assert_eq!(psql(&url, "select count(*) > 70 from skills"), "t", "the starter curriculum is there, once");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_waits_says_for_whom_and_gives_up_in_time() {
    let url = empty_database().await;
    let holder = url.clone();
    // A session lock, as earlier versions left it on a connection of a pooler.
    let held = tokio::task::spawn_blocking(move || {
        try_psql(&holder, "select pg_advisory_lock(x'5475746f7201'::bigint); select pg_sleep(8)")
    });
    let is_held = "select count(*) > 0 from pg_locks where locktype = 'advisory' and granted
                   and database = (select oid from pg_database where datname = current_database())";
    eventually("the lock is taken", async || (psql(&url, is_held) == "t").then_some(())).await;
    let mut command = Command::new(binary("ai-tutor"));
    command.args(["migrate", "--wait", "1"]).env("DATABASE_URL", url.expose_secret());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("waits for another migration"), "{said}");
    assert!(said.contains("gave up after 1 s: process ") && said.contains("psql"), "{said}");
    held.await.unwrap().unwrap();
    assert_eq!(migrate(&url).wait(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_killed_half_way_is_finished_by_the_next() {
    for wait_ms in [5, 40, 90, 160, 250] {
        let url = empty_database().await;
        let mut killed = migrate(&url);
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        killed.kill();
        assert_eq!(migrate(&url).wait(), Some(0), "after a kill at {wait_ms} ms");
        assert_eq!(n_applied(&url), n_files());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_table_is_not_waited_for_in_front_of_everybody() {
    let url = empty_database().await;
    // A migration waits for every lock in the same way. Here it waits for a name that another transaction is about to
    // create.
    let holder = url.clone();
    let held =
        tokio::task::spawn_blocking(move || try_psql(&holder, "begin; create table students (); select pg_sleep(60)"));
    tokio::time::sleep(Duration::from_millis(500)).await;
    // It never waits longer than its lock timeout of 2 s at once, because other queries would queue behind it.
    let waits = "select coalesce(max(extract(epoch from now() - query_start)), 0) from pg_stat_activity
                 where application_name = 'ai-tutor migrate' and wait_event_type = 'Lock' and wait_event <> 'advisory'
                   and datname = current_database()";
    let mut migration = migrate(&url);
    let (mut longest, mut n_stretches, mut waited_before) = (0.0_f64, 0, 0.0);
    while !migration.has_ended() {
        let waits_for: f64 = psql(&url, waits).parse().unwrap();
        longest = longest.max(waits_for);
        n_stretches += u32::from(waits_for > 0.0 && (waited_before == 0.0 || waits_for < waited_before));
        waited_before = waits_for;
        if n_stretches >= 2 {
            // The migration has stepped back once. Now the table is released.
            psql(&url, "select pg_cancel_backend(pid) from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()
                        and datname = current_database()");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(held.await.unwrap().is_err(), "the lock was held until it was cancelled");
    assert_eq!(migration.wait(), Some(0), "the migration retries, and ends when the table is free");
    assert!(longest > 0.0 && longest < 3.0 && n_stretches >= 2, "{n_stretches} waits, the longest {longest} s");
    assert_eq!(n_applied(&url), n_files());
}

/// Erasing a student, or reading corrections, must not scan whole tables.
#[tokio::test(flavor = "multi_thread")]
async fn what_refers_to_rows_that_come_and_go_has_an_index() {
    let url = empty_database().await;
    assert_eq!(migrate(&url).wait(), Some(0));
    let unindexed = psql(
        &url,
        "select conrelid::regclass || '.' || conname from pg_constraint c
         where contype = 'f' and confrelid in ('students'::regclass, 'sessions'::regclass, 'analyses'::regclass,
                 'evidence'::regclass, 'admin_users'::regclass)
             and not exists (select 1 from pg_index i
                 where i.indrelid = c.conrelid and (i.indkey::smallint[])[0] = c.conkey[1])",
    );
    assert_eq!(unindexed, "", "foreign keys without an index that begins with them");
}
