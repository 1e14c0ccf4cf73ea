//! The calendar: what is due on each day of a week, for all students, a class or one student; and what staff add there.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use domain::calling::Hours;
use maud::{Markup, html};
use serde::Deserialize;
use storage::access::Whose;
use storage::calendar::{self, Item, MAX_OF_KIND, Pupil, Week, What};
use storage::clock;
use storage::db::{self, Db};
use storage::follow_up::{self, FollowUpKind, MAX_CALLBACK_AHEAD, NewFollowUp};
use storage::id::{FollowUpId, StudentId};
use storage::outbound_call::{self, CALLBACK_EXPIRES, REGULAR_EXPIRES, State as CallState};
use storage::student::{self, Student, StudentHit};

use crate::auth::{self, Admin};
use crate::fault::Fault;
use crate::fields::Fields;
use crate::figures;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::link;
use crate::pages::calls::{kind, notice, state, stop_form};
use crate::pages::follow_ups::with_alerts;
use crate::pages::student::calls::plan;
use crate::pages::student::record;
use crate::parts::badge::badge;
use crate::parts::classes::toggle;
use crate::parts::follow_up::{Open, calls, done, overview_words};
use crate::parts::icon::icon;
use crate::parts::notice::{Tone, notice as tell};
use crate::parts::schedule::{CALENDAR as PATH, Change, change, fields, read_moment, shows};
use crate::parts::table::ROWS_ID;
use crate::parts::{csrf, grade, select};

/// Students in the choice for a name.
const N_NAMESAKES: i64 = 10;

/// The filters, read from the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    /// A day of the week. Empty: today.
    week: String,
    /// Empty: the person's own classes, with which lists begin.
    cohort: String,
    /// One student.
    student: String,
}

impl Filter {
    /// Returns the first day of the week.
    fn monday(&self, today: NaiveDate) -> Result<NaiveDate, Fault> {
        let invalid = || Fault::Invalid("A week is named by one of its days, like 2026-11-23.".to_owned());
        let day = if self.week.is_empty() { today } else { self.week.parse().map_err(|_| invalid())? };
        let has_room = (1970..=9998).contains(&day.year());
        has_room.then(|| day - Days::new(day.weekday().num_days_from_monday().into())).ok_or_else(invalid)
    }

    /// The address of a week. `None`: without the week, so that [`shows`] can add one.
    fn url(&self, week: Option<NaiveDate>) -> String {
        let week = week.map(|day| day.to_string()).unwrap_or_default();
        link::to(PATH, &[("week", &week), ("cohort", &self.cohort), ("student", &self.student)])
    }
}

pub(crate) struct Data {
    filter: Filter,
    monday: NaiveDate,
    /// All classes that the person sees.
    known: Vec<String>,
    /// The person's own classes, with which lists begin. Shown without another choice.
    own: Option<Vec<String>>,
    student: Option<Student>,
    week: Week,
    /// How callbacks went, and why no call is placed.
    open: Open,
    hours: Hours,
}

pub(crate) async fn get(admin: Admin, State(db): State<Db>, Query(filter): Query<Filter>) -> Result<Markup, Fault> {
    let (caller, viewer) = (&admin.caller, &admin.viewer);
    let monday = filter.monday(viewer.today())?;
    let known = student::list_cohorts(&db, caller).await?;
    let own = admin.own_classes().map(<[String]>::to_vec);
    let (mut student, mut whose) = (None, Whose::default());
    if !filter.student.is_empty() {
        let student_id = filter.student.parse().map_err(|_| Fault::NotFound("student"))?;
        student = Some(student::get_student(&db, caller, student_id).await?);
        whose.student_id = Some(student_id);
        record(&db, &admin, "student.read", student_id, viewer.now).await?;
    } else if known.contains(&filter.cohort) {
        whose.cohorts = Some(vec![filter.cohort.clone()]);
    } else if !filter.cohort.is_empty() {
        return Err(Fault::NotFound("class"));
    } else {
        whose.cohorts.clone_from(&own);
    }
    let week = calendar::get_week(&db, caller, &whose, monday, viewer.now).await?;
    let due = week.items.iter().filter_map(|item| match &item.what {
        What::FollowUp(due) => Some(due.clone()),
        _ => None,
    });
    let mut open = with_alerts(&admin, &db, due.collect()).await?;
    if open.obstacle.is_none() {
        open.obstacle = super::calls::find_obstacle(&admin, &db).await?;
    }
    let hours = outbound_call::get_settings(&db).await?.hours;
    Ok(render(&admin, &Data { filter, monday, known, own, student, week, open, hours }))
}

