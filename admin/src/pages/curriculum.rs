//! The curriculum: each subject's skills, step by step, with prerequisites and successors.

pub(crate) mod edit;
pub(crate) mod import;
pub(crate) mod skill;
mod trial;

use std::collections::HashMap;

use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;
use storage::clock;
use storage::curriculum::{self, Curriculum, Skill, Subject, SuggestedTopic};
use storage::db::{self, Db};

use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::layout::{Place, page};
use crate::parts::empty::empty;
use crate::parts::icon::{icon, icon_small};
use crate::parts::table::{Column, ROWS_ID, cell, row, table, two};
use crate::parts::{csrf, none, select};

const PATH: &str = "/curriculum";
/// Topics that the page suggests to add.
const N_SUGGESTED: i64 = 8;

/// The filters, read from the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    q: String,
    subject: String,
}

impl Filter {
    fn takes(&self, skill: &Skill) -> bool {
        let q = self.q.trim().to_lowercase();
        (self.subject.is_empty() || self.subject == skill.subject_id)
            && (skill.name.to_lowercase().contains(&q) || skill.skill_id.contains(&q))
    }

    fn is_narrow(&self) -> bool {
        !self.q.trim().is_empty() || !self.subject.is_empty()
    }
}

/// The whole curriculum, with retired skills.
pub(crate) struct Data {
    pub(crate) living: Curriculum,
    pub(crate) retired: Vec<Skill>,
    /// Topics of recent calls that no skill covers. Read only for the overview.
    pub(crate) suggested: Vec<SuggestedTopic>,
}

impl Data {
    async fn fetch(db: &Db) -> Result<Self, Fault> {
        let mut tx = db::begin(db).await?;
        Ok(Self {
            living: curriculum::load(&mut tx).await?,
            retired: curriculum::list_retired(&mut tx).await?,
            suggested: Vec::new(),
        })
    }

    /// The skill, and whether it is retired.
    fn find(&self, skill_id: &str) -> Option<(&Skill, bool)> {
        let living = self.living.find_skill(skill_id).map(|skill| (skill, false));
        living.or_else(|| self.retired.iter().find(|skill| skill.skill_id == skill_id).map(|skill| (skill, true)))
    }

    /// The skills that build on this one.
    fn builds_on<'a>(&'a self, skill_id: &'a str) -> impl Iterator<Item = &'a Skill> {
        self.living.skills.iter().filter(move |skill| skill.prerequisites.iter().any(|id| id == skill_id))
    }
}

pub(crate) async fn get(admin: Admin, State(db): State<Db>, Query(filter): Query<Filter>) -> Result<Markup, Fault> {
    if filter.q.chars().count() > 100 {
        return Err(Fault::Invalid("A search has at most 100 characters.".to_owned()));
    }
    let mut data = Data::fetch(&db).await?;
    data.suggested = curriculum::list_suggested_topics(&db, &admin.caller, N_SUGGESTED, clock::now()).await?;
    Ok(render(&admin, &data, &filter, None))
}

pub(crate) fn render(admin: &Admin, data: &Data, filter: &Filter, error: Option<&str>) -> Markup {
    let retired: Vec<&Skill> = data.retired.iter().filter(|skill| filter.takes(skill)).collect();
    let n_shown = data.living.skills.iter().filter(|skill| filter.takes(skill)).count();
    page(
        admin,
        Place::Curriculum,
        "Curriculum",
        html! {
            div.stack.list-page {
                div.head {
                    div { h1 { "Curriculum" } p { "Skills by subject, in the order in which they build on each other." } }
                    div.actions {
                        @if admin.may_write() {
                            a.btn href={ (PATH) "/export?format=csv" } { (icon("download")) "CSV" }
                            a.btn href={ (PATH) "/export?format=json" } { (icon("download")) "JSON" }
                            a.btn href={ (PATH) "/import" } { (icon("upload")) "Import" }
                            a.btn.primary href={ (PATH) "/new" } { (icon("plus")) "Add a skill" }
                        }
                    }
                }
                @if let Some(error) = error { (crate::parts::notice::notice(crate::parts::notice::Tone::Bad, error, "Nothing was saved.")) }
                (filters(&data.living.subjects, filter))
                @if n_shown == 0 && retired.is_empty() { div.card { (nothing(filter)) } }
                div.stack id=(ROWS_ID) { @for subject in &data.living.subjects { (subject_card(data, subject, filter)) } }
                @if !retired.is_empty() { (retired_card(&retired)) }
                @if !data.suggested.is_empty() { (suggested_card(&data.suggested)) }
                @if admin.may_write() { (ready_made(admin, &data.living)) (new_subject(admin)) }
            }
        },
    )
}

