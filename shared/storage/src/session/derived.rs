//! What is computed from a session and kept beside it: one row of figures (`session_facts`) and what the session was about
//! (`session_topics`).
//!
//! **Invariant:** every transaction that changes a session, its analysis, its evidence or its model calls calls
//! [`refresh`]. `storage::consistency` finds what does not.

use super::news;
use crate::attention;
use crate::db::{Connection, Result};
use crate::id::{SessionId, StudentId};

/// Computes the rows of these sessions again, and why their students need a person. Tells the dashboards. Call it last in
/// the transaction: it locks the sessions and then [`attention::refresh`] locks the reasons of their students.
pub async fn refresh(tx: &mut Connection, session_ids: &[SessionId]) -> Result<()> {
    refresh_with(tx, session_ids, &[]).await
}

/// Like [`refresh`], and also updates the reasons of the students that the sessions belonged to or gave evidence about.
pub async fn refresh_with(tx: &mut Connection, session_ids: &[SessionId], others: &[StudentId]) -> Result<()> {
    let mut student_ids = lock(tx, session_ids).await?;
    student_ids.extend(others);
    refresh_locked(tx, session_ids, student_ids).await
}

/// [`refresh_with`] of sessions that this transaction has locked, with all their students.
pub async fn refresh_locked(
    tx: &mut Connection,
    session_ids: &[SessionId],
    mut student_ids: Vec<StudentId>,
) -> Result<()> {
    student_ids.sort_unstable();
    student_ids.dedup();
    news::tell(tx, session_ids).await?;
    recompute(tx, session_ids).await?;
    attention::refresh(tx, &student_ids).await?;
    Ok(())
}

/// Locks sessions in the order of their ids, and returns their students. What another transaction changed before is seen
/// by the statements that follow.
pub(crate) async fn lock(tx: &mut Connection, session_ids: &[SessionId]) -> Result<Vec<StudentId>> {
    let ids = sqlx::query_scalar!(
        r#"select student_id as "student_id: StudentId" from sessions where session_id = any($1)
           order by session_id for no key update"#,
        session_ids as &[SessionId],
    )
    .fetch_all(tx)
    .await?;
    let mut ids: Vec<StudentId> = ids.into_iter().flatten().collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Writes the rows of these sessions that differ from their sources. Returns the sessions that had such a row.
pub(crate) async fn recompute(tx: &mut Connection, session_ids: &[SessionId]) -> Result<Vec<SessionId>> {
    let mut changed = refresh_facts(tx, session_ids).await?;
    changed.extend(refresh_topics(tx, session_ids).await?);
    changed.sort_unstable();
    changed.dedup();
    Ok(changed)
}

async fn refresh_facts(tx: &mut Connection, session_ids: &[SessionId]) -> Result<Vec<SessionId>> {
    Ok(sqlx::query_scalar!(
        r#"insert into session_facts as f (session_id, student_id, created_at, assistant, ended_reason,
               n_sessions, n_over, n_dropped, length_ms, words_tutor, words_student, n_low, n_medium, n_high, n_analyzed,
               n_attention, n_latency, latency_ms, n_in_10_s, n_in_1_min, n_in_10_min, n_in_1_h, n_analyses, analysis_ms,
               n_model_cost, model_cost_microusd, n_call_cost, call_cost_microusd, n_tutored, n_errors, n_told_at_once,
               n_questions, n_hurried, n_process_praise, n_person_praise, n_checks, n_scored, score, score_squared)
           select s.session_id, s.student_id, s.created_at,
               concat_ws(', ', coalesce(s.assistant_name, s.assistant_id), s.assistant_version), coalesce(s.ended_reason, ''),
               -- The call.
               1, t.is_over::int, (t.is_over and s.ended_at - s.started_at < interval '1 minute')::int,
               case when t.is_over then greatest(extract(epoch from s.ended_at - s.started_at) * 1000, 0)::bigint else 0 end,
               coalesce((t.figures->>'n_words_tutor')::bigint, 0), coalesce((t.figures->>'n_words_student')::bigint, 0),
               coalesce((t.engagement = 'low')::int, 0), coalesce((t.engagement = 'medium')::int, 0),
               coalesce((t.engagement = 'high')::int, 0),
               -- Its analysis.
               (s.status = 'analyzed')::int, (s.status = 'needs_attention')::int,
               (t.latency is not null)::int, coalesce(extract(epoch from t.latency) * 1000, 0)::bigint,
               coalesce((t.latency <= interval '10 seconds')::int, 0), coalesce((t.latency <= interval '1 minute')::int, 0),
               coalesce((t.latency <= interval '10 minutes')::int, 0), coalesce((t.latency <= interval '1 hour')::int, 0),
               (a.analysis_id is not null)::int, coalesce(a.duration_ms, 0),
               (m.cost is not null)::int, coalesce(m.cost, 0), (s.cost_microusd is not null)::int,
               coalesce(s.cost_microusd, 0),
               -- How the assistant tutored.
               (t.tutoring is not null)::int, coalesce((t.tutoring->>'n_errors')::int, 0),
               coalesce((t.tutoring->>'n_told_at_once')::int, 0), coalesce((t.tutoring->>'n_questions')::int, 0),
               coalesce((t.tutoring->>'n_hurried')::int, 0), coalesce((t.tutoring->>'n_process_praise')::int, 0),
               coalesce((t.tutoring->>'n_person_praise')::int, 0), coalesce((t.tutoring->>'n_checks')::int, 0),
               (t.score is not null)::int, coalesce(t.score, 0), coalesce(t.score * t.score, 0)
           from sessions s
           left join analyses a on a.session_id = s.session_id and a.is_current
           left join lateral (
               select sum(cost_microusd)::bigint as cost from model_calls where session_id = s.session_id
           ) m on true
           cross join lateral (
               select s.ended_at is not null and s.started_at is not null as is_over,
                   -- A call that arrives days later says nothing about how quick the analysis is.
                   case when s.status = 'analyzed' and s.analyzed_at - s.ended_at < interval '1 day'
                        then greatest(s.analyzed_at - s.ended_at, interval '0') end as latency,
                   a.findings->'figures' as figures, a.findings->'engagement'->>'level' as engagement,
                   case when jsonb_typeof(a.findings->'tutoring') = 'object' then a.findings->'tutoring' end as tutoring,
                   (a.findings->'tutoring'->>'score')::double precision as score
           ) t
           where s.session_id = any($1)
           on conflict (session_id) do update set (student_id, created_at, assistant, ended_reason,
               n_sessions, n_over, n_dropped, length_ms, words_tutor, words_student, n_low, n_medium, n_high, n_analyzed,
               n_attention, n_latency, latency_ms, n_in_10_s, n_in_1_min, n_in_10_min, n_in_1_h, n_analyses, analysis_ms,
               n_model_cost, model_cost_microusd, n_call_cost, call_cost_microusd, n_tutored, n_errors, n_told_at_once,
               n_questions, n_hurried, n_process_praise, n_person_praise, n_checks, n_scored, score, score_squared) = row (
               excluded.student_id, excluded.created_at, excluded.assistant, excluded.ended_reason,
               excluded.n_sessions, excluded.n_over, excluded.n_dropped, excluded.length_ms, excluded.words_tutor,
               excluded.words_student, excluded.n_low, excluded.n_medium, excluded.n_high, excluded.n_analyzed,
               excluded.n_attention, excluded.n_latency, excluded.latency_ms, excluded.n_in_10_s, excluded.n_in_1_min,
               excluded.n_in_10_min, excluded.n_in_1_h, excluded.n_analyses, excluded.analysis_ms, excluded.n_model_cost,
               excluded.model_cost_microusd, excluded.n_call_cost, excluded.call_cost_microusd, excluded.n_tutored,
               excluded.n_errors, excluded.n_told_at_once, excluded.n_questions, excluded.n_hurried,
               excluded.n_process_praise, excluded.n_person_praise, excluded.n_checks, excluded.n_scored, excluded.score,
               excluded.score_squared)
           where (f.*) is distinct from (excluded.*)
           returning session_id as "session_id: SessionId""#,
        session_ids as &[SessionId],
    )
    .fetch_all(tx)
    .await?)
}

