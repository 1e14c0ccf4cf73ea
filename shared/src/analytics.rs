//! How sessions went, added up by day: in all, and by cohort, grade, subject, skill and assistant version.
//!
//! **Invariant:** every figure is what its rows say at the moment of asking. Sums by day are kept for each time zone
//! that somebody looks from; a day whose rows changed since it was summed is counted from the rows themselves.

mod choice;
mod plan;
mod recount;
mod sum;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sqlx::{Executor as _, FromRow};
use uuid::Uuid;

use crate::access::{Caller, Scope};
use crate::db::{self, Connection, Db, Result};

pub use self::choice::{Choices, list_choices};
use self::plan::{Pair, Plan};
pub use self::recount::{ask_for_zone, count_waiting, is_being_counted, mark_all, recount};

/// A review counts as kept where the skill was practised at most so many days after it came due. The view `cut_facts`
/// says the same.
pub const REVIEW_DAYS: u64 = 7;

/// What of all sessions is looked at. `None`: whatever it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrow {
    /// Of students who are in this cohort today; empty: in none, or nobody knows whose call it was.
    pub cohort: Option<String>,
    /// Of students who are in this grade today; -1: nobody has said.
    pub grade: Option<i16>,
    /// That talked about something of this subject, or about this skill.
    pub subject_id: Option<String>,
    pub skill_id: Option<String>,
    /// As [`Figures::key`] names it.
    pub assistant: Option<String>,
}

/// By what figures are set apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Day,
    Cohort,
    Grade,
    Subject,
    Skill,
    /// The assistant with its version.
    Assistant,
    /// Why the call ended.
    Reason,
    Belief,
}

/// The days from `from` to before `to`, as `zone` counts days.
#[derive(Clone, Copy, Debug)]
pub struct Days<'a> {
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// Reviews count only where they came due before this day: later ones cannot be judged yet.
    pub judged_to: NaiveDate,
    /// An IANA name.
    pub zone: &'a str,
}

/// Sums over sessions that have one thing in common.
#[derive(Clone, Debug, Default, PartialEq, FromRow)]
pub struct Figures {
    /// What they have in common: a day as 2026-11-23, a grade as a number, an id, a label. Empty: nobody said.
    pub key: String,
    pub n_sessions: i64,
    /// Calls that have begun and ended.
    pub n_over: i64,
    /// Of them, those that ended within a minute.
    pub n_dropped: i64,
    pub length_ms: i64,
    /// Words spoken, as the analysis counted them.
    pub words_tutor: i64,
    pub words_student: i64,
    /// Of analysed calls whose engagement was judged: how many were low, medium, high.
    pub n_low: i64,
    pub n_medium: i64,
    pub n_high: i64,
    pub n_analyzed: i64,
    pub n_attention: i64,
    /// Calls that were analysed within a day of their end; how long that took in all, and how many were there within so long.
    pub n_latency: i64,
    pub latency_ms: i64,
    pub n_in_10_s: i64,
    pub n_in_1_min: i64,
    pub n_in_10_min: i64,
    pub n_in_1_h: i64,
    /// Sessions with an analysis, and how long the analyser worked on them.
    pub n_analyses: i64,
    pub analysis_ms: i64,
    /// Sessions for which a language model was paid, and what.
    pub n_model_cost: i64,
    pub model_cost_microusd: i64,
    /// Sessions whose call VAPI billed, and what.
    pub n_call_cost: i64,
    pub call_cost_microusd: i64,
    /// Sessions of which the assistant's habits are known; see [`crate::analysis::Tutoring`] for what each counts.
    pub n_tutored: i64,
    pub n_errors: i64,
    pub n_told_at_once: i64,
    pub n_questions: i64,
    pub n_hurried: i64,
    pub n_process_praise: i64,
    pub n_person_praise: i64,
    pub n_checks: i64,
    /// Of them, those with a score, their sum and the sum of their squares.
    pub n_scored: i64,
    pub score: f64,
    pub score_squared: f64,
    /// P(knows) gained, summed over practices.
    pub gain: f64,
    /// Reviews that came due, and those that were practised within a week of that.
    pub n_due: i64,
    pub n_kept: i64,
}

/// Figures of the sessions of these days, set apart; in the order of their keys. Days are those of UTC while
/// [`is_being_counted`] says so of their zone. Needs `sessions:read`.
///
/// Of somebody who sees a few cohorts, the figures are those of these cohorts, added up.
pub async fn list_figures(db: &Db, caller: &Caller, narrow: &Narrow, by: By, days: Days<'_>) -> Result<Vec<Figures>> {
    match caller.require_within_cohort(Scope::SessionsRead, narrow.cohort.as_deref())? {
        Some(cohorts) if narrow.cohort.is_none() => {
            let mut figures = BTreeMap::new();
            for cohort in cohorts {
                let narrow = Narrow { cohort: Some(cohort), ..narrow.clone() };
                add(&mut figures, list_narrowed(db, &narrow, by, days).await?);
            }
            Ok(figures.into_values().collect())
        }
        _ => list_narrowed(db, narrow, by, days).await,
    }
}