/// Topics of recent calls that no skill covers.
fn suggested_card(suggested: &[SuggestedTopic]) -> Markup {
    html! {
        section.card aria-labelledby="suggested" {
            header { h2 id="suggested" { "Taught, but not in the curriculum" } }
            div.sec {
                p.sm.muted { "Calls of the last four weeks were about these topics. Add a skill to follow progress in one of them." }
                ul.bul { @for topic in suggested {
                    li { (topic.topic) span.muted { " · " (topic.n_calls) @if topic.n_calls == 1 { " call, " } @else { " calls, " } (topic.n_answers) " answers" } }
                } }
            }
        }
    }
}

fn filters(subjects: &[Subject], filter: &Filter) -> Markup {
    let names = subjects.iter().map(|subject| (subject.subject_id.as_str(), subject.name.as_str()));
    let options: Vec<(&str, &str)> = [("", "All")].into_iter().chain(names).collect();
    html! {
        form.filters method="get" action=(PATH) role="search" aria-label="Filter skills" {
            div.field.grow {
                label for="q" { "Search" } (icon("search"))
                input.input id="q" name="q" type="search" placeholder="Part of the name" maxlength="100" value=(filter.q);
            }
            details.more {
                summary.btn { (icon("list-filter")) "Filters" }
                div.fields {
                    (select("Subject", "subject", &options, &filter.subject))
                    button.btn { (icon("list-filter")) "Filter" }
                }
            }
        }
    }
}

fn nothing(filter: &Filter) -> Markup {
    html! {
        @if filter.is_narrow() {
            (empty("book-open", "No skills match", "Try a shorter part of the name, or all subjects.", html! { a.btn href=(PATH) { "Show all" } }))
        } @else {
            (empty("book-open", "No skills yet", "Add a skill, or import a sheet with all of them.", html! {}))
        }
    }
}

const COLUMNS: [Column; 5] =
    [("Skill", ""), ("Grades", ""), ("Prerequisites", ""), ("Builds on it", ""), ("Questions", "num")];

fn subject_card(data: &Data, subject: &Subject, filter: &Filter) -> Markup {
    let steps = data.living.steps();
    let all = data.living.skills.iter().filter(|skill| skill.subject_id == subject.subject_id);
    let mut skills: Vec<(usize, &Skill)> = all
        .filter(|skill| filter.takes(skill))
        .map(|skill| (steps.get(skill.skill_id.as_str()).copied().unwrap_or(0), skill))
        .collect();
    skills.sort_by_key(|(step, skill)| (*step, skill.grade_from, skill.grade_to, skill.name.clone()));
    if skills.is_empty() {
        return html! {};
    }
    let names: HashMap<&str, &str> =
        data.living.skills.iter().map(|skill| (skill.skill_id.as_str(), skill.name.as_str())).collect();
    let rows = html! {
        @for of_step in skills.chunk_by(|a, b| a.0 == b.0) {
            tr.group role="row" { th role="rowheader" scope="rowgroup" colspan="5" { (step_words(of_step[0].0)) } }
            @for (_, skill) in of_step { (skill_row(data, &names, skill)) }
        }
    };
    html! {
        section.card aria-labelledby={ "subject-" (subject.subject_id) } {
            header {
                h2 id={ "subject-" (subject.subject_id) } { (subject.name) }
                p { (figures::counted(skills.len() as i64, "skill", "skills")) }
            }
            // Open wherever there is room: see the style sheet.
            details.roomy open[filter.is_narrow()] {
                summary { (icon_small("chevron-right")) "Skills of " (subject.name) }
                (table(&subject.name, &COLUMNS, &rows))
            }
        }
    }
}

fn step_words(step: usize) -> String {
    if step == 0 { "Step 1 · no prerequisites".to_owned() } else { format!("Step {}", step + 1) }
}

fn skill_row(data: &Data, names: &HashMap<&str, &str>, skill: &Skill) -> Markup {
    let before = skill.prerequisites.iter().map(|id| (id.as_str(), names.get(id.as_str()).copied().unwrap_or(id)));
    let after = data.builds_on(&skill.skill_id).map(|next| (next.skill_id.as_str(), next.name.as_str()));
    row(&html! {
        (cell("", two(&format!("{PATH}/{}", skill.skill_id), &skill.name, Some(&skill.skill_id))))
        (cell("nowrap end sm", html! { (grades(skill)) }))
        (cell("full sm", html! { span.lbl { "Prerequisites" } (links(before)) }))
        (cell("full sm", html! { span.lbl { "Builds on it" } (links(after)) }))
        (cell("num hide", html! { (skill.questions.len()) }))
    })
}

