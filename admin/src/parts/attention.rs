//! The reasons why a student needs a person, as a badge and as a sentence.

use maud::{Markup, html};
use storage::attention::{Attention, Reason, StudentInNeed};

use super::badge::badge;
use super::icon::icon;
use super::{grade, initials};
use crate::auth::Admin;
use crate::figures;
use crate::parts::{csrf, person};
use crate::viewer::Viewer;

/// Returns class, icon and label. They are the same on every page.
pub(crate) fn style(reason: Reason) -> (&'static str, &'static str, &'static str) {
    match reason {
        Reason::Concern => ("bad", "flag", "Possible concern"),
        Reason::Session => ("bad", "circle-alert", "Call not analysed"),
        Reason::Misconception => ("warn", "repeat", "Repeating mistake"),
        Reason::ShortCalls => ("warn", "phone-missed", "Short calls"),
        Reason::ReviewsOverdue => ("warn", "calendar-clock", "Reviews overdue"),
        Reason::Quiet => ("info", "phone-off", "No call lately"),
    }
}

pub(crate) fn sentence(reason: Reason, n: i32) -> String {
    let n = i64::from(n);
    match reason {
        Reason::Concern => format!("Possible concern, please read ({})", figures::counted(n, "turn", "turns")),
        Reason::Session => format!("{} could not be analysed", figures::counted(n, "call", "calls")),
        Reason::Misconception => format!("The same misconception showed in {}", figures::counted(n, "call", "calls")),
        Reason::ShortCalls => {
            format!("The last {} lasted less than a minute each", figures::counted(n, "call", "calls"))
        }
        Reason::ReviewsOverdue => "Three skills or more are over a week late for review".to_owned(),
        Reason::Quiet => {
            format!("No call for two weeks, after {} in the four weeks before", figures::counted(n, "call", "calls"))
        }
    }
}

/// Renders the most urgent reason for a row of a list, and the number of others.
pub(crate) fn badges(list: &[&Attention]) -> Markup {
    html! {
        @if let [first, more @ ..] = list {
            @let (class, mark, words) = style(first.reason);
            (badge(class, mark, words))
            @if !more.is_empty() { span.xs.faint.nowrap { " and " (more.len()) " more" } }
        } @else {
            (super::none())
        }
    }
}

/// Renders the most urgent students, for the overview.
pub(crate) fn on_overview(viewer: &Viewer, n_students: i64, list: &[StudentInNeed]) -> Markup {
    html! {
        section.card aria-labelledby="students-in-need" {
            header {
                h2 id="students-in-need" { "Students needing attention" }
                @if n_students > 0 {
                    p { b { (figures::count(n_students)) } @if n_students > list.len() as i64 { ", the most urgent first" } }
                    div.actions { a.link href="/students?attention=yes" { "Show all" } }
                }
            }
            @if list.is_empty() {
                div.body { p.muted { "None. No concern is open, no call failed, and no student is stuck or quiet." } }
            } @else {
                ul.list { @for student in list { (line(viewer, student)) } }
            }
        }
    }
}

fn line(viewer: &Viewer, student: &StudentInNeed) -> Markup {
    let (class, mark, _) = style(student.reason);
    html! {
        li.attn {
            span.avatar aria-hidden="true" { (initials(&student.display_name)) }
            div.grow {
                div.row {
                    b.clip { (student.display_name) }
                    @if let Some(grade) = grade(student.grade) { span.faint.xs.nowrap { (grade) } }
                }
                div.row.sm.top-align.why {
                    span class=(class) { (icon(mark)) }
                    span.grow {
                        (sentence(student.reason, student.n)) ", since " (viewer.date_within(student.since)) "."
                        @if student.n_reasons > 1 { span.faint { " " (figures::counted(student.n_reasons - 1, "more reason", "more reasons")) } }
                    }
                }
            }
            a.btn.small href={ "/students/" (student.student_id) } { "Open" span.vh { ": " (student.display_name) } }
        }
    }
}

/// Renders all reasons of one student, with the button that marks them as handled. Renders nothing if there are none.
pub(crate) fn on_student(
    admin: &Admin,
    list: &[Attention],
    handled: Option<&(chrono::DateTime<chrono::Utc>, String)>,
) -> Markup {
    let Some(student_id) = list.first().map(|attention| attention.student_id) else { return html! {} };
    html! {
        section.card aria-labelledby="attention" {
            header {
                h2 id="attention" { "Needs attention" }
                @if let Some((at, by)) = handled {
                    @let by = person(by);
                    p { "Last handled " (admin.viewer.time(*at)) " by " (by) }
                }
                @if admin.may_write() {
                    div.actions {
                        form method="post" action={ "/students/" (student_id) "/attention/handled" } {
                            (csrf(admin))
                            button.btn.small { (icon("check")) "Mark as handled" }
                        }
                    }
                }
            }
            ul.list { @for attention in list {
                @let (class, mark, _) = style(attention.reason);
                li.row.sm.top-align {
                    span class=(class) { (icon(mark)) }
                    span.grow { (sentence(attention.reason, attention.n)) }
                    span.faint.nowrap { "since " (admin.viewer.date_within(attention.since)) }
                }
            } }
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;
    use storage::id::StudentId;

    use super::*;

    fn attention(reason: Reason) -> Attention {
        let student_id = StudentId(uuid::Uuid::from_u128(3));
        Attention { student_id, reason, since: "2026-11-12T12:00:00Z".parse().unwrap(), n: 3 }
    }

    #[test]
    fn a_row_shows_the_most_urgent_and_counts_the_rest() {
        let (concern, quiet) = (attention(Reason::Concern), attention(Reason::Quiet));
        let shown = badges(&[&concern, &quiet]).into_string();
        assert!(
            shown.contains("Possible concern") && shown.contains("and 1 more") && !shown.contains("No call"),
            "{shown}"
        );
    }

    #[test]
    fn a_student_has_all_reasons_in_words_and_a_viewer_handles_none() {
        let list = [attention(Reason::ShortCalls), attention(Reason::Quiet)];
        let handled = ("2026-11-01T12:00:00Z".parse().unwrap(), "admin:dana@example.org".to_owned());
        let shown = on_student(&Admin::sample(Role::Tutor), &list, Some(&handled)).into_string();
        assert!(shown.contains("The last 3 calls lasted less than a minute each"), "{shown}");
        assert!(shown.contains("by dana@example.org") && shown.contains("/attention/handled"));
        assert!(!on_student(&Admin::sample(Role::Viewer), &list, None).into_string().contains("<form"));
        assert!(on_student(&Admin::sample(Role::Tutor), &[], None).into_string().is_empty());
    }

    #[test]
    fn the_overview_says_how_many_there_are() {
        assert!(on_overview(&Viewer::sample(), 0, &[]).into_string().contains("None."));
        let student = StudentInNeed {
            student_id: StudentId(uuid::Uuid::from_u128(3)),
            display_name: "Maya <Okonkwo>".to_owned(),
            grade: Some(7),
            reason: Reason::Quiet,
            since: "2026-11-12T12:00:00Z".parse().unwrap(),
            n: 5,
            n_reasons: 2,
        };
        let shown = on_overview(&Viewer::sample(), 1_204, &[student]).into_string();
        assert!(shown.contains("<b>1,204</b>, the most urgent first") && shown.contains("Maya &lt;Okonkwo&gt;"));
        assert!(shown.contains("1 more reason") && shown.contains("after 5 calls"), "{shown}");
    }
}
