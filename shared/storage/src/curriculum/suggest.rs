//! What students are taught that no skill covers.

use chrono::{DateTime, TimeDelta, Utc};

use crate::access::{Caller, Scope};
use crate::analysis::TopicFinding;
use crate::db::{Executor, Result};

/// A topic of calls that is in no curriculum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuggestedTopic {
    pub topic: String,
    pub n_calls: i64,
    pub n_answers: i64,
}

/// How far back suggestions look.
const LATELY: TimeDelta = TimeDelta::days(28);
/// At most so many of the newest calls with such a topic are read.
const MOST_CALLS: i64 = 1_000;

/// The topics of the last four weeks that fit no skill, most calls first; at most `limit`. Needs `sessions:read`.
pub async fn list_suggested_topics(
    db: impl Executor<'_>,
    caller: &Caller,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<SuggestedTopic>> {
    let cohorts = caller.require_within(Scope::SessionsRead)?;
    let mut topics = sqlx::query_as!(
        SuggestedTopic,
        r#"with calls as (
               select findings->'other_topics' as topics from analyses a
               where is_current and findings ? 'other_topics' and created_at > $1
                 and ($4::text[] is null or exists (
                     select 1 from sessions s join students st using (student_id)
                     where s.session_id = a.session_id and st.cohort = any($4)))
               order by created_at desc limit $2)
           select t->>'topic' as "topic!", count(*) as "n_calls!",
               coalesce(sum(jsonb_array_length(t->'answers')), 0)::bigint as "n_answers!"
           from calls cross join lateral jsonb_array_elements(topics) t
           group by 1 order by 2 desc, 1 limit $3"#,
        now - LATELY,
        MOST_CALLS,
        limit + 1,
        cohorts as Option<&[String]>,
    )
    .fetch_all(db)
    .await?;
    // A topic without a name suggests nothing.
    topics.retain(|of| of.topic != TopicFinding::OTHER);
    topics.truncate(limit as usize);
    Ok(topics)
}
