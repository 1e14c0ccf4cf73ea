//! A tutor's day: which students of some classes need a person, in the order of welfare and then of learning, each with the
//! evidence behind the most pressing reason.

use std::cmp::Reverse;
use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::{Attention, Reason, list_attentions, list_students_for};
use crate::access::{Caller, Scope};
use crate::concern::ConcernCategory;
use crate::db::{Db, Executor, Result};
use crate::id::{SessionId, StudentId};
use crate::message::alert::is_urgent;

/// The reasons that tutors act on, the most pressing first. Failed analyses are for admins.
const REASONS: [Reason; 5] =
    [Reason::Concern, Reason::Misconception, Reason::ShortCalls, Reason::ReviewsOverdue, Reason::Quiet];

/// So many times the students that are shown are ranked.
const SPARE: i64 = 2;

/// What the most pressing reason is based on. What is not known is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// The call that shows it; of a student who is quiet, the last call.
    pub session_id: Option<SessionId>,
    pub turn_no: Option<i32>,
    pub called_at: Option<DateTime<Utc>>,
    /// The skill of the misconception.
    pub skill_id: Option<String>,
    /// The wrong belief, in our words.
    pub belief: Option<String>,
    /// What the concern is about.
    pub category: Option<ConcernCategory>,
}

/// A student who needs a person.
#[derive(Clone)]
pub struct Need {
    pub student_id: StudentId,
    pub display_name: String,
    pub grade: Option<i16>,
    pub cohort: Option<String>,
    /// The most pressing first; at least one.
    pub reasons: Vec<Attention>,
    pub basis: Basis,
}

impl std::fmt::Debug for Need {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Need").field("student_id", &self.student_id).finish_non_exhaustive()
    }
}

impl Need {
    /// Whether staff were alerted about the concern.
    pub fn is_urgent(&self) -> bool {
        self.basis.category.is_some_and(is_urgent)
    }

    /// Urgent concerns, then other concerns, then learning by reason.
    fn rank(&self) -> usize {
        let of = |reason: Reason| REASONS.iter().position(|known| *known == reason).unwrap_or(REASONS.len());
        let best = self.reasons.iter().map(|attention| of(attention.reason)).min();
        best.unwrap_or(REASONS.len()) + usize::from(!self.is_urgent())
    }
}

/// Orders students: urgent concerns first, then other concerns, each with the longest wait first; then learning: by reason,
/// those with more reasons first, then those whose reason is the newest.
pub fn rank(needs: &mut [Need]) {
    needs.sort_by_cached_key(|need| {
        let since = need.reasons.first().map_or(0, |attention| attention.since.timestamp());
        let is_concern = need.reasons.first().is_some_and(|attention| attention.reason == Reason::Concern);
        let waits = if is_concern { (Reverse(0), since) } else { (Reverse(need.reasons.len()), -since) };
        (need.rank(), waits, need.student_id.0)
    });
}

/// Returns the students that the caller reaches who need a person at `now`, ranked. Needs `students:read`.
pub async fn list_needs(db: &Db, caller: &Caller, now: DateTime<Utc>, limit: i64) -> Result<Vec<Need>> {
    let candidates = if let Some(cohorts) = caller.require_within(Scope::StudentsRead)? {
        list_of_cohorts(db, cohorts, now, SPARE * limit).await?
    } else {
        let students = list_students_for(db, None, &REASONS, now, SPARE * limit).await?;
        students.into_iter().map(|student| student.student_id).collect()
    };
    let mut reasons: HashMap<StudentId, Vec<Attention>> = HashMap::new();
    for attention in list_attentions(db, caller, &candidates, now).await? {
        if REASONS.contains(&attention.reason) {
            reasons.entry(attention.student_id).or_default().push(attention);
        }
    }
    let mut needs = read(db, reasons).await?;
    rank(&mut needs);
    needs.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(needs)
}

