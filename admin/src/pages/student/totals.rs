//! Four headline figures of a student: mastery, calls, mastered skills, and due reviews.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use storage::evidence::Evidence;
use storage::learner::{self, MasteryState};
use storage::mastery::{self, StudentSkill};
use storage::session::{LATELY, SessionTotals};

use crate::figures;
use crate::parts::icon::icon_small;
use crate::parts::kpi::kpi;
use crate::viewer::Viewer;

pub(super) fn card(viewer: &Viewer, skills: &[StudentSkill], evidence: &[Evidence], totals: &SessionTotals) -> Markup {
    let n_mastered = skills.iter().filter(|of| of.mastery.word(viewer.now) == MasteryState::Mastered).count();
    html! {
        section.card aria-label="Totals" {
            dl.kpis.four {
                (average(skills, evidence, viewer.now))
                (kpi("Calls", html! { (figures::count(totals.n_calls)) }, html! {
                    (figures::counted(totals.seconds / 60, "minute", "minutes")) ", " (figures::count(totals.n_lately)) " in 4 weeks"
                }))
                (kpi("Skills mastered", html! { (figures::count(n_mastered as i64)) }, html! { "of " (figures::count(skills.len() as i64)) " practised" }))
                (reviews(viewer, skills))
            }
        }
    }
}

/// Returns the mean of all skills, and of the skills that had evidence four weeks ago.
fn average(skills: &[StudentSkill], evidence: &[Evidence], now: DateTime<Utc>) -> Markup {
    let estimates: Vec<f64> = skills.iter().map(|of| learner::knowledge_now(&of.mastery.state, now)).collect();
    let moved = skills.iter().zip(&estimates).filter_map(|(of, estimate)| {
        Some(estimate - mastery::estimate_at(evidence, &of.mastery.skill_id, now - LATELY)?)
    });
    let moved = mean(&moved.collect::<Vec<_>>());
    let value = html! { @match mean(&estimates) { Some(mean) => (figures::decimal(mean, 2)), None => "–" } };
    kpi(
        "Average mastery",
        value,
        html! { @match moved {
            None if skills.is_empty() => "no answer yet",
            None => "started within 4 weeks",
            Some(by) if by.abs() < 0.005 => "no change in 4 weeks",
            Some(by) => {
                b class=(if by > 0.0 { "good" } else { "bad" }) {
                    @if by > 0.0 { (icon_small("arrow-up")) span.vh { "up " } } @else { (icon_small("arrow-down")) span.vh { "down " } }
                    (figures::decimal(by.abs(), 2))
                }
                " in 4 weeks"
            }
        } },
    )
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn reviews(viewer: &Viewer, skills: &[StudentSkill]) -> Markup {
    let due: Vec<DateTime<Utc>> = skills.iter().map(|of| learner::due_at(&of.mastery.state)).collect();
    let n_due = due.iter().filter(|at| **at <= viewer.now).count();
    let first = due.iter().min().copied();
    kpi(
        "Reviews due",
        html! { (figures::count(n_due as i64)) },
        html! { @match first {
            None => "none planned",
            Some(first) if first > viewer.now => { "next: " (viewer.date(first)) },
            Some(first) => { "first since " (viewer.date(first)) },
        } },
    )
}

#[cfg(test)]
mod tests {
    use super::super::mastery::tests::sample;
    use super::*;

    fn shown(skills: &[StudentSkill], evidence: &[Evidence]) -> String {
        let totals = SessionTotals { n_calls: 14, n_lately: 8, seconds: 13_860, last_at: None };
        card(&Viewer::sample(), skills, evidence, &totals).into_string()
    }

    #[test]
    fn calls_and_what_is_due_are_told_with_their_time() {
        let shown = shown(&[sample("maths", "2026-11-01T21:00:00Z"), sample("maths", "2026-11-19T21:00:00Z")], &[]);
        assert!(shown.contains("231 minutes, 8 in 4 weeks") && shown.contains("of 2 practised"), "{shown}");
        assert!(shown.contains(r#"Reviews due</dt><dd class="v">1</dd>"#) && shown.contains("first since"));
        assert!(shown.contains("started within 4 weeks"), "nothing was known four weeks ago: {shown}");
    }

    #[test]
    fn what_moved_is_compared_with_what_was_known_then() {
        let skill = sample("maths", "2026-11-19T21:00:00Z");
        let right = super::super::evidence::tests::sample("2026-10-01T12:00:00Z");
        let then =
            mastery::estimate_at(std::slice::from_ref(&right), &skill.mastery.skill_id, Viewer::sample().now - LATELY);
        let by = learner::knowledge_now(&skill.mastery.state, Viewer::sample().now) - then.unwrap();
        let shown = shown(&[skill], &[right]);
        assert!(by > 0.0 && shown.contains(&format!("</span>{by:.2}</b> in 4 weeks")), "{by} {shown}");
    }

    #[test]
    fn before_the_first_call_nothing_is_divided() {
        let shown = shown(&[], &[]);
        assert!(shown.contains("no answer yet") && shown.contains("none planned"), "{shown}");
    }
}
