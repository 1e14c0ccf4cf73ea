//! The list of students by name, with their levels.

pub(crate) mod class;
mod export;
mod heat_map;
pub(crate) mod import;
pub(crate) mod imports;
pub(crate) mod roster;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde::Deserialize;
use storage::access::Caller;
use storage::attention::{self, Attention};
use storage::db::Db;
use storage::id::StudentId;
use storage::learner::MasteryState;
use storage::mastery::{self, StudentSkill};
use storage::student::browse::{self, BrowseItem, BrowseQuery};
use storage::student::{self, StudentStatus};

pub(crate) use self::export::get as export;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::htmx::{self, Asked};
use crate::layout::{Place, page};
use crate::parts::attention::badges;
use crate::parts::badge::badge;
use crate::parts::classes::toggle;
use crate::parts::empty::empty;
use crate::parts::icon::{icon, icon_small};
use crate::parts::meter::share;
use crate::parts::pager::{PAGE, pager, split_page};
use crate::parts::spark::spark;
use crate::parts::table::{Column, cell, list_table, row, two};
use crate::parts::{grade, initials, none, select};
use crate::viewer::Viewer;
use crate::{figures, link};

const PATH: &str = "/students";
const EXPORT: &str = "/students/export.csv";
const LIST_ID: &str = "students";

/// The filters, read from the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    q: String,
    grade: String,
    cohort: String,
    /// `yes`: only students who need a person.
    attention: String,
    /// Empty: from A to Z. `-name`: from Z to A.
    sort: String,
    /// The subject of the heat map. Empty: the one with most evidence.
    subject: String,
    /// Lower-case name and id of the last row of the page before.
    after: String,
}

impl Filter {
    fn query(&self, now: DateTime<Utc>) -> Result<BrowseQuery, Fault> {
        if self.q.chars().count() > 100 {
            return Err(Fault::Invalid("A search has at most 100 characters.".to_owned()));
        }
        let grade = match &self.grade[..] {
            "" => None,
            text => Some(text.parse().map_err(|_| Fault::Invalid("A grade is a number from 0 to 13.".to_owned()))?),
        };
        let after = match self.after.rsplit_once('_') {
            None if self.after.is_empty() => None,
            Some((name, id)) if id.parse::<storage::id::StudentId>().is_ok() => {
                Some((name.to_owned(), id.parse().unwrap_or_default()))
            }
            _ => {
                return Err(Fault::Invalid(
                    "This link to a page of the list is not valid. Open the list again.".to_owned(),
                ));
            }
        };
        let name = self.q.trim();
        let is_descending = match &self.sort[..] {
            "" | "name" => false,
            "-name" => true,
            _ => return Err(Fault::Invalid("The list is sorted by name or -name.".to_owned())),
        };
        Ok(BrowseQuery {
            name: Some(name.to_owned()).filter(|name| !name.is_empty()),
            grade,
            cohort: Some(self.cohort.clone()).filter(|cohort| !cohort.is_empty()),
            in_need: self.attention == "yes",
            is_descending,
            after,
            limit: PAGE + 1,
            now,
        })
    }

    /// Returns the caller of the list. A cohort that the person names need not be one of their own.
    fn caller(&self, admin: &Admin) -> Caller {
        if self.cohort.is_empty() { admin.lens() } else { admin.caller.clone() }
    }

    fn url(&self) -> String {
        self.url_of(PATH)
    }

    fn url_of(&self, path: &str) -> String {
        let fields = [
            ("q", self.q.trim()),
            ("grade", &self.grade),
            ("cohort", &self.cohort),
            ("attention", &self.attention),
            ("sort", if self.sort == "name" { "" } else { &self.sort }),
            ("subject", &self.subject),
            ("after", &self.after),
        ];
        link::to(path, &fields)
    }

    fn with_attention(&self, attention: &str) -> Self {
        Self { attention: attention.to_owned(), after: String::new(), ..self.clone() }
    }

    fn with_after(&self, after: String) -> Self {
        Self { after, ..self.clone() }
    }

    fn with_subject(&self, subject: &str) -> Self {
        Self { subject: subject.to_owned(), ..self.clone() }
    }
}

pub(crate) struct Data {
    pub(crate) filter: Filter,
    pub(crate) students: Vec<BrowseItem>,
    pub(crate) has_next: bool,
    /// Why the listed students need a person.
    pub(crate) attentions: Vec<Attention>,
    /// Data about the listed students.
    pub(crate) skills: Vec<StudentSkill>,
}

