//! Compares deliveries, sessions and jobs with a model. Senders, workers, the queue and the sweeper act in any order.
//! The tables must match the model, and in the end every report was processed once.

mod model;

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use self::model::{End, Held, Model, ModelJob, Step, step};
use crate::dispatch::{claim_to_send, return_unsent, sweep};
use crate::lease::{self, claim_ready, take};
use crate::retry::retry;
use storage::access::Caller;
use storage::clock::now;
use storage::db::{self, Connection, Db};
use storage::delivery::{DeliveryState, NewDelivery, REPORT, accept, dedupe_key, mark_delivery_processed};
use storage::id::JobId;
use storage::job::{Job, Lane, enqueue};
use storage::session::{SessionNews, SessionStatus, mark_session, merge_news};

const N_LOST_MAX: i16 = 3;
const LONG: Duration = Duration::from_hours(1);

fn news(call_id: &str, is_report: bool) -> SessionNews {
    SessionNews { call_id: call_id.to_owned(), is_report, ..SessionNews::default() }
}

struct Case<'a> {
    db: &'a Db,
    model: Model,
}

impl Case<'_> {
    async fn take(&mut self, step: Step) {
        let mut connection = self.db.acquire().await.unwrap();
        let connection = &mut *connection;
        match step {
            Step::Deliver { call, event } => self.deliver(&format!("call-{call}"), event).await,
            Step::Claim { worker, n, keeps } => {
                let lease = if keeps { LONG } else { Duration::ZERO };
                let claimed = claim_ready(connection, Lane::Quick, n, lease, "w").await.unwrap();
                assert_eq!(claimed.len(), self.model.ready().min(usize::try_from(n).unwrap()));
                for claimed in claimed {
                    self.model.taken(worker, claimed, keeps);
                }
            }
            Step::Send { n, arrives } => {
                let sent: Vec<JobId> =
                    claim_to_send(&mut *connection, n).await.unwrap().into_iter().map(|(job_id, _)| job_id).collect();
                assert_eq!(sent.len(), self.model.ready().min(usize::try_from(n).unwrap()));
                if !arrives {
                    return_unsent(&mut *connection, &sent).await.unwrap();
                }
                for job_id in sent {
                    let job = self.model.jobs.get_mut(&job_id).unwrap();
                    assert_eq!(job.state, "ready");
                    job.state = if arrives { "sent" } else { "ready" };
                }
            }
            Step::Hear { worker, which, keeps } => {
                if self.model.jobs.is_empty() {
                    return;
                }
                let (job_id, job) = which.get(&self.model.jobs.iter().collect::<Vec<_>>()).to_owned();
                let (job_id, is_free) = (*job_id, matches!(job.state, "ready" | "sent"));
                let lease = if keeps { LONG } else { Duration::ZERO };
                let claimed = take(connection, job_id, lease, "w").await.unwrap();
                assert_eq!(claimed.is_some(), is_free);
                if let Some(claimed) = claimed {
                    self.model.taken(worker, claimed, keeps);
                }
            }
            Step::End { worker, which, how } => {
                if !self.model.held[worker].is_empty() {
                    let i = which.index(self.model.held[worker].len());
                    let held = self.model.held[worker][i].clone();
                    if !matches!(how, End::Renew) {
                        self.model.held[worker].remove(i);
                    }
                    self.end(&held, how).await;
                }
            }
            Step::Sweep => {
                sweep(connection, Duration::ZERO).await.unwrap().expect("no other sweep runs");
                for (job_id, job) in &mut self.model.jobs {
                    if job.state == "running" && self.model.turns[job_id].1 {
                        job.n_lost += 1;
                        // `max_attempts` is never reached by the few steps of a case but for the quarantine.
                        job.state = if job.n_lost >= N_LOST_MAX { "needs_attention" } else { "ready" };
                    } else if job.state == "sent" {
                        job.state = "ready";
                    }
                }
            }
            Step::Retry { which } => {
                let given_up = self.model.jobs.iter().filter(|(_, job)| job.state == "needs_attention");
                let given_up: Vec<JobId> = given_up.map(|(job_id, _)| *job_id).collect();
                if !given_up.is_empty() {
                    self.retry(connection, *which.get(&given_up)).await;
                }
            }
        }
    }

    async fn retry(&mut self, connection: &mut Connection, job_id: JobId) {
        retry(connection, job_id).await.unwrap();
        *self.model.jobs.get_mut(&job_id).unwrap() = ModelJob::NEW;
        if let Some(call_id) = self.call_of(job_id).await {
            let status = self.model.sessions.get_mut(&call_id).unwrap();
            if *status == "needs_attention" {
                *status = "received";
            }
        }
    }

    async fn deliver(&mut self, call_id: &str, event: usize) {
        let status = ["ringing", "in-progress", "ended"].get(event);
        let r#type = if status.is_some() { "status-update" } else { REPORT };
        let key = dedupe_key(call_id, r#type, status.copied());
        let new = NewDelivery {
            dedupe_key: key.clone(),
            r#type: r#type.to_owned(),
            call_id: Some(call_id.to_owned()),
            body: Some(b"{}"),
            message_at: None,
            state: DeliveryState::Stored,
        };
        let is_new = accept(self.db, &new, now()).await.unwrap();
        assert_eq!(is_new, !self.model.deliveries.contains_key(&key), "{key}");
        if is_new {
            self.model.deliveries.insert(key, false);
            self.learn_jobs().await;
        }
    }

    /// Puts the jobs that were just asked for into the model: none but they may be new.
    async fn learn_jobs(&mut self) {
        let ids =
            sqlx::query_scalar!(r#"select job_id as "job_id: JobId" from jobs"#).fetch_all(self.db).await.unwrap();
        let new: Vec<JobId> = ids.into_iter().filter(|job_id| !self.model.jobs.contains_key(job_id)).collect();
        assert_eq!(new.len(), 1);
        self.model.jobs.insert(new[0], ModelJob::NEW);
    }

    async fn end(&mut self, held: &Held, how: End) {
        let (lease, job_id) = (&held.claimed.lease, held.claimed.lease.job_id);
        let is_of = self.model.is_of(held);
        let told = match how {
            End::Done | End::Crash => self.perform(held, matches!(how, End::Crash)).await,
            End::Retry => lease::finish_retry(self.db, lease, "busy", Duration::ZERO, Duration::ZERO).await.map(drop),
            End::PutOff => lease::put_off(self.db, lease, "away", Duration::ZERO).await.map(drop),
            End::Fail => {
                let mut tx = db::begin(self.db).await.unwrap();
                let failed = lease::finish_failed(&mut tx, lease, "unreadable").await.map(drop);
                tx.commit().await.unwrap();
                failed
            }
            End::Release => lease::release(self.db, lease).await,
            End::Renew => lease::renew(self.db, lease, LONG).await,
        };
        match told {
            Ok(()) => assert!(is_of, "{how:?} by who does not hold {job_id}"),
            Err(lease::Error::LeaseLost) => assert!(!is_of, "{how:?} was refused to who holds {job_id}"),
            Err(lease::Error::Database(error)) => panic!("{error}"),
        }
        if !is_of {
            return;
        }
        let job = self.model.jobs.get_mut(&job_id).unwrap();
        match how {
            End::Done => {
                job.state = "done";
                *self.model.n_done.entry(job_id).or_default() += 1;
            }
            // The outcome is not known yet.
            End::Crash => {}
            End::Retry => job.state = "ready",
            End::PutOff | End::Release => (job.state, job.attempts) = ("ready", job.attempts - 1),
            End::Fail => job.state = "needs_attention",
            End::Renew => self.model.turns.get_mut(&job_id).unwrap().1 = false,
        }
    }

    /// Writes a job's effect and its end in one transaction, as workers do.
    async fn perform(&mut self, held: &Held, crashes: bool) -> Result<(), lease::Error> {
        let mut tx = db::begin(self.db).await.unwrap();
        let (mut key, mut asks) = (None, false);
        let call = match held.claimed.job {
            Job::ProcessDelivery { delivery_id } => {
                let delivery = storage::delivery::get_delivery(&mut *tx, &Caller::worker(), delivery_id).await?;
                let (call_id, is_report) = (delivery.call_id.unwrap(), delivery.r#type == REPORT);
                let (session_id, status) = merge_news(&mut tx, &news(&call_id, is_report), None, now())
                    .await?
                    .expect("nothing is erased here");
                if is_report {
                    asks = enqueue(&mut tx, &Job::AnalyzeSession { session_id, round: 1 }, Some(session_id)).await?;
                }
                mark_delivery_processed(&mut tx, delivery_id, now()).await?;
                let row = sqlx::query!("select dedupe_key from deliveries where delivery_id = $1", delivery_id.0);
                key = Some(row.fetch_one(&mut *tx).await?.dedupe_key);
                Some((call_id, status.as_str()))
            }
            Job::AnalyzeSession { session_id, .. } => {
                mark_session(&mut tx, session_id, SessionStatus::Analyzed, None, now()).await?;
                self.call_of(held.claimed.lease.job_id).await.map(|call_id| (call_id, "analyzed"))
            }
            _ => unreachable!("no other kind is asked for here"),
        };
        let _ = lease::finish_done(&mut *tx, &held.claimed.lease).await?;
        if crashes {
            tx.rollback().await?;
            return Ok(());
        }
        tx.commit().await?;
        if let Some(key) = key {
            self.model.deliveries.insert(key, true);
        }
        if let Some((call_id, status)) = call {
            self.model.sessions.insert(call_id, status);
        }
        if asks {
            self.learn_jobs().await;
        }
        Ok(())
    }

    async fn call_of(&self, job_id: JobId) -> Option<String> {
        let of = "select call_id from sessions join jobs using (session_id) where job_id = $1";
        sqlx::query_scalar(of).bind(job_id.0).fetch_optional(self.db).await.unwrap()
    }

    /// The tables hold what the model holds.
    async fn sees(&mut self) {
        let rows =
            sqlx::query!(r#"select job_id as "job_id: JobId", state, attempts, n_lost, kind, session_id from jobs"#);
        let rows = rows.fetch_all(self.db).await.unwrap();
        assert_eq!(rows.len(), self.model.jobs.len());
        for row in rows {
            let job = &self.model.jobs[&row.job_id];
            let told = (&row.state[..], row.attempts, row.n_lost);
            assert_eq!(told, (job.state, job.attempts, job.n_lost), "{}", row.job_id);
            if let (Some(session_id), "needs_attention") = (row.session_id, job.state) {
                let (call_id, status, reason) = self.session(session_id).await;
                assert_eq!((&status[..], reason.is_some()), ("needs_attention", true), "a person has to see it");
                self.model.sessions.insert(call_id, "needs_attention");
            }
        }
        let rows = sqlx::query!("select dedupe_key, state from deliveries").fetch_all(self.db).await.unwrap();
        let told = rows.into_iter().map(|row| (row.dedupe_key, row.state == "processed"));
        assert_eq!(told.collect::<BTreeMap<_, _>>(), self.model.deliveries);
        let rows = sqlx::query!("select call_id, status from sessions").fetch_all(self.db).await.unwrap();
        let told: BTreeMap<String, String> = rows.into_iter().map(|row| (row.call_id, row.status)).collect();
        let wanted = self.model.sessions.iter().map(|(call_id, status)| (call_id.clone(), (*status).to_owned()));
        assert_eq!(told, wanted.collect());
    }

    async fn session(&self, session_id: Uuid) -> (String, String, Option<String>) {
        let row =
            sqlx::query!("select call_id, status, attention_reason from sessions where session_id = $1", session_id);
        let row = row.fetch_one(self.db).await.unwrap();
        (row.call_id, row.status, row.attention_reason)
    }

    /// Recovers: dead workers are swept, failed jobs are retried, and a worker runs.
    async fn heal(&mut self) {
        for turn in self.model.turns.values_mut() {
            turn.1 = true;
        }
        sqlx::query!("update jobs set lease_until = now() where state = 'running'").execute(self.db).await.unwrap();
        self.model.held = Default::default();
        loop {
            self.take(Step::Sweep).await;
            while let Some(job_id) = self.given_up() {
                let mut connection = self.db.acquire().await.unwrap();
                self.retry(&mut connection, job_id).await;
            }
            self.take(Step::Claim { worker: 0, n: 2, keeps: true }).await;
            if self.model.held[0].is_empty() {
                break;
            }
            for held in std::mem::take(&mut self.model.held[0]) {
                self.end(&held, End::Done).await;
            }
            self.sees().await;
        }
        assert!(self.model.jobs.values().all(|job| job.state == "done"));
        assert!(self.model.n_done.values().all(|n| *n == 1), "each effect is there once: {:?}", self.model.n_done);
        assert!(self.model.deliveries.values().all(|is_processed| *is_processed), "nothing is lost");
        for (call_id, status) in &self.model.sessions {
            let key = dedupe_key(call_id, REPORT, None);
            let wanted = if self.model.deliveries.contains_key(&key) { "analyzed" } else { "in_progress" };
            assert_eq!(*status, wanted, "{call_id}");
        }
    }

    fn given_up(&self) -> Option<JobId> {
        self.model.jobs.iter().find(|(_, job)| job.state == "needs_attention").map(|(job_id, _)| *job_id)
    }
}

async fn run(db: &Db, steps: Vec<Step>) {
    sqlx::query!("truncate deliveries, sessions, jobs cascade").execute(db).await.unwrap();
    let mut case = Case { db, model: Model::default() };
    for step in steps {
        case.take(step).await;
        case.sees().await;
    }
    case.heal().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_tables_say_what_the_model_says(pool: sqlx::PgPool) {
    let db = Db::from(pool);
    let here = tokio::runtime::Handle::current();
    let cases = tokio::task::spawn_blocking(move || {
        let config =
            ProptestConfig { failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::with_cases(48) };
        TestRunner::new(config).run(&prop::collection::vec(step(), 1..60), |steps| {
            let run = std::panic::AssertUnwindSafe(|| here.block_on(run(&db, steps)));
            std::panic::catch_unwind(run).map_err(|why| {
                let words = why.downcast_ref::<String>().cloned();
                TestCaseError::fail(words.unwrap_or_else(|| "an assertion does not hold".to_owned()))
            })
        })
    });
    cases.await.unwrap().unwrap_or_else(|error| panic!("{error}"));
}
