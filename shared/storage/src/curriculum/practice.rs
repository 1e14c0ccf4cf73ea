//! What to ask a student of one skill.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::Question;
use crate::access::{Caller, Scope};
use crate::db::{Executor, Result};
use crate::id::StudentId;
use crate::learner::State;

/// A skill with its questions, and how much one student has shown of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Practice {
    pub skill_id: String,
    pub skill: String,
    pub questions: Vec<Question>,
    /// 0: the student has not practised it yet.
    pub n_evidence: i32,
    /// How well the student knows the skill, after the last evidence. `None`: not practised yet.
    pub state: Option<State>,
}

/// The ready-made questions of these skills, whether retired or not.
pub async fn list_questions(db: impl Executor<'_>, skill_ids: &[String]) -> Result<BTreeMap<String, Vec<Question>>> {
    let rows = sqlx::query!(
        r#"select skill_id, questions as "questions: Json<Vec<Question>>" from skills where skill_id = any($1)"#,
        skill_ids,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.skill_id, row.questions.0)).collect())
}

/// The skill; `None`: there is none of that id, or it was retired. Needs `context:read`.
pub async fn find_practice(
    db: impl Executor<'_>,
    caller: &Caller,
    skill_id: &str,
    student_id: StudentId,
) -> Result<Option<Practice>> {
    caller.require_for(Scope::ContextRead, student_id)?;
    let row = sqlx::query!(
        r#"select s.skill_id, s.name, s.questions as "questions: Json<Vec<Question>>",
               m.knowledge as "knowledge?", m.stability as "stability?", m.difficulty as "difficulty?",
               m.n_evidence as "n_evidence?", m.n_unaided_correct as "n_unaided_correct?",
               m.n_calls_correct as "n_calls_correct?", m.last_at as "last_at?: DateTime<Utc>"
           from skills s left join mastery m on m.skill_id = s.skill_id and m.student_id = $2
           where s.skill_id = $1 and s.retired_at is null"#,
        skill_id,
        student_id as StudentId,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let state = (|| {
            Some(State {
                knowledge: row.knowledge?,
                stability: row.stability?,
                difficulty: row.difficulty?,
                n_evidence: row.n_evidence?.unsigned_abs(),
                n_unaided_correct: row.n_unaided_correct?.unsigned_abs(),
                n_calls_correct: row.n_calls_correct?.unsigned_abs(),
                last_at: row.last_at?,
            })
        })();
        Practice {
            skill_id: row.skill_id,
            skill: row.name,
            questions: row.questions.0,
            n_evidence: row.n_evidence.unwrap_or(0),
            state,
        }
    }))
}
