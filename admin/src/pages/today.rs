//! The start page of tutors: which of their students need a person today, why, and what to do next.

use axum::extract::State;
use maud::{Markup, html};
use storage::attention::{self, Need, Reason};
use storage::db::Db;
use storage::follow_up::{self, FollowUpKind};
use storage::id::SessionId;
use storage::session::SessionStatus;
use storage::stats::{self, SessionToSee};
use storage::{review, student};

use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::layout::{Place, page};
use crate::link;
use crate::pages::follow_ups::with_alerts;
use crate::pages::overview::attention_card;
use crate::pages::review::PATH as REVIEW;
use crate::parts::attention::{sentence, style};
use crate::parts::classes::toggle;
use crate::parts::follow_up::{Open, on_overview};
use crate::parts::icon::{icon, icon_small};
use crate::parts::schedule::CALENDAR;
use crate::parts::table::ROWS_ID;
use crate::parts::{csrf, grade, initials};

pub(crate) const PATH: &str = "/today";
const N_STUDENTS: i64 = 30;
const N_FOLLOW_UPS: i64 = 50;
const N_FAULTS: i64 = 6;
/// Counted so far.
const MANY: i64 = 100;

pub(crate) struct Data {
    /// All classes that the person sees.
    pub(crate) known: Vec<String>,
    pub(crate) needs: Vec<Need>,
    pub(crate) callbacks: Open,
    /// For admins only.
    pub(crate) faults: Option<Vec<SessionToSee>>,
    /// Answers to review, at most [`MANY`].
    pub(crate) n_unsure: i64,
}

pub(crate) async fn get(admin: Admin, State(db): State<Db>) -> Result<Markup, Fault> {
    let (lens, now) = (admin.lens(), admin.viewer.now);
    let mut open = follow_up::list_open(&db, &lens, None, N_FOLLOW_UPS).await?;
    open.retain(|item| item.kind != FollowUpKind::Concern);
    let faults = if admin.may_manage() {
        Some(stats::list_sessions_to_see(&db, &admin.caller, SessionStatus::NeedsAttention, None, N_FAULTS).await?)
    } else {
        None
    };
    let data = Data {
        needs: attention::list_needs(&db, &lens, now, N_STUDENTS).await?,
        callbacks: with_alerts(&admin, &db, open).await?,
        known: student::list_cohorts(&db, &admin.caller).await?,
        faults,
        n_unsure: review::count_uncertain(&db, &lens, now, MANY).await?,
    };
    Ok(render(&admin, &data))
}

pub(crate) fn render(admin: &Admin, data: &Data) -> Markup {
    let viewer = &admin.viewer;
    page(
        admin,
        Place::Today,
        "Today",
        html! {
            div.head {
                div {
                    h1 { "Today" }
                    p { (viewer.full_date(viewer.today())) ". " (whose(admin)) }
                }
                div.actions {
                    @if data.known.len() > 1 { a.btn href="/account#classes" { (icon("users")) @if admin.classes.is_empty() { "Choose my classes" } @else { "My classes" } } }
                    a.btn href=(REVIEW) { (icon("circle-dashed")) "Review" @if data.n_unsure > 0 { " " span.n { @if data.n_unsure >= MANY { (MANY - 1) "+" } @else { (data.n_unsure) } } span.vh { " unsure answers" } } }
                    a.btn href=(CALENDAR) { (icon("calendar-clock")) "Calendar" }
                }
            }
            (toggle(admin, PATH))
            div.stack {
                (needs_card(admin, data))
                @if !data.callbacks.list.is_empty() { (on_overview(admin, &data.callbacks, PATH)) }
                @if let Some(faults) = &data.faults { (faults_card(admin, faults)) }
            }
        },
    )
}

fn whose(admin: &Admin) -> String {
    match admin.own_classes() {
        Some(names) => names.join(", "),
        None => "All students that you see".to_owned(),
    }
}

fn needs_card(admin: &Admin, data: &Data) -> Markup {
    let n = data.needs.len() as i64;
    html! {
        section.card aria-labelledby="needs" {
            header {
                h2 id="needs" { "Students who need you" }
                p {
                    @if n >= N_STUDENTS { "The " (n) " most urgent" } @else if n > 0 { (figures::counted(n, "student", "students")) }
                    @if n > 0 { ": welfare first, then learning" }
                }
                div.actions { a.link href="/students?attention=yes" { "All students who need attention" } }
            }
            @if data.needs.is_empty() {
                div.body { p.muted { "None. No concern is open, and no student is stuck or has stopped calling." } }
            } @else {
                ol.list.needs id=(ROWS_ID) { @for need in &data.needs { (line(admin, need)) } }
            }
        }
    }
}

fn line(admin: &Admin, need: &Need) -> Markup {
    let viewer = &admin.viewer;
    let Some(first) = need.reasons.first() else { return html! {} };
    let (class, mark, _) = style(first.reason);
    let place = [grade(need.grade), need.cohort.clone()].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let (url, words) = next_step(need, first.reason);
    html! {
        li.attn {
            span.avatar aria-hidden="true" { (initials(&need.display_name)) }
            div.grow {
                div.row {
                    a.clip href={ "/students/" (need.student_id) } { b { (need.display_name) } }
                    @if !place.is_empty() { span.faint.xs.nowrap { (place) } }
                }
                div.row.sm.top-align.why {
                    span class=(class) { (icon(mark)) }
                    span.grow {
                        @if need.is_urgent() { b.bad { "Urgent. " } }
                        (sentence(first.reason, first.n)) ", since " (viewer.date_within(first.since)) "."
                        @if let Some(belief) = &need.basis.belief { " “" (belief) "”." }
                    }
                }
                div.row.xs.faint.wrap {
                    (evidence(admin, need, first.reason))
                    @for other in &need.reasons[1..] { span { "Also: " (style(other.reason).2) } }
                }
            }
            div.row.actions {
                a.btn.small.primary href=(url) { (words) span.vh { ": " (need.display_name) } }
                @if admin.may_write() {
                    form method="post" action={ "/students/" (need.student_id) "/attention/handled" } {
                        (csrf(admin))
                        input type="hidden" name="back" value=(PATH);
                        button.btn.small.ghost { (icon_small("check")) "Handled" span.vh { ": " (need.display_name) } }
                    }
                }
            }
        }
    }
}

