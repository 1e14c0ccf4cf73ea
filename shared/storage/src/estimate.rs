//! What is believed of a student: mastery, misconceptions and the context of the next call, all folded from the evidence
//! that counts. The analysis of a new call advances it from what is stored. Any other change of evidence folds it from the
//! beginning. Both give the same rows.

use chrono::{DateTime, Utc};

use crate::access::Caller;
use crate::db::{Connection, Result};
use crate::evidence::{self, Of};
use crate::id::{SessionId, StudentId};
use crate::{mastery, misconception, student, student_context};

/// Folds the student's evidence, which it reads once, and writes what differs. Returns whether mastery or misconceptions
/// did. Needs `students:read` and `sessions:read`.
pub async fn refold(tx: &mut Connection, caller: &Caller, student_id: StudentId, now: DateTime<Utc>) -> Result<bool> {
    let differed = fold(tx, caller, student_id).await?;
    student_context::rebuild(tx, caller, student_id, now).await?;
    Ok(differed)
}

/// [`refold`] without the context, which stays as it was when the call began.
pub async fn refold_in_call(tx: &mut Connection, caller: &Caller, student_id: StudentId) -> Result<()> {
    fold(tx, caller, student_id).await?;
    Ok(())
}

/// Does what [`refold`] does, if only the analysis of one session changed. `had`: the skills for which the session had
/// evidence before; `None` if its evidence did not change. The cost depends on the session, not on the history. The student is locked already ([`student::lock`]).
pub async fn advance(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    session_id: SessionId,
    had: Option<&[String]>,
    now: DateTime<Utc>,
) -> Result<()> {
    if let Some(had) = had {
        let told = evidence::list_counting(&mut *tx, caller, student_id, Of::Session(session_id)).await?;
        mastery::advance(tx, caller, student_id, &told, had).await?;
    }
    misconception::write_if_any(tx, caller, student_id, session_id).await?;
    student_context::rebuild(tx, caller, student_id, now).await
}

