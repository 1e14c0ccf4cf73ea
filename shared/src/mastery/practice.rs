//! The practices behind an estimate: what each gained, and when the next was due.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::db::{Connection, Result};
use crate::id::StudentId;
use crate::learner::{self, Observation};

/// Writes all practices of the student; rows that say the same already stay as they are. Returns how many differed.
pub(super) async fn write(
    tx: &mut Connection,
    student_id: StudentId,
    observed: &[(&str, Vec<Observation>)],
) -> Result<u64> {
    let mut rows = Columns::default();
    for (skill_id, observations) in observed {
        let practices = learner::practices(observations);
        for (i, practice) in practices.iter().enumerate() {
            rows.skill_ids.push((*skill_id).to_owned());
            rows.nos.push(i as i32);
            rows.session_ids.push(practice.call.map(|call| call.0));
            rows.ats.push(practice.at);
            rows.gains.push(practice.gain);
            rows.due_ats.push(practice.due_at);
            rows.next_ats.push(practices.get(i + 1).map(|next| next.at));
        }
    }
    let n_gone = sqlx::query!(
        "delete from practices where student_id = $1
             and (skill_id, practice_no) not in (select * from unnest($2::text[], $3::int[]))",
        student_id as StudentId,
        &rows.skill_ids,
        &rows.nos,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    let put = sqlx::query!(
        r#"insert into practices as p (student_id, skill_id, practice_no, session_id, practised_at, gain, due_at, next_at)
           select $1::uuid, * from unnest($2::text[], $3::int[], $4::uuid[], $5::timestamptz[], $6::float8[],
               $7::timestamptz[], $8::timestamptz[])
           on conflict (student_id, skill_id, practice_no) do update set
               session_id = excluded.session_id, practised_at = excluded.practised_at, gain = excluded.gain,
               due_at = excluded.due_at, next_at = excluded.next_at
           where (p.session_id, p.practised_at, p.gain, p.due_at, p.next_at) is distinct from
               (excluded.session_id, excluded.practised_at, excluded.gain, excluded.due_at, excluded.next_at)"#,
        student_id as StudentId,
        &rows.skill_ids,
        &rows.nos,
        &rows.session_ids as &[Option<Uuid>],
        &rows.ats,
        &rows.gains,
        &rows.due_ats,
        &rows.next_ats as &[Option<DateTime<Utc>>],
    )
    .execute(tx)
    .await?;
    Ok(n_gone + put.rows_affected())
}

/// One column of the table in each.
#[derive(Default)]
struct Columns {
    skill_ids: Vec<String>,
    nos: Vec<i32>,
    session_ids: Vec<Option<Uuid>>,
    ats: Vec<DateTime<Utc>>,
    gains: Vec<f64>,
    due_ats: Vec<DateTime<Utc>>,
    next_ats: Vec<Option<DateTime<Utc>>>,
}
