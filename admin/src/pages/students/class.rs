//! The class view: students by the skills of one strand, who is ready for the next skill, and who shares a difficulty.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;
use storage::class::{self, Levels, Pupil, SharedBelief, Taught, strand};
use storage::db::Db;
use storage::id::StudentId;
use storage::learner::MasteryState;
use storage::{mastery, student};

use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::layout::{Place, page};
use crate::link;
use crate::parts::empty::empty;
use crate::parts::icon::icon;
use crate::parts::meter::{legend, level_shade, state_word};
use crate::parts::select;

pub(crate) const PATH: &str = "/students/class";

/// The filters, read from the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    /// Empty: the first class of the person.
    cohort: String,
    /// Empty: the strand that the class practised most.
    strand: String,
}

pub(crate) struct Data {
    /// The person's own classes first.
    cohorts: Vec<String>,
    cohort: String,
    strand: String,
    pupils: Vec<Pupil>,
    taught: Vec<Taught>,
    levels: Levels,
    /// Skills with a due review.
    due: HashSet<(StudentId, String)>,
    /// Pieces of evidence in each strand.
    practised: BTreeMap<String, u32>,
    beliefs: Vec<SharedBelief>,
}

pub(crate) async fn get(admin: Admin, State(db): State<Db>, Query(filter): Query<Filter>) -> Result<Markup, Fault> {
    let caller = &admin.caller;
    let cohorts = list_cohorts(&admin, &db).await?;
    let asked = Some(filter.cohort).filter(|asked| !asked.is_empty());
    let Some(cohort) = asked.or_else(|| cohorts.first().cloned()) else { return Ok(no_class(&admin)) };
    let pupils = class::list_pupils(&db, caller, &cohort).await?;
    if pupils.is_empty() {
        return Err(Fault::NotFound("class"));
    }
    let ids: Vec<StudentId> = pupils.iter().map(|pupil| pupil.student_id).collect();
    let (mut levels, mut due, mut practised) = (Levels::new(), HashSet::new(), BTreeMap::new());
    for skill in mastery::list_mastery_of(&db, caller, &ids).await? {
        let of_strand = strand(&skill.mastery.skill_id).to_owned();
        *practised.entry(of_strand).or_default() += skill.mastery.state.n_evidence;
        if skill.mastery.is_due(admin.viewer.now) {
            due.insert((skill.student_id, skill.mastery.skill_id.clone()));
        }
        levels.insert((skill.student_id, skill.mastery.skill_id.clone()), skill.mastery.word(admin.viewer.now));
    }
    let taught = class::list_taught(&db).await?;
    let most_practised = practised.iter().max_by_key(|(_, n)| **n).map(|(name, _)| name.clone());
    let first = taught.first().map(|skill| strand(&skill.skill_id).to_owned());
    let asked = Some(filter.strand).filter(|asked| !asked.is_empty());
    let data = Data {
        beliefs: class::list_shared_beliefs(&db, caller, &ids).await?,
        strand: asked.or(most_practised).or(first).unwrap_or_default(),
        cohorts,
        cohort,
        pupils,
        taught,
        levels,
        due,
        practised,
    };
    Ok(render(&admin, &data))
}

/// Returns the classes that the person sees, their own first.
pub(crate) async fn list_cohorts(admin: &Admin, db: &Db) -> Result<Vec<String>, Fault> {
    let known = student::list_cohorts(db, &admin.caller).await?;
    let mine: Vec<String> = admin.classes.iter().filter(|name| known.contains(name)).cloned().collect();
    let others = known.into_iter().filter(|name| !mine.contains(name)).collect::<Vec<_>>();
    Ok(mine.into_iter().chain(others).collect())
}

fn no_class(admin: &Admin) -> Markup {
    let text =
        "A class is a cohort of students. Set it in a student’s profile, or import a sheet with the column cohort.";
    page(
        admin,
        Place::Students,
        "Class",
        html! {
            div.head { div { h1 { "Class" } } }
            div.card { (empty("users", "No classes yet", text, html! { a.btn href="/students" { "Students" } })) }
        },
    )
}

