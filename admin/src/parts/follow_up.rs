//! Follow-ups that assistants, analyses and staff request, each with a button that marks it as done.

use domain::calling::Reason;
use maud::{Markup, html};
use storage::concern::ConcernCategory;
use storage::follow_up::{FollowUp, FollowUpKind};
use storage::message::alert::Told;
use storage::outbound_call::{Obstacle, OutboundCallId, Tried};

use super::icon::{icon, icon_small};
use super::{csrf, person};
use crate::auth::Admin;
use crate::figures;

/// Open follow-ups, and the people who were alerted about urgent ones.
#[derive(Debug, Default)]
pub(crate) struct Open {
    pub(crate) list: Vec<FollowUp>,
    pub(crate) told: Vec<Told>,
    /// Whether a mail server is configured.
    pub(crate) has_mail: bool,
    /// The outcome of calls for callbacks.
    pub(crate) tried: Vec<Tried>,
    /// Why no call is placed.
    pub(crate) obstacle: Option<Obstacle>,
}

/// Renders all open follow-ups, for the overview. `back` is the page's own address.
pub(crate) fn on_overview(admin: &Admin, open: &Open, back: &str) -> Markup {
    let list = &open.list;
    html! {
        section.card aria-labelledby="follow-ups" {
            header {
                h2 id="follow-ups" { "Follow-ups" }
                @if !list.is_empty() { p { (list.len()) " open" } }
                div.actions { a.link href="/calendar" { "Calendar" } a.link href="/calls" { "Outbound calls" } }
            }
            @if list.is_empty() {
                div.body { p.muted { "No callbacks, reminders or concerns are open." } }
            } @else {
                // A concern is about a child's welfare. A list only links to it, and the session shows it.
                ul.list { @for item in list { (line(admin, item, back, overview_words(item), html! { (alert(admin, open, item, false)) (calls(admin, open, item, back)) })) } }
            }
        }
    }
}

/// Renders the open follow-ups of one student or session. Renders nothing if there are none. `back` is the page's own
/// address.
pub(crate) fn on_page(admin: &Admin, open: &Open, back: &str) -> Markup {
    let list = &open.list;
    html! {
        @if !list.is_empty() {
            section.card aria-labelledby="follow-ups" {
                header { h2 id="follow-ups" { "Follow-ups" } }
                ul.list { @for item in list { (line(admin, item, back, page_words(item), html! { (alert(admin, open, item, true)) (calls(admin, open, item, back)) })) } }
            }
        }
    }
}

fn line(admin: &Admin, item: &FollowUp, back: &str, words: Markup, alert: Markup) -> Markup {
    let name = item.student_name.as_deref().unwrap_or("Unknown caller");
    let (mark, class, when) = match item.kind {
        FollowUpKind::Concern => ("flag", "bad", "Raised "),
        FollowUpKind::Callback if item.due_at < admin.viewer.now => ("phone-outgoing", "bad", "Was due "),
        FollowUpKind::Callback => ("phone-outgoing", "warn", "Due "),
        FollowUpKind::Reminder if item.due_at < admin.viewer.now => ("calendar-clock", "bad", "Was due "),
        FollowUpKind::Reminder => ("calendar-clock", "warn", "Due "),
    };
    html! {
        li.attn {
            span class=(class) { (icon(mark)) }
            div.grow {
                div.row {
                    b.clip { (name) }
                    span.faint.xs.nowrap { (when) (admin.viewer.time(item.due_at)) }
                }
                div.sm.why { (words) }
                (alert)
                @if item.n_raised > 1 { div.faint.xs { "Raised " (item.n_raised) " times" } }
                @if item.session_id.is_none() && item.student_id.is_none() { div.faint.xs { (whence(item)) } }
            }
            div.row.actions { (links(item, back, name)) @if admin.may_write() { (done(admin, item, back, name)) } }
        }
    }
}

