//! The student's skills: the level in words, the number behind it, and the next review.

use maud::{Markup, html};
use storage::evidence::Evidence;
use storage::learner;
use storage::mastery::{self, Mastery, StudentSkill};

use crate::figures;
use crate::parts::icon::icon_small;
use crate::parts::meter::meter;
use crate::parts::spark::spark;
use crate::parts::table::{Column, cell, group, row, table};
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

/// Renders the skills by subject if there are several. Skills of one subject are in the order of their ids.
pub(super) fn card(viewer: &Viewer, list: &[StudentSkill], evidence: &[Evidence]) -> Markup {
    let mut sorted: Vec<&StudentSkill> = list.iter().collect();
    sorted.sort_by_key(|of| (&of.subject_name, &of.subject_id));
    let subjects: Vec<&[&StudentSkill]> = sorted.chunk_by(|a, b| a.subject_id == b.subject_id).collect();
    let rows = html! { @for of_subject in &subjects {
        @if subjects.len() > 1 { (group(&of_subject[0].subject_name, COLUMNS.len())) }
        @for of in *of_subject { (mastery_row(viewer, &of.mastery, &mastery::course(evidence, &of.mastery.skill_id))) }
    } };
    html! {
        section.card aria-labelledby="mastery" {
            header { h2 id="mastery" { "Mastery" } p { (figures::counted(list.len() as i64, "skill", "skills")) } }
            @if list.is_empty() {
                div.body { p.muted { "Levels appear after the first analysed call with an answer." } }
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
        (cell("end", meter(mastery.word(viewer.now))))
        (cell("num", html! { span.lbl { "Estimate" } (format!("{estimate:.2}")) }))
        (cell("hide", trend(course)))
        (cell("num hide", html! { (mastery.state.n_evidence) }))
        (cell("nowrap muted hide", viewer.date(mastery.state.last_at)))
        (cell("nowrap full", html! { span.lbl { "Next review" } (due(viewer, mastery)) }))
    })
}

/// Renders the estimate after each of the last calls.
fn trend(course: &[f64]) -> Markup {
    let last = &course[course.len().saturating_sub(N_CALLS)..];
    let values = last.iter().map(|estimate| format!("{estimate:.2}")).collect::<Vec<_>>().join(", ");
    spark(last, 0.0, 1.0, &format!("Estimate after each call: {values}"))
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
pub(super) mod tests {
    use storage::id::StudentId;
    use storage::learner::State;

    use super::*;

    pub(crate) fn sample(subject_id: &str, last_at: &str) -> StudentSkill {
        let state = State {
            knowledge: 0.9,
            stability: 4.0,
            difficulty: 5.0,
            n_evidence: 3,
            n_unaided_correct: 2,
            n_calls_correct: 1,
            last_at: last_at.parse().unwrap(),
        };
        let mastery =
            Mastery { skill_id: "maths.fractions.add".to_owned(), skill_name: "Adding fractions".to_owned(), state };
        let subject_name = format!("Of {subject_id}");
        let student_id = StudentId(uuid::Uuid::from_u128(3));
        StudentSkill { student_id, subject_id: subject_id.to_owned(), subject_name, mastery }
    }

    #[test]
    fn a_level_is_a_word_then_a_number_and_never_a_percentage() {
        let shown = card(&Viewer::sample(), &[sample("maths", "2026-11-19T21:00:00Z")], &[]).into_string();
        assert!(shown.contains("Nearly there") && shown.contains("0.90") && !shown.contains('%'), "{shown}");
    }

    #[test]
    fn a_trend_is_the_last_eight_calls_in_words_as_well() {
        let shown = trend(&[0.9, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]).into_string();
        assert!(shown.contains("Estimate after each call: 0.10, 0.20") && shown.contains("0.80\""), "{shown}");
    }

    #[test]
    fn a_review_that_is_late_says_by_how_much() {
        let shown = card(&Viewer::sample(), &[sample("maths", "2026-11-01T21:00:00Z")], &[]).into_string();
        assert!(shown.contains("14 days late"), "{shown}");
    }

    #[test]
    fn several_subjects_stand_apart_and_one_needs_no_heading() {
        let at = "2026-11-19T21:00:00Z";
        let shown = |list: &[StudentSkill]| card(&Viewer::sample(), list, &[]).into_string();
        let both = shown(&[sample("reading", at), sample("maths", at), sample("reading", at)]);
        assert_eq!(both.matches(r#"<tr class="group""#).count(), 2, "{both}");
        assert!(both.find("Of maths").unwrap() < both.find("Of reading").unwrap());
        assert!(!shown(&[sample("maths", at)]).contains("tr class=\"group"));
    }
}
