//! Synthetic data for load tests, by COPY. One seed gives one population; all of it is committed at once, or nothing.

mod book;
mod call;
mod derived;
mod population;
mod rows;

use std::time::Instant;

use anyhow::bail;
use chrono::{DateTime, Utc};
use rand::Rng;
use storage::access::Caller;
use storage::attention;
use storage::curriculum;
use storage::db::copy::{copy_in, refresh_statistics, trust};
use storage::db::{self, Connection, Db};
use storage::session::{SessionKey, get_session};

use uuid::Uuid;

use self::book::Book;
use self::population::{Population, Size};
use self::rows::Batch;
use crate::{print, say};

/// Rows of so many calls and students are sent at a time: seconds of work, well within a statement's time.
const CALLS_A_BATCH: u32 = 2_000;
const STUDENTS_A_BATCH: usize = 5_000;

/// More would not fit into memory, where a student's calls are folded.
const MAX_CALLS_A_STUDENT: u32 = 1_000;

/// How far back calls go.
const DAYS: i64 = 180;

#[derive(clap::Args)]
pub struct Arguments {
    /// At most 800000
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=800_000))]
    students: u32,
    /// At most 10 million
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    sessions: u32,
    /// Another seed adds other data. Its last digit chooses the block of phone numbers
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// `seed`.
pub async fn run(db: &Db, arguments: &Arguments, now: DateTime<Utc>) -> anyhow::Result<()> {
    let size = Size { students: arguments.students, sessions: arguments.sessions, seed: arguments.seed };
    if size.sessions / size.students > MAX_CALLS_A_STUDENT {
        bail!("a student has at most {MAX_CALLS_A_STUDENT} sessions on average: ask for more --students");
    }
    let mut tx = db::begin(db).await?;
    // First, since the book also takes its time on a busy machine.
    trust(&mut tx).await?;
    refuse_twice(&mut tx, size.seed).await?;
    let mut book = Book::write(&curriculum::load(&mut tx).await?)?;
    book.index_words(&mut tx).await?;
    let started = Instant::now();
    let progress = print::progress(u64::from(size.sessions), "sessions");
    // The next rows are invented while Postgres takes these.
    let (sender, mut batches) = tokio::sync::mpsc::channel(1);
    let inventing = tokio::task::spawn_blocking(move || {
        let mut population = Population::new(size, &book, now);
        loop {
            let batch = next_batch(&mut population);
            if batch.student_ids.is_empty() || sender.blocking_send((population.n_sessions, batch)).is_err() {
                break;
            }
        }
    });
    let mut n_rows = 0;
    while let Some((n_sessions, batch)) = batches.recv().await {
        for (statement, rows) in batch.tables() {
            n_rows += copy_in(&mut tx, statement, rows).await?;
            progress.tick();
        }
        attention::refresh_new(&mut tx, &batch.student_ids).await?;
        progress.set_position(u64::from(n_sessions));
    }
    inventing.await?;
    tx.commit().await?;
    progress.finish_and_clear();
    let seconds = started.elapsed().as_secs_f64();
    refresh_statistics(db).await?;
    say!(
        "{} students and {} sessions: {n_rows} rows in {seconds:.1} s, {:.0} rows a second",
        size.students,
        size.sessions,
        n_rows as f64 / seconds,
    );
    say!("the first of them calls from {}", population::phone(size.seed, 0));
    Ok(())
}

/// The same calls cannot have happened twice.
async fn refuse_twice(connection: &mut Connection, seed: u64) -> anyhow::Result<()> {
    let first = SessionKey::CallId(population::call_id(seed, 0));
    match get_session(connection, &Caller::operator(), &first).await {
        Ok(_) => bail!("this database already holds the data of seed {seed}; name another with --seed"),
        Err(db::Error::NotFound(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn next_batch(population: &mut Population) -> Batch {
    let mut batch = Batch::default();
    let until = population.n_sessions.saturating_add(CALLS_A_BATCH);
    for _ in 0..STUDENTS_A_BATCH {
        if population.n_sessions >= until || !population.add_student(&mut batch) {
            break;
        }
    }
    batch
}

/// A UUIDv7 of that time: keys of rows of one time stand together in an index.
fn id_at(at: DateTime<Utc>, rng: &mut impl Rng) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(at.timestamp_millis().unsigned_abs(), &rng.random()).into_uuid()
}
