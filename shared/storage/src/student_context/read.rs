//! Reading a context: one indexed query, and arithmetic.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::compose::{self, Known};
use super::estimate::{Estimate, NewSkill, due_skills};
use super::step::PlanStep;
use super::{Choice, DueSkill, Prepared, StudentContext};
use crate::access::{Caller, Scope};
use crate::db::{Db, Error, Executor, Result};
use crate::id::StudentId;
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
    mastery: Json<Vec<Estimate>>,
    new: Json<Vec<NewSkill>>,
}

impl Row {
    fn known(self) -> Known {
        Known {
            student_id: self.student_id,
            first_name: first_name(&self.display_name).to_owned(),
            grade: self.grade,
            language: self.locale,
            zone: read_zone(&self.timezone),
            guidance: self.guidance,
            prepared: self.prepared.map(|json| json.0).unwrap_or_default(),
            mastery: self.mastery.0,
            new: self.new.0,
        }
    }

    fn compose(self, now: DateTime<Utc>) -> StudentContext {
        match self.status {
            StudentStatus::Blocked => compose::blocked(now),
            StudentStatus::Active => compose::known(self.known(), now),
        }
    }
}

async fn list_rows(db: impl Executor<'_>, phone: Option<&str>, student_id: Option<StudentId>) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select s.student_id as "student_id: StudentId", s.display_name, s.grade, s.locale, s.timezone,
               case when is_silent(s.student_id, s.status, now()) then 'blocked' else s.status end as "status!: StudentStatus", s.guidance,
               c.prepared as "prepared?: Json<Prepared>",
               coalesce((
                   select jsonb_agg(jsonb_build_object(
                       'skill_id', m.skill_id, 'name', k.name, 'subject_id', k.subject_id, 'questions', k.questions, 'knowledge', m.knowledge,
                       'stability', m.stability, 'difficulty', m.difficulty, 'n_evidence', m.n_evidence,
                       'prerequisites', (select coalesce(jsonb_agg(p.prerequisite_id), '[]') from skill_prerequisites p
                                         where p.skill_id = m.skill_id),
                       'n_unaided_correct', m.n_unaided_correct, 'n_calls_correct', m.n_calls_correct,
                       'last_at', m.last_at))
                   from mastery m join skills k using (skill_id)
                   where m.student_id = s.student_id and k.retired_at is null
                     and not exists (select 1 from student_subjects_off o
                                     where o.student_id = s.student_id and o.subject_id = k.subject_id)
               ), '[]') as "mastery!: Json<Vec<Estimate>>",
               coalesce((
                   select jsonb_agg(jsonb_build_object(
                       'skill_id', k.skill_id, 'name', k.name, 'subject_id', k.subject_id,
                       'prerequisites', (select coalesce(jsonb_agg(p.prerequisite_id), '[]') from skill_prerequisites p
                                         where p.skill_id = k.skill_id),
                       'is_next', k.skill_id is not distinct from next.skill_id) order by k.grade_from, k.skill_id)
                   from skills k
                   where (k.skill_id = next.skill_id
                          or k.skill_id in (select jsonb_array_elements_text(c.prepared->'wanted')))
                     and k.retired_at is null
                     and not exists (select 1 from mastery m
                                     where m.student_id = s.student_id and m.skill_id = k.skill_id)
                     and not exists (select 1 from student_subjects_off o
                                     where o.student_id = s.student_id and o.subject_id = k.subject_id)
               ), '[]') as "new!: Json<Vec<NewSkill>>"
           from students s left join student_contexts c using (student_id)
           -- The next new skill: of the student's grade and subjects, not practised yet, with every prerequisite that was
           -- practised known well enough; best prepared first.
           left join lateral (
               select k.skill_id
               from skills k
               left join skill_prerequisites p using (skill_id)
               left join mastery of_prerequisite
                   on of_prerequisite.skill_id = p.prerequisite_id and of_prerequisite.student_id = s.student_id
               where coalesce(s.grade, 3) between k.grade_from and k.grade_to and k.retired_at is null
                 and not exists (select 1 from student_subjects_off o
                                 where o.student_id = s.student_id and o.subject_id = k.subject_id)
                 and not exists (select 1 from mastery m where m.skill_id = k.skill_id and m.student_id = s.student_id)
               group by k.skill_id
               having coalesce(min(of_prerequisite.knowledge), 1) >= 0.6
               order by count(of_prerequisite.skill_id) desc, k.grade_from desc, k.skill_id
               limit 1
           ) next on true
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

/// Returns the context for a number. It is always usable, even if no student or several have the number. Needs
/// `context:read`.
pub async fn find_by_phone(
    db: impl Executor<'_>,
    caller: &Caller,
    phone: &Phone,
    now: DateTime<Utc>,
) -> Result<StudentContext> {
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
    Ok(rows.pop().map_or_else(|| compose::unknown(now), |row| row.compose(now)))
}

/// The context of one student. Needs `context:read`.
pub async fn get_by_student_id(
    db: impl Executor<'_>,
    caller: &Caller,
    student_id: StudentId,
    now: DateTime<Utc>,
) -> Result<StudentContext> {
    caller.require_for(Scope::ContextRead, student_id)?;
    let row = list_rows(db, None, Some(student_id)).await?.pop().ok_or(Error::NotFound("student"))?;
    Ok(row.compose(now))
}

/// At most `limit` skills that the student should practise now, most urgent first. Needs `context:read`.
pub async fn list_due(
    db: impl Executor<'_>,
    caller: &Caller,
    student_id: StudentId,
    limit: usize,
    now: DateTime<Utc>,
) -> Result<Vec<DueSkill>> {
    caller.require_for(Scope::ContextRead, student_id)?;
    let row = list_rows(db, None, Some(student_id)).await?.pop().ok_or(Error::NotFound("student"))?;
    match row.status {
        StudentStatus::Blocked => Ok(Vec::new()),
        StudentStatus::Active => Ok(due_skills(&row.mastery.0, limit, now)),
    }
}

/// A context, with the steps of its plan. No steps: nothing is known that could be planned, or the student is blocked.
#[derive(Clone, Debug)]
pub struct Lesson {
    pub context: StudentContext,
    pub steps: Vec<PlanStep>,
}

/// What the student should practise today, first things first: the very plan that the context tells. Needs `context:read`.
pub async fn get_lesson(
    db: impl Executor<'_>,
    caller: &Caller,
    student_id: StudentId,
    now: DateTime<Utc>,
) -> Result<Lesson> {
    caller.require_for(Scope::ContextRead, student_id)?;
    let row = list_rows(db, None, Some(student_id)).await?.pop().ok_or(Error::NotFound("student"))?;
    match row.status {
        StudentStatus::Blocked => Ok(Lesson { context: row.compose(now), steps: Vec::new() }),
        StudentStatus::Active => {
            let known = row.known();
            let steps = known.steps(now);
            Ok(Lesson { context: compose::known(known, now), steps })
        }
    }
}