/// The content around the list.
#[derive(Default)]
pub(crate) struct Around {
    /// Number of students who need a person.
    n_in_need: i64,
    /// The known values, for the filters.
    cohorts: Vec<String>,
}

impl Data {
    fn states(&self, student_id: StudentId, viewer: &Viewer) -> Vec<MasteryState> {
        let of_student = self.skills.iter().filter(|skill| skill.student_id == student_id);
        of_student.map(|skill| skill.mastery.word(viewer.now)).collect()
    }
}

pub(crate) async fn get(
    admin: Admin,
    State(db): State<Db>,
    Query(filter): Query<Filter>,
    asked: Asked,
) -> Result<Response, Fault> {
    let now = admin.viewer.now;
    let (students, has_next) =
        split_page(browse::browse_students(&db, &filter.caller(&admin), &filter.query(now)?).await?);
    let ids: Vec<StudentId> = students.iter().map(|item| item.student_id).collect();
    let skills = mastery::list_mastery_of(&db, &admin.caller, &ids).await?;
    let attentions = attention::list_attentions(&db, &admin.caller, &ids, now).await?;
    let data = Data { filter, students, has_next, attentions, skills };
    if asked.is_for(LIST_ID) {
        return Ok(htmx::fragment(results(&admin, &data), &data.filter.url()));
    }
    let around = Around {
        n_in_need: attention::count_students(&db, &admin.lens(), None, now).await?,
        cohorts: student::list_cohorts(&db, &admin.caller).await?,
    };
    Ok(render(&admin, &data, &around).into_response())
}

pub(crate) fn render(admin: &Admin, data: &Data, around: &Around) -> Markup {
    page(
        admin,
        Place::Students,
        "Students",
        html! {
            div.stack.list-page {
                div.head {
                    div { h1 { "Students" } p { @match admin.own_classes().filter(|_| data.filter.cohort.is_empty()) { Some(own) => { "Students of " (own.join(", ")) ", A–Z." } None => "All students, A–Z." } } }
                    div.actions {
                        @if !around.cohorts.is_empty() { a.btn href=(class::PATH) { (icon("layers")) "Class view" } }
                        a.btn href="/calendar" { (icon("calendar-clock")) "Calendar" }
                        @if admin.may_write() {
                        a.btn href="/consents" { (icon("shield-check")) "Consents" }
                        a.btn href=(data.filter.with_after(String::new()).url_of(EXPORT)) { (icon("download")) "Export CSV" }
                        @if admin.caller.sees_all() { a.btn href="/students/import" { (icon("upload")) "Import a sheet" } }
                        a.btn.primary href="/students/new" { (icon("plus")) "Add a student" }
                        }
                    }
                }
                @if data.filter.cohort.is_empty() { (toggle(admin, &data.filter.with_after(String::new()).url())) }
                nav.views aria-label="Views" {
                    @for (value, name) in [("", "All students"), ("yes", "Needs attention")] {
                        a href=(data.filter.with_attention(value).url())
                            aria-current=[(data.filter.attention == value).then_some("page")] {
                            (name) @if value == "yes" { " " span.n { (figures::count(around.n_in_need)) } }
                        }
                    }
                }
                (filters(&data.filter, &around.cohorts))
                div.stack id=(LIST_ID) { (results(admin, data)) }
            }
        },
    )
}

/// The part that a filter changes.
fn results(admin: &Admin, data: &Data) -> Markup {
    html! {
        div.card { (list(admin, data)) }
        @if !data.students.is_empty() { (heat_map::card(&admin.viewer, data)) }
    }
}

