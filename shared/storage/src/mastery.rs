//! What we believe a student knows of each skill: the learner model's estimate, kept beside the evidence it folds.

mod practice;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::access::{Caller, Scope};
use crate::db::{Connection, Executor, Result};
use crate::evidence::{self, Evidence, Of};
use crate::id::{SessionId, StudentId};
use crate::learner::{self, MasteryState, Observation, State};

/// One row of `mastery`, with its skill's name.
#[derive(Clone, Debug, PartialEq)]
pub struct Mastery {
    pub skill_id: String,
    pub skill_name: String,
    pub state: State,
}

impl Mastery {
    /// The estimate in a word, at `now`.
    pub fn word(&self, now: DateTime<Utc>) -> MasteryState {
        learner::state_word(&self.state, now)
    }

    /// Whether the skill should be practised now.
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        learner::due_at(&self.state) <= now
    }
}

/// Folds the evidence that counts for a student, in whole, and writes what comes out: rows of skills that lost their
/// evidence go. The result depends on the evidence alone. Returns whether a row differed.
pub(crate) async fn write(tx: &mut Connection, student_id: StudentId, evidence: &[Evidence]) -> Result<bool> {
    write_skills(tx, student_id, evidence, None).await
}

/// [`write()`] of some skills, with all evidence of them.
async fn write_skills(
    tx: &mut Connection,
    student_id: StudentId,
    evidence: &[Evidence],
    skill_ids: Option<&[String]>,
) -> Result<bool> {
    let observed = by_skill(evidence);
    let n_practices = practice::write(tx, student_id, &observed, skill_ids).await?;
    let states: Vec<(&str, State)> =
        observed.iter().filter_map(|(skill_id, of_skill)| Some((*skill_id, learner::fold(of_skill)?))).collect();
    let known: Vec<String> = states.iter().map(|(skill_id, _)| (*skill_id).to_owned()).collect();
    let n_gone = sqlx::query!(
        "delete from mastery where student_id = $1 and skill_id <> all($2) and ($3::text[] is null or skill_id = any($3))",
        student_id as StudentId,
        &known,
        skill_ids,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    let n_put = put_states(tx, student_id, &states).await?;
    Ok(n_practices + n_gone + n_put > 0)
}

/// Advances the estimates by the evidence of one session. A skill for which the session had evidence before (`had`), or
/// which has later evidence, is folded from the beginning.
pub(crate) async fn advance(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    told: &[Evidence],
    had: &[String],
) -> Result<()> {
    let before = read_states(tx, student_id, &told.iter().map(|of| of.skill_id.clone()).collect::<Vec<_>>()).await?;
    let (mut again, mut states, mut practices) = (had.to_vec(), Vec::new(), Vec::new());
    for (skill_id, call) in by_skill(told) {
        if had.iter().any(|had| had == skill_id) {
            continue;
        }
        match learner::advance(before.get(skill_id).copied(), &call) {
            Some((state, practice)) => {
                states.push((skill_id, state));
                practices.push((skill_id, practice));
            }
            None => again.push(skill_id.to_owned()),
        }
    }
    practice::append(tx, student_id, &practices).await?;
    put_states(tx, student_id, &states).await?;
    if !again.is_empty() {
        let evidence = evidence::list_counting(&mut *tx, caller, student_id, Of::Skills(&again)).await?;
        write_skills(tx, student_id, &evidence, Some(&again)).await?;
    }
    Ok(())
}

/// Groups the evidence by skill, in which it is sorted already.
fn by_skill(evidence: &[Evidence]) -> Vec<(&str, Vec<Observation>)> {
    evidence
        .chunk_by(|a, b| a.skill_id == b.skill_id)
        .map(|of_skill| (&of_skill[0].skill_id[..], of_skill.iter().map(observe).collect()))
        .collect()
}

async fn read_states(
    tx: &mut Connection,
    student_id: StudentId,
    skill_ids: &[String],
) -> Result<BTreeMap<String, State>> {
    let rows = sqlx::query!(
        "select skill_id, knowledge, stability, difficulty, n_evidence, n_unaided_correct, n_calls_correct, last_at
         from mastery where student_id = $1 and skill_id = any($2)",
        student_id as StudentId,
        skill_ids,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let of = State {
                knowledge: row.knowledge,
                stability: row.stability,
                difficulty: row.difficulty,
                n_evidence: row.n_evidence.unsigned_abs(),
                n_unaided_correct: row.n_unaided_correct.unsigned_abs(),
                n_calls_correct: row.n_calls_correct.unsigned_abs(),
                last_at: row.last_at,
            };
            (row.skill_id, of)
        })
        .collect())
}

