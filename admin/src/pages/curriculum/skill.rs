//! One skill: its grades, the words that identify it, its questions, its place in the curriculum, and the students who
//! know it.

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use serde::Deserialize;
use storage::class::{self, Pupil};
use storage::curriculum::Skill;
use storage::db::Db;
use storage::id::StudentId;
use storage::learner::MasteryState;
use storage::mastery;

use super::{Data, PATH, grades, links};
use crate::auth::Admin;
use crate::fault::Fault;
use crate::layout::{Place, page};
use crate::pages::students::class::list_cohorts;
use crate::parts::icon::icon;
use crate::parts::meter::state_word;
use crate::parts::notice::{Tone, notice};
use crate::parts::{csrf, none, select};

/// The class whose students the page lists.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    /// Empty: the first class of the person.
    cohort: String,
    /// `saved`: the person has just saved the skill.
    done: String,
}

/// The students of a class, by their level in the skill.
#[derive(Debug, Default)]
struct OfClass {
    cohorts: Vec<String>,
    cohort: String,
    pupils: Vec<(Pupil, MasteryState)>,
}

pub(crate) async fn get(
    admin: Admin,
    State(db): State<Db>,
    Path(skill_id): Path<String>,
    Query(filter): Query<Filter>,
) -> Result<Markup, Fault> {
    let data = Data::fetch(&db).await?;
    let (skill, is_retired) = data.find(&skill_id).ok_or(Fault::NotFound("skill"))?;
    let cohorts = list_cohorts(&admin, &db).await?;
    let is_saved = filter.done == "saved";
    let asked = Some(filter.cohort).filter(|asked| !asked.is_empty());
    let of_class = match asked.or_else(|| cohorts.first().cloned()) {
        Some(cohort) => OfClass { pupils: fetch(&admin, &db, &cohort, &skill_id).await?, cohort, cohorts },
        None => OfClass::default(),
    };
    Ok(render(&admin, &data, skill, is_retired, is_saved, &of_class))
}

async fn fetch(admin: &Admin, db: &Db, cohort: &str, skill_id: &str) -> Result<Vec<(Pupil, MasteryState)>, Fault> {
    let pupils = class::list_pupils(db, &admin.caller, cohort).await?;
    let ids: Vec<StudentId> = pupils.iter().map(|pupil| pupil.student_id).collect();
    let skills = mastery::list_mastery_of(db, &admin.caller, &ids).await?;
    let levels: HashMap<StudentId, MasteryState> = skills
        .iter()
        .filter(|of| of.mastery.skill_id == skill_id)
        .map(|of| (of.student_id, of.mastery.word(admin.viewer.now)))
        .collect();
    let with_level = pupils.into_iter().map(|pupil| {
        let level = levels.get(&pupil.student_id).copied().unwrap_or(MasteryState::New);
        (pupil, level)
    });
    Ok(with_level.collect())
}

/// Renders the students of a class by level. The lowest started level comes first.
fn students_card(skill: &Skill, of_class: &OfClass) -> Markup {
    let cohorts: Vec<(&str, &str)> = of_class.cohorts.iter().map(|name| (&name[..], &name[..])).collect();
    let with = |level| of_class.pupils.iter().filter(move |(_, of)| *of == level).map(|(pupil, _)| pupil);
    html! {
        section.card aria-labelledby="students" {
            header { h2 id="students" { "Students by level" } }
            div.body.stack.tight {
                form.row.wrap method="get" { (select("Class", "cohort", &cohorts, &of_class.cohort)) button.btn.small { "Show" } }
                dl.dl { @for level in [MasteryState::Learning, MasteryState::Shaky, MasteryState::Mastered, MasteryState::New] {
                    @let n = with(level).count();
                    dt { (state_word(level)) " (" (n) ")" }
                    dd { @if n == 0 { (none()) } @for (i, pupil) in with(level).enumerate() {
                        @if i > 0 { ", " }
                        @let page = format!("/students/{}", pupil.student_id);
                        a.link href=(if level == MasteryState::New { page } else { format!("{page}/skills/{}", skill.skill_id) }) { (pupil.display_name) }
                    } }
                } }
            }
        }
    }
}