/// Renders who was alerted about an urgent concern, or in red why no alert was sent. `with_names`: includes the
/// addresses.
fn alert(admin: &Admin, open: &Open, item: &FollowUp, with_names: bool) -> Markup {
    let Some(told) = open.told.iter().find(|told| told.follow_up_id == item.follow_up_id) else { return html! {} };
    let viewer = &admin.viewer;
    if let Some((first_at, last_at)) = told.first_at.zip(told.last_at) {
        return html! {
            div.sm {
                "Alerted " (figures::counted(told.told.len() as i64, "person", "people")) " by e-mail on " (viewer.time(first_at))
                @if last_at > first_at { ", last reminder on " (viewer.time(last_at)) }
                "; not yet handled."
                @if with_names { div.faint.xs { (told.told.join(", ")) } }
            }
        };
    }
    let why = match (&told.last_error, told.n_recipients) {
        _ if !open.has_mail => "no mail server is set up. An operator sets SMTP_URL and MAIL_FROM.",
        (_, 0) => "no person who sees this student gets alerts. Admins and tutors switch them on under “Your account”.",
        (Some(why), _) => why,
        (None, _) if told.n_waiting > 0 => {
            return html! { div.sm { "E-mails to " (figures::counted(told.n_waiting, "person", "people")) " are being sent." } };
        }
        (None, _) => "no e-mail has been sent. Look at Jobs.",
    };
    html! { div.row.sm.bad { (icon_small("circle-alert")) span { "No e-mail was sent: " (why) } } }
}

/// Renders whether the tutor calls, has called, or why it does not; and how to stop a call that lasts. `back` is the page's own
/// address.
pub(crate) fn calls(admin: &Admin, open: &Open, item: &FollowUp, back: &str) -> Markup {
    if item.kind != FollowUpKind::Callback {
        return html! {};
    }
    let tried = open.tried.iter().find(|tried| tried.follow_up_id == item.follow_up_id);
    let n_unanswered = tried.map_or(0, |tried| tried.n_unanswered);
    html! {
        div.faint.xs {
            @if n_unanswered > 0 { "Called " (figures::counted(n_unanswered, "time", "times")) ", not answered. " }
            @match (tried, &open.obstacle) {
                (Some(Tried { stoppable: Some(id), .. }), _) => {
                    "The tutor is calling now."
                    @if admin.may_write() { (stop_call(admin, *id, item.student_name.as_deref().unwrap_or_default(), back)) }
                },
                (Some(tried), _) if tried.is_on_call => "The tutor’s call is being stopped.",
                (Some(tried), _) if tried.is_stopped => "The tutor’s call was stopped. Please call.",
                (Some(Tried { missed: Some(reason), .. }), _) => { "The tutor did not call: " (reason_words(*reason)) ". Please call." },
                (Some(tried), None) if tried.next_at.is_some() => { "The tutor calls: " @if let Some(at) = tried.next_at { (admin.viewer.time(at)) } },
                (_, Some(obstacle)) => { (obstacle.words().0) " Please call." },
                (Some(_), None) if n_unanswered > 0 => "Please call.",
                _ => {},
            }
        }
    }
}

/// Renders the button that ends a call while it rings or lasts.
pub(crate) fn stop_call(admin: &Admin, outbound_call_id: OutboundCallId, name: &str, back: &str) -> Markup {
    html! {
        form method="post" action={ "/calls/" (outbound_call_id) "/stop" } {
            (csrf(admin))
            input type="hidden" name="back" value=(back);
            button.btn.small.danger { (icon_small("phone-off")) "Stop this call" span.vh { " to " (name) } }
        }
    }
}

fn links(item: &FollowUp, back: &str, name: &str) -> Markup {
    let session = item.session_id.map(|id| format!("/sessions/{id}"));
    let student = item.student_id.map(|id| format!("/students/{id}"));
    html! {
        @if let Some(url) = session.or(student).filter(|url| url != back) {
            a.btn.small href=(url) { "Open" span.vh { ": " (name) } }
        }
    }
}

pub(crate) fn done(admin: &Admin, item: &FollowUp, back: &str, name: &str) -> Markup {
    html! {
        form method="post" action={ "/follow-ups/" (item.follow_up_id) "/done" } {
            (csrf(admin))
            input type="hidden" name="back" value=(back);
            button.btn.small { "Done" span.vh { ": " (name) } }
        }
    }
}

