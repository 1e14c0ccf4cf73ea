//! What a person says of an answer, in place of what was judged.

use chrono::{DateTime, Utc};
use domain::analysis::Mark;

use super::{Evidence, Help, Source, Verdict, insert_evidence};
use crate::access::{Caller, Scope};
use crate::db::{Connection, Error, Executor, Result, Stored};
use crate::id::{EvidenceId, SessionId, StudentId};
use crate::session::derived;
use crate::{estimate, student};

/// People err, too.
const NOISE: f64 = 0.02;

/// A better judgement of one answer: which, and how it was.
#[derive(Clone, Debug)]
pub struct Correction {
    pub session_id: SessionId,
    pub skill_id: String,
    pub turn_no: i32,
    /// `None`: the words are not an answer, so nothing of them counts.
    pub verdict: Option<Verdict>,
    /// `None`: as it was judged.
    pub help: Option<Help>,
}

/// Appends a correction. It replaces every verdict on that answer, from this and later analyses, and updates mastery,
/// misconceptions and the context at once. An answer that was undecided now counts. Repeating the same correction
/// changes nothing. Returns the student. Needs `students:write` and `sessions:read`.
pub async fn correct(
    tx: &mut Connection,
    caller: &Caller,
    correction: &Correction,
    now: DateTime<Utc>,
) -> Result<StudentId> {
    caller.has(Scope::SessionsRead)?;
    let only = caller.require_opened(Scope::StudentsWrite)?;
    let judged = match find_judged(tx, correction).await? {
        Some(judged) => judged,
        None => find_undecided(tx, correction).await?.ok_or(Error::NotFound("answer"))?,
    };
    if only.is_some_and(|only| only != judged.student_id) {
        return Err(Error::NotFound("answer"));
    }
    student::lock(tx, &[judged.student_id]).await?;
    let help = correction.help.unwrap_or(judged.help);
    let is_same = judged.by_person && judged.verdict == correction.verdict;
    if is_same && (judged.verdict.is_none() || judged.help == help) {
        return Ok(judged.student_id);
    }
    let evidence_id = EvidenceId::new();
    let evidence = Evidence {
        evidence_id,
        student_id: judged.student_id,
        skill_id: correction.skill_id.clone(),
        session_id: Some(correction.session_id),
        analysis_id: None,
        turn_no: Some(correction.turn_no),
        verdict: correction.verdict.or(judged.verdict).unwrap_or(Verdict::Incorrect),
        help,
        source: Source::Person,
        noise: NOISE,
        // A row that takes its own place outranks the others and does not count itself: no answer.
        corrects_id: if correction.verdict.is_some() { judged.evidence_id } else { Some(evidence_id) },
        observed_at: judged.observed_at,
    };
    insert_evidence(tx, &[evidence], now).await?;
    follow(tx, correction.session_id, judged.student_id, now).await?;
    Ok(judged.student_id)
}

/// An answer before it is corrected.
struct Judged {
    student_id: StudentId,
    /// `None`: it was undecided.
    evidence_id: Option<EvidenceId>,
    /// `None`: undecided, or no answer.
    verdict: Option<Verdict>,
    help: Help,
    by_person: bool,
    observed_at: DateTime<Utc>,
}

async fn find_judged(tx: &mut Connection, of: &Correction) -> Result<Option<Judged>> {
    let row = sqlx::query!(
        r#"select e.student_id as "student_id: StudentId", e.evidence_id as "evidence_id: EvidenceId",
               e.verdict as "verdict: Stored<Verdict>", e.help as "help: Stored<Help>", e.source as "source: Stored<Source>", e.observed_at,
               e.corrects_id as "corrects_id: EvidenceId"
           from evidence e left join analyses a using (analysis_id)
           where e.session_id = $1 and e.skill_id = $2 and e.turn_no = $3
             and (e.analysis_id is null or a.is_current)
           order by e.source = 'person' desc, e.created_at desc, e.evidence_id desc limit 1"#,
        of.session_id as SessionId,
        of.skill_id,
        of.turn_no,
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| Judged {
        student_id: row.student_id,
        evidence_id: Some(row.evidence_id),
        verdict: Some(row.verdict.0).filter(|_| row.corrects_id != Some(row.evidence_id)),
        help: row.help.0,
        by_person: row.source.0 == Source::Person,
        observed_at: row.observed_at,
    }))
}