/// Adds a call or a reminder for a student who is named. Asks if several have the name, or if only its beginning was given.
pub(crate) async fn add(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    let (admin, fields) = (&posted.admin, &posted.fields);
    admin.require_write()?;
    let name = fields.text("student");
    let hits = student::find_students(&db, &admin.caller, name, None, N_NAMESAKES).await?;
    let folded = |name: &str| domain::plain_text::fold_name(name);
    let same: Vec<usize> = (0..hits.len()).filter(|n| folded(&hits[*n].display_name) == folded(name)).collect();
    match same[..] {
        [only] => {
            let day = plan(&db, &posted, hits[only].student_id).await?;
            Ok(Redirect::to(&shows(fields.raw("back"), day)).into_response())
        }
        _ if hits.is_empty() => Err(Fault::Invalid("Nothing was saved: no student has this name.".to_owned())),
        _ => Ok(choose(admin, fields, &hits).into_response()),
    }
}

/// Moves or cancels the regular call of one day. A moved one becomes a call at a time.
pub(crate) async fn change_regular(
    State(db): State<Db>,
    Path(student_id): Path<StudentId>,
    posted: Posted,
) -> Result<Response, Fault> {
    let (admin, fields, now) = (&posted.admin, &posted.fields, clock::now());
    admin.require_write()?;
    let student = student::get_student(&db, &admin.caller, student_id).await?;
    let zone = student::read_zone(&student.timezone);
    let day = fields.text("day").parse();
    let day: NaiveDate = day.map_err(|_| Fault::Invalid("Nothing was changed: the day is missing.".to_owned()))?;
    let mut shown = day;
    let mut tx = db::begin(&db).await?;
    outbound_call::cancel_regular(&mut tx, &admin.caller, student_id, day, now).await?;
    if fields.text("what") == "move" {
        let due_at = read_moment(fields.text("at"), zone, MAX_CALLBACK_AHEAD, now)?;
        let new = NewFollowUp {
            follow_up_id: FollowUpId::new(),
            kind: FollowUpKind::Callback,
            student_id,
            session_id: None,
            text: format!("Regular call, moved from {}", day.format("%-d %B %Y")),
            due_at,
        };
        follow_up::insert_once(&mut tx, &admin.caller, &new, now).await?;
        record(&mut *tx, admin, "student.call", student_id, now).await?;
        shown = due_at.with_timezone(&zone).date_naive();
    }
    db::commit(tx).await?;
    Ok(Redirect::to(&shows(fields.raw("back"), shown)).into_response())
}

pub(crate) fn render(admin: &Admin, data: &Data) -> Markup {
    let viewer = &admin.viewer;
    let (filter, monday) = (&data.filter, data.monday);
    let days = (0..7).map(|n| monday + Days::new(n));
    let late: Vec<&Item> = data.week.items.iter().filter(|item| item.day < monday).collect();
    let near = |days: i64| filter.url(Some(monday + TimeDelta::days(days)));
    page(
        admin,
        Place::Today,
        "Calendar",
        html! {
            div.head {
                div {
                    h1 { "Calendar" @if let Some(student) = &data.student { " of " (student.display_name) } }
                    p { (viewer.plain_day(monday)) " to " (viewer.plain_day(monday + Days::new(6))) ". " (whose(data)) ". Times are in each student’s time zone." }
                }
                div.actions {
                    @if admin.may_write() { a.btn.primary href="#add" { (icon("plus")) "Add" } }
                    a.btn href=(near(-7)) { (icon("chevron-left")) "Week before" }
                    a.btn href=(filter.url(None)) { "This week" }
                    a.btn href=(near(7)) { "Week after" (icon("chevron-right")) }
                    button.btn.js-only type="button" data-print { (icon("file-text")) "Print" }
                }
            }
            div.stack {
                @if data.student.is_none() && filter.cohort.is_empty() { (toggle(admin, &filter.url(Some(monday)))) }
                (choice(data))
                @if data.week.is_cut {
                    (tell(Tone::Info, "Not everything is shown", &format!("There are more than {MAX_OF_KIND} calls or dates of one kind. Choose a class to see all of its entries.")))
                }
                @if let Some(obstacle) = &data.open.obstacle { (notice(admin, obstacle)) }
                div.cols.main-aside {
                    div.stack id=(ROWS_ID) {
                        @if !late.is_empty() { (card(admin, data, "overdue", "Overdue", &late)) }
                        @for day in days {
                            @let items: Vec<&Item> = data.week.items.iter().filter(|item| item.day == day).collect();
                            (card(admin, data, &format!("day-{day}"), &heading(admin, day), &items))
                        }
                    }
                    @if admin.may_write() { div.stack { (add_form(admin, data)) } }
                }
            }
        },
    )
}