fn render(admin: &Admin, data: &Data) -> Markup {
    let ready = class::ready(&data.taught, &data.strand, &data.pupils, &data.levels);
    page(
        admin,
        Place::Students,
        &data.cohort,
        html! {
            div.stack.list-page {
                div.head { div {
                    h1 { (data.cohort) }
                    p { (figures::counted(data.pupils.len() as i64, "student", "students")) ", " (strand_name(&data.strand)) }
                } }
                (filters(data))
                (levels_card(data))
                div.cols.half {
                    section.card aria-labelledby="ready" {
                        header { h2 id="ready" { "Ready for next" } p { "They know the prerequisites, and have not started the skill." } }
                        (groups(&ready, "No student of the class is ready for a new skill of this part."))
                    }
                    (trouble_card(data))
                }
            }
        },
    )
}

fn filters(data: &Data) -> Markup {
    let cohorts: Vec<(&str, &str)> = data.cohorts.iter().map(|name| (&name[..], &name[..])).collect();
    let strands = strands(data);
    let options: Vec<(&str, &str)> = strands.iter().map(|(id, name)| (&id[..], &name[..])).collect();
    html! {
        form.filters method="get" action=(PATH) aria-label="Choose a class and a part of the curriculum" {
            (select("Class", "cohort", &cohorts, &data.cohort))
            (select("Part of the curriculum", "strand", &options, &data.strand))
            button.btn { "Show" }
        }
    }
}

/// Returns the strands in use, by subject. The label shows if the class practised it.
fn strands(data: &Data) -> Vec<(String, String)> {
    let all: BTreeSet<(&str, &str)> =
        data.taught.iter().map(|skill| (&skill.subject[..], strand(&skill.skill_id))).collect();
    let named = all.into_iter().map(|(subject, id)| {
        let practised = if data.practised.contains_key(id) { " · practised" } else { "" };
        (id.to_owned(), format!("{subject}: {}{practised}", strand_name(id)))
    });
    named.collect()
}