/// The answer if the current analysis left it undecided and there is such a skill.
async fn find_undecided(tx: &mut Connection, of: &Correction) -> Result<Option<Judged>> {
    let row = sqlx::query!(
        r#"select s.student_id as "student_id!: StudentId",
               coalesce(s.started_at, s.created_at) + coalesce(t.offset_ms, 0) * interval '1 millisecond' as "observed_at!"
           from sessions s join analyses a on a.session_id = s.session_id and a.is_current
           left join turns t on t.session_id = s.session_id and t.turn_no = $3
           where s.session_id = $1 and s.student_id is not null
             and a.findings->'undecided' @> jsonb_build_array(jsonb_build_object('turn_no', $3))
             and exists (select from skills k where k.skill_id = $2)"#,
        of.session_id as SessionId,
        of.skill_id,
        of.turn_no,
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| Judged {
        student_id: row.student_id,
        evidence_id: None,
        verdict: None,
        help: Help::None,
        by_person: false,
        observed_at: row.observed_at,
    }))
}

/// Removes what people said of one answer, which then counts as it was judged. Returns whose answer it was. Needs
/// `students:write` and `sessions:read`.
pub async fn undo(
    tx: &mut Connection,
    caller: &Caller,
    session_id: SessionId,
    skill_id: &str,
    turn_no: i32,
    now: DateTime<Utc>,
) -> Result<StudentId> {
    caller.has(Scope::SessionsRead)?;
    let only = caller.require_opened(Scope::StudentsWrite)?;
    let student_id = sqlx::query_scalar!(
        r#"select student_id as "student_id: StudentId" from evidence
           where session_id = $1 and skill_id = $2 and turn_no = $3 and source = 'person' limit 1"#,
        session_id as SessionId,
        skill_id,
        turn_no,
    )
    .fetch_optional(&mut *tx)
    .await?
    .filter(|student_id| only.is_none_or(|only| only == *student_id))
    .ok_or(Error::NotFound("changed mark"))?;
    student::lock(tx, &[student_id]).await?;
    sqlx::query!(
        "delete from evidence where session_id = $1 and skill_id = $2 and turn_no = $3 and source = 'person'",
        session_id as SessionId,
        skill_id,
        turn_no,
    )
    .execute(&mut *tx)
    .await?;
    follow(tx, session_id, student_id, now).await?;
    Ok(student_id)
}

/// Computes again what follows from the evidence.
async fn follow(tx: &mut Connection, session_id: SessionId, student_id: StudentId, now: DateTime<Utc>) -> Result<()> {
    // The folds read all there is of the student, which is more than this caller may; they answer nothing of it.
    estimate::refold(tx, &Caller::worker(), student_id, now).await?;
    derived::refresh_with(tx, &[session_id], &[student_id]).await
}

/// A person's mark, with who made it and when.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonMark {
    pub mark: Mark,
    /// As in the audit log: `admin:<email>` or `client:<client_id>`; `None`: the entry is no longer kept.
    pub by: Option<String>,
    pub at: DateTime<Utc>,
}

/// The marks that people gave in a session: the newest of each answer. Needs `sessions:read`.
pub async fn list_marks(db: impl Executor<'_>, caller: &Caller, session_id: SessionId) -> Result<Vec<PersonMark>> {
    caller.require_session(Scope::SessionsRead, session_id)?;
    read_marks(db, session_id).await
}

pub(crate) async fn read_marks(db: impl Executor<'_>, session_id: SessionId) -> Result<Vec<PersonMark>> {
    let rows = sqlx::query!(
        r#"select distinct on (e.skill_id, e.turn_no)
               e.skill_id, e.turn_no as "turn_no!", e.verdict as "verdict: Stored<Verdict>", e.help as "help: Stored<Help>",
               e.corrects_id is not distinct from e.evidence_id as "is_no_answer!", e.created_at, a.actor as "actor?"
           from evidence e
           -- Both were written in one transaction, with one time.
           left join audit_entries a on a.at = e.created_at and a.action = 'evidence.correct'
               and a.detail->>'skill_id' = e.skill_id and a.detail->>'turn_no' = e.turn_no::text
           where e.session_id = $1 and e.source = 'person' and e.turn_no is not null
           order by e.skill_id, e.turn_no, e.created_at desc, e.evidence_id desc"#,
        session_id as SessionId,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| PersonMark {
            mark: Mark {
                skill_id: row.skill_id,
                turn_no: row.turn_no,
                verdict: Some(row.verdict.0).filter(|_| !row.is_no_answer),
                help: row.help.0,
            },
            by: row.actor,
            at: row.created_at,
        })
        .collect())
}