fn filters(filter: &Filter, cohorts: &[String]) -> Markup {
    let grades: Vec<(String, String)> =
        (0..=13_i16).map(|n| (n.to_string(), grade(Some(n)).unwrap_or_default())).collect();
    let options: Vec<(&str, &str)> =
        [("", "Any")].into_iter().chain(grades.iter().map(|(value, name)| (value.as_str(), name.as_str()))).collect();
    let cohorts: Vec<(&str, &str)> =
        [("", "Any")].into_iter().chain(cohorts.iter().map(|name| (&name[..], &name[..]))).collect();
    html! {
        form.filters method="get" action=(PATH) role="search" aria-label="Filter students"
            hx-get=(PATH) hx-target={ "#" (LIST_ID) } hx-swap="innerMorph" hx-sync="this:replace" hx-indicator="#busy"
            hx-trigger="input changed delay:250ms from:#q, change target:'select', submit" {
            @for (name, value) in [("subject", &filter.subject), ("attention", &filter.attention), ("sort", &filter.sort)] {
                @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
            }
            div.field.grow {
                label for="q" { "Search" } (icon("search"))
                input.input id="q" name="q" type="search" placeholder="Search by name" maxlength="100" value=(filter.q);
            }
            details.more {
                summary.btn { (icon("list-filter")) "Filters" }
                div.fields {
                    (select("Grade", "grade", &options, &filter.grade))
                    (select("Cohort", "cohort", &cohorts, &filter.cohort))
                    button.btn { (icon("list-filter")) "Filter" }
                }
            }
            span.htmx-indicator.xs.faint id="busy" { "Updating" }
        }
    }
}

const COLUMNS: [Column; 7] = [
    ("Cohort", "hide"),
    ("Last call", ""),
    ("Calls", "num"),
    ("Minutes", "num"),
    ("Skills by level", "mixcell"),
    ("6 weeks", ""),
    ("Attention", ""),
];

fn list(admin: &Admin, data: &Data) -> Markup {
    if data.students.is_empty() {
        return nothing(admin, &data.filter);
    }
    let next =
        data.students.last().filter(|_| data.has_next).map(|last| {
            data.filter.with_after(format!("{}_{}", last.display_name.to_lowercase(), last.student_id)).url()
        });
    let first = (!data.filter.after.is_empty()).then(|| data.filter.with_after(String::new()).url());
    let shown = figures::counted(data.students.len() as i64, "student", "students");
    let shown = if data.has_next || first.is_some() { format!("{shown} on this page") } else { shown };
    html! {
        (list_table("Students", &sorted(&data.filter), &COLUMNS, &html! { @for item in &data.students { (student_row(&admin.viewer, item, data)) } }))
        (pager(&shown, first.as_deref(), next.as_deref()))
    }
}

/// Renders the heading that reverses the order.
fn sorted(filter: &Filter) -> Markup {
    let (order, mark, next) = match &filter.sort[..] {
        "-name" => ("descending", "arrow-down", ""),
        _ => ("ascending", "arrow-up", "-name"),
    };
    let url = Filter { sort: next.to_owned(), after: String::new(), ..filter.clone() }.url();
    html! {
        th role="columnheader" scope="col" aria-sort=(order) { a href=(url) { "Student" (icon_small(mark)) } }
    }
}

fn student_row(viewer: &Viewer, item: &BrowseItem, data: &Data) -> Markup {
    let name = two(&format!("{PATH}/{}", item.student_id), &item.display_name, grade(item.grade).as_deref());
    let states = data.states(item.student_id, viewer);
    let attentions: Vec<&Attention> = data.attentions.iter().filter(|of| of.student_id == item.student_id).collect();
    let is_plain = attentions.is_empty() && item.status == StudentStatus::Active;
    row(&html! {
        (cell("", html! { span.who { span.avatar aria-hidden="true" { (initials(&item.display_name)) } (name) } }))
        (cell("hide muted", html! { @if let Some(cohort) = &item.cohort { (cohort) } @else { (none()) } }))
        (cell("nowrap end sm", html! { @if let Some(at) = item.last_session_at { (viewer.time(at)) } @else { span.faint { "No call yet" } } }))
        (cell("num hide", html! { (figures::count(item.n_sessions)) }))
        (cell("num hide", html! { (figures::count(item.length_ms / 60_000)) }))
        (cell("full mixcell", html! { @if states.is_empty() { span.faint.sm { "None yet" } } @else { (share(&states)) } }))
        (cell("hide", weeks(item)))
        (cell(if is_plain { "hide" } else { "full nowrap" }, html! {
            @if item.status == StudentStatus::Blocked { (badge("warn", "lock", "Assistants get no data")) " " }
            @if !attentions.is_empty() || is_plain { (badges(&attentions)) }
        }))
    })
}

/// Renders the minutes in each of the last weeks.
fn weeks(item: &BrowseItem) -> Markup {
    let minutes: Vec<f64> = item.weeks_ms.iter().map(|ms| *ms as f64 / 60_000.0).collect();
    let most = minutes.iter().copied().fold(0.0, f64::max);
    let values = minutes.iter().map(|minutes| format!("{minutes:.0}")).collect::<Vec<_>>().join(", ");
    if most > 0.0 {
        html! { span.plain { (spark(&minutes, 0.0, most, &format!("Minutes by week, most recent last: {values}"))) } }
    } else {
        none()
    }
}