/// "Today, Thursday 19 November 2026".
fn heading(admin: &Admin, day: NaiveDate) -> String {
    let date = admin.viewer.full_date(day);
    if day == admin.viewer.today() { format!("Today, {date}") } else { date }
}

fn whose(data: &Data) -> String {
    match (&data.student, &data.own) {
        (Some(_), _) => "One student".to_owned(),
        _ if !data.filter.cohort.is_empty() => data.filter.cohort.clone(),
        (None, Some(own)) => own.join(", "),
        (None, None) => "All students that you see".to_owned(),
    }
}

/// Renders the choice of the class.
fn choice(data: &Data) -> Markup {
    let first = if data.own.is_some() { "My classes" } else { "All students" };
    let options: Vec<(&str, &str)> =
        [("", first)].into_iter().chain(data.known.iter().map(|name| (&name[..], &name[..]))).collect();
    html! {
        @if let Some(student) = &data.student {
            p.row.wrap.screen-only {
                a.link href={ "/students/" (student.student_id) } { "Student page" }
                a.link href=(Filter { student: String::new(), ..data.filter.clone() }.url(Some(data.monday))) { "All students" }
            }
        } @else if !data.known.is_empty() {
            form.filters method="get" action=(PATH) role="search" aria-label="Choose a class" {
                input type="hidden" name="week" value=(data.monday);
                (select("Class", "cohort", &options, &data.filter.cohort))
                button.btn { (icon("list-filter")) "Show" }
            }
        }
    }
}

fn card(admin: &Admin, data: &Data, id: &str, name: &str, items: &[&Item]) -> Markup {
    html! {
        section.card.day id=(id) aria-labelledby={ (id) "-name" } {
            header { h2 id={ (id) "-name" } { (name) } p { @if items.is_empty() { "Nothing is due" } @else { (figures::counted(items.len() as i64, "entry", "entries")) } } }
            @if !items.is_empty() { ul.list { @for item in items { (line(admin, data, item)) } } }
        }
    }
}

fn line(admin: &Admin, data: &Data, item: &Item) -> Markup {
    let Some(pupil) = data.week.pupils.get(&item.student_id) else { return html! {} };
    let back = data.filter.url(None);
    let is_past = item.at.is_some_and(|at| at < admin.viewer.now);
    let (class, mark) = match &item.what {
        What::FollowUp(_) if is_past => ("bad", "circle-alert"),
        What::FollowUp(due) if due.kind == FollowUpKind::Reminder => ("warn", "calendar-clock"),
        What::FollowUp(_) => ("warn", "phone-outgoing"),
        What::Call(_) => ("muted", "phone-call"),
        What::Regular(_) => ("muted", "repeat"),
        What::Said(_) => ("muted", "target"),
    };
    html! {
        li.attn {
            span class=(class) { (icon(mark)) }
            div.grow {
                div.row.wrap {
                    b.nowrap { (clock_of(item, pupil.zone, data.monday)) }
                    a.clip href={ "/students/" (item.student_id) } { (pupil.display_name) }
                    @if let Some(cohort) = &pupil.cohort { span.faint.xs { (cohort) } }
                }
                div.sm.why { (words(admin, data, item, pupil)) }
                @if let Some(at) = item.at { (elsewhere(admin, at, pupil.zone)) }
                @if admin.may_write() { (change_form(admin, item, pupil, &back)) }
            }
            @if let (What::FollowUp(due), true) = (&item.what, admin.may_write()) {
                div.row.actions { (done(admin, due, &data.filter.url(Some(data.monday)), &pupil.display_name)) }
            }
            @if let What::Call(call) = &item.what && call.is_calling() {
                div.row.actions { (stop_form(admin, call, &data.filter.url(Some(data.monday)))) }
            }
        }
    }
}

