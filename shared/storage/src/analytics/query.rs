//! The one statement behind all figures: sessions, what was learnt in them, and reviews, each added up by its key.

use chrono::NaiveDate;
use sqlx::QueryBuilder;
use sqlx::postgres::Postgres;

use super::{By, Days, Narrow, REVIEW_DAYS};

/// Whole numbers of `session_facts`. [`super::Figures`] says what each counts.
const COUNTS: [&str; 32] = [
    "n_sessions",
    "n_over",
    "n_dropped",
    "length_ms",
    "words_tutor",
    "words_student",
    "n_low",
    "n_medium",
    "n_high",
    "n_analyzed",
    "n_attention",
    "n_latency",
    "latency_ms",
    "n_in_10_s",
    "n_in_1_min",
    "n_in_10_min",
    "n_in_1_h",
    "n_analyses",
    "analysis_ms",
    "n_model_cost",
    "model_cost_microusd",
    "n_call_cost",
    "call_cost_microusd",
    "n_tutored",
    "n_errors",
    "n_told_at_once",
    "n_questions",
    "n_hurried",
    "n_process_praise",
    "n_person_praise",
    "n_checks",
    "n_scored",
];

/// Real numbers of `session_facts`.
const SUMS: [&str; 2] = ["score", "score_squared"];

/// What the overview shows. All figures, with what was learnt and reviewed, take four times as long.
const CALLS: [&str; 5] = ["n_sessions", "n_over", "n_dropped", "length_ms", "n_in_10_min"];

/// The [`CALLS`] of sessions by day. The other figures are 0.
pub(super) fn calls(narrow: &Narrow, within: Option<&[String]>, days: Days<'_>) -> QueryBuilder<Postgres> {
    let mut query = Query { sql: QueryBuilder::new(""), narrow, within, by: By::Day, days };
    query.sessions(&CALLS, &[]);
    query.sql
}

/// A key comes once from each part that knows it. `within`: of students of these cohorts alone.
pub(super) fn figures(narrow: &Narrow, within: Option<&[String]>, by: By, days: Days<'_>) -> QueryBuilder<Postgres> {
    let mut query = Query { sql: QueryBuilder::new(""), narrow, within, by, days };
    query.sessions(&COUNTS, &SUMS);
    // What was believed was not practised.
    if by != By::Belief {
        query.gains();
        // A review that was missed was missed in no call, so there is no reason why it ended.
        if by != By::Reason {
            query.reviews();
        }
    }
    query.sql
}

/// Being written. In every part `f` is the session, `st` its student, and by day `day` the day that it counts to.
struct Query<'a> {
    sql: QueryBuilder<Postgres>,
    narrow: &'a Narrow,
    within: Option<&'a [String]>,
    by: By,
    days: Days<'a>,
}

