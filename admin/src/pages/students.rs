//! Every student, by name, with what is known of their skills.

mod heat_map;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use shared::db::Db;
use shared::id::StudentId;
use shared::learner::MasteryState;
use shared::mastery::{self, StudentSkill};
use shared::student::{self, StudentItem, StudentQuery, StudentStatus};

use crate::auth::Admin;
use crate::fault::Fault;
use crate::htmx::{self, Asked};
use crate::layout::{Place, page};
use crate::parts::badge::badge;
use crate::parts::empty::empty;
use crate::parts::icon::icon;
use crate::parts::meter::share;
use crate::parts::pager::{PAGE, pager, split_page};
use crate::parts::table::{Column, cell, row, table, two};
use crate::parts::{grade, initials, none, select};
use crate::viewer::Viewer;
use crate::{figures, link};

const PATH: &str = "/students";
const LIST_ID: &str = "students";

/// The filters, as the address has them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    q: String,
    grade: String,
    cohort: String,
    /// Whose skills the heat map shows. Empty: that with most evidence.
    subject: String,
    /// Lower-case name and id of the last row of the page before. The name comes from the row, not from a telephone.
    after: String,
}

impl Filter {
    fn query(&self) -> Result<StudentQuery, Fault> {
        if self.q.chars().count() > 100 {
            return Err(Fault::Invalid("A search has at most 100 characters.".to_owned()));
        }
        let grade = match &self.grade[..] {
            "" => None,
            text => Some(text.parse().map_err(|_| Fault::Invalid("A grade is a number from 0 to 13.".to_owned()))?),
        };
        let after = match self.after.rsplit_once('_') {
            None if self.after.is_empty() => None,
            Some((name, id)) if id.parse::<shared::id::StudentId>().is_ok() => {
                Some((name.to_owned(), id.parse().unwrap_or_default()))
            }
            _ => return Err(Fault::Invalid("This link to a page of the list is damaged.".to_owned())),
        };
        let name = self.q.trim();
        let name_contains = Some(name.to_owned()).filter(|name| !name.is_empty());
        let cohort = Some(self.cohort.clone()).filter(|cohort| !cohort.is_empty());
        Ok(StudentQuery { name_contains, grade, cohort, after, limit: PAGE + 1 })
    }