async fn fold(tx: &mut Connection, caller: &Caller, student_id: StudentId) -> Result<bool> {
    // Two analyses of one student at once would each miss the other's evidence.
    student::lock(tx, &[student_id]).await?;
    let evidence = evidence::list_counting(&mut *tx, caller, student_id, Of::All).await?;
    let knows = mastery::write(tx, student_id, &evidence).await?;
    let believes = misconception::write(tx, caller, student_id).await?;
    Ok(knows || believes)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;
    use crate::analysis::{Findings, MisconceptionFinding};
    use crate::curriculum;
    use crate::db::{self, Db};
    use crate::evidence::{Evidence, Help, Source, Verdict};
    use crate::id::{AnalysisId, EvidenceId};

    const SKILLS: usize = 4;
    const STEPS: i64 = 30;

    async fn insert_session(
        tx: &mut Connection,
        session_id: SessionId,
        student_id: StudentId,
        began_at: DateTime<Utc>,
    ) {
        sqlx::query(
            "insert into sessions (session_id, call_id, student_id, status, started_at, created_at, updated_at)
             values ($1, $1::text, $2, 'analyzed', $3, $3, $3)",
        )
        .bind(session_id.0)
        .bind(student_id.0)
        .bind(began_at)
        .execute(tx)
        .await
        .unwrap();
    }

    async fn insert_analysis(
        tx: &mut Connection,
        session_id: SessionId,
        step: i64,
        belief: Option<&str>,
    ) -> AnalysisId {
        let misconceptions = belief.map(|skill_id| MisconceptionFinding {
            skill_id: Some(skill_id.to_owned()),
            belief: "adds numerators and denominators".to_owned(),
            turn_no: 0,
            quote: String::new(),
            resolved: false,
        });
        let findings = Findings { misconceptions: misconceptions.into_iter().collect(), ..Findings::default() };
        let analysis_id = AnalysisId::new();
        sqlx::query("update analyses set is_current = false where session_id = $1")
            .bind(session_id.0)
            .execute(&mut *tx)
            .await
            .unwrap();
        sqlx::query(
            "insert into analyses (analysis_id, session_id, analyser, analyser_version, status, findings, is_current,
                 duration_ms, created_at)
             values ($1, $2, 'rules', $3, 'baseline', $4, true, 1, now())",
        )
        .bind(analysis_id.0)
        .bind(session_id.0)
        .bind(step.to_string())
        .bind(serde_json::to_value(&findings).unwrap())
        .execute(tx)
        .await
        .unwrap();
        analysis_id
    }

    /// Calls in order and late ones, repeated analyses, and evidence from tools within a call: after each step, a fold from
    /// the beginning changes nothing.
    #[sqlx::test(migrations = "../../migrations")]
    async fn moved_on_call_by_call_it_is_as_folded_from_the_beginning(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let (worker, start) = (Caller::worker(), DateTime::UNIX_EPOCH + TimeDelta::days(20_000));
        for seed in 0..6 {
            let mut random = StdRng::seed_from_u64(seed);
            let mut tx = db::begin(&db).await.unwrap();
            curriculum::install_starter(&mut tx).await.unwrap();
            let skills = curriculum::load(&mut tx).await.unwrap().skills;
            let student_id = StudentId::new();
            sqlx::query(
                "insert into students (student_id, display_name, created_at, updated_at) values ($1, 'Ana', $2, $2)",
            )
            .bind(student_id.0)
            .bind(start)
            .execute(&mut *tx)
            .await
            .unwrap();
            let mut sessions: Vec<(SessionId, DateTime<Utc>)> = Vec::new();
            for step in 0..STEPS {
                let (session_id, began_at) = if !sessions.is_empty() && random.random_bool(0.2) {
                    sessions[random.random_range(0..sessions.len())]
                } else {
                    let is_late = random.random_bool(0.2);
                    let began_at = start + TimeDelta::hours(step * 30 - if is_late { 200 } else { 0 });
                    let session_id = SessionId::new();
                    insert_session(&mut tx, session_id, student_id, began_at).await;
                    sessions.push((session_id, began_at));
                    (session_id, began_at)
                };
                let told = evidence::list_told(&mut tx, &Caller::worker(), session_id).await.unwrap();
                let had: Vec<String> = told.into_iter().map(|of| of.skill_id).collect();
                let is_tool_alone = random.random_bool(0.2);
                let belief = random.random_bool(0.15).then(|| &skills[random.random_range(0..SKILLS)].skill_id[..]);
                let analysis_id =
                    if is_tool_alone { None } else { Some(insert_analysis(&mut tx, session_id, step, belief).await) };
                let found: Vec<Evidence> = (0..random.random_range(0..6))
                    .map(|turn_no| {
                        let is_tool = is_tool_alone || random.random_bool(0.1);
                        Evidence {
                            evidence_id: EvidenceId::new(),
                            student_id,
                            skill_id: skills[random.random_range(0..SKILLS)].skill_id.clone(),
                            session_id: Some(session_id),
                            analysis_id: analysis_id.filter(|_| !is_tool),
                            turn_no: (!is_tool).then_some(turn_no),
                            verdict: if random.random_bool(0.6) { Verdict::Correct } else { Verdict::Incorrect },
                            help: if random.random_bool(0.7) { Help::None } else { Help::Hint },
                            source: if is_tool { Source::Tool } else { Source::Rules },
                            noise: f64::from(random.random_range(0..4_u8)) / 10.0,
                            corrects_id: None,
                            observed_at: began_at + TimeDelta::seconds(random.random_range(0..900)),
                        }
                    })
                    .collect();
                evidence::insert_evidence(&mut tx, &found, began_at).await.unwrap();
                if is_tool_alone {
                    refold_in_call(&mut tx, &worker, student_id).await.unwrap();
                } else {
                    advance(&mut tx, &worker, student_id, session_id, Some(&had), began_at).await.unwrap();
                }
                assert!(!fold(&mut tx, &worker, student_id).await.unwrap(), "seed {seed}, step {step}");
            }
            tx.rollback().await.unwrap();
        }
    }
}
