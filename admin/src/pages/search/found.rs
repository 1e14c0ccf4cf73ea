//! The page of results, and the suggestions under the top bar.

use maud::{Markup, html};
use storage::session::{FoundSession, MARK_FROM, MARK_TO, SessionHit};
use storage::student::Student;
use storage::transcript::Speaker;

use super::{Data, Group, MAX_QUESTION, PATH, Question};
use crate::auth::Admin;
use crate::figures::counted;
use crate::layout::{Place, page};
use crate::parts::classes::toggle;
use crate::parts::empty::empty;
use crate::parts::icon::icon;
use crate::parts::notice::{Tone, notice};
use crate::parts::pager::{pager, time_key};
use crate::parts::table::{cell, row, table, two};
use crate::parts::{badge, csrf, date, grade, none, select};
use crate::viewer::Viewer;

pub(super) fn render(admin: &Admin, data: &Data) -> Markup {
    let text = data.question.text();
    let nothing = data.students.as_ref().is_none_or(Vec::is_empty)
        && data.sessions.as_ref().is_none_or(Vec::is_empty)
        && data.transcripts.as_ref().is_none_or(|hits| hits.items.is_empty())
        && !data.question.is_narrow()
        && !is_of_own(admin, data);
    let body = html! {
        @if nothing {
            div.card { @if text.is_empty() {
                (empty("search", "Search for anything", "A student’s name, a session id, a phone number, or words from a call.", html! {}))
            } @else {
                (empty("search", "Nothing found", &format!("No student, session or transcript matches “{text}”."), html! { a.btn href="/students" { "All students" } a.btn href="/sessions" { "All sessions" } }))
            } }
        } @else {
            @if let Some(students) = &data.students { (group(data, Group::Students, "Students", students, |student| {
                format!("{}_{}", student.display_name.to_lowercase(), student.student_id)
            }, |students| table("Students", &[("Student", ""), ("Grade", "")], &html! { @for student in students { (row(&html! {
                (cell("", two(&format!("/students/{}", student.student_id), &student.display_name, None)))
                (cell("end", html! { @if let Some(grade) = grade(student.grade) { (grade) } @else { (none()) } }))
            })) } }))) }
            @if let Some(sessions) = &data.sessions { (group(data, Group::Sessions, "Sessions", sessions, |session| {
                time_key(session.created_at, session.session_id)
            }, |sessions| table("Sessions", &[("Student", ""), ("When", ""), ("Call", ""), ("State", "")], &html! {
                @for session in sessions { (session_row(&admin.viewer, session)) }
            }))) }
            @if let Some(hits) = data.transcripts.as_ref().filter(|hits| !hits.items.is_empty() || data.question.is_narrow() || is_of_own(admin, data)) {
                (group(data, Group::Transcripts, "In transcripts", &hits.items, |hit| {
                    time_key(hit.created_at, hit.session_id)
                }, |shown| html! {
                    (narrow(admin, data))
                    @if shown.is_empty() {
                        (empty("search", "No calls match", "No call matches these words and filters.", html! {
                            a.btn href=(Question { q: data.question.q.clone(), ..Question::default() }.url(Some(Group::Transcripts), "")) { "Clear filters" }
                        }))
                    }
                    ul.list.hits { @for hit in shown { (said(&admin.viewer, hit)) } }
                }))
            }
        }
    };
    frame(admin, text, body)
}

/// Returns whether words were searched in the calls of the person's own classes only.
fn is_of_own(admin: &Admin, data: &Data) -> bool {
    data.transcripts.is_some() && admin.own_classes().is_some()
}

/// Renders the results with the search field.
fn frame(admin: &Admin, text: &str, body: Markup) -> Markup {
    page(
        admin,
        Place::Search,
        "Search",
        html! {
            div.stack.list-page {
                div.head { div { h1 { "Search" } p { "Finds students by name, sessions by id or student, and transcripts by words." } } }
                form.filters method="post" action=(PATH) role="search" aria-label="Search everything" {
                    (csrf(admin))
                    div.field.grow {
                        label for="q" { "Search" } (icon("search"))
                        input.input id="q" name="q" type="search" maxlength=(MAX_QUESTION) autocomplete="off" placeholder="Name, id, phone number or words" value=(text);
                    }
                    button.btn { "Search" }
                }
                (body)
            }
        },
    )
}

