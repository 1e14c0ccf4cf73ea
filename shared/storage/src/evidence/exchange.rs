//! What was asked and said around an answer, for people who read what a level is based on.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::analysis::{EvidenceFinding, expected, last_question, ready_made};
use domain::curriculum::Question;
use sqlx::types::Json;

use super::Evidence;
use crate::access::{Caller, Scope};
use crate::db::{Executor, Result};
use crate::id::{EvidenceId, StudentId};

/// The words around one answer. What was deleted, or only a person may read in its place, is `None`.
#[derive(Clone)]
pub struct Exchange {
    /// When the answer began, in milliseconds from the start of the call.
    pub offset_ms: Option<i32>,
    /// The tutor's turn before the answer.
    pub asked: Option<(i32, String)>,
    pub said: Option<String>,
    /// The answer as the analysis judged it.
    pub found: Option<EvidenceFinding>,
    /// Who wrote the evidence, if a person did: as in the audit log.
    pub by: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange").field("offset_ms", &self.offset_ms).finish_non_exhaustive()
    }
}

/// What of a longer turn is quoted: its end, where the answer is.
const MAX_QUOTE: usize = 160;

/// One answer as people read it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// The tutor's turn before the answer, and its question.
    pub asked: Option<(i32, String)>,
    /// The right answer, if it is certain.
    pub expected: Option<String>,
    /// Empty: what was said is quoted nowhere, because a person has to read it, or it was deleted.
    pub quote: String,
}

impl std::fmt::Debug for Read {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Read").finish_non_exhaustive()
    }
}

/// Reads an answer: the tutor's turn before it, the student's turn, what the analysis found, and the ready-made questions of
/// the skill.
pub fn read(
    asked: Option<(i32, &str)>,
    said: Option<&str>,
    found: Option<&EvidenceFinding>,
    questions: &[Question],
) -> Read {
    let question = asked.map(|(turn_no, text)| (turn_no, last_question(text)));
    let key = question.as_ref().and_then(|(_, question)| ready_made(question, questions)).map(str::to_owned);
    let checked = || expected(asked?.1, said?, found?);
    Read {
        expected: key.or_else(checked),
        quote: found.map_or_else(|| end_of(said.unwrap_or_default()), |found| found.quote.clone()),
        asked: question,
    }
}

fn end_of(text: &str) -> String {
    let text = text.trim();
    let n = text.chars().count();
    if n <= MAX_QUOTE {
        text.to_owned()
    } else {
        format!("…{}", text.chars().skip(n - MAX_QUOTE).collect::<String>())
    }
}

impl Exchange {
    /// [`read`] of these words.
    pub fn read(&self, questions: &[Question]) -> Read {
        let asked = self.asked.as_ref().map(|(turn_no, text)| (*turn_no, &text[..]));
        read(asked, self.said.as_deref(), self.found.as_ref(), questions)
    }
}

/// Returns the words around these answers of one student. Evidence without a turn has none. Needs `sessions:read`.
pub async fn list_exchanges(
    db: impl Executor<'_>,
    caller: &Caller,
    student_id: StudentId,
    evidence: &[&Evidence],
) -> Result<HashMap<EvidenceId, Exchange>> {
    caller.require_student(Scope::SessionsRead, student_id)?;
    let ids: Vec<_> = evidence.iter().filter(|one| one.turn_no.is_some()).map(|one| one.evidence_id.0).collect();
    let rows = sqlx::query!(
        r#"select e.evidence_id as "evidence_id: EvidenceId", e.created_at, said.offset_ms as "offset_ms?",
               said.text as "said?", asked.turn_no as "asked_turn_no?", asked.text as "asked?",
               found.item as "found?: Json<EvidenceFinding>", log.actor as "by?",
               coalesce(an.findings->'safety_flags' @> jsonb_build_array(jsonb_build_object('turn_no', e.turn_no)), false)
                   as "is_flagged!"
           from evidence e
           left join analyses an on an.session_id = e.session_id and an.is_current
           left join turns said on said.session_id = e.session_id and said.turn_no = e.turn_no
           left join lateral (
               select t.turn_no, t.text from turns t
               where t.session_id = e.session_id and t.turn_no < e.turn_no and t.speaker = 'tutor'
               order by t.turn_no desc limit 1
           ) asked on true
           left join lateral (
               select item from jsonb_array_elements(an.findings->'skills') skill, jsonb_array_elements(skill->'evidence') item
               where skill->>'skill_id' = e.skill_id and (item->>'turn_no')::int = e.turn_no limit 1
           ) found on true
           -- Both were written in one transaction, with one time.
           left join audit_entries log on e.source = 'person' and log.at = e.created_at and log.action = 'evidence.correct'
               and log.detail->>'skill_id' = e.skill_id and log.detail->>'turn_no' = e.turn_no::text
           where e.evidence_id = any($1) and e.student_id = $2"#,
        &ids,
        student_id as StudentId,
    )
    .fetch_all(db)
    .await?;
    let exchanges = rows.into_iter().map(|row| {
        let exchange = Exchange {
            offset_ms: row.offset_ms,
            asked: row.asked_turn_no.zip(row.asked),
            said: row.said.filter(|_| !row.is_flagged),
            found: row.found.map(|found| found.0),
            by: row.by,
            created_at: row.created_at,
        };
        (row.evidence_id, exchange)
    });
    Ok(exchanges.collect())
}