pub(crate) fn overview_words(item: &FollowUp) -> Markup {
    html! { @match item.kind {
        // Only this page shows it.
        FollowUpKind::Concern if item.session_id.is_none() && item.student_id.is_none() => (page_words(item)),
        FollowUpKind::Concern => "Possible concern: please read",
        FollowUpKind::Callback => { "Asked for a callback: " (item.text) },
        FollowUpKind::Reminder => { "Reminder by " (person(&item.author)) ": " (item.text) },
    } }
}

fn page_words(item: &FollowUp) -> Markup {
    html! { @match item.kind {
        FollowUpKind::Concern => {
            b { (item.category.map_or("Concern", category_words)) ": " } (item.text)
            @for text in &item.more { br; (text) }
        },
        FollowUpKind::Callback => { b { "Call back: " } (item.text) },
        FollowUpKind::Reminder => (overview_words(item)),
    } }
}

/// Renders the origin of a concern without student and session.
fn whence(item: &FollowUp) -> Markup {
    html! { @match &item.caller_phone {
        Some(phone) => { "From the number " (phone.as_str()) },
        None => { "From " (item.author) ", without a number" },
    } }
}

fn category_words(category: ConcernCategory) -> &'static str {
    match category {
        ConcernCategory::SelfHarm => "Self-harm",
        ConcernCategory::Abuse => "Abuse",
        ConcernCategory::Neglect => "Neglect",
        ConcernCategory::Bullying => "Bullying",
        ConcernCategory::Grooming => "Grooming",
        ConcernCategory::Danger => "Danger",
        ConcernCategory::Distress => "Distress",
        ConcernCategory::PersonalData => "Personal data",
        ConcernCategory::Other => "Concern",
    }
}