    fn url(&self) -> String {
        let Self { q, grade, cohort, subject, after } = self;
        link::to(PATH, &[("q", q.trim()), ("grade", grade), ("cohort", cohort), ("subject", subject), ("after", after)])
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
    pub(crate) students: Vec<StudentItem>,
    pub(crate) has_next: bool,
    /// Those that there are, to choose from.
    pub(crate) cohorts: Vec<String>,
    /// Of the students shown.
    pub(crate) skills: Vec<StudentSkill>,
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
    let (students, has_next) = split_page(student::list_students(&db, &admin.caller, &filter.query()?).await?);
    let cohorts = student::list_cohorts(&db, &admin.caller).await?;
    let ids: Vec<StudentId> = students.iter().map(|item| item.student_id).collect();
    let skills = mastery::list_mastery_of(&db, &admin.caller, &ids).await?;
    let data = Data { filter, students, has_next, cohorts, skills };
    Ok(if asked.is_for(LIST_ID) {
        htmx::fragment(results(&admin.viewer, &data), &data.filter.url())
    } else {
        render(&admin, &data).into_response()
    })
}

pub(crate) fn render(admin: &Admin, data: &Data) -> Markup {
    page(
        admin,
        Place::Students,
        "Students",
        html! {
            div.stack.list-page {
                div.head {
                    div { h1 { "Students" } p { "Everybody who learns here, by name." } }
                    @if admin.may_write() { div.actions { a.btn.primary href="/students/new" { (icon("plus")) "Add a student" } } }
                }
                (filters(&data.filter, &data.cohorts))
                div.stack id=(LIST_ID) { (results(&admin.viewer, data)) }
            }
        },
    )
}

/// What a filter changes.
fn results(viewer: &Viewer, data: &Data) -> Markup {
    html! {
        div.card { (list(viewer, data)) }
        @if !data.students.is_empty() { (heat_map::card(viewer, data)) }
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
            @if !filter.subject.is_empty() { input type="hidden" name="subject" value=(filter.subject); }
            div.field.grow {
                label for="q" { "Search" } (icon("search"))
                input.input id="q" name="q" type="search" placeholder="Part of the name" maxlength="100" value=(filter.q);
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

const COLUMNS: [Column; 6] = [
    ("Student", ""),
    ("Cohort", "hide"),
    ("Last call", ""),
    ("Calls", "num"),
    ("Skills by level", "mixcell"),
    ("Status", ""),
];

fn list(viewer: &Viewer, data: &Data) -> Markup {
    if data.students.is_empty() {
        return nothing(&data.filter);
    }
    let next =
        data.students.last().filter(|_| data.has_next).map(|last| {
            data.filter.with_after(format!("{}_{}", last.display_name.to_lowercase(), last.student_id)).url()
        });
    let first = (!data.filter.after.is_empty()).then(|| data.filter.with_after(String::new()).url());
    let shown = figures::counted(data.students.len() as i64, "student", "students");
    let shown = if data.has_next || first.is_some() { format!("{shown} on this page") } else { shown };
    html! {
        (table("Students", &COLUMNS, &html! { @for item in &data.students { (student_row(viewer, item, &data.states(item.student_id, viewer))) } }))
        (pager(&shown, first.as_deref(), next.as_deref()))
    }
}

fn student_row(viewer: &Viewer, item: &StudentItem, states: &[MasteryState]) -> Markup {
    let name = two(&format!("{PATH}/{}", item.student_id), &item.display_name, grade(item.grade).as_deref());
    row(&html! {
        (cell("", html! { span.who { span.avatar aria-hidden="true" { (initials(&item.display_name)) } (name) } }))
        (cell("hide muted", html! { @if let Some(cohort) = &item.cohort { (cohort) } @else { (none()) } }))
        (cell("nowrap end sm", html! { @if let Some(at) = item.last_session_at { (viewer.time(at)) } @else { span.faint { "No call yet" } } }))
        (cell("num hide", html! { (figures::count(item.n_sessions)) }))
        (cell("full mixcell", html! { @if states.is_empty() { span.faint.sm { "None yet" } } @else { (share(states)) } }))
        (cell("hide", html! { @match item.status {
            StudentStatus::Active => (none()),
            StudentStatus::Blocked => (badge("warn", "lock", "Assistants are told nothing")),
        } }))
    })
}

fn nothing(filter: &Filter) -> Markup {
    if filter.with_subject("").url() == PATH {
        empty(
            "users",
            "No students yet",
            "Add them one by one here, or many at once with “ai-tutor student import”.",
            html! {},
        )
    } else {
        empty(
            "search",
            "No students match",
            "No student has all of what the filters ask for.",
            html! {
                a.btn href=(PATH) { "Clear filters" }
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use shared::access::Role;
    use shared::id::StudentId;

    use super::*;

    pub(super) fn item(name: &str) -> StudentItem {
        StudentItem {
            student_id: StudentId(uuid::Uuid::from_u128(3)),
            display_name: name.to_owned(),
            grade: Some(7),
            cohort: None,
            status: StudentStatus::Active,
            created_at: "2026-11-01T00:00:00Z".parse().unwrap(),
            n_sessions: 1_204,
            last_session_at: None,
        }
    }

    #[test]
    fn a_student_is_a_row_with_a_link() {
        let data = Data {
            filter: Filter::default(),
            students: vec![item("Maya <Okonkwo>")],
            has_next: false,
            cohorts: Vec::new(),
            skills: Vec::new(),
        };
        let shown = render(&Admin::sample(Role::Viewer), &data).into_string();
        assert!(shown.contains("Maya &lt;Okonkwo&gt;") && shown.contains("Grade 7") && shown.contains("1,204"));
        assert!(shown.contains(r#"href="/students/00000000-0000-0000-0000-000000000003""#));
        assert!(!shown.contains("/students/new"), "a viewer adds nobody");
    }

    #[test]
    fn the_key_of_a_page_survives_a_name_with_an_underscore() {
        let data = Data {
            filter: Filter::default(),
            students: vec![item("Ann_Lee")],
            has_next: true,
            cohorts: Vec::new(),
            skills: Vec::new(),
        };
        let shown = list(&Viewer::sample(), &data).into_string();
        assert!(shown.contains("after=ann_lee_00000000-0000-0000-0000-000000000003"), "{shown}");
        let filter = Filter { after: "ann_lee_00000000-0000-0000-0000-000000000003".to_owned(), ..Filter::default() };
        assert_eq!(filter.query().unwrap().after.unwrap().0, "ann_lee");
    }

    #[test]
    fn filters_that_cannot_be_read_are_refused_in_words() {
        assert!(Filter { grade: "seven".to_owned(), ..Filter::default() }.query().is_err());
        assert!(Filter { after: "ann".to_owned(), ..Filter::default() }.query().is_err());
    }
}