/// Returns how many rows differed.
async fn put_states(tx: &mut Connection, student_id: StudentId, states: &[(&str, State)]) -> Result<u64> {
    let numbers = |of: fn(&State) -> f64| states.iter().map(|(_, state)| of(state)).collect::<Vec<_>>();
    let counts = |of: fn(&State) -> u32| states.iter().map(|(_, state)| of(state).cast_signed()).collect::<Vec<_>>();
    let put = sqlx::query!(
        "insert into mastery as m (student_id, skill_id, knowledge, stability, difficulty, n_evidence,
             n_unaided_correct, n_calls_correct, last_at)
         select $1::uuid, * from unnest($2::text[], $3::float8[], $4::float8[], $5::float8[], $6::int[], $7::int[],
             $8::int[], $9::timestamptz[])
         on conflict (student_id, skill_id) do update set
             knowledge = excluded.knowledge, stability = excluded.stability, difficulty = excluded.difficulty,
             n_evidence = excluded.n_evidence, n_unaided_correct = excluded.n_unaided_correct,
             n_calls_correct = excluded.n_calls_correct, last_at = excluded.last_at
         where (m.*) is distinct from (excluded.*)",
        student_id as StudentId,
        &states.iter().map(|(skill_id, _)| (*skill_id).to_owned()).collect::<Vec<_>>(),
        &numbers(|state| state.knowledge),
        &numbers(|state| state.stability),
        &numbers(|state| state.difficulty),
        &counts(|state| state.n_evidence),
        &counts(|state| state.n_unaided_correct),
        &counts(|state| state.n_calls_correct),
        &states.iter().map(|(_, state)| state.last_at).collect::<Vec<_>>(),
    );
    Ok(put.execute(tx).await?.rows_affected())
}

/// P(knows) of one skill after each call: how the estimate came to be.
pub fn course(evidence: &[Evidence], skill_id: &str) -> Vec<f64> {
    let observed: Vec<Observation> = evidence.iter().filter(|of| of.skill_id == skill_id).map(observe).collect();
    learner::course(&observed)
}

/// The estimate of one skill as it stood at `at`; `None` where nothing was known of it yet.
pub fn estimate_at(evidence: &[Evidence], skill_id: &str, at: DateTime<Utc>) -> Option<f64> {
    let until = evidence.iter().filter(|of| of.skill_id == skill_id && of.observed_at <= at);
    let state = learner::fold(&until.map(observe).collect::<Vec<_>>())?;
    Some(learner::knowledge_now(&state, at))
}

fn observe(evidence: &Evidence) -> Observation {
    Observation {
        verdict: evidence.verdict,
        help: evidence.help,
        noise: evidence.noise,
        at: evidence.observed_at,
        call: evidence.session_id,
    }
}

/// The estimates of a student, by skill. Needs `students:read`, or `context:read`: they are in the context, too.
pub async fn list_mastery(db: impl Executor<'_>, caller: &Caller, student_id: StudentId) -> Result<Vec<Mastery>> {
    let scope = if caller.has(Scope::ContextRead).is_ok() { Scope::ContextRead } else { Scope::StudentsRead };
    caller.require_for(scope, student_id)?;
    Ok(read(db, &[student_id], None).await?.into_iter().map(|skill| skill.mastery).collect())
}

/// What a session changed: by skill, P(knows) after it less P(knows) right before it. Needs `students:read`.
pub async fn list_gains(
    db: impl Executor<'_>,
    caller: &Caller,
    session_id: SessionId,
) -> Result<BTreeMap<String, f64>> {
    caller.require_session(Scope::StudentsRead, session_id)?;
    let rows = sqlx::query!(
        r#"select skill_id, sum(gain) as "gain!" from practices where session_id = $1 group by skill_id"#,
        session_id as SessionId,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.skill_id, row.gain)).collect())
}

/// One estimate among those of many students.
#[derive(Clone, Debug, PartialEq)]
pub struct StudentSkill {
    pub student_id: StudentId,
    pub subject_id: String,
    pub subject_name: String,
    pub mastery: Mastery,
}

/// The estimates of many students, by student and skill. Needs `students:read`.
pub async fn list_mastery_of(
    db: impl Executor<'_>,
    caller: &Caller,
    student_ids: &[StudentId],
) -> Result<Vec<StudentSkill>> {
    read(db, student_ids, caller.require_within(Scope::StudentsRead)?).await
}

/// `cohorts`: those of other students are left out.
async fn read(
    db: impl Executor<'_>,
    student_ids: &[StudentId],
    cohorts: Option<&[String]>,
) -> Result<Vec<StudentSkill>> {
    let rows = sqlx::query!(
        r#"select student_id as "student_id: StudentId", skill_id, skills.name, subject_id,
               subjects.name as subject_name, knowledge, stability, difficulty, n_evidence, n_unaided_correct,
               n_calls_correct, last_at
           from mastery m join skills using (skill_id) join subjects using (subject_id)
           where student_id = any($1)
             and ($2::text[] is null
                 or exists (select 1 from students st where st.student_id = m.student_id and st.cohort = any($2)))
           order by student_id, skill_id"#,
        student_ids as &[StudentId],
        cohorts as Option<&[String]>,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| StudentSkill {
            student_id: row.student_id,
            subject_id: row.subject_id,
            subject_name: row.subject_name,
            mastery: Mastery {
                skill_id: row.skill_id,
                skill_name: row.name,
                state: State {
                    knowledge: row.knowledge,
                    stability: row.stability,
                    difficulty: row.difficulty,
                    n_evidence: row.n_evidence.unsigned_abs(),
                    n_unaided_correct: row.n_unaided_correct.unsigned_abs(),
                    n_calls_correct: row.n_calls_correct.unsigned_abs(),
                    last_at: row.last_at,
                },
            },
        })
        .collect())
}
