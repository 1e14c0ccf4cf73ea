//! How sessions went, added up by day: in all, and by cohort, grade, subject, skill and assistant version.
//!
//! **Invariant:** every figure is what its rows say at the moment of asking: nothing is added up ahead.

mod choice;
mod query;
mod sum;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sqlx::postgres::Postgres;
use sqlx::{FromRow, QueryBuilder};

use crate::access::{Caller, Scope};
use crate::db::{Reads, Result};

pub use self::choice::{Choices, list_choices};

/// A review counts as kept where the skill was practised at most so many days after it came due.
pub const REVIEW_DAYS: u64 = 7;

/// Which sessions to count. `None` in a field: all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrow {
    /// Sessions of students who are in this cohort today. Empty: no cohort, or an unknown caller.
    pub cohort: Option<String>,
    /// Sessions of students who are in this grade today. -1: unknown.
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
    /// The value of the group: a day as 2026-11-23, a grade as a number, an id, or a label. Empty: unknown.
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

/// Returns the figures of the sessions of these days by group, in the order of their keys. A caller limited to cohorts
/// gets only theirs. Needs `sessions:read`.
pub async fn list_figures(
    reads: &Reads,
    caller: &Caller,
    narrow: &Narrow,
    by: By,
    days: Days<'_>,
) -> Result<Vec<Figures>> {
    let within = within(caller, narrow)?;
    add_up(reads, || query::figures(narrow, within.as_deref(), by, days)).await
}

/// Returns how many sessions there were on each of these days, how long they were, and how soon they were analysed. The
/// other figures are 0. Needs `sessions:read`, as [`list_figures`].
pub async fn list_calls(reads: &Reads, caller: &Caller, narrow: &Narrow, days: Days<'_>) -> Result<Vec<Figures>> {
    let within = within(caller, narrow)?;
    add_up(reads, || query::calls(narrow, within.as_deref(), days)).await
}

/// The cohorts that limit the caller. A requested cohort is already a filter.
fn within(caller: &Caller, narrow: &Narrow) -> Result<Option<Vec<String>>> {
    let within = caller.require_within_cohort(Scope::SessionsRead, narrow.cohort.as_deref())?;
    Ok(within.filter(|_| narrow.cohort.is_none()))
}

async fn add_up(reads: &Reads, query: impl Fn() -> QueryBuilder<Postgres>) -> Result<Vec<Figures>> {
    // Never with a plan for any parameters: what is narrow for one is all there is for another.
    let add = |db| {
        let mut query = query();
        async move { Ok(query.build_query_as::<Figures>().persistent(false).fetch_all(&db).await?) }
    };
    let parts = reads.read(add).await?;
    let mut figures = BTreeMap::new();
    for part in parts {
        *figures.entry(part.key.clone()).or_insert_with(|| Figures { key: part.key.clone(), ..Figures::default() }) +=
            &part;
    }
    Ok(figures.into_values().collect())
}

/// Whether what was learnt in calls before this was kept is still to be worked out, by `ai-tutor analytics rebuild`.
pub async fn lacks_practices(reads: &Reads) -> Result<bool> {
    reads.read(|db| async move { Ok(crate::watermark::find(&db, REBUILD).await?.is_some()) }).await
}

/// The name of the rebuild's watermark.
pub const REBUILD: &str = "analytics_rebuild";