/// Links to the turn or the call behind the reason.
fn evidence(admin: &Admin, need: &Need, reason: Reason) -> Markup {
    let basis = &need.basis;
    let words = match (reason, basis.turn_no) {
        (Reason::Quiet | Reason::ShortCalls | Reason::ReviewsOverdue, _) => "Last call",
        (_, Some(_)) => "The turn",
        (_, None) => "The call",
    };
    html! {
        @if let Some(session_id) = basis.session_id {
            a.link href=(turn_url(session_id, basis.turn_no)) {
                (words) @if let Some(at) = basis.called_at { ", " (admin.viewer.time(at)) } span.vh { ", of " (need.display_name) }
            }
        }
    }
}

/// Returns the link to the call, at the turn if it is known.
fn turn_url(session_id: SessionId, turn_no: Option<i32>) -> String {
    let at = turn_no.map(|turn_no| format!("#t{turn_no}")).unwrap_or_default();
    format!("/sessions/{session_id}{at}")
}

/// Returns the link for the next action, and the label of its button.
fn next_step(need: &Need, reason: Reason) -> (String, &'static str) {
    let (student, basis) = (format!("/students/{}", need.student_id), &need.basis);
    match (reason, basis.session_id, &basis.skill_id) {
        (Reason::Concern, Some(session_id), _) => (turn_url(session_id, basis.turn_no), "Read what was said"),
        (Reason::Misconception, _, Some(skill_id)) => (format!("{student}/skills/{skill_id}"), "See the answers"),
        (Reason::Misconception, ..) => (format!("{student}#misconceptions"), "See the misconception"),
        (Reason::ShortCalls, ..) => {
            (link::to("/sessions", &[("student", &need.student_id.to_string())]), "See the calls")
        }
        (Reason::ReviewsOverdue, ..) => (format!("{student}#mastery"), "See what is due"),
        (Reason::Quiet, ..) => (format!("{student}#family"), "Contact the family"),
        (Reason::Concern | Reason::Session, ..) => (student, "Open"),
    }
}

/// Problems of the service, not of a child.
fn faults_card(admin: &Admin, faults: &[SessionToSee]) -> Markup {
    let n = admin.nav_counts.n_given_up;
    html! {
        (attention_card(&admin.viewer, faults, "Technical problems", &html! {
            @if n > 0 { li.row.sm { span.bad { (icon("circle-alert")) } span.grow { (figures::counted(n, "job", "jobs")) " failed." } a.btn.small href="/jobs" { "Open jobs" } } }
        }))
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;
    use storage::attention::{Attention, Basis};
    use storage::concern::ConcernCategory;
    use storage::id::StudentId;

    use super::*;

    fn need(reason: Reason, basis: Basis) -> Need {
        let student_id = StudentId(uuid::Uuid::from_u128(3));
        let since = "2026-11-12T12:00:00Z".parse().unwrap();
        Need {
            student_id,
            display_name: "Maya <Okonkwo>".to_owned(),
            grade: Some(7),
            cohort: Some("Period 3".to_owned()),
            reasons: vec![Attention { student_id, reason, since, n: 3 }],
            basis,
        }
    }

    fn data(needs: Vec<Need>) -> Data {
        let known = vec!["Period 3".to_owned(), "Period 4".to_owned()];
        Data { known, needs, callbacks: Open::default(), faults: None, n_unsure: 0 }
    }

    #[test]
    fn a_row_has_the_reason_the_turn_and_one_next_action() {
        let basis = Basis {
            session_id: Some(SessionId(uuid::Uuid::from_u128(9))),
            turn_no: Some(7),
            category: Some(ConcernCategory::SelfHarm),
            ..Basis::default()
        };
        let shown = render(&Admin::sample(Role::Tutor), &data(vec![need(Reason::Concern, basis)])).into_string();
        let main = shown.split("<main").nth(1).unwrap();
        assert!(main.contains("Maya &lt;Okonkwo&gt;") && main.contains("Grade 7, Period 3"), "{main}");
        assert!(main.contains("Urgent.") && main.contains("#t7") && main.contains("Read what was said"), "{main}");
        assert_eq!(main.matches("btn small primary").count(), 1);
        assert!(!main.contains("self_harm") && !main.contains("Technical problems"), "{main}");
    }

    #[test]
    fn a_misconception_leads_to_the_answers_of_its_skill() {
        let basis = Basis {
            skill_id: Some("maths.fractions.add".to_owned()),
            belief: Some("Adds the tops".to_owned()),
            ..Basis::default()
        };
        let shown = render(&Admin::sample(Role::Viewer), &data(vec![need(Reason::Misconception, basis)])).into_string();
        assert!(shown.contains("/skills/maths.fractions.add") && shown.contains("“Adds the tops”"), "{shown}");
        assert!(!shown.contains("attention/handled"), "a viewer handles nothing");
    }

    #[test]
    fn technical_faults_are_for_admins() {
        let data = Data { faults: Some(Vec::new()), ..data(Vec::new()) };
        assert!(render(&Admin::sample(Role::Admin), &data).into_string().contains("Technical problems"));
    }
}
