//! A report for parents: practised skills, achievements, examples, and tips for home. A tutor adds a comment and prints
//! or sends it.

use axum::extract::{Path, Query, State as Shared};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::TimeDelta;
use maud::{Markup, html};
use serde::Deserialize;
use storage::clock;
use storage::component_status::{self, Worker};
use storage::consent::{self, Purpose};
use storage::db::{self, Db};
use storage::guardian::{self, Guardian};
use storage::guardian_report::{self, AtHome, Example, ReportItem, Written};
use storage::id::StudentId;
use storage::learner::MasteryState;
use storage::mastery::{self, Mastery};
use storage::message::State;
use storage::session::{self, SessionItem, SessionQuery};
use storage::student::{self, Student};

use crate::act::Act;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::parts::csrf;
use crate::parts::icon::icon;
use crate::parts::notice::{Tone, notice};
use crate::viewer::Viewer;

/// Days that a report covers.
const N_DAYS: i64 = 28;
const N_SESSIONS: i64 = 100;
/// Sent reports that are listed.
const N_REPORTS: i64 = 12;
/// The most examples in a report.
const N_SKILLS: usize = 8;
const MAX_COMMENT: usize = 1_000;

/// The languages of reports.
const LANGUAGES: [(&str, &str); 3] = [("en", "English"), ("es", "Spanish"), ("de", "German")];

/// What was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct News {
    sent: Option<usize>,
    /// The language of the draft that is asked for. Empty: none.
    draft: String,
}

pub(crate) async fn get(
    admin: Admin,
    Shared(db): Shared<Db>,
    Path(student_id): Path<StudentId>,
    Query(news): Query<News>,
) -> Result<Markup, Fault> {
    let now = admin.viewer.now;
    let student = student::get_student(&db, &admin.caller, student_id).await?;
    let standings = consent::list_standings(&db, Some(student_id), now).await?;
    if !consent::allows(&standings, Purpose::Reports) {
        return Ok(refuse(&admin, &student));
    }
    super::record(&db, &admin, "student.report", student_id, now).await?;
    let query = SessionQuery {
        student_id: Some(student_id),
        from: Some(now - TimeDelta::days(N_DAYS)),
        limit: N_SESSIONS,
        ..SessionQuery::default()
    };
    let skills = mastery::list_mastery(&db, &admin.caller, student_id).await?;
    let sessions = session::list_sessions(&db, &admin.caller, &query).await?;
    let mut tx = db::begin_snapshot(&db).await?;
    let since = now - TimeDelta::days(N_DAYS);
    let (examples, home) =
        guardian_report::find_examples(&mut tx, &admin.caller, student_id, &skills, since, now).await?;
    let more = More { school: guardian_report::find_school(&mut *tx).await?, examples, home };
    drop(tx);
    let draft = if news.draft.is_empty() {
        String::new()
    } else {
        let facts = (&more.examples[..], &more.home[..]);
        guardian_report::draft_comment(&news.draft, student.first_name(), &skills, facts, MAX_COMMENT, now)
    };
    let emails = Emails {
        draft,
        guardians: guardian::list_guardians(&db, &admin.caller, student_id).await?,
        reports: guardian_report::list_reports(&db, &admin.caller, student_id, N_REPORTS).await?,
        has_mail: component_status::list(&db).await?.find::<Worker>().is_some_and(|(_, worker)| worker.has_mail),
        sent: news.sent,
    };
    Ok(render(&admin, &student, &skills, &sessions, &more, &emails))
}