/// Returns why a call waits, or was not placed.
pub(crate) fn reason_words(reason: Reason) -> &'static str {
    match reason {
        Reason::NotDue => "Not due yet",
        Reason::OutsideHours => "Outside calling hours",
        Reason::DailyLimit => "Daily limit of the student",
        Reason::WeeklyLimit => "Weekly limit of the student",
        Reason::OnCall => "The student is on a call",
        Reason::LinesBusy => "Too many calls at once",
        Reason::Spending => "Spending limit of the month",
        Reason::VapiBusy => "VAPI is busy",
        Reason::VapiRefused => "VAPI refused the call",
        Reason::NotPlaced => "VAPI does not know the call",
        Reason::Done => "The callback was done",
        Reason::Blocked => "The student is blocked",
        Reason::NoConsent => "No consent to lessons",
        Reason::NoNumber => "The student has no number",
        Reason::PlanChanged => "The plan changed",
        Reason::TooLate => "Too late",
        Reason::Off => "Outbound calls were off or stopped",
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;
    use storage::id::{FollowUpId, SessionId};

    use super::*;

    fn concern() -> FollowUp {
        let at = "2026-11-19T21:12:04Z".parse().unwrap();
        FollowUp {
            follow_up_id: FollowUpId(uuid::Uuid::from_u128(4)),
            kind: FollowUpKind::Concern,
            student_id: None,
            student_name: Some("Maya <Okonkwo>".to_owned()),
            session_id: Some(SessionId(uuid::Uuid::from_u128(9))),
            category: Some(ConcernCategory::Bullying),
            caller_phone: None,
            text: "Two boys take her lunch.".to_owned(),
            more: vec!["And her cap.".to_owned()],
            n_raised: 3,
            due_at: at,
            author: "client:c".to_owned(),
            created_at: at,
            closed_at: None,
            closed_by: None,
        }
    }

    fn open(item: FollowUp) -> Open {
        Open { list: vec![item], ..Open::default() }
    }

    #[test]
    fn an_urgent_concern_says_who_was_told_or_why_nobody_was() {
        let admin = Admin::sample(Role::Admin);
        let shown = |told: Told, has_mail: bool| {
            let told = vec![Told { follow_up_id: concern().follow_up_id, ..told }];
            on_page(&admin, &Open { told, has_mail, ..open(concern()) }, "/").into_string()
        };
        let at = Some(concern().created_at);
        let two = vec!["ana@example.org".to_owned(), "dana@example.org".to_owned()];
        let told = Told { told: two, first_at: at, last_at: at, n_recipients: 2, ..Told::default() };
        let page = shown(told.clone(), true);
        assert!(page.contains("Alerted 2 people by e-mail on ") && page.contains("; not yet handled."), "{page}");
        assert!(page.contains("ana@example.org, dana@example.org") && !page.contains("reminder"), "{page}");
        assert!(shown(Told { last_at: Some(admin.viewer.now), ..told }, true).contains("last reminder on "));
        assert!(shown(Told::default(), false).contains("No e-mail was sent: no mail server is set up."));
        assert!(shown(Told::default(), true).contains("No e-mail was sent: no person who sees this student"));
        let waiting = Told { n_recipients: 1, n_waiting: 1, ..Told::default() };
        assert!(shown(waiting.clone(), true).contains("E-mails to 1 person are being sent."));
        let failed = Told { last_error: Some("the mail server cannot be reached".to_owned()), ..waiting };
        assert!(shown(failed, true).contains("No e-mail was sent: the mail server cannot be reached"));
    }

    #[test]
    fn a_list_of_all_points_at_a_concern_and_does_not_tell_it() {
        let shown = on_overview(&Admin::sample(Role::Tutor), &open(concern()), "/").into_string();
        assert!(shown.contains("Possible concern: please read") && shown.contains("Maya &lt;Okonkwo&gt;"));
        assert!(!shown.contains("lunch") && !shown.contains("Bullying"), "{shown}");
        assert!(shown.contains("/sessions/00000000-0000-0000-0000-000000000009"));
        assert!(shown.contains("/follow-ups/00000000-0000-0000-0000-000000000004/done"));
    }

    #[test]
    fn the_page_it_belongs_to_tells_it_and_links_to_no_page_but_others() {
        let back = "/sessions/00000000-0000-0000-0000-000000000009";
        let shown = on_page(&Admin::sample(Role::Tutor), &open(concern()), back).into_string();
        assert!(shown.contains("Bullying: ") && shown.contains("Two boys take her lunch.") && !shown.contains("<a "));
        assert!(on_page(&Admin::sample(Role::Tutor), &Open::default(), back).into_string().is_empty());
    }

    #[test]
    fn a_viewer_sees_it_and_closes_nothing() {
        assert!(!on_overview(&Admin::sample(Role::Viewer), &open(concern()), "/").into_string().contains("<form"));
    }

    #[test]
    fn a_callback_says_whether_the_tutor_calls() {
        let late = FollowUp { kind: FollowUpKind::Callback, category: None, ..concern() };
        let tried = Tried {
            follow_up_id: late.follow_up_id,
            next_at: Some(late.due_at),
            n_unanswered: 2,
            is_on_call: false,
            stoppable: None,
            missed: None,
            is_stopped: false,
        };
        let shown = |obstacle, tried: Tried| {
            let open = Open { obstacle, tried: vec![tried], ..open(late.clone()) };
            on_overview(&Admin::sample(Role::Tutor), &open, "/").into_string()
        };
        assert!(shown(None, tried.clone()).contains("Called 2 times, not answered. The tutor calls: "));
        assert!(shown(Some(Obstacle::Off), tried.clone()).contains("Outbound calls are off. Please call."));
        assert!(shown(None, Tried { next_at: None, ..tried.clone() }).contains("not answered. Please call."));
        let calling = Tried { is_on_call: true, stoppable: Some(OutboundCallId(uuid::Uuid::from_u128(7))), ..tried };
        let page = shown(None, calling.clone());
        assert!(page.contains("/calls/00000000-0000-0000-0000-000000000007/stop") && page.contains("Stop this call"));
        assert!(shown(None, Tried { stoppable: None, ..calling }).contains("call is being stopped."));
    }

    #[test]
    fn a_callback_that_is_late_says_so() {
        let late = FollowUp { kind: FollowUpKind::Callback, category: None, ..concern() };
        let shown = on_overview(&Admin::sample(Role::Tutor), &open(late), "/").into_string();
        assert!(shown.contains("Was due ") && shown.contains("Two boys take her lunch."));
    }
}
