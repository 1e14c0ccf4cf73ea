//! One skill: for whom it is, by which words it is heard, what is asked, and where it stands among the others.

use axum::extract::{Path, State};
use maud::{Markup, html};
use shared::curriculum::Skill;
use shared::db::Db;

use super::{Data, PATH, grades, links};
use crate::auth::Admin;
use crate::fault::Fault;
use crate::layout::{Place, page};
use crate::parts::csrf;
use crate::parts::icon::icon;
use crate::parts::notice::{Tone, notice};

pub(crate) async fn get(admin: Admin, State(db): State<Db>, Path(skill_id): Path<String>) -> Result<Markup, Fault> {
    let data = Data::fetch(&db).await?;
    let (skill, is_retired) = data.find(&skill_id).ok_or(Fault::NotFound("skill"))?;
    Ok(render(&admin, &data, skill, is_retired))
}

fn render(admin: &Admin, data: &Data, skill: &Skill, is_retired: bool) -> Markup {
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
                @if is_retired { (notice(Tone::Info, "This skill is retired", "It is no longer taught. Past progress is kept.")) }
                div.cols.main-aside {
                    section.card aria-labelledby="questions" {
                        header { h2 id="questions" { "Questions" } p { "Ready-made, with their answers." } }
                        @if skill.questions.is_empty() { div.body { p.muted { "None yet." } } }
                        ul.list { @for question in &skill.questions { li { (question.ask) " " b.nowrap { "→ " (question.answer) } @if !question.is_comparable() { " " span.tag { "Free answer" } } } } }
                    }
                    div.stack {
                        section.card aria-labelledby="place" {
                            header { h2 id="place" { "Place in the curriculum" } }
                            div.body { dl.dl {
                                dt { "Subject" } dd { (subject.map_or("", |subject| &subject.name)) }
                                dt { "Grades" } dd { (grades(skill)) }
                                dt { "Comes first" } dd { (links(before)) }
                                dt { "Builds on it" } dd { (links(after)) }
                            } }
                        }
                        section.card aria-labelledby="lexicon" {
                            header { h2 id="lexicon" { "Words that betray it" } p { "With their weight: 1 is a hint, 9 is certain." } }
                            div.body {
                                @if skill.lexicon.is_empty() { p.muted { "None: no call will be heard to be about it." } }
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
    use shared::access::Role;
    use shared::curriculum::Curriculum;

    use super::*;

    #[test]
    fn a_skill_shows_what_it_is_made_of_and_a_viewer_has_no_buttons() {
        let data = Data { living: Curriculum::starter(), retired: Vec::new(), suggested: Vec::new() };
        let skill = data.living.find_skill("maths.number.place_value").unwrap();
        let of = |role, is_retired| render(&Admin::sample(role), &data, skill, is_retired).into_string();
        let shown = of(Role::Tutor, false);
        assert!(shown.contains("1 to 5") && shown.contains("Counting to 100") && shown.contains("place value · 5"));
        assert!(shown.contains("/retire") && of(Role::Tutor, true).contains("/restore"));
        assert!(!of(Role::Viewer, false).contains("/retire"));
    }
}
