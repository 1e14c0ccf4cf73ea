//! Reading a context: one indexed query, and arithmetic with the curriculum in memory.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::types::Json;

use super::compose::{self, Known};
use super::estimate::{Progress, due_skills};
use super::step::PlanStep;
use super::{Choice, DueSkill, Prepared, StudentContext};
use crate::access::{Caller, Scope};
use crate::curriculum::{Curriculum, fresh};
use crate::db::{Db, Error, Result};
use crate::id::StudentId;
use crate::learner::State;
use crate::phone::Phone;
use crate::student::{StudentStatus, first_name, read_zone};

/// How many students of one number are offered to choose from.
const MAX_CHOICES: usize = 6;

/// Returns the context for the caller's line: of its student, with the students to choose from, or of a new caller.
pub async fn of_line(db: &Db, caller: &Caller, now: DateTime<Utc>) -> Result<StudentContext> {
    if let Some(missing) = caller.line.missing {
        return Ok(compose::unverified(missing, now));
    }
    match (caller.line.student_id, &caller.line.phone) {
        (Some(student_id), _) => get_by_student_id(db, caller, student_id, now).await,
        (None, Some(phone)) if !caller.line.is_stranger => find_by_phone(db, caller, phone, now).await,
        (None, _) => Ok(compose::unknown(now)),
    }
}

struct Row {
    student_id: StudentId,
    display_name: String,
    grade: Option<i16>,
    locale: String,
    timezone: String,
    status: StudentStatus,
    guidance: Option<String>,
    prepared: Option<Json<Prepared>>,
    practised: Option<Json<Vec<Practised>>>,
    subjects_off: Vec<String>,
}

/// A row of `mastery`.
#[derive(Deserialize)]
struct Practised {
    skill_id: String,
    knowledge: f64,
    stability: f64,
    difficulty: f64,
    n_evidence: u32,
    n_unaided_correct: u32,
    n_calls_correct: u32,
    last_at: DateTime<Utc>,
}

impl From<Practised> for (String, State) {
    fn from(row: Practised) -> Self {
        let state = State {
            knowledge: row.knowledge,
            stability: row.stability,
            difficulty: row.difficulty,
            n_evidence: row.n_evidence,
            n_unaided_correct: row.n_unaided_correct,
            n_calls_correct: row.n_calls_correct,
            last_at: row.last_at,
        };
        (row.skill_id, state)
    }
}

impl Row {
    fn known(self, curriculum: &Curriculum) -> Known<'_> {
        let practised = self.practised.into_iter().flat_map(|json| json.0);
        let progress = Progress {
            grade: self.grade,
            states: practised.map(Into::into).collect(),
            subjects_off: self.subjects_off,
        };
        let prepared = self.prepared.map(|json| json.0).unwrap_or_default();
        Known {
            student_id: self.student_id,
            first_name: first_name(&self.display_name).to_owned(),
            grade: self.grade,
            language: self.locale,
            zone: read_zone(&self.timezone),
            guidance: self.guidance,
            mastery: progress.estimates(curriculum),
            new: progress.new_skills(curriculum, &prepared.wanted),
            prepared,
        }
    }

    fn compose(self, curriculum: &Curriculum, now: DateTime<Utc>) -> StudentContext {
        match self.status {
            StudentStatus::Blocked => compose::blocked(now),
            StudentStatus::Active => compose::known(self.known(curriculum), now),
        }
    }
}

/// What the skills are is in memory: to join them here cost four times as much.
async fn list_rows(db: &Db, phone: Option<&str>, student_id: Option<StudentId>) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select s.student_id as "student_id: StudentId", s.display_name, s.grade, s.locale, s.timezone,
               case when is_silent(s.student_id, s.status, now()) then 'blocked' else s.status end as "status!: StudentStatus", s.guidance,
               c.prepared as "prepared?: Json<Prepared>",
               (select json_agg(m) from (
                   select skill_id, knowledge, stability, difficulty, n_evidence, n_unaided_correct, n_calls_correct, last_at
                   from mastery where student_id = s.student_id) m) as "practised?: Json<Vec<Practised>>",
               array(select o.subject_id from student_subjects_off o
                     where o.student_id = s.student_id) as "subjects_off!: Vec<String>"
           from students s left join student_contexts c using (student_id)
           where s.student_id = any (array(
               select student_id from student_phones where phone = $1 union all select $2::uuid))
           order by s.created_at, s.student_id
           limit 6"#,
        phone,
        student_id as Option<StudentId>,
    )
    .fetch_all(db)
    .await?)
}

async fn get_row(db: &Db, student_id: StudentId) -> Result<Row> {
    list_rows(db, None, Some(student_id)).await?.pop().ok_or(Error::NotFound("student"))
}

/// Returns the context for a number. It is always usable, even if no student or several have the number. Needs
/// `context:read`.
pub async fn find_by_phone(db: &Db, caller: &Caller, phone: &Phone, now: DateTime<Utc>) -> Result<StudentContext> {
    caller.require_live_call(Scope::ContextRead, phone)?;
    let mut rows = list_rows(db, Some(phone.as_str()), None).await?;
    rows.truncate(MAX_CHOICES);
    if rows.len() > 1 {
        let choices = rows
            .into_iter()
            .filter(|row| row.status == StudentStatus::Active)
            .map(|row| Choice { student_id: row.student_id, first_name: first_name(&row.display_name).to_owned() })
            .collect();
        return Ok(compose::choose(choices, now));
    }
    match rows.pop() {
        Some(row) => Ok(row.compose(&*fresh(db).await?, now)),
        None => Ok(compose::unknown(now)),
    }
}

/// The context of one student. Needs `context:read`.
pub async fn get_by_student_id(
    db: &Db,
    caller: &Caller,
    student_id: StudentId,
    now: DateTime<Utc>,
) -> Result<StudentContext> {
    caller.require_for(Scope::ContextRead, student_id)?;
    Ok(get_row(db, student_id).await?.compose(&*fresh(db).await?, now))
}

/// At most `limit` skills that the student should practise now, most urgent first. Needs `context:read`.
pub async fn list_due(
    db: &Db,
    caller: &Caller,
    student_id: StudentId,
    limit: usize,
    now: DateTime<Utc>,
) -> Result<Vec<DueSkill>> {
    caller.require_for(Scope::ContextRead, student_id)?;
    let row = get_row(db, student_id).await?;
    match row.status {
        StudentStatus::Blocked => Ok(Vec::new()),
        StudentStatus::Active => Ok(due_skills(&row.known(&*fresh(db).await?).mastery, limit, now)),
    }
}

/// A context, with the steps of its plan. No steps: nothing is known that could be planned, or the student is blocked.
#[derive(Clone, Debug)]
pub struct Lesson {
    pub context: StudentContext,
    pub steps: Vec<PlanStep>,
}

/// What the student should practise today, first things first: the very plan that the context tells. Needs `context:read`.
pub async fn get_lesson(db: &Db, caller: &Caller, student_id: StudentId, now: DateTime<Utc>) -> Result<Lesson> {
    caller.require_for(Scope::ContextRead, student_id)?;
    let row = get_row(db, student_id).await?;
    match row.status {
        StudentStatus::Blocked => Ok(Lesson { context: compose::blocked(now), steps: Vec::new() }),
        StudentStatus::Active => {
            let curriculum = fresh(db).await?;
            let known = row.known(&curriculum);
            let steps = known.steps(now);
            Ok(Lesson { context: compose::known(known, now), steps })
        }
    }
}
