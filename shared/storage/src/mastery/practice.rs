//! The practices behind an estimate: what each gained, and when the next was due.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::db::{Connection, Result};
use crate::id::StudentId;
use crate::learner::{self, Observation, Practice};

/// Writes all practices of the student, or those of some skills; rows that say the same already stay as they are. Returns
/// how many differed.
pub(super) async fn write(
    tx: &mut Connection,
    student_id: StudentId,
    observed: &[(&str, Vec<Observation>)],
    skill_ids: Option<&[String]>,
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
        "delete from practices where student_id = $1 and ($4::text[] is null or skill_id = any($4))
             and (skill_id, practice_no) not in (select * from unnest($2::text[], $3::int[]))",
        student_id as StudentId,
        &rows.skill_ids,
        &rows.nos,
        skill_ids,
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

/// Adds a practice to each of these skills, later than all others of it.
pub(super) async fn append(tx: &mut Connection, student_id: StudentId, practices: &[(&str, Practice)]) -> Result<()> {
    if practices.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "with new as materialized (
             select n.*, (select max(practice_no) from practices p where p.student_id = $1 and p.skill_id = n.skill_id)
                 as last_no
             from unnest($2::text[], $3::uuid[], $4::timestamptz[], $5::float8[], $6::timestamptz[])
                 as n (skill_id, session_id, practised_at, gain, due_at)
         ), followed as (
             update practices p set next_at = new.practised_at from new
             where p.student_id = $1 and p.skill_id = new.skill_id and p.practice_no = new.last_no
         )
         insert into practices (student_id, skill_id, practice_no, session_id, practised_at, gain, due_at)
         select $1, skill_id, coalesce(last_no + 1, 0), session_id, practised_at, gain, due_at from new",
        student_id as StudentId,
        &practices.iter().map(|(skill_id, _)| (*skill_id).to_owned()).collect::<Vec<_>>(),
        &practices.iter().map(|(_, practice)| practice.call.map(|call| call.0)).collect::<Vec<_>>()
            as &[Option<Uuid>],
        &practices.iter().map(|(_, practice)| practice.at).collect::<Vec<_>>(),
        &practices.iter().map(|(_, practice)| practice.gain).collect::<Vec<_>>(),
        &practices.iter().map(|(_, practice)| practice.due_at).collect::<Vec<_>>(),
    )
    .execute(tx)
    .await?;
    Ok(())
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