/// Returns "Fractions" for `maths.fractions`.
fn strand_name(strand: &str) -> String {
    let word = strand.rsplit('.').next().unwrap_or(strand).replace('_', " ");
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn levels_card(data: &Data) -> Markup {
    let of_strand = data.taught.iter().filter(|skill| strand(&skill.skill_id) == data.strand);
    let skills: Vec<&Taught> = of_strand.collect();
    html! {
        section.card aria-labelledby="levels" {
            header {
                h2 id="levels" { "Levels" }
                p { "Choose a level to read the questions and answers." }
                div.actions { (legend()) }
            }
            div.body.scroll tabindex="0" role="region" aria-label="Levels, scrolls sideways" {
                table.heat.class {
                    caption.vh { "Level of each student in each skill of " (strand_name(&data.strand)) }
                    thead { tr {
                        th scope="col" { "Student" }
                        @for skill in &skills { th scope="col" { a href=(link::to(&format!("/curriculum/{}", skill.skill_id), &[("cohort", &data.cohort)])) { (skill.name) } } }
                    } }
                    tbody { @for pupil in &data.pupils {
                        tr {
                            th scope="row" { a href={ "/students/" (pupil.student_id) } { (pupil.display_name) } }
                            @for skill in &skills { (cell(data, pupil, skill)) }
                        }
                    } }
                }
            }
        }
    }
}

fn cell(data: &Data, pupil: &Pupil, skill: &Taught) -> Markup {
    let key = (pupil.student_id, skill.skill_id.clone());
    let (level, is_due) = (data.levels.get(&key).copied(), data.due.contains(&key));
    let class = format!("h{}{}", level_shade(level.unwrap_or(MasteryState::New)), if is_due { " rev" } else { "" });
    html! {
        td class=(class) {
            @match level {
                Some(level) => a href={ "/students/" (pupil.student_id) "/skills/" (skill.skill_id) } {
                    (state_word(level)) span.vh { @if is_due { ", review due" } ": answers of " (pupil.display_name) ", " (skill.name) }
                },
                None => { span aria-hidden="true" { "–" } span.vh { "Not started" } },
            }
        }
    }
}

fn groups(groups: &[(&Taught, Vec<&Pupil>)], nothing: &str) -> Markup {
    html! {
        @if groups.is_empty() { div.body { p.muted { (nothing) } } }
        ul.list { @for (skill, pupils) in groups { li { b { (skill.name) } (names(pupils, None)) } } }
    }
}

/// Renders the students, each with a link to their answers for a skill, or to their page.
fn names(pupils: &[&Pupil], skill_id: Option<&str>) -> Markup {
    let url = |pupil: &Pupil| match skill_id {
        Some(skill_id) => format!("/students/{}/skills/{skill_id}", pupil.student_id),
        None => format!("/students/{}", pupil.student_id),
    };
    html! {
        p.sm { @for (i, pupil) in pupils.iter().enumerate() {
            @if i > 0 { ", " }
            a.link href=(url(pupil)) { (pupil.display_name) }
        } }
    }
}

fn trouble_card(data: &Data) -> Markup {
    let stuck = class::stuck(&data.taught, &data.strand, &data.pupils, &data.levels);
    let of_strand =
        data.beliefs.iter().filter(|belief| belief.skill_id.as_deref().is_none_or(|id| strand(id) == data.strand));
    let beliefs: Vec<(&SharedBelief, Vec<&Pupil>)> = of_strand
        .map(|belief| {
            (belief, data.pupils.iter().filter(|pupil| belief.student_ids.contains(&pupil.student_id)).collect())
        })
        .collect();
    html! {
        section.card aria-labelledby="trouble" {
            header { h2 id="trouble" { "Shared difficulties" } p { "Groups to teach together." } }
            @if beliefs.is_empty() && stuck.is_empty() { div.body { p.muted { "No two students of the class share a difficulty here." } } }
            ul.list {
                @for (belief, pupils) in &beliefs {
                    li {
                        div.row { span.bad { (icon("repeat")) } b.grow { (belief.belief) } }
                        (names(pupils, belief.skill_id.as_deref()))
                    }
                }
                @for (skill, pupils) in &stuck {
                    li {
                        div.row { span.warn { (icon("circle-dashed")) } b.grow { "Still learning: " (skill.name) } }
                        (names(pupils, Some(&skill.skill_id)))
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    fn data(levels: &[(u128, &str, MasteryState)]) -> Data {
        let id = |n| StudentId(uuid::Uuid::from_u128(n));
        let pupil = |(n, name): (u128, &str)| Pupil { student_id: id(n), display_name: name.to_owned() };
        let taught = |id: &str, name: &str, prerequisites: &[&str]| Taught {
            skill_id: id.to_owned(),
            name: name.to_owned(),
            subject: "Maths".to_owned(),
            prerequisites: prerequisites.iter().map(|id| (*id).to_owned()).collect(),
        };
        Data {
            cohorts: vec!["Period 3".to_owned()],
            cohort: "Period 3".to_owned(),
            strand: "maths.fractions".to_owned(),
            pupils: [(1, "Maya <Okonkwo>"), (2, "Otto Brandt")].map(pupil).to_vec(),
            taught: vec![
                taught("maths.fractions.add", "Adding fractions", &["maths.fractions.meaning"]),
                taught("maths.fractions.meaning", "What a fraction means", &[]),
                taught("maths.number.count", "Counting", &[]),
            ],
            levels: levels.iter().map(|(n, skill, level)| ((id(*n), (*skill).to_owned()), *level)).collect(),
            due: HashSet::new(),
            practised: BTreeMap::from([("maths.fractions".to_owned(), 4)]),
            beliefs: vec![SharedBelief {
                belief: "Adds the tops".to_owned(),
                skill_id: Some("maths.fractions.add".to_owned()),
                student_ids: vec![id(1), id(2)],
            }],
        }
    }

    fn shown(data: &Data) -> String {
        let page = render(&Admin::sample(Role::Viewer), data).into_string();
        page.split("<main").nth(1).unwrap().to_owned()
    }

    #[test]
    fn a_level_leads_to_the_answers_and_other_strands_are_left_out() {
        let main = shown(&data(&[(1, "maths.fractions.meaning", MasteryState::Mastered)]));
        assert!(main.contains("Maya &lt;Okonkwo&gt;") && main.contains("/skills/maths.fractions.meaning"), "{main}");
        assert!(main.contains("Mastered") && main.contains("Not started") && !main.contains(">Counting<"), "{main}");
        assert!(main.contains("Maths: Fractions · practised") && main.contains("Maths: Number<"), "{main}");
    }

    #[test]
    fn groups_name_their_students() {
        let main = shown(&data(&[(1, "maths.fractions.meaning", MasteryState::Mastered)]));
        let of = |from: &str, to: &str| main.split(from).nth(1).unwrap().split(to).next().unwrap().to_owned();
        let ready = of("id=\"ready\"", "id=\"trouble\"");
        assert!(ready.contains("Adding fractions") && ready.contains("Maya") && !ready.contains("Otto"), "{ready}");
        let trouble = of("id=\"trouble\"", "</section>");
        assert!(trouble.contains("Adds the tops") && trouble.contains("Maya") && trouble.contains("Otto"), "{trouble}");
    }
}