/// Sends the report of this week, with an optional comment, to guardians who did not get it yet.
pub(crate) async fn send(
    Shared(db): Shared<Db>,
    Path(student_id): Path<StudentId>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_write()?;
    let comment = posted.fields.text("comment").replace("\r\n", "\n");
    if comment.chars().count() > MAX_COMMENT {
        return Err(Fault::Invalid(format!("A comment has at most {MAX_COMMENT} characters. Go back and shorten it.")));
    }
    let now = clock::now();
    let mut act = Act::begin(&db, &posted.admin).await?;
    let week_on = guardian_report::get_schedule(&mut *act).await?.week_of(now);
    let written = guardian_report::write(&mut act, &posted.admin.caller, student_id, week_on, &comment, now).await?;
    let n = match written {
        Written::Emails(n) => n,
        Written::NotAllowed => {
            return Err(Fault::Invalid(
                "There is no consent to reports about this student, or the student is blocked.".to_owned(),
            ));
        }
        Written::NoAddress => {
            return Err(Fault::Invalid(
                "No guardian has an e-mail address. Add one under Family and consent on the student’s page.".to_owned(),
            ));
        }
    };
    let (object, detail) = (format!("student:{student_id}"), serde_json::json!({ "n_emails": n }));
    act.commit("report.request", Some(object), detail).await?;
    Ok(Redirect::to(&format!("/students/{student_id}/report?sent={n}")).into_response())
}

/// Shown instead of a report if there is no consent.
fn refuse(admin: &Admin, student: &Student) -> Markup {
    let name = student.first_name();
    page(
        admin,
        Place::Students,
        &format!("{name}'s learning report"),
        html! {
            div.stack {
                div.head { div { h1 { (name) "'s learning report" } } }
                (notice(Tone::Warn, "No report is made", "There is no consent to reports about this student. Record one under Family and consent on the student’s page."))
            }
        },
    )
}

/// The data for sending the report to guardians.
struct Emails {
    guardians: Vec<Guardian>,
    reports: Vec<ReportItem>,
    has_mail: bool,
    /// A comment for the teacher to edit. Empty: none was asked for.
    draft: String,
    /// E-mails that were just queued.
    sent: Option<usize>,
}

/// The report's content beyond calls and skills.
#[derive(Debug, Default)]
struct More {
    school: Option<String>,
    examples: Vec<Example>,
    home: Vec<AtHome>,
}

fn render(
    admin: &Admin,
    student: &Student,
    skills: &[Mastery],
    sessions: &[SessionItem],
    more: &More,
    emails: &Emails,
) -> Markup {
    let viewer = &admin.viewer;
    let name = student.first_name();
    let of = |word: MasteryState| skills.iter().filter(move |skill| skill.word(viewer.now) == word).take(N_SKILLS);
    let since = viewer.now - TimeDelta::days(N_DAYS);
    let mut recent: Vec<&Mastery> = skills.iter().filter(|skill| skill.state.last_at >= since).collect();
    recent.sort_by_key(|skill| std::cmp::Reverse(skill.state.last_at));
    page(
        admin,
        Place::Students,
        &format!("{name}'s learning report"),
        html! {
            div.head {
                div {
                    h1 { (name) "'s learning report" }
                    p {
                        @if let Some(school) = &more.school { (school) ", " }
                        (viewer.plain_day(since.with_timezone(&viewer.zone).date_naive())) " to " (viewer.plain_day(viewer.today()))
                    }
                }
                div.actions {
                    a.btn href={ "/students/" (student.student_id) } { "Back to the student" }
                    button.btn.js-only type="button" data-print { (icon("file-text")) "Print" }
                }
            }
            div.stack {
                (comment_card(admin, student, emails))
                section.card aria-labelledby="calls" {
                    header { h2 id="calls" { "Practice by phone" } }
                    div.body { p { (calls(viewer, name, sessions)) } }
                }
                (part("practised", "What we worked on", recent.into_iter().take(N_SKILLS),
                    &format!("{name} has not answered questions in the last four weeks.")))
                (part("can", &format!("What {name} knows well"), of(MasteryState::Mastered),
                    "Not enough practice yet. That takes right answers in more than one call."))
                (part("almost", "Nearly there, to be practised again", of(MasteryState::Shaky), "Nothing at the moment."))
                (part("learning", "Being learnt now", of(MasteryState::Learning), "Nothing at the moment."))
                @if !more.examples.is_empty() { (examples_card(name, &more.examples)) }
                @if !more.home.is_empty() { (home_card(&more.home)) }
                (sent_card(admin, emails))
                p.sm.muted {
                    "This report is based on the calls, which a computer transcribes. It can mishear. "
                    "Please contact us if something does not look right."
                }
            }
        },
    )
}