/// The time by the student's clock, with the day if it is of an earlier week.
fn clock_of(item: &Item, zone: Tz, monday: NaiveDate) -> String {
    match item.at {
        None => "All day".to_owned(),
        Some(at) if item.day < monday => at.with_timezone(&zone).format("%-d %b %H:%M").to_string(),
        Some(at) => at.with_timezone(&zone).format("%H:%M").to_string(),
    }
}

/// Names the student's zone and the reader's time, if the clocks differ.
fn elsewhere(admin: &Admin, at: DateTime<Utc>, zone: Tz) -> Markup {
    let viewer = &admin.viewer;
    let is_same = at.with_timezone(&zone).naive_local() == at.with_timezone(&viewer.zone).naive_local();
    html! { @if !is_same { div.faint.xs { "In " (zone.name()) ". In " (viewer.zone.name()) ": " (viewer.time(at)) } } }
}

fn words(admin: &Admin, data: &Data, item: &Item, pupil: &Pupil) -> Markup {
    html! { @match &item.what {
        What::FollowUp(due) => {
            (overview_words(due))
            @if due.kind == FollowUpKind::Callback { (waits(admin, data, due.due_at, CALLBACK_EXPIRES, pupil)) }
            (calls(admin, &data.open, due, &data.filter.url(Some(data.monday))))
        },
        What::Call(call) => {
            (kind(call)) " " (state(admin, call))
            @if call.state == CallState::Planned && call.plan_on.is_some() { (waits(admin, data, call.due_at, REGULAR_EXPIRES, pupil)) }
        },
        What::Regular(_) => {
            "Regular call"
            @if let Some(at) = item.at { (waits(admin, data, at, REGULAR_EXPIRES, pupil)) }
        },
        What::Said(text) => { "Said in a call: " (text) },
    } }
}

/// Says that a call is due outside the hours in which the tutor calls, and when it is placed instead.
fn waits(admin: &Admin, data: &Data, due_at: DateTime<Utc>, expires: TimeDelta, pupil: &Pupil) -> Markup {
    // Another notice says why no call is placed at all.
    let is_relevant = data.open.obstacle.is_none() && due_at > admin.viewer.now;
    let zone = pupil.zone;
    let opens = data.hours.narrowed(&pupil.availability).next_open(zone, due_at).filter(|at| *at < due_at + expires);
    html! { @if is_relevant && opens != Some(due_at) {
        " " (badge("warn", "circle-alert", "Outside calling hours")) " "
        @match opens {
            Some(at) => { "The tutor calls on " (at.with_timezone(&zone).format("%A at %H:%M")) "." },
            None => "The tutor does not call.",
        }
    } }
}

/// Renders how to move or cancel, if the entry is still planned.
fn change_form(admin: &Admin, item: &Item, pupil: &Pupil, back: &str) -> Markup {
    let Some(at) = item.at else { return html! {} };
    let of = |action: &str, key: &str, noun: &str, more: &Markup| {
        change(admin, &Change { action, key, at, zone: pupil.zone, noun, name: &pupil.display_name, back }, more)
    };
    let regular = |day: NaiveDate| {
        let (action, key) =
            (format!("/students/{}/call-plan/day", item.student_id), format!("{}-{day}", item.student_id));
        of(&action, &key, "call", &html! { input type="hidden" name="day" value=(day); })
    };
    match &item.what {
        What::FollowUp(due) => {
            let noun = if due.kind == FollowUpKind::Reminder { "reminder" } else { "call" };
            let (action, key) = (format!("/follow-ups/{}/change", due.follow_up_id), due.follow_up_id.to_string());
            of(&action, &key, noun, &html! {})
        }
        What::Call(call) if call.state == CallState::Planned && call.attempt == 1 && at > admin.viewer.now => {
            call.plan_on.map(regular).unwrap_or_default()
        }
        What::Regular(day) => regular(*day),
        What::Call(_) | What::Said(_) => html! {},
    }
}

fn add_form(admin: &Admin, data: &Data) -> Markup {
    let (action, zone) = match &data.student {
        Some(student) => (format!("/students/{}/calls", student.student_id), &student.timezone[..]),
        None => (PATH.to_owned(), "of the student"),
    };
    html! {
        form.card method="post" action=(action) aria-labelledby="add" {
            header { h2 id="add" { "Add" } }
            div.body.stack {
                (csrf(admin))
                input type="hidden" name="back" value=(data.filter.url(None));
                @if data.student.is_none() {
                    div.field { label for="student" { "Student" } input.input id="student" name="student" required maxlength="100" autocomplete="off" placeholder="Name, or how it begins"; }
                }
                (fields(zone))
            }
            footer { button.btn.primary { "Add to calendar" } }
        }
    }
}

