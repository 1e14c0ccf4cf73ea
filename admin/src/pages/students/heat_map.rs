//! The heat map: the listed students by the skills of one subject, each cell a level in words.

use std::collections::{BTreeMap, HashMap};

use maud::{Markup, html};
use storage::id::StudentId;
use storage::learner::MasteryState;
use storage::mastery::{Mastery, StudentSkill};

use super::{Data, PATH};
use crate::parts::meter::{legend, level_shade, state_word};
use crate::viewer::Viewer;

/// The most skills in a heat map.
const MAX_SKILLS: usize = 12;

pub(super) fn card(viewer: &Viewer, data: &Data) -> Markup {
    let subjects = subjects(&data.skills);
    let most_seen = subjects.iter().max_by_key(|subject| subject.n_evidence);
    let shown = subjects.iter().find(|subject| subject.id == data.filter.subject).or(most_seen);
    html! {
        section.card aria-labelledby="heat-map" {
            header {
                h2 id="heat-map" { "Mastery by skill" }
                @if let Some(subject) = shown { p { (subject.name) ", the skills practised most" } div.actions { (legend()) } }
            }
            @match shown {
                Some(subject) => {
                    @if subjects.len() > 1 {
                        nav.views aria-label="Subject" {
                            @for other in &subjects {
                                @let is_shown = other.id == subject.id;
                                a href=(data.filter.with_subject(other.id).url())
                                    aria-current=[is_shown.then_some("page")] { (other.name) }
                            }
                        }
                    }
                    (heat_map(viewer, data, subject.id))
                }
                None => div.body {
                    p.muted { "Levels appear after one of these students answers something in an analysed call." }
                },
            }
        }
    }
}

fn heat_map(viewer: &Viewer, data: &Data, subject_id: &str) -> Markup {
    let of_subject: Vec<&StudentSkill> = data.skills.iter().filter(|skill| skill.subject_id == subject_id).collect();
    let columns = columns(&of_subject);
    let known: HashMap<(StudentId, &str), &Mastery> =
        of_subject.iter().map(|skill| ((skill.student_id, &skill.mastery.skill_id[..]), &skill.mastery)).collect();
    html! {
        div.body.scroll tabindex="0" role="region" aria-label="Mastery by skill, scrolls sideways" {
            table.heat {
                caption.vh { "Level of each student in each skill" }
                thead { tr {
                    th scope="col" { "Student" }
                    @for (_, name) in &columns { th scope="col" { (name) } }
                } }
                tbody {
                    @for student in &data.students {
                        tr {
                            th scope="row" { a href={ (PATH) "/" (student.student_id) } { (student.display_name) } }
                            @for (skill_id, _) in &columns {
                                (level(viewer, known.get(&(student.student_id, *skill_id)).copied()))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn level(viewer: &Viewer, mastery: Option<&Mastery>) -> Markup {
    let state = mastery.map_or(MasteryState::New, |mastery| mastery.word(viewer.now));
    let is_due = mastery.is_some_and(|mastery| mastery.is_due(viewer.now));
    let class = format!("h{}{}", level_shade(state), if is_due { " rev" } else { "" });
    html! { td class=(class) { (state_word(state)) @if is_due { span.vh { ", review due" } } } }
}

struct Subject<'a> {
    id: &'a str,
    name: &'a str,
    n_evidence: u32,
}

/// Returns students with evidence, by name.
fn subjects(skills: &[StudentSkill]) -> Vec<Subject<'_>> {
    let mut sums: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for skill in skills {
        *sums.entry((&skill.subject_name, &skill.subject_id)).or_default() += skill.mastery.state.n_evidence;
    }
    sums.into_iter().map(|((name, id), n_evidence)| Subject { id, name, n_evidence }).collect()
}

/// Returns id and name of the skills with most evidence, in curriculum order.
fn columns<'a>(skills: &[&'a StudentSkill]) -> Vec<(&'a str, &'a str)> {
    let mut sums: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for StudentSkill { mastery, .. } in skills {
        *sums.entry((&mastery.skill_id, &mastery.skill_name)).or_default() += mastery.state.n_evidence;
    }
    let mut by_evidence: Vec<((&str, &str), u32)> = sums.into_iter().collect();
    by_evidence.sort_by_key(|(_, n_evidence)| std::cmp::Reverse(*n_evidence));
    let mut columns: Vec<(&str, &str)> = by_evidence.into_iter().take(MAX_SKILLS).map(|(skill, _)| skill).collect();
    columns.sort_unstable();
    columns
}

#[cfg(test)]
mod tests {
    use storage::learner::State;

    use super::super::tests::{data, item};
    use super::super::{Data, Filter};
    use super::*;

    fn skill(subject: &str, n: u32, n_evidence: u32, last_at: &str) -> StudentSkill {
        let state = State {
            knowledge: 0.99,
            stability: 4.0,
            difficulty: 5.0,
            n_evidence,
            n_unaided_correct: 4,
            n_calls_correct: 2,
            last_at: last_at.parse().unwrap(),
        };
        StudentSkill {
            student_id: item("Maya").student_id,
            subject_id: subject.to_owned(),
            subject_name: subject.to_uppercase(),
            mastery: Mastery {
                skill_id: format!("{subject}.s{n:02}"),
                skill_name: format!("{subject} skill {n}"),
                state,
            },
        }
    }

    fn shown(subject: &str, skills: Vec<StudentSkill>) -> String {
        let filter = Filter { subject: subject.to_owned(), ..Filter::default() };
        let data = Data { skills, ..data(filter, "Maya") };
        card(&Viewer::sample(), &data).into_string()
    }

    const JUST_NOW: &str = "2026-11-19T21:00:00Z";
    const LONG_AGO: &str = "2026-11-12T21:00:00Z";

    #[test]
    fn a_cell_is_a_word_and_says_that_a_review_is_due() {
        let shown = shown("", vec![skill("maths", 1, 5, JUST_NOW), skill("maths", 2, 5, LONG_AGO)]);
        assert!(shown.contains(r#"<td class="h4">Mastered</td>"#), "{shown}");
        assert!(
            shown.contains(r#"<td class="h2 rev">Nearly there<span class="vh">, review due</span></td>"#),
            "{shown}"
        );
        assert!(!shown.contains("nav"), "one subject needs no choice");
    }

    #[test]
    fn the_subject_with_most_evidence_is_shown_unless_another_is_asked_for() {
        let skills = vec![skill("maths", 1, 5, JUST_NOW), skill("reading", 1, 9, JUST_NOW)];
        assert!(
            shown("", skills.clone()).contains("reading skill 1")
                && !shown("", skills.clone()).contains("maths skill 1")
        );
        assert!(shown("maths", skills.clone()).contains("maths skill 1"));
        assert!(shown("nothing", skills).contains(r#"href="/students?subject=maths""#));
    }

    #[test]
    fn the_twelve_skills_with_most_evidence_stand_in_the_order_of_the_curriculum() {
        let shown = shown("", (1..=14).map(|n| skill("maths", n, n, JUST_NOW)).collect());
        assert_eq!(shown.matches("<td").count(), 12);
        assert!(!shown.contains("skill 2<") && shown.find("skill 3<") < shown.find("skill 14<"), "{shown}");
    }

    #[test]
    fn nothing_yet_is_said() {
        assert!(shown("", Vec::new()).contains("Levels appear after"));
    }
}