/// Renders the filters of what was said. They show all calls with these words.
fn narrow(admin: &Admin, data: &Data) -> Markup {
    let question = &data.question;
    let cohorts: Vec<(&str, &str)> =
        [("", "All")].into_iter().chain(data.cohorts.iter().map(|cohort| (&cohort[..], &cohort[..]))).collect();
    html! {
        @if question.cohort.is_empty() { (toggle(admin, &question.url(Some(Group::Transcripts), ""))) }
        form.filters.sec method="get" action=(PATH) role="search" aria-label="Filter calls by what was said" {
            input type="hidden" name="q" value=(question.text());
            input type="hidden" name="in" value=(Group::Transcripts.name());
            (select("Said by", "said", &[("", "Anyone"), ("student", "The student"), ("tutor", "The tutor")], &question.said))
            @if cohorts.len() > 1 { (select("Class", "cohort", &cohorts, &question.cohort)) }
            (date("From", "from", &question.from))
            (date("To", "to", &question.to))
            button.btn { (icon("list-filter")) "Filter" }
        }
    }
}

/// Returns "6 calls" or "More than 25 calls", on the first page.
fn count(data: &Data) -> Option<String> {
    let hits = data.transcripts.as_ref().filter(|_| data.question.after.is_empty())?;
    let calls = counted(hits.n_found, "call", "calls");
    Some(if hits.is_more { format!("More than {calls}") } else { calls })
}

/// Renders a group with its first rows and a link to the rest.
fn group<T>(
    data: &Data,
    group: Group,
    title: &str,
    rows: &[T],
    key: impl Fn(&T) -> String,
    show: impl Fn(&[T]) -> Markup,
) -> Markup {
    let question = &data.question;
    let has_more = rows.len() > data.limit as usize;
    let rows = &rows[..rows.len().min(data.limit as usize)];
    let next = rows.last().filter(|_| has_more).map(key);
    html! {
        @if !rows.is_empty() || group == Group::Transcripts {
            section.card aria-labelledby=(group.name()) {
                header {
                    h2 id=(group.name()) { (title) }
                    @if let Some(count) = count(data).filter(|_| group == Group::Transcripts) { p role="status" { (count) } }
                    @if data.is_alone { div.actions { a.btn.small href=(question.url(None, "")) { "All groups" } } }
                }
                (show(rows))
                @if data.is_alone && !rows.is_empty() {
                    @let first = (!question.after.is_empty()).then(|| question.url(Some(group), ""));
                    @let next = next.map(|key| question.url(Some(group), &key));
                    (pager(if group == Group::Students { "By name" } else { "Newest first" }, first.as_deref(), next.as_deref()))
                } @else if has_more {
                    footer { a.link href=(question.url(Some(group), "")) { "More " span.vh { (title) } } }
                }
            }
        }
    }
}

fn session_row(viewer: &Viewer, session: &FoundSession) -> Markup {
    let name = session.student_name.as_deref().unwrap_or("Unknown caller");
    row(&html! {
        (cell("", two(&format!("/sessions/{}", session.session_id), name, None)))
        (cell("nowrap muted end", viewer.time(session.started_at.unwrap_or(session.created_at))))
        (cell("hide", html! { code.xs { (session.call_id) } }))
        (cell("full", badge::session(session.status, None)))
    })
}

/// Renders the turns with the words, each as a link to its place in the session.
fn said(viewer: &Viewer, hit: &SessionHit) -> Markup {
    let name = hit.student_name.as_deref().unwrap_or("Unknown caller");
    let session = format!("/sessions/{}", hit.session_id);
    let first = hit.turns.first().map(|turn| format!("#t{}", turn.turn_no)).unwrap_or_default();
    html! {
        li {
            p { a.main href={ (session) (first) } { (name) } " " span.muted.sm { (viewer.time(hit.started_at.unwrap_or(hit.created_at))) } }
            @for turn in &hit.turns {
                p.said { a.link.sm href={ (session) "#t" (turn.turn_no) } { @match turn.speaker { Speaker::Student => "Student", Speaker::Tutor => "Tutor" } } " " (marked(&turn.headline)) }
            }
            @if let Some(headline) = hit.headline.as_deref().filter(|_| hit.turns.is_empty()) {
                p.said { span.sm.muted { "Summary" } " " (marked(headline)) }
            }
        }
    }
}