fn nothing(admin: &Admin, filter: &Filter) -> Markup {
    if filter.attention == "yes" && filter.with_subject("").with_attention("").url() == PATH {
        empty(
            "circle-check",
            "No student needs attention",
            "No concern is open, no call failed, and no student is stuck or quiet.",
            html! {},
        )
    } else if filter.with_subject("").url() == PATH && admin.own_classes().is_some() {
        empty("users", "No students in your classes", "Choose “All students” to see the others.", html! {})
    } else if filter.with_subject("").url() == PATH {
        empty("users", "No students yet", "Add them one by one here, or many at once with “Import a sheet”.", html! {})
    } else {
        empty(
            "search",
            "No students match",
            "No student matches all filters.",
            html! {
                a.btn href=(PATH) { "Clear filters" }
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;
    use storage::id::StudentId;

    use super::*;

    pub(super) fn item(name: &str) -> BrowseItem {
        BrowseItem {
            student_id: StudentId(uuid::Uuid::from_u128(3)),
            display_name: name.to_owned(),
            grade: Some(7),
            cohort: None,
            status: StudentStatus::Active,
            created_at: "2026-11-01T00:00:00Z".parse().unwrap(),
            n_sessions: 1_204,
            last_session_at: None,
            length_ms: 174 * 60_000,
            weeks_ms: vec![0, 60_000, 0, 120_000, 0, 600_000],
        }
    }

    pub(super) fn data(filter: Filter, name: &str) -> Data {
        Data { filter, students: vec![item(name)], has_next: false, attentions: Vec::new(), skills: Vec::new() }
    }

    #[test]
    fn a_student_is_a_row_with_a_link() {
        let data = data(Filter::default(), "Maya <Okonkwo>");
        let around = Around { n_in_need: 38, ..Around::default() };
        let shown = render(&Admin::sample(Role::Viewer), &data, &around).into_string();
        assert!(shown.contains("Maya &lt;Okonkwo&gt;") && shown.contains("Grade 7") && shown.contains("1,204"));
        assert!(shown.contains(r#"href="/students/00000000-0000-0000-0000-000000000003""#));
        assert!(!shown.contains("/students/new"), "a viewer cannot add students");
        assert!(shown.contains(">174<") && shown.contains("most recent last: 0, 1, 0, 2, 0, 10"), "{shown}");
    }

    #[test]
    fn who_needs_a_person_has_a_view_and_a_badge() {
        let attention = Attention {
            student_id: item("Maya").student_id,
            reason: attention::Reason::ShortCalls,
            since: "2026-11-01T00:00:00Z".parse().unwrap(),
            n: 3,
        };
        let data = Data { attentions: vec![attention], ..data(Filter::default(), "Maya") };
        let around = Around { n_in_need: 38, ..Around::default() };
        let shown = render(&Admin::sample(Role::Viewer), &data, &around).into_string();
        assert!(shown.contains(r#"href="/students?attention=yes""#) && shown.contains("Short calls"), "{shown}");
        assert!(shown.contains(r#"<span class="n">38</span>"#));
    }

    #[test]
    fn the_key_of_a_page_survives_a_name_with_an_underscore() {
        let data = Data { has_next: true, ..data(Filter::default(), "Ann_Lee") };
        let shown = list(&Admin::sample(Role::Viewer), &data).into_string();
        assert!(shown.contains("after=ann_lee_00000000-0000-0000-0000-000000000003"), "{shown}");
        let filter = Filter { after: "ann_lee_00000000-0000-0000-0000-000000000003".to_owned(), ..Filter::default() };
        assert_eq!(filter.query(Viewer::sample().now).unwrap().after.unwrap().0, "ann_lee");
    }

    #[test]
    fn filters_that_cannot_be_read_are_refused_in_words() {
        assert!(Filter { grade: "seven".to_owned(), ..Filter::default() }.query(Viewer::sample().now).is_err());
        assert!(Filter { sort: "mood".to_owned(), ..Filter::default() }.query(Viewer::sample().now).is_err());
        assert!(Filter { after: "ann".to_owned(), ..Filter::default() }.query(Viewer::sample().now).is_err());
    }
}