fn render(admin: &Admin, data: &Data, skill: &Skill, is_retired: bool, is_saved: bool, of_class: &OfClass) -> Markup {
    let subject = data.living.subjects.iter().find(|subject| subject.subject_id == skill.subject_id);
    let name_of = |id: &str| data.find(id).map_or("", |(skill, _)| skill.name.as_str());
    let before = skill.prerequisites.iter().map(|id| (id.as_str(), name_of(id)));
    let after = data.builds_on(&skill.skill_id).map(|next| (next.skill_id.as_str(), next.name.as_str()));
    page(
        admin,
        Place::Curriculum,
        &skill.name,
        html! {
            div.stack {
                div.head {
                    div { h1 { (skill.name) } p.mono { (skill.skill_id) } }
                    @if admin.may_write() { div.actions { (actions(admin, skill, is_retired)) } }
                }
                @if is_saved { (notice(Tone::Info, "The skill is saved", "The next analysis uses it.")) }
                @if is_retired { (notice(Tone::Info, "This skill is retired", "It is no longer taught. Past progress is kept.")) }
                div.cols.main-aside {
                    div.stack {
                        @if !of_class.pupils.is_empty() { (students_card(skill, of_class)) }
                        section.card aria-labelledby="questions" {
                            header { h2 id="questions" { "Questions" } p { "Ready-made, with their answers." } }
                            @if skill.questions.is_empty() { div.body { p.muted { "None yet." } } }
                            ul.list { @for question in &skill.questions { li { (question.ask) " " b.nowrap { "→ " (question.answer) } @if !question.is_comparable() { " " span.tag { "Free answer" } } } } }
                        }
                    }
                    div.stack {
                        section.card aria-labelledby="place" {
                            header { h2 id="place" { "Place in the curriculum" } }
                            div.body { dl.dl {
                                dt { "Subject" } dd { (subject.map_or("", |subject| &subject.name)) }
                                dt { "Grades" } dd { (grades(skill)) }
                                dt { "Prerequisites" } dd { (links(before)) }
                                dt { "Builds on it" } dd { (links(after)) }
                            } }
                        }
                        section.card aria-labelledby="lexicon" {
                            header { h2 id="lexicon" { "Words that identify it" } p { "With their weight: 1 is a hint, 9 is certain." } }
                            div.body {
                                @if skill.lexicon.is_empty() { p.muted { "None. Calls are not recognised as practice of this skill." } }
                                ul.tags { @for phrase in &skill.lexicon { li.tag { (phrase.phrase) " · " (phrase.weight) } } }
                            }
                        }
                    }
                }
            }
        },
    )
}

fn actions(admin: &Admin, skill: &Skill, is_retired: bool) -> Markup {
    let (word, verb) = if is_retired { ("Restore", "restore") } else { ("Retire", "retire") };
    html! {
        form method="post" action={ (PATH) "/" (skill.skill_id) "/" (verb) } { (csrf(admin)) button.btn { (word) } }
        @if !is_retired { a.btn.primary href={ (PATH) "/" (skill.skill_id) "/edit" } { (icon("pencil")) "Edit" } }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;
    use storage::curriculum::Curriculum;

    use super::*;

    #[test]
    fn a_skill_shows_what_it_is_made_of_and_a_viewer_has_no_buttons() {
        let data = Data { living: Curriculum::starter(), retired: Vec::new(), suggested: Vec::new() };
        let skill = data.living.find_skill("maths.number.place_value").unwrap();
        let of =
            |role, is_retired| render(&Admin::sample(role), &data, skill, is_retired, false, &of_class()).into_string();
        let shown = of(Role::Tutor, false);
        assert!(shown.contains("1 to 5") && shown.contains("Counting to 100") && shown.contains("place value · 5"));
        assert!(shown.contains("/retire") && of(Role::Tutor, true).contains("/restore"));
        assert!(!of(Role::Viewer, false).contains("/retire"));
    }

    fn of_class() -> OfClass {
        let pupil = Pupil { student_id: StudentId(uuid::Uuid::from_u128(3)), display_name: "Maya Okonkwo".to_owned() };
        let cohort = "Period 3".to_owned();
        OfClass { cohorts: vec![cohort.clone()], cohort, pupils: vec![(pupil, MasteryState::Learning)] }
    }

    #[test]
    fn students_are_listed_by_level_with_a_link_to_their_answers() {
        let data = Data { living: Curriculum::starter(), retired: Vec::new(), suggested: Vec::new() };
        let skill = data.living.find_skill("maths.number.place_value").unwrap();
        let shown = students_card(skill, &of_class()).into_string();
        assert!(shown.contains("Learning (1)") && shown.contains("/skills/maths.number.place_value"), "{shown}");
    }
}