/// "3 to 5", "K to 2", "4".
pub(super) fn grades(skill: &Skill) -> String {
    let word = |grade: i16| if grade == 0 { "K".to_owned() } else { grade.to_string() };
    let (from, to) = (word(skill.grade_from), word(skill.grade_to));
    if from == to { from } else { format!("{from} to {to}") }
}

/// Renders names of skills, each as a link.
fn links<'a>(skills: impl Iterator<Item = (&'a str, &'a str)>) -> Markup {
    let mut skills = skills.peekable();
    html! {
        @if skills.peek().is_none() { (none()) }
        @else { span.tags { @for (id, name) in skills { a.tag.skill-tag href={ (PATH) "/" (id) } { (name) } } } }
    }
}

fn retired_card(skills: &[&Skill]) -> Markup {
    let rows = html! {
        @for skill in skills { (row(&html! {
            (cell("", two(&format!("{PATH}/{}", skill.skill_id), &skill.name, Some(&skill.skill_id))))
            (cell("nowrap end sm", html! { (grades(skill)) }))
        })) }
    };
    html! {
        section.card aria-labelledby="retired" {
            header { h2 id="retired" { "Retired" } p { "No longer taught. Past progress is kept." } }
            (table("Retired", &[("Skill", ""), ("Grades", "")], &rows))
        }
    }
}

/// Subjects that come with the product and are not in use yet.
fn ready_made(admin: &Admin, living: &Curriculum) -> Markup {
    let is_new = |subject: &Subject| !living.subjects.iter().any(|known| known.subject_id == subject.subject_id);
    let subjects: Vec<Subject> = Curriculum::list_ready_made().into_iter().filter(is_new).collect();
    html! {
        @if !subjects.is_empty() {
            section.card aria-labelledby="ready-made" {
                header { h2 id="ready-made" { "Ready-made subjects" } }
                div.body.stack.tight {
                    p.sm.muted { "Each comes with skills and questions. You can change them after you add the subject." }
                    div.actions { @for subject in &subjects {
                        form method="post" action={ (PATH) "/ready-made" } {
                            (csrf(admin))
                            input type="hidden" name="subject_id" value=(subject.subject_id);
                            button.btn { (icon("plus")) "Add " (subject.name) }
                        }
                    } }
                }
            }
        }
    }
}

fn new_subject(admin: &Admin) -> Markup {
    html! {
        section.card aria-labelledby="new-subject" {
            header { h2 id="new-subject" { "Add a subject" } }
            form.body.stack.tight method="post" action={ (PATH) "/subjects" } {
                (csrf(admin))
                div.form-grid {
                    div.field { label for="subject_name" { "Name" } input.input id="subject_name" name="name" required maxlength="80"; span.hint { "For example Mathematics." } }
                    div.field { label for="subject_id" { "Short name" } input.input id="subject_id" name="subject_id" required maxlength="40"; span.hint { "Lower-case letters, digits and _. It cannot be changed later." } }
                }
                div { button.btn { "Add subject" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    fn data() -> Data {
        let mut living = Curriculum::starter();
        let retired = living.skills.pop().into_iter().collect();
        Data { living, retired, suggested: Vec::new() }
    }

    fn shown(role: Role, filter: &Filter) -> String {
        render(&Admin::sample(role), &data(), filter, None).into_string()
    }

    #[test]
    fn skills_stand_in_steps_with_what_comes_before_and_after() {
        let shown = shown(Role::Viewer, &Filter::default());
        assert!(shown.contains("Step 1 · no prerequisites") && shown.contains("Step 2") && shown.contains("Retired"));
        assert!(shown.matches(r#"href="/curriculum/maths.number.count""#).count() > 1, "itself, and what builds on it");
        assert!(shown.contains(r#"<details class="roomy">"#), "a phone shows the subjects");
        assert!(!shown.contains("Add a skill") && !shown.contains("Add a subject"), "a viewer reads");
    }

    #[test]
    fn a_filter_narrows_by_subject_and_name_and_says_when_nothing_is_left() {
        let of_maths = Filter { subject: "maths".to_owned(), q: "PLACE".to_owned() };
        let found = shown(Role::Tutor, &of_maths);
        assert!(found.contains(r#"<details class="roomy" open>"#), "what was searched for is shown");
        assert!(found.contains("Place value") && !found.contains(r#"id="subject-italian""#));
        let nothing = Filter { q: "no such skill".to_owned(), ..Filter::default() };
        assert!(shown(Role::Tutor, &nothing).contains("No skills match"));
    }
}