impl Query<'_> {
    fn sessions(&mut self, counts: &[&str], sums: &[&str]) {
        let kind = match self.by {
            By::Subject => Some("subject"),
            By::Skill => Some("skill"),
            By::Belief => Some("belief"),
            By::Day | By::Cohort | By::Grade | By::Assistant | By::Reason => None,
        };
        self.select(kind.map(|_| "l.topic"));
        for count in COUNTS {
            let sum = if counts.contains(&count) { format!("sum(f.{count})") } else { "0".to_owned() };
            self.sql.push(format!(", {sum}::bigint as {count}"));
        }
        for name in SUMS {
            let sum = if sums.contains(&name) { format!("sum(f.{name})") } else { "0::float8".to_owned() };
            self.sql.push(format!(", {sum} as {name}"));
        }
        self.sql.push(", 0::float8 as gain, 0::bigint as n_due, 0::bigint as n_kept from session_facts f");
        if let Some(kind) = kind {
            self.sql.push(format!(" join session_topics l on l.session_id = f.session_id and l.kind = '{kind}'"));
        }
        self.sql.push(" left join students st on st.student_id = f.student_id");
        self.within("f.created_at", self.days.to);
        self.narrow_students();
        match (self.by, &self.narrow.skill_id, &self.narrow.subject_id) {
            // A skill is of one subject, so that a skill says more.
            (By::Skill, Some(skill_id), _) => {
                self.sql.push(" and l.topic = ").push_bind(skill_id.clone());
            }
            (By::Skill, None, Some(subject_id)) => {
                self.sql.push(" and l.topic in (select skill_id from skills where subject_id = ");
                self.sql.push_bind(subject_id.clone()).push(")");
            }
            (By::Subject, None, Some(subject_id)) => {
                self.sql.push(" and l.topic = ").push_bind(subject_id.clone());
            }
            (_, Some(skill_id), _) => self.about("skill", skill_id),
            (_, None, Some(subject_id)) => self.about("subject", subject_id),
            (_, None, None) => {}
        }
        self.grouped();
    }

    /// Only sessions that were about this.
    fn about(&mut self, kind: &'static str, topic: &str) {
        self.sql.push(format!(
            " and exists (select from session_topics t where t.session_id = f.session_id and t.kind = '{kind}' and t.topic = "
        ));
        self.sql.push_bind(topic.to_owned()).push(")");
    }

    /// What was learnt counts to the day of its session.
    fn gains(&mut self) {
        self.sql.push(" union all ");
        self.select(self.key_of_practice());
        self.no_counts();
        self.sql.push(
            ", sum(p.gain), 0, 0 from session_facts f join practices p on p.session_id = f.session_id
             join skills k on k.skill_id = p.skill_id left join students st on st.student_id = f.student_id",
        );
        self.within("f.created_at", self.days.to);
        self.narrow_students();
        self.narrow_practices();
        self.grouped();
    }

    /// A review counts to the day on which it came due. Practised before, it never came due.
    fn reviews(&mut self) {
        self.sql.push(" union all ");
        self.select(self.key_of_practice());
        self.no_counts();
        self.sql.push(format!(
            ", 0, count(*), count(*) filter (where p.next_at <= p.due_at + interval '{REVIEW_DAYS} days')
             from practices p join skills k on k.skill_id = p.skill_id join students st on st.student_id = p.student_id
             left join session_facts f on f.session_id = p.session_id",
        ));
        self.within("p.due_at", self.days.to.min(self.days.judged_to));
        self.sql.push(" and (p.next_at is null or p.next_at >= p.due_at)");
        self.narrow_students();
        self.narrow_practices();
        self.grouped();
    }

    fn key_of_practice(&self) -> Option<&'static str> {
        match self.by {
            By::Subject => Some("k.subject_id"),
            By::Skill => Some("p.skill_id"),
            _ => None,
        }
    }

    /// The key, unless it is `own`.
    fn select(&mut self, own: Option<&'static str>) {
        let key = own.unwrap_or(match self.by {
            By::Day => "day::text",
            By::Cohort => "coalesce(st.cohort, '')",
            By::Grade => "coalesce(st.grade, -1)::text",
            By::Reason => "f.ended_reason",
            _ => "coalesce(f.assistant, '')",
        });
        self.sql.push(format!("select {key} as key"));
    }

    fn no_counts(&mut self) {
        self.sql.push(", 0".repeat(COUNTS.len() + SUMS.len()));
    }

    /// Ends the tables and begins the conditions.
    fn within(&mut self, at: &'static str, to: NaiveDate) {
        let Days { from, zone, .. } = self.days;
        if self.by == By::Day {
            // Searched among the beginnings of the days, each row costs half of what its own time in the zone does.
            self.sql.push(" cross join lateral (select ").push_bind(from);
            self.sql
                .push(format!("::date - 1 + width_bucket({at}, (select array_agg(start at time zone "))
                .push_bind(zone.to_owned());
            self.sql
                .push(" order by start) from generate_series(")
                .push_bind(from)
                .push("::date::timestamp, ")
                .push_bind(to);
            self.sql.push("::date::timestamp - interval '1 day', interval '1 day') start)) as day) d");
        }
        self.sql.push(format!(" where {at} >= (")).push_bind(from);
        self.sql.push("::date::timestamp at time zone ").push_bind(zone.to_owned());
        self.sql.push(format!(") and {at} < (")).push_bind(to);
        self.sql.push("::date::timestamp at time zone ").push_bind(zone.to_owned()).push(")");
    }

    fn grouped(&mut self) {
        self.sql.push(if self.by == By::Day { " group by day" } else { " group by 1" });
    }

    fn narrow_students(&mut self) {
        if let Some(cohorts) = self.within {
            self.sql.push(" and st.cohort = any(").push_bind(cohorts.to_vec()).push(")");
        }
        match self.narrow.cohort.as_deref() {
            Some("") => {
                self.sql.push(" and st.cohort is null");
            }
            Some(cohort) => {
                self.sql.push(" and st.cohort = ").push_bind(cohort.to_owned());
            }
            None => {}
        }
        match self.narrow.grade {
            Some(-1) => {
                self.sql.push(" and st.grade is null");
            }
            Some(grade) => {
                self.sql.push(" and st.grade = ").push_bind(grade);
            }
            None => {}
        }
        if let Some(assistant) = &self.narrow.assistant {
            self.sql.push(" and coalesce(f.assistant, '') = ").push_bind(assistant.clone());
        }
    }

    fn narrow_practices(&mut self) {
        if let Some(skill_id) = &self.narrow.skill_id {
            self.sql.push(" and p.skill_id = ").push_bind(skill_id.clone());
        } else if let Some(subject_id) = &self.narrow.subject_id {
            self.sql.push(" and k.subject_id = ").push_bind(subject_id.clone());
        }
    }
}