async fn list_narrowed(db: &Db, narrow: &Narrow, by: By, days: Days<'_>) -> Result<Vec<Figures>> {
    // Which days are to be counted, their sums and their rows have to be of one moment.
    let mut tx = db::begin_snapshot(db).await?;
    // Never with a plan for any parameters: what is narrow for one is all there is for another.
    tx.execute("set local plan_cache_mode = force_custom_plan").await?;
    let plan = Plan::of(narrow, by);
    let days = Days { zone: recount::zone_to_show(&mut tx, days.zone).await?, ..days };
    let fresh = match plan.pair {
        Some(_) => recount::list_fresh_days(&mut tx, days).await?,
        None => days.from.iter_days().take_while(|day| *day < days.to).collect(),
    };
    let mut figures = BTreeMap::new();
    if let Some(pair) = &plan.pair {
        add(&mut figures, sums_of(&mut tx, pair, plan.of_subject, days, &fresh).await?);
    }
    // Making a plan to read the rows takes longer than to read a month's sums.
    if !fresh.is_empty() {
        let few = if plan.pair.is_none() { few_sessions(&mut tx, &plan, narrow).await? } else { None };
        if let Some(few) = &few {
            add(&mut figures, rows_of(&mut tx, &plan, narrow, days, &fresh, Rows::OfSessions(few)).await?);
            add(&mut figures, rows_of(&mut tx, &plan, narrow, days, &fresh, Rows::OfNone).await?);
        } else {
            add(&mut figures, rows_of(&mut tx, &plan, narrow, days, &fresh, Rows::All).await?);
        }
    }
    tx.commit().await?;
    Ok(figures.into_values().collect())
}

fn add(figures: &mut BTreeMap<String, Figures>, more: Vec<Figures>) {
    for of in more {
        *figures.entry(of.key.clone()).or_insert_with(|| Figures { key: of.key.clone(), ..Figures::default() }) += &of;
    }
}