fn marked(headline: &str) -> Markup {
    let mut pieces = headline.split(MARK_FROM);
    html! {
        (pieces.next().unwrap_or_default())
        @for piece in pieces {
            @let (word, rest) = piece.split_once(MARK_TO).unwrap_or((piece, ""));
            mark { (word) } (rest)
        }
    }
}

/// Renders the suggestions. Renders nothing if the text is too short.
pub(super) fn suggestions(data: Option<&Data>) -> Markup {
    let (students, sessions) = data.map_or((&[][..], &[][..]), |data| {
        (data.students.as_deref().unwrap_or_default(), data.sessions.as_deref().unwrap_or_default())
    });
    html! {
        @if let Some(data) = data {
            ul {
                @for student in students.iter().take(5) { li { a href={ "/students/" (student.student_id) } {
                    (icon("user-round")) span.grow.clip { (student.display_name) } @if let Some(grade) = grade(student.grade) { small { (grade) } }
                } } }
                @for session in sessions.iter().take(3) { li { a href={ "/sessions/" (session.session_id) } {
                    (icon("phone-call")) span.grow.clip { (session.student_name.as_deref().unwrap_or("Unknown caller")) } small.clip { (session.call_id) }
                } } }
                li { a href=(data.question.url(None, "")) { (icon("search")) span.grow.clip { "All results for “" (data.question.text()) "”" } } }
            }
        }
    }
}

/// Renders the students with a phone number. `None`: no number was searched yet.
pub(super) fn render_phone(admin: &Admin, students: Option<&[Student]>, refused: Option<&str>) -> Markup {
    let body = html! {
        @if let Some(why) = refused {
            (notice(Tone::Bad, "This is not a whole phone number", &format!("No student was searched, because {why}.")))
        }
        @match students {
            None if refused.is_none() => (notice(Tone::Info, "Do not put a phone number into an address", "Addresses are kept in histories and logs. Type the number into the field above and press Search. A form then sends it.")),
            None => {},
            Some([]) => div.card { (empty("search", "No student has this number", "You can add it to a student on the student’s page.", html! { a.btn href="/students" { "All students" } })) },
            Some(students) => section.card aria-labelledby="by-phone" {
                header { h2 id="by-phone" { "Students who call from this number" } }
                (table("Students", &[("Student", ""), ("Grade", "")], &html! { @for student in students { (row(&html! {
                    (cell("", two(&format!("/students/{}", student.student_id), &student.display_name, None)))
                    (cell("end", html! { @if let Some(grade) = grade(student.grade) { (grade) } @else { (none()) } }))
                })) } }))
            },
        }
    };
    frame(admin, "", body)
}

#[cfg(test)]
mod tests {
    use storage::access::Role;
    use storage::id::StudentId;
    use storage::student::StudentHit;

    use super::*;

    fn data(n: u128) -> Data {
        let student = |n| StudentHit {
            student_id: StudentId(uuid::Uuid::from_u128(n)),
            display_name: format!("Maya <{n}>"),
            grade: Some(4),
        };
        let question = Question { q: " maya ".to_owned(), ..Question::default() };
        Data { question, limit: 2, students: Some((0..n).map(student).collect()), ..Data::default() }
    }

    #[test]
    fn more_than_a_few_lead_to_a_page_of_their_own() {
        let admin = Admin::sample(Role::Viewer);
        let shown = render(&admin, &data(3)).into_string();
        assert!(shown.contains("/search?q=maya&amp;in=students") && shown.contains("Maya &lt;1&gt;"));
        assert!(!shown.contains("Maya &lt;2&gt;") && !render(&admin, &data(2)).into_string().contains("in=students"));
        let alone = render(&admin, &Data { is_alone: true, ..data(3) }).into_string();
        assert!(alone.contains("after=maya+%3C1%3E_00000000-0000-0000-0000-000000000001"), "{alone}");
    }

    #[test]
    fn words_that_were_found_are_marked_and_markup_is_not_believed() {
        let text = format!("we add {MARK_FROM}<b>{MARK_TO} and {MARK_FROM}more");
        assert_eq!(marked(&text).into_string(), "we add <mark>&lt;b&gt;</mark> and <mark>more</mark>");
    }

    #[test]
    fn a_number_is_not_written_back() {
        let admin = Admin::sample(Role::Viewer);
        assert!(render_phone(&admin, Some(&[]), None).into_string().contains("No student has this number"));
        assert!(render_phone(&admin, None, None).into_string().contains(r#"method="post""#));
    }
}