async fn list_of_cohorts(
    db: impl Executor<'_>,
    cohorts: &[String],
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<StudentId>> {
    Ok(sqlx::query_scalar!(
        r#"select a.student_id as "student_id: StudentId" from students st join attentions a using (student_id)
           where st.cohort = any($1) and a.open_since <= $2 and a.until > $2 and a.reason = any($3)
           group by a.student_id
           order by min(array_position($3, a.reason)), max(a.open_since) desc, a.student_id limit $4"#,
        cohorts,
        now,
        &REASONS.map(|reason| reason.as_str().to_owned()),
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// Adds to the reasons who the students are and what the most pressing reason is based on.
async fn read(db: impl Executor<'_>, mut reasons: HashMap<StudentId, Vec<Attention>>) -> Result<Vec<Need>> {
    let student_ids: Vec<StudentId> = reasons.keys().copied().collect();
    let rows = sqlx::query!(
        r#"select st.student_id as "student_id: StudentId", st.display_name, st.grade, st.cohort,
               c.category as "category?: ConcernCategory", c.session_id as "concern_in?: SessionId",
               c.called_at as "concern_at?", c.turn_no as "concern_turn?",
               m.belief as "belief?", m.skill_id as "skill_id?", m.session_id as "belief_in?: SessionId",
               m.called_at as "belief_at?", m.turn_no as "belief_turn?",
               l.session_id as "last_in?: SessionId", l.called_at as "last_at?"
           from students st
           left join lateral (
               select f.category, f.session_id, coalesce(s.started_at, s.created_at) as called_at,
                   (select (flag->>'turn_no')::int from analyses a, jsonb_array_elements(a.findings->'safety_flags') flag
                    where a.session_id = f.session_id and a.is_current
                    order by flag->>'category' = f.category desc, 1 limit 1) as turn_no
               from (
                   select * from follow_ups where student_id = st.student_id
                   union all
                   -- A concern of a call belongs to its student.
                   select f.* from sessions s join follow_ups f using (session_id)
                   where s.student_id = st.student_id and f.student_id is null and f.kind = 'concern' and f.closed_at is null
               ) f left join sessions s on s.session_id = f.session_id
               where f.kind = 'concern' and f.closed_at is null
               order by f.category = any($2) desc, f.created_at limit 1
           ) c on true
           left join lateral (
               select m.belief, m.skill_id, m.session_id, coalesce(s.started_at, s.created_at) as called_at,
                   (select (found->>'turn_no')::int from analyses a, jsonb_array_elements(a.findings->'misconceptions') found
                    where a.session_id = m.session_id and a.is_current and found->>'belief' = m.belief limit 1) as turn_no
               from misconceptions m left join sessions s on s.session_id = m.session_id
               where m.student_id = st.student_id and m.resolved_at is null
               order by m.n_seen desc, m.last_seen_at desc limit 1
           ) m on true
           left join lateral (
               select s.session_id, coalesce(s.started_at, s.created_at) as called_at from sessions s
               where s.student_id = st.student_id order by s.created_at desc, s.session_id desc limit 1
           ) l on true
           where st.student_id = any($1)"#,
        &student_ids as &[StudentId],
        &ConcernCategory::ALL.iter().filter(|of| is_urgent(**of)).map(|of| of.as_str().to_owned()).collect::<Vec<_>>(),
    )
    .fetch_all(db)
    .await?;
    let need = rows.into_iter().map(|row| {
        let reasons = reasons.remove(&row.student_id).unwrap_or_default();
        let basis = match reasons.first().map(|attention| attention.reason) {
            Some(Reason::Concern) => Basis {
                session_id: row.concern_in,
                turn_no: row.concern_turn,
                called_at: row.concern_at,
                category: row.category,
                ..Basis::default()
            },
            Some(Reason::Misconception) => Basis {
                session_id: row.belief_in,
                turn_no: row.belief_turn,
                called_at: row.belief_at,
                skill_id: row.skill_id,
                belief: row.belief,
                ..Basis::default()
            },
            _ => Basis { session_id: row.last_in, called_at: row.last_at, ..Basis::default() },
        };
        let (student_id, display_name, grade, cohort) = (row.student_id, row.display_name, row.grade, row.cohort);
        Need { student_id, display_name, grade, cohort, reasons, basis }
    });
    Ok(need.collect())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn need(n: u128, reasons: &[(Reason, i64)], category: Option<ConcernCategory>) -> Need {
        let student_id = StudentId(Uuid::from_u128(n));
        let at = |day: i64| DateTime::UNIX_EPOCH + chrono::TimeDelta::days(day);
        let attention = |&(reason, day): &(Reason, i64)| Attention { student_id, reason, since: at(day), n: 3 };
        Need {
            student_id,
            display_name: n.to_string(),
            grade: None,
            cohort: None,
            reasons: reasons.iter().map(attention).collect(),
            basis: Basis { category, ..Basis::default() },
        }
    }

    #[test]
    fn welfare_comes_before_learning_and_urgent_concerns_before_others() {
        use Reason::{Concern, Misconception, Quiet, ReviewsOverdue, ShortCalls};
        let mut needs = vec![
            need(1, &[(Quiet, 90)], None),
            need(2, &[(ReviewsOverdue, 90)], None),
            need(3, &[(ShortCalls, 90)], None),
            need(4, &[(Misconception, 10), (Quiet, 90)], None),
            need(5, &[(Misconception, 90)], None),
            need(6, &[(Misconception, 95)], None),
            need(7, &[(Concern, 5), (Misconception, 90)], Some(ConcernCategory::Bullying)),
            need(8, &[(Concern, 4)], Some(ConcernCategory::Other)),
            need(9, &[(Concern, 80)], Some(ConcernCategory::SelfHarm)),
        ];
        rank(&mut needs);
        let order: Vec<&str> = needs.iter().map(|need| &need.display_name[..]).collect();
        // 8 has waited longer than 7. 4 has two reasons, and the reason of 6 is newer than that of 5.
        assert_eq!(order, ["9", "8", "7", "4", "6", "5", "3", "2", "1"]);
    }

    #[test]
    fn the_order_does_not_depend_on_the_order_before() {
        let of = |n| need(n, &[(Reason::Quiet, 3)], None);
        let (mut one, mut other) = (vec![of(1), of(2), of(3)], vec![of(3), of(1), of(2)]);
        rank(&mut one);
        rank(&mut other);
        assert!(one.iter().zip(&other).all(|(a, b)| a.student_id == b.student_id));
    }
}