/// Skills and subjects that the analysis names or that evidence which counts shows; and beliefs that were wrong.
async fn refresh_topics(tx: &mut Connection, session_ids: &[SessionId]) -> Result<Vec<SessionId>> {
    Ok(sqlx::query_scalar!(
        // The sessions are looked up first: joined last, the planner reads whole tables for them, because it expects
        // thousands of topics.
        r#"with about as materialized (
               select s.session_id, s.created_at, st.grade
               from sessions s left join students st on st.student_id = s.student_id where s.session_id = any($1)
           ), found as materialized (
               select a.session_id, a.findings from analyses a where a.session_id = any($1) and a.is_current
           ), skill as materialized (
               select session_id, s->>'skill_id' as skill_id from found, jsonb_array_elements(findings->'skills') as s
               union
               select e.session_id, e.skill_id from evidence e left join analyses a on a.analysis_id = e.analysis_id
               -- Evidence of an earlier analysis no longer counts.
               where e.session_id = any($1) and (e.analysis_id is null or a.is_current)
           ), wanted as materialized (
               select t.session_id, t.kind, t.topic, about.grade, about.created_at
               from (
                   select session_id, 'skill' as kind, skill_id as topic from skill
                   union
                   select session_id, 'subject', k.subject_id from skill join skills k using (skill_id)
                   union
                   -- One belief, however it is capitalised and punctuated.
                   select session_id, 'belief', lower(left(btrim(m->>'belief', ' .!'), 200))
                   from found, jsonb_array_elements(findings->'misconceptions') as m
               ) t
               join about using (session_id)
               where t.topic <> ''
           ), gone as (
               delete from session_topics t
               where t.session_id = any($1)
                 and not exists (select from wanted w where (w.session_id, w.kind, w.topic) = (t.session_id, t.kind, t.topic))
               returning t.session_id
           ), put as (
               insert into session_topics as t (session_id, kind, topic, grade, created_at)
               select session_id, kind, topic, grade, created_at from wanted
               on conflict (session_id, kind, topic) do update set grade = excluded.grade, created_at = excluded.created_at
               where (t.grade, t.created_at) is distinct from (excluded.grade, excluded.created_at)
               returning t.session_id
           )
           select session_id as "session_id!: SessionId" from gone union select session_id from put"#,
        session_ids as &[SessionId],
    )
    .fetch_all(tx)
    .await?)
}

/// Writes a student's grade to the topics of their sessions.
pub(crate) async fn regrade(tx: &mut Connection, student_id: StudentId) -> Result<()> {
    sqlx::query!(
        "update session_topics t set grade = st.grade
         from students st join sessions s using (student_id)
         where st.student_id = $1 and t.session_id = s.session_id and t.grade is distinct from st.grade",
        student_id as StudentId,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Moves skills that have another subject now to it, in all sessions about them.
pub(crate) async fn move_skills(tx: &mut Connection, skill_ids: &[String]) -> Result<()> {
    let ids = sqlx::query_scalar!(
        r#"select distinct session_id as "session_id: SessionId" from session_topics
           where kind = 'skill' and topic = any($1)"#,
        skill_ids,
    )
    .fetch_all(&mut *tx)
    .await?;
    for some in ids.chunks(1_000) {
        refresh_topics(tx, some).await?;
    }
    Ok(())
}