/// What is added up, of whatever rows with a `day` and a `key`; `$1` is [`Days::judged_to`].
macro_rules! summed {
    ($from:literal) => {
        concat!(
            "select key,
               coalesce(sum(n_sessions), 0)::bigint as n_sessions, coalesce(sum(n_over), 0)::bigint as n_over,
               coalesce(sum(n_dropped), 0)::bigint as n_dropped,
               coalesce(sum(length_ms), 0)::bigint as length_ms,
               coalesce(sum(words_tutor), 0)::bigint as words_tutor,
               coalesce(sum(words_student), 0)::bigint as words_student,
               coalesce(sum(n_low), 0)::bigint as n_low, coalesce(sum(n_medium), 0)::bigint as n_medium,
               coalesce(sum(n_high), 0)::bigint as n_high, coalesce(sum(n_analyzed), 0)::bigint as n_analyzed,
               coalesce(sum(n_attention), 0)::bigint as n_attention,
               coalesce(sum(n_latency), 0)::bigint as n_latency,
               coalesce(sum(latency_ms), 0)::bigint as latency_ms,
               coalesce(sum(n_in_10_s), 0)::bigint as n_in_10_s,
               coalesce(sum(n_in_1_min), 0)::bigint as n_in_1_min,
               coalesce(sum(n_in_10_min), 0)::bigint as n_in_10_min,
               coalesce(sum(n_in_1_h), 0)::bigint as n_in_1_h,
               coalesce(sum(n_analyses), 0)::bigint as n_analyses,
               coalesce(sum(analysis_ms), 0)::bigint as analysis_ms,
               coalesce(sum(n_model_cost), 0)::bigint as n_model_cost,
               coalesce(sum(model_cost_microusd), 0)::bigint as model_cost_microusd,
               coalesce(sum(n_call_cost), 0)::bigint as n_call_cost,
               coalesce(sum(call_cost_microusd), 0)::bigint as call_cost_microusd,
               coalesce(sum(n_tutored), 0)::bigint as n_tutored,
               coalesce(sum(n_errors), 0)::bigint as n_errors,
               coalesce(sum(n_told_at_once), 0)::bigint as n_told_at_once,
               coalesce(sum(n_questions), 0)::bigint as n_questions,
               coalesce(sum(n_hurried), 0)::bigint as n_hurried,
               coalesce(sum(n_process_praise), 0)::bigint as n_process_praise,
               coalesce(sum(n_person_praise), 0)::bigint as n_person_praise,
               coalesce(sum(n_checks), 0)::bigint as n_checks, coalesce(sum(n_scored), 0)::bigint as n_scored,
               coalesce(sum(score), 0)::float8 as score,
               coalesce(sum(score_squared), 0)::float8 as score_squared,
               coalesce(sum(gain), 0)::float8 as gain, coalesce(sum(n_due) filter (where day < $1), 0)::bigint as n_due,
               coalesce(sum(n_kept) filter (where day < $1), 0)::bigint as n_kept
            from (",
            $from,
            ") counted group by key"
        )
    };
}

/// From the sums by day, but for the days that have to be counted.
async fn sums_of(
    tx: &mut Connection,
    pair: &Pair<'_>,
    of_subject: Option<&str>,
    days: Days<'_>,
    fresh: &[NaiveDate],
) -> Result<Vec<Figures>> {
    let sql = summed!(
        "select *, case $2 when 'day' then day::text when 'also' then also_label else label end as key
         from session_sums
         where zone = $3 and day >= $4 and day < $5 and day <> all($6::date[])
           and cut = $7 and also = $8 and ($9::text is null or label = $9) and ($10::text is null or also_label = $10)
           and ($11::text is null or label in (select skill_id from skills where subject_id = $11))"
    );
    let query = sqlx::query_as(sql).bind(days.judged_to).bind(pair.key).bind(days.zone);
    let query = query.bind(days.from).bind(days.to).bind(fresh).bind(pair.cut).bind(pair.also);
    Ok(query.bind(pair.label.as_deref()).bind(pair.also_label.as_deref()).bind(of_subject).fetch_all(tx).await?)
}

/// So many sessions are read one by one; more are read with all others of their days.
const FEW: i64 = 20_000;

/// The sessions, of whatever days, that have in common what is asked for; `None` where they are many.
async fn few_sessions(tx: &mut Connection, plan: &Plan<'_>, narrow: &Narrow) -> Result<Option<Vec<Uuid>>> {
    let (kind, label) = plan.also.or(plan.label.map(|label| (plan.cut, label))).unzip();
    let ids = sqlx::query_scalar!(
        "select f.session_id from session_facts f left join students st on st.student_id = f.student_id
         where ($1::text is null or st.cohort = $1 or ($1 = '' and st.cohort is null))
           and ($2::smallint is null or st.grade = $2 or ($2 = -1 and st.grade is null))
           and ($3::text is null or f.assistant = $3)
           and ($4::text is null
               or exists (
                   select 1 from session_labels l where l.session_id = f.session_id and l.kind = $5 and l.label = $4)
               -- What is practised in a call may be corrected away, and what came of it stays.
               or exists (
                   select 1 from practices p join skills k on k.skill_id = p.skill_id
                   where p.session_id = f.session_id and $4 in (p.skill_id, k.subject_id)))
         limit $6",
        narrow.cohort.as_deref(),
        narrow.grade,
        narrow.assistant.as_deref(),
        label,
        kind,
        FEW + 1,
    )
    .fetch_all(tx)
    .await?;
    Ok((ids.len() as i64 <= FEW).then_some(ids))
}

/// Whose rows.
#[derive(Clone, Copy)]
enum Rows<'a> {
    All,
    OfSessions(&'a [Uuid]),
    /// Reviews of what was practised in no session.
    OfNone,
}

/// From the rows of these days.
async fn rows_of(
    tx: &mut Connection,
    plan: &Plan<'_>,
    narrow: &Narrow,
    days: Days<'_>,
    fresh: &[NaiveDate],
    rows: Rows<'_>,
) -> Result<Vec<Figures>> {
    let sql = summed!(
        "select *, case $2 when 'day' then day::text when 'grade' then grade::text when 'assistant' then assistant
             when 'cohort' then cohort else label end as key
         from (
             select *, (at at time zone $3)::date as day from cut_facts c
             where cut = $4 and ($5::text is null or label = $5)
               and at >= ($15::date::timestamp at time zone $3) and at < (($16::date + 1)::timestamp at time zone $3)
               and ($6::date[] is null or (at at time zone $3)::date = any($6))
               and ($7::smallint is null or grade = $7) and ($8::text is null or assistant = $8)
               and ($9::text is null or label in (select skill_id from skills where subject_id = $9))
               and ($10::text is null or cohort = $10)
               and ($11::text is null or exists (
                   select 1 from session_labels l where l.session_id = c.session_id and l.kind = $12 and l.label = $11))
               and ($13::uuid[] is null or session_id = any($13)) and ($14 = false or session_id is null)
         ) facts"
    );
    let query = sqlx::query_as(sql).bind(days.judged_to).bind(plan.by).bind(days.zone).bind(plan.cut).bind(plan.label);
    // Days without a gap need not be looked up one by one.
    let has_gaps = fresh.windows(2).any(|two| two[0].succ_opt() != Some(two[1]));
    let query = query
        .bind(has_gaps.then_some(fresh))
        .bind(narrow.grade)
        .bind(narrow.assistant.as_deref())
        .bind(plan.of_subject);
    let (kind, label) = plan.also.unzip();
    let query = query.bind(narrow.cohort.as_deref()).bind(label).bind(kind);
    let sessions = if let Rows::OfSessions(ids) = rows { Some(ids) } else { None };
    let query = query.bind(sessions).bind(matches!(rows, Rows::OfNone));
    Ok(query.bind(fresh.first()).bind(fresh.last()).fetch_all(tx).await?)
}

/// Whether what was learnt in calls before this was kept is still to be worked out, by `ai-tutor analytics rebuild`.
pub async fn lacks_practices(db: &Db) -> Result<bool> {
    Ok(crate::watermark::find(db, REBUILD).await?.is_some())
}

/// The name of the rebuild's watermark.
pub const REBUILD: &str = "analytics_rebuild";
