//! Preparing a context, in the transaction that finishes an analysis: whatever can be computed before the phone rings.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::{LastCall, Practised, Prepared, PreparedBelief, PreparedFact};
use crate::access::{Caller, Scope};
use crate::analysis::{AnalysisStatus, Findings, SkillFinding, TopicFinding};
use crate::db::{Connection, Result};
use crate::evidence::{Help, Verdict};
use crate::id::{SessionId, StudentId};

/// Most skills of a call that are worth telling, and turns of one.
const MAX_PRACTISED: usize = 3;
const MAX_TURNS: usize = 6;
/// Calls whose requests are still heard, and requests that are told.
const CALLS_OF_LATE: i64 = 4;
const MAX_OPEN: usize = 2;

/// Prepares the student's context anew from what is stored. Needs `students:read` and `sessions:read`.
pub async fn rebuild(tx: &mut Connection, caller: &Caller, student_id: StudentId, now: DateTime<Utc>) -> Result<()> {
    caller.require(Scope::StudentsRead)?;
    caller.require(Scope::SessionsRead)?;
    let calls = sqlx::query!(
        r#"select count(*) as "n!", max(coalesce(s.started_at, s.created_at)) as last_at
           from sessions s join analyses a on a.session_id = s.session_id and a.is_current
           where s.student_id = $1"#,
        student_id as StudentId,
    )
    .fetch_one(&mut *tx)
    .await?;
    let mut calls_of_late = sqlx::query!(
        r#"select s.session_id as "session_id: SessionId", a.status as "status: AnalysisStatus",
               a.findings as "findings: Json<Findings>"
           from sessions s join analyses a on a.session_id = s.session_id and a.is_current
           where s.student_id = $1
           order by coalesce(s.started_at, s.created_at) desc, s.session_id desc limit $2"#,
        student_id as StudentId,
        CALLS_OF_LATE,
    )
    .fetch_all(&mut *tx)
    .await?
    .into_iter();
    let last = calls_of_late.next();
    let watch = sqlx::query_as!(
        PreparedBelief,
        "select belief, n_seen as seen, skill_id, last_seen_at from misconceptions
         where student_id = $1 and resolved_at is null
         order by last_seen_at desc, misconception_id limit 2",
        student_id as StudentId,
    )
    .fetch_all(&mut *tx)
    .await?;
    let facts = sqlx::query_as!(
        PreparedFact,
        // A goal that was set comes first: it is what the student works towards, whatever else they said since.
        r#"select kind, case when kind = 'goal' then 'Goal: ' || text else text end as "text!", on_date, expires_at
           from facts
           where student_id = $1 and forgotten_at is null and expires_at > $2
           order by kind = 'goal' and source in ('tool', 'person') desc, on_date is null, valid_from desc, fact_id
           limit 6"#,
        student_id as StudentId,
        now,
    )
    .fetch_all(&mut *tx)
    .await?;
    let session_id = last.as_ref().map(|row| row.session_id);
    let mut prepared = Prepared { n_calls: calls.n, last_call_at: calls.last_at, watch, facts, ..Prepared::default() };
    if let Some(row) = last {
        prepared = prepared.with_last_call(row.session_id, row.status, row.findings.0);
        // What was asked for in an earlier call and forgotten since is asked for still.
        let earlier = calls_of_late.flat_map(|row| row.findings.0.requests).map(|request| request.text);
        if let Some(call) = &mut prepared.last_call {
            for request in earlier.take(MAX_OPEN) {
                if call.open.len() < MAX_OPEN && !call.open.contains(&request) {
                    call.open.push(request);
                }
            }
        }
    }
    sqlx::query!(
        "insert into student_contexts (student_id, prepared, session_id, rebuilt_at) values ($1, $2, $3, $4)
         on conflict (student_id) do update set
             prepared = excluded.prepared, session_id = excluded.session_id, rebuilt_at = excluded.rebuilt_at",
        student_id as StudentId,
        Json(&prepared) as _,
        session_id as Option<SessionId>,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

impl Prepared {
    /// Takes from the last call's findings what the next tutor should hear.
    #[must_use]
    pub fn with_last_call(mut self, session_id: SessionId, status: AnalysisStatus, findings: Findings) -> Self {
        self.analysis = Some(status);
        self.mood = findings.engagement.map(|engagement| engagement.mood);
        self.language = findings.language;
        let shown = findings.skills.iter().filter(|skill| !skill.evidence.is_empty());
        self.last_call = Some(LastCall {
            session_id,
            summary: findings.summary.chars().take(240).collect(),
            // A skill without evidence was not practised.
            practised: shown.take(MAX_PRACTISED).map(practised).collect(),
            open: findings.requests.into_iter().map(|request| request.text).take(MAX_OPEN).collect(),
            also: findings.other_topics.iter().map(TopicFinding::told).take(MAX_PRACTISED).collect(),
        });
        self
    }
}

fn practised(skill: &SkillFinding) -> Practised {
    let n = |verdict| skill.evidence.iter().filter(|evidence| evidence.verdict == verdict).count() as u32;
    Practised {
        skill_id: skill.skill_id.clone(),
        skill: skill.name.clone(),
        n_correct: n(Verdict::Correct),
        n_incorrect: n(Verdict::Incorrect),
        n_with_help: skill.evidence.iter().filter(|e| e.verdict == Verdict::Correct && e.help != Help::None).count()
            as u32,
        turns: skill.evidence.iter().map(|evidence| evidence.turn_no).take(MAX_TURNS).collect(),
    }
}