/// The teacher's comment and the button that sends the report. Print shows only the comment.
fn comment_card(admin: &Admin, student: &Student, emails: &Emails) -> Markup {
    let names: Vec<&str> = emails.guardians.iter().filter(|of| of.email.is_some()).map(|of| &of.name[..]).collect();
    html! {
        @if let Some(n) = emails.sent {
            @if n == 0 { (notice(Tone::Info, "All guardians have received this week’s report", "Change the comment to send it again.")) }
            @else { (notice(Tone::Info, &format!("{} being sent", figures::counted(n as i64, "e-mail is", "e-mails are")), "")) }
        }
        form.card.printed method="post" action={ "/students/" (student.student_id) "/report/send" } aria-labelledby="comment-title" {
            header { h2 id="comment-title" { "From the teacher" } }
            div.body.stack.tight {
                (csrf(admin))
                label.vh for="comment" { "Comment" }
                textarea.input id="comment" name="comment" rows="3" maxlength=(MAX_COMMENT) placeholder="A few words to the family (optional)" { (emails.draft) }
                (drafts(admin, student, emails))
                p.sm.muted.screen-only {
                    @if !emails.has_mail { "No mail server is set up, so no report is sent. You can print it." }
                    @else if names.is_empty() { "No guardian has an e-mail address. Add one under Family and consent on the student’s page." }
                    @else { "To " (names.join(", ")) ", each in their language. The e-mail covers the last seven days." }
                }
            }
            @if admin.may_write() && emails.has_mail && !names.is_empty() {
                footer.screen-only { button.btn.primary { "Send this week’s report" } }
            }
        }
    }
}

/// Renders a link for a draft in each language of the guardians.
fn drafts(admin: &Admin, student: &Student, emails: &Emails) -> Markup {
    let mut tags: Vec<&str> =
        emails.guardians.iter().map(|of| of.language.as_deref().unwrap_or(&student.locale)).collect();
    tags.push(&student.locale);
    let known = LANGUAGES.iter().filter(|(tag, _)| tags.iter().any(|of| of.starts_with(tag)));
    let mut known: Vec<(&str, &str)> = known.copied().collect();
    if known.is_empty() {
        known.push(LANGUAGES[0]);
    }
    html! {
        @if admin.may_write() {
            p.row.wrap.sm.screen-only {
                @for (tag, words) in known {
                    a.btn.small href={ "/students/" (student.student_id) "/report?draft=" (tag) "#comment" } { (icon("pencil")) "Draft in " (words) }
                }
                @if !emails.draft.is_empty() { span.muted { "A draft from the calls. Read it and change it before you send it." } }
            }
        }
    }
}

fn examples_card(name: &str, examples: &[Example]) -> Markup {
    html! {
        section.card aria-labelledby="examples" {
            header { h2 id="examples" { "Examples from the calls" } }
            ul.answers.body { @for example in examples {
                li { dl {
                    dt { "Question" } dd { (example.asked) }
                    dt { (name) " said" } dd.said { "“" (example.said) "”" }
                    dt { "Right answer" } dd { (example.expected) }
                } }
            } }
        }
    }
}

fn home_card(home: &[AtHome]) -> Markup {
    html! {
        section.card aria-labelledby="home" {
            header { h2 id="home" { "What you can do at home" } }
            div.body { ul.bul { @for one in home { li { (one.skill) ": ask “" (one.ask) "” The answer is " (one.answer) "." } } } }
        }
    }
}

/// Renders sent reports. They are not printed.
fn sent_card(admin: &Admin, emails: &Emails) -> Markup {
    html! {
        @if !emails.reports.is_empty() {
            section.card.screen-only aria-labelledby="by-email" {
                header { h2 id="by-email" { "Sent by e-mail" } }
                div.body { ul.bul { @for report in &emails.reports { li {
                    details { summary { (report.guardian_name) ": " (sent_words(&admin.viewer, report)) }
                        @for line in report.text.lines() { p.sm { (line) } } }
                } } } }
            }
        }
    }
}

