//! Filling in what analytics add up, by hand.

use chrono::{DateTime, Utc};
use storage::access::Caller;
use storage::db::{self, Db};
use storage::id::StudentId;
use storage::{analytics, student, watermark};

use crate::{print, say};

const STUDENTS_A_BATCH: i64 = 200;

/// `analytics rebuild`: recomputes what each call taught. Resumable. Until it is done, only mastery gains of calls
/// before this feature are missing.
pub async fn rebuild(db: &Db, now: DateTime<Utc>) -> anyhow::Result<()> {
    let operator = Caller::operator();
    let reached = watermark::find(db, analytics::REBUILD).await?;
    let mut after: Option<StudentId> = reached.and_then(|text| text.parse().ok());
    let progress = print::progress(student::count_students(db, &operator, after).await?.unsigned_abs(), "students");
    let mut n_students = 0_u64;
    loop {
        let batch = student::list_student_ids(db, &operator, after, STUDENTS_A_BATCH).await?;
        for student_id in &batch {
            let mut tx = db::begin(db).await?;
            worker::rebuild_student(&mut tx, *student_id, now).await?;
            tx.commit().await?;
            n_students += 1;
            progress.inc(1);
        }
        let Some(last) = batch.last() else { break };
        watermark::put(db, analytics::REBUILD, &last.to_string(), now).await?;
        after = Some(*last);
    }
    watermark::clear(db, analytics::REBUILD).await?;
    progress.finish_and_clear();
    say!("what {n_students} students learnt is worked out");
    Ok(())
}
