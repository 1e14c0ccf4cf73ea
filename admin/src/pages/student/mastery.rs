//! What the student knows, skill by skill: the level in a word, the number behind it, and when to ask again.

use maud::{Markup, html};
use shared::evidence::Evidence;
use shared::learner;
use shared::mastery::{self, Mastery};

use crate::figures;
use crate::parts::icon::icon_small;
use crate::parts::meter::meter;
use crate::parts::spark::spark;
use crate::parts::table::{Column, cell, row, table};
use crate::viewer::Viewer;

const COLUMNS: [Column; 7] = [
    ("Skill", ""),
    ("Level", ""),
    ("Estimate", "num"),
    ("Last 8 calls", ""),
    ("Evidence", "num"),
    ("Practised", ""),
    ("Next review", ""),
];
const N_CALLS: usize = 8;

pub(super) fn card(viewer: &Viewer, list: &[Mastery], evidence: &[Evidence]) -> Markup {
    let rows = html! { @for of in list { (mastery_row(viewer, of, &mastery::course(evidence, &of.skill_id))) } };
    html! {
        section.card aria-labelledby="mastery" {
            header { h2 id="mastery" { "Mastery" } p { (figures::counted(list.len() as i64, "skill", "skills")) } }
            @if list.is_empty() {
                div.body { p.muted { "Levels appear after the first analysed call in which the student answered something." } }
            } @else {
                (table("Mastery", &COLUMNS, &rows))
            }
        }
    }
}

fn mastery_row(viewer: &Viewer, mastery: &Mastery, course: &[f64]) -> Markup {
    let estimate = learner::knowledge_now(&mastery.state, viewer.now);
    row(&html! {
        (cell("", html! { span.two { b.main { (mastery.skill_name) } small.mono { (mastery.skill_id) } } }))
        (cell("end", meter(mastery.word(viewer.now), estimate)))
        (cell("num", html! { span.lbl { "Estimate" } (format!("{estimate:.2}")) }))
        (cell("hide", trend(course)))
        (cell("num hide", html! { (mastery.state.n_evidence) }))
        (cell("nowrap muted hide", viewer.date(mastery.state.last_at)))
        (cell("nowrap full", html! { span.lbl { "Next review" } (due(viewer, mastery)) }))
    })
}

/// The estimate after each of the last calls.
fn trend(course: &[f64]) -> Markup {
    let last = &course[course.len().saturating_sub(N_CALLS)..];
    let told = last.iter().map(|estimate| format!("{estimate:.2}")).collect::<Vec<_>>().join(", ");
    spark(last, 0.0, 1.0, &format!("Estimate after each call: {told}"))
}

fn due(viewer: &Viewer, mastery: &Mastery) -> Markup {
    let due_at = learner::due_at(&mastery.state);
    let days_late = (viewer.now - due_at).num_days();
    html! {
        @if due_at > viewer.now {
            (viewer.date(due_at))
        } @else if days_late == 0 {
            span.due.warn { (icon_small("calendar-clock")) "Today" }
        } @else {
            span.due.bad { (icon_small("calendar-clock")) (figures::counted(days_late, "day", "days")) " late" }
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::learner::State;

    use super::*;

    fn sample(last_at: &str) -> Mastery {
        let state = State {
            knowledge: 0.9,
            stability: 4.0,
            difficulty: 5.0,
            n_evidence: 3,
            n_unaided_correct: 2,
            n_calls_correct: 1,
            last_at: last_at.parse().unwrap(),
        };
        Mastery { skill_id: "maths.fractions.add".to_owned(), skill_name: "Adding fractions".to_owned(), state }
    }

    #[test]
    fn a_level_is_a_word_then_a_number_and_never_a_percentage() {
        let shown = card(&Viewer::sample(), &[sample("2026-11-19T21:00:00Z")], &[]).into_string();
        assert!(shown.contains("Shaky") && shown.contains("0.90") && !shown.contains('%'), "{shown}");
    }

    #[test]
    fn a_trend_is_the_last_eight_calls_in_words_as_well() {
        let shown = trend(&[0.9, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]).into_string();
        assert!(shown.contains("Estimate after each call: 0.10, 0.20") && shown.contains("0.80\""), "{shown}");
    }

    #[test]
    fn a_review_that_is_late_says_by_how_much() {
        let shown = card(&Viewer::sample(), &[sample("2026-11-01T21:00:00Z")], &[]).into_string();
        assert!(shown.contains("14 days late"), "{shown}");
    }
}
