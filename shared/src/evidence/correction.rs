//! What a person says of an answer, in place of what was judged.

use chrono::{DateTime, Utc};

use super::{Evidence, Help, Source, Verdict, insert_evidence};
use crate::access::{Caller, Scope};
use crate::db::{Connection, Error, Result, Stored};
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
    pub verdict: Verdict,
    /// `None`: as it was judged.
    pub help: Option<Help>,
}

/// Appends the correction, which from now on counts in place of whatever is judged of that answer, now or by a later
/// analysis; mastery, misconceptions and context follow at once. The same correction again changes nothing. Returns
/// whose answer it was. Needs `students:write` and `sessions:read`.
pub async fn correct(
    tx: &mut Connection,
    caller: &Caller,
    correction: &Correction,
    now: DateTime<Utc>,
) -> Result<StudentId> {
    caller.has(Scope::SessionsRead)?;
    let only = caller.require_opened(Scope::StudentsWrite)?;
    let judged = sqlx::query!(
        r#"select e.student_id as "student_id: StudentId", e.evidence_id as "evidence_id: EvidenceId",
               e.verdict as "verdict: Stored<Verdict>", e.help as "help: Stored<Help>", e.source as "source: Stored<Source>", e.observed_at
           from evidence e left join analyses a using (analysis_id)
           where e.session_id = $1 and e.skill_id = $2 and e.turn_no = $3
             and (e.analysis_id is null or a.is_current)
           order by e.source = 'person' desc, e.created_at desc, e.evidence_id desc limit 1"#,
        correction.session_id as SessionId,
        correction.skill_id,
        correction.turn_no,
    )
    .fetch_optional(&mut *tx)
    .await?
    .filter(|judged| only.is_none_or(|only| only == judged.student_id))
    .ok_or(Error::NotFound("evidence"))?;
    student::lock(tx, &[judged.student_id]).await?;
    let help = correction.help.unwrap_or(judged.help.0);
    if judged.source.0 == Source::Person && (judged.verdict.0, judged.help.0) == (correction.verdict, help) {
        return Ok(judged.student_id);
    }
    let evidence = Evidence {
        evidence_id: EvidenceId::new(),
        student_id: judged.student_id,
        skill_id: correction.skill_id.clone(),
        session_id: Some(correction.session_id),
        analysis_id: None,
        turn_no: Some(correction.turn_no),
        verdict: correction.verdict,
        help,
        source: Source::Person,
        noise: NOISE,
        corrects_id: Some(judged.evidence_id),
        observed_at: judged.observed_at,
    };
    insert_evidence(tx, &[evidence], now).await?;
    // The folds read all there is of the student, which is more than this caller may; they answer nothing of it.
    estimate::refold(tx, &Caller::worker(), judged.student_id, now).await?;
    derived::refresh_with(tx, &[correction.session_id], &[judged.student_id]).await?;
    Ok(judged.student_id)
}