fn sent_words(viewer: &Viewer, report: &ReportItem) -> Markup {
    html! { @match (report.state, report.sent_at) {
        (_, Some(at)) => { "sent on " (viewer.time(at)) },
        (State::Cancelled, _) => "not sent, because reports are no longer allowed",
        (State::Failed, _) => { span.bad { "not sent: " (report.last_error.as_deref().unwrap_or("the mail server failed")) } },
        _ => { "waiting since " (viewer.time(report.created_at)) },
    } }
}

fn calls(viewer: &Viewer, name: &str, sessions: &[SessionItem]) -> Markup {
    let lengths = sessions.iter().filter_map(|item| Some((item.ended_at? - item.started_at?).num_seconds().max(0)));
    let minutes = lengths.sum::<i64>() / 60;
    html! {
        @if let Some(last) = sessions.first() {
            (name) " had " (figures::counted(sessions.len() as i64, "call", "calls")) " in these four weeks, "
            (figures::counted(minutes, "minute", "minutes")) " in all. Most recent call: "
            (viewer.date(last.started_at.unwrap_or(last.created_at))) "."
        } @else {
            (name) " had no call in these four weeks."
        }
    }
}

fn part<'a>(id: &str, title: &str, skills: impl Iterator<Item = &'a Mastery>, nothing: &str) -> Markup {
    let names: Vec<&str> = skills.map(|skill| &skill.skill_name[..]).collect();
    html! {
        section.card aria-labelledby=(id) {
            header { h2 id=(id) { (title) } }
            div.body {
                @if names.is_empty() { p.muted { (nothing) } }
                @else { ul.bul { @for name in names { li { (name) } } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;
    use storage::learner::State;
    use storage::student::StudentStatus;

    use super::*;

    #[test]
    fn a_report_has_plain_words_the_first_name_and_no_figure_of_the_model() {
        let at = "2026-11-01T00:00:00Z".parse().unwrap();
        let student = Student {
            student_id: StudentId(uuid::Uuid::from_u128(3)),
            display_name: "Maya Okonkwo".to_owned(),
            grade: Some(7),
            cohort: None,
            locale: "en".to_owned(),
            timezone: "UTC".to_owned(),
            status: StudentStatus::Active,
            guidance: None,
            created_at: at,
            updated_at: at,
        };
        let state = State {
            knowledge: 0.97,
            stability: 40.0,
            difficulty: 5.0,
            n_evidence: 6,
            n_unaided_correct: 5,
            n_calls_correct: 3,
            last_at: "2026-11-19T21:00:00Z".parse().unwrap(),
        };
        let skill =
            Mastery { skill_id: "maths.fractions.add".to_owned(), skill_name: "Adding fractions".to_owned(), state };
        let emails =
            Emails { guardians: Vec::new(), reports: Vec::new(), has_mail: true, draft: String::new(), sent: None };
        let example = Example { asked: "What is 1/2 + 1/3?".into(), said: "two fifths".into(), expected: "5/6".into() };
        let at_home = AtHome { skill: "Halves".into(), ask: "What is half of 8?".into(), answer: "4".into() };
        let more = More { school: Some("Elm School".to_owned()), examples: vec![example], home: vec![at_home] };
        let shown = render(&Admin::sample(Role::Viewer), &student, &[skill], &[], &more, &emails).into_string();
        let main = shown.split("<main").nth(1).unwrap();
        assert!(main.contains("Maya had no call in these four weeks.") && main.contains("What Maya knows well"));
        assert_eq!(main.matches("Adding fractions").count(), 2, "practised, and known well");
        for part in
            ["Elm School, ", "What is 1/2 + 1/3?", "“two fifths”", "5/6", "ask “What is half of 8?”", "data-print"]
        {
            assert!(main.contains(part), "{part}: {main}");
        }
        assert!(!main.contains("Send this week"), "a viewer sends nothing");
        for word in ["Okonkwo", "0.9", "mastery", "evidence", "maths.fractions"] {
            assert!(!main.contains(word), "{word}");
        }
    }
}