/// Renders the choice between students who match. The form is sent again for the one that is chosen.
fn choose(admin: &Admin, sent: &Fields, hits: &[StudentHit]) -> Markup {
    page(
        admin,
        Place::Today,
        "Choose a student",
        html! {
            div.stack {
                div.head { div { h1 { "Choose a student" } p { @if let [only] = hits { "Do you mean " (only.display_name) "?" } @else { "Several students match “" (sent.text("student")) "”." } " Nothing is saved yet." } } }
                div.card { ul.list { @for hit in hits { li {
                    form.row method="post" action={ "/students/" (hit.student_id) "/calls" } {
                        (csrf(admin))
                        @for name in ["kind", "call_at", "call_reason", "back"] { input type="hidden" name=(name) value=(sent.raw(name)); }
                        span.grow { b { (hit.display_name) } @if let Some(grade) = grade(hit.grade) { " " span.faint.sm { (grade) } } }
                        button.btn.small { "Choose" span.vh { " " (hit.display_name) } }
                    }
                } } } }
                p { a.link href=(auth::safe_next(sent.raw("back"))) { "Back without saving" } }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use storage::access::Role;
    use storage::outbound_call::Obstacle;

    use super::*;

    fn data(obstacle: Option<Obstacle>) -> Data {
        let student_id = StudentId(uuid::Uuid::from_u128(3));
        let pupil = Pupil {
            display_name: "Maya <Okonkwo>".to_owned(),
            cohort: None,
            zone: chrono_tz::Tz::Europe__Berlin,
            availability: domain::calling::Availability::default(),
        };
        let day: NaiveDate = "2026-11-22".parse().unwrap();
        let at = "2026-11-22T15:30:00Z".parse().ok();
        Data {
            filter: Filter { cohort: "Period 3".to_owned(), ..Filter::default() },
            monday: "2026-11-16".parse().unwrap(),
            known: vec!["Period 3".to_owned()],
            own: None,
            student: None,
            week: Week {
                pupils: HashMap::from([(student_id, pupil)]),
                items: vec![Item { student_id, day, at, what: What::Regular(day) }],
                is_cut: true,
            },
            open: Open { obstacle, ..Open::default() },
            hours: Hours {
                from: "09:00:00".parse().unwrap(),
                until: "19:00:00".parse().unwrap(),
                quiet_weekdays: vec![7],
                quiet_days: Vec::new(),
            },
        }
    }

    #[test]
    fn an_entry_has_the_students_time_the_readers_time_and_the_calling_hours() {
        let shown = |role, obstacle| render(&Admin::sample(role), &data(obstacle)).into_string();
        let page = shown(Role::Tutor, None);
        for words in [
            "16:30",
            "Maya &lt;Okonkwo&gt;",
            "In Europe/Berlin. In America/Chicago: ",
            "22 Nov 09:30",
            "Outside calling hours",
            "The tutor does not call.",
            "Not everything is shown",
            r#"value="2026-11-22T16:30""#,
        ] {
            assert!(page.contains(words), "{words}: {page}");
        }
        assert!(page.contains("call-plan/day") && page.contains("Add to calendar"));
        let viewer = shown(Role::Viewer, None);
        assert!(
            viewer.contains("Regular call") && !viewer.contains("call-plan/day") && !viewer.contains("Add to calendar")
        );
        let off = shown(Role::Tutor, Some(Obstacle::Off));
        assert!(
            off.contains("Outbound calls are off.") && !off.contains("Outside calling hours"),
            "one reason at a time"
        );
    }

    #[test]
    fn a_form_returns_to_its_page_and_in_the_calendar_to_the_day() {
        let day = "2026-11-22".parse().unwrap();
        assert_eq!(shows("/calendar", day), "/calendar?week=2026-11-22#day-2026-11-22");
        assert_eq!(shows("/calendar?cohort=a", day), "/calendar?cohort=a&week=2026-11-22#day-2026-11-22");
        assert_eq!(
            (shows("/students/1", day), shows("//evil.example", day)),
            ("/students/1".to_owned(), "/".to_owned())
        );
    }
}
