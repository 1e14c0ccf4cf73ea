//! Forms to add, change and retire a skill, and to add a subject.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use maud::{Markup, html};
use serde_json::json;
use storage::curriculum::{self, Curriculum, Draft, Skill, fingerprint};
use storage::db::{self, Connection, Db, Error};
use storage::{audit, clock};

use super::{Data, Filter, PATH};
use crate::auth::Admin;
use crate::fault::Fault;
use crate::fields::Fields;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::parts::notice::{Tone, notice};
use crate::parts::{csrf, grade};

/// The form, and a hash of the skill when the form was opened. `made_from` is empty for a new skill.
struct Form {
    draft: Draft,
    made_from: String,
}

impl Form {
    fn from_fields(fields: &Fields, skill_id: &str) -> Self {
        let text = |name| fields.text(name).to_owned();
        let draft = Draft {
            skill_id: skill_id.to_owned(),
            subject_id: text("subject"),
            name: text("name"),
            grade_from: text("grade_from"),
            grade_to: text("grade_to"),
            lexicon: text("lexicon"),
            questions: text("questions"),
            prerequisites: fields.all("prerequisite").filter(|id| !id.is_empty()).map(str::to_owned).collect(),
        };
        Self { draft, made_from: text("made_from") }
    }

    fn of(skill: &Skill) -> Self {
        Self { draft: Draft::of(skill), made_from: fingerprint(skill) }
    }
}

/// Why a form was rejected.
enum Refusal {
    Wrong(String),
    /// Another person changed the skill. Holds their version.
    Stale(Skill),
}

pub(crate) async fn new_form(admin: Admin, State(db): State<Db>) -> Result<Markup, Fault> {
    admin.require_write()?;
    let data = Data::fetch(&db).await?;
    let draft = Draft { grade_from: "0".to_owned(), grade_to: "13".to_owned(), ..Draft::default() };
    Ok(render(&admin, &data.living, &Form { draft, made_from: String::new() }, None))
}

pub(crate) async fn edit_form(
    admin: Admin,
    State(db): State<Db>,
    Path(skill_id): Path<String>,
) -> Result<Markup, Fault> {
    admin.require_write()?;
    let data = Data::fetch(&db).await?;
    let skill = data.living.find_skill(&skill_id).ok_or(Fault::NotFound("skill"))?;
    Ok(render(&admin, &data.living, &Form::of(skill), None))
}

pub(crate) async fn create(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    let skill_id = posted.fields.text("skill_id").to_owned();
    take(&db, &posted, &skill_id, true).await
}

pub(crate) async fn save(
    State(db): State<Db>,
    Path(skill_id): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    take(&db, &posted, &skill_id, false).await
}

async fn take(db: &Db, posted: &Posted, skill_id: &str, is_new: bool) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_write()?;
    let mut form = Form::from_fields(&posted.fields, skill_id);
    let mut tx = db::begin(db).await?;
    curriculum::lock(&mut tx).await?;
    let living = curriculum::load(&mut tx).await?;
    let there = living.find_skill(skill_id);
    let is_taken = is_new && (there.is_some() || is_retired(&mut tx, skill_id).await?);
    let judged = match there {
        _ if is_taken => Err(Refusal::Wrong(format!("A skill {skill_id} already exists."))),
        None if !is_new => return Err(Fault::NotFound("skill")),
        Some(there) if !is_new && fingerprint(there) != form.made_from => Err(Refusal::Stale(there.clone())),
        _ => judge(&form.draft, &living).map_err(Refusal::Wrong),
    };
    let skill = match judged {
        Ok(skill) => skill,
        Err(refusal) => {
            let status = match &refusal {
                Refusal::Wrong(_) => StatusCode::UNPROCESSABLE_ENTITY,
                Refusal::Stale(there) => {
                    // A person who has seen both versions may overwrite the other one.
                    form.made_from = fingerprint(there);
                    StatusCode::CONFLICT
                }
            };
            return Ok((status, render(admin, &living, &form, Some(&refusal))).into_response());
        }
    };
    let one = Curriculum { subjects: Vec::new(), skills: vec![skill] };
    curriculum::upsert(&mut tx, &one).await?;
    record(&mut tx, admin, if is_new { "skill.create" } else { "skill.update" }, skill_id).await?;
    tx.commit().await.map_err(Error::from)?;
    Ok(Redirect::to(&format!("{PATH}/{skill_id}")).into_response())
}

async fn is_retired(tx: &mut Connection, skill_id: &str) -> Result<bool, Fault> {
    Ok(curriculum::list_retired(tx).await?.iter().any(|skill| skill.skill_id == skill_id))
}

/// Checks the skill with the rules of the sheet, alone and among the others.
fn judge(draft: &Draft, living: &Curriculum) -> Result<Skill, String> {
    let skill = draft.understand(&living.subjects).map_err(|why| sentence(&why))?;
    living.clone().with(skill.clone()).map_err(|why| sentence(&why))?;
    Ok(skill)
}

fn sentence(why: &str) -> String {
    let mut letters = why.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

pub(crate) async fn retire(
    State(db): State<Db>,
    Path(skill_id): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_write()?;
    let mut tx = db::begin(&db).await?;
    curriculum::lock(&mut tx).await?;
    let living = curriculum::load(&mut tx).await?;
    living.find_skill(&skill_id).ok_or(Fault::NotFound("skill"))?;
    living.without(&skill_id).map_err(|why| Fault::Invalid(sentence(&why)))?;
    curriculum::set_retired(&mut tx, &skill_id, Some(clock::now())).await?;
    record(&mut tx, &posted.admin, "skill.retire", &skill_id).await?;
    tx.commit().await.map_err(Error::from)?;
    Ok(Redirect::to(&format!("{PATH}/{skill_id}")).into_response())
}

pub(crate) async fn restore(
    State(db): State<Db>,
    Path(skill_id): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_write()?;
    let mut tx = db::begin(&db).await?;
    curriculum::lock(&mut tx).await?;
    let retired = curriculum::list_retired(&mut tx).await?;
    let skill = retired.into_iter().find(|skill| skill.skill_id == skill_id).ok_or(Fault::NotFound("skill"))?;
    curriculum::load(&mut tx).await?.with(skill).map_err(|why| Fault::Invalid(sentence(&why)))?;
    curriculum::set_retired(&mut tx, &skill_id, None).await?;
    record(&mut tx, &posted.admin, "skill.restore", &skill_id).await?;
    tx.commit().await.map_err(Error::from)?;
    Ok(Redirect::to(&format!("{PATH}/{skill_id}")).into_response())
}

pub(crate) async fn add_subject(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_write()?;
    let mut tx = db::begin(&db).await?;
    curriculum::lock(&mut tx).await?;
    let living = curriculum::load(&mut tx).await?;
    let subject_id = posted.fields.text("subject_id");
    let is_taken = living.subjects.iter().any(|subject| subject.subject_id == subject_id);
    let subject = match Draft::subject(subject_id, posted.fields.text("name")) {
        Ok(_) if is_taken => Err(format!("A subject {subject_id} already exists.")),
        Ok(subject) => Ok(subject),
        Err(why) => Err(sentence(&why)),
    };
    let subject = match subject {
        Ok(subject) => subject,
        Err(why) => {
            let data = Data { living, retired: curriculum::list_retired(&mut tx).await?, suggested: Vec::new() };
            let shown = super::render(admin, &data, &Filter::default(), Some(&why));
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, shown).into_response());
        }
    };
    curriculum::upsert(&mut tx, &Curriculum { subjects: vec![subject], skills: Vec::new() }).await?;
    let object = format!("subject:{subject_id}");
    audit::insert_entry(&mut *tx, &admin.caller, "subject.create", Some(&object), &json!({}), clock::now()).await?;
    tx.commit().await.map_err(Error::from)?;
    Ok(Redirect::to(&format!("{PATH}/new")).into_response())
}

/// Adds a ready-made subject.
pub(crate) async fn add_ready_made(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_write()?;
    let subject_id = posted.fields.text("subject_id");
    let subject = Curriculum::ready_made(subject_id).ok_or(Fault::NotFound("ready-made subject"))?;
    let mut tx = db::begin(&db).await?;
    curriculum::lock(&mut tx).await?;
    curriculum::upsert(&mut tx, &subject).await?;
    let object = format!("subject:{subject_id}");
    audit::insert_entry(&mut *tx, &admin.caller, "subject.create", Some(&object), &json!({}), clock::now()).await?;
    tx.commit().await.map_err(Error::from)?;
    Ok(Redirect::to(&format!("{PATH}?subject={subject_id}")).into_response())
}

async fn record(tx: &mut Connection, admin: &Admin, action: &str, skill_id: &str) -> Result<(), Fault> {
    let object = format!("skill:{skill_id}");
    Ok(audit::insert_entry(tx, &admin.caller, action, Some(&object), &json!({}), clock::now()).await?)
}

fn render(admin: &Admin, living: &Curriculum, form: &Form, refusal: Option<&Refusal>) -> Markup {
    let draft = &form.draft;
    let is_new = form.made_from.is_empty();
    let title = if is_new { "Add a skill" } else { "Edit a skill" };
    let (back, action) = if is_new {
        (PATH.to_owned(), format!("{PATH}/new"))
    } else {
        (format!("{PATH}/{}", draft.skill_id), format!("{PATH}/{}/edit", draft.skill_id))
    };
    page(
        admin,
        Place::Curriculum,
        title,
        html! {
            div.stack {
                div.head { div { h1 { (title) } @if !is_new { p.mono { (draft.skill_id) } } } }
                @match refusal {
                    Some(Refusal::Wrong(why)) => (notice(Tone::Bad, why, "Nothing was saved.")),
                    Some(Refusal::Stale(there)) => {
                        (notice(Tone::Bad, "Another person changed this skill in the meantime", "Nothing was saved. Below is their version, then yours. Copy what you want to keep, and save. Your version then replaces theirs."))
                        (theirs(there))
                    }
                    None => {}
                }
                form.card method="post" action=(action) {
                    div.body.stack {
                        (csrf(admin))
                        input type="hidden" name="made_from" value=(form.made_from);
                        (fields(living, draft, is_new))
                    }
                    footer { button.btn.primary { "Save" } a.btn href=(back) { "Cancel" } }
                }
            }
        },
    )
}

fn theirs(there: &Skill) -> Markup {
    let draft = Draft::of(there);
    html! {
        section.card aria-labelledby="theirs" {
            header { h2 id="theirs" { "The saved version" } }
            div.body { dl.dl {
                dt { "Name" } dd { (draft.name) }
                dt { "Subject" } dd { (draft.subject_id) }
                dt { "Grades" } dd { (super::grades(there)) }
                dt { "Prerequisites" } dd { (draft.prerequisites.join(", ")) }
                dt { "Words" } dd { @for line in draft.lexicon.lines() { (line) br; } }
                dt { "Questions" } dd { @for line in draft.questions.lines() { (line) br; } }
            } }
        }
    }
}

fn fields(living: &Curriculum, draft: &Draft, is_new: bool) -> Markup {
    html! {
        div.form-grid {
            div.field { label for="name" { "Name" } input.input id="name" name="name" required maxlength="80" value=(draft.name); }
            @if is_new {
                div.field { label for="skill_id" { "Short name" } input.input id="skill_id" name="skill_id" required maxlength="80" value=(draft.skill_id); span.hint { "For example maths.fractions.add_like. It cannot be changed later." } }
            }
            div.field {
                label for="subject" { "Subject" }
                select.input id="subject" name="subject" {
                    @for subject in &living.subjects { option value=(subject.subject_id) selected[subject.subject_id == draft.subject_id] { (subject.name) } }
                }
            }
            (grades("From grade", "grade_from", &draft.grade_from))
            (grades("To grade", "grade_to", &draft.grade_to))
        }
        div.field {
            label for="lexicon" { "Words that identify this skill" }
            textarea.input.tall id="lexicon" name="lexicon" aria-describedby="lexicon-hint" { (draft.lexicon) }
            span.hint id="lexicon-hint" { "One phrase per line, with its weight from 1 (a hint) to 9 (certain): common denominator; 3" }
        }
        div.field {
            label for="asked" { "Questions" }
            textarea.input.tall id="asked" name="questions" aria-describedby="asked-hint" { (draft.questions) }
            span.hint id="asked-hint" { "One per line, with its answer: What is 2 + 2? | 4. Other right answers and declarations follow after ~: How long is it? | 31.4 ~ unit=cm ~ tolerance=0.1" }
        }
        fieldset.field {
            legend.label { "Prerequisites" }
            div.choices {
                @for skill in living.skills.iter().filter(|skill| skill.skill_id != draft.skill_id) {
                    @let id = format!("before-{}", skill.skill_id);
                    span.check {
                        input type="checkbox" id=(id) name="prerequisite" value=(skill.skill_id) checked[draft.prerequisites.contains(&skill.skill_id)];
                        label for=(id) { (skill.name) }
                    }
                }
            }
        }
    }
}

fn grades(label: &str, name: &str, selected: &str) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            select.input id=(name) name=(name) {
                @for n in 0..=13_i16 { option value=(n) selected[selected == n.to_string()] { (grade(Some(n)).unwrap_or_default()) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    #[test]
    fn a_circle_is_refused_with_its_skills_and_what_was_typed_is_kept() {
        let living = Curriculum::starter();
        let mut form = Form::of(living.find_skill("maths.number.count").unwrap());
        form.draft.prerequisites = vec!["maths.number.place_value".to_owned()];
        let why = judge(&form.draft, &living).unwrap_err();
        assert!(why.contains("maths.number.count") && why.contains(" → maths.number.place_value"), "{why}");
        form.draft.name = "As typed".to_owned();
        let shown =
            render(&Admin::sample(Role::Tutor), &living, &form, Some(&Refusal::Wrong(why.clone()))).into_string();
        assert!(shown.contains(&why) && shown.contains("As typed"), "{shown}");
    }

    #[test]
    fn a_stale_form_shows_both() {
        let living = Curriculum::starter();
        let mut form = Form::of(&living.skills[0]);
        form.draft.name = "Mine".to_owned();
        let theirs = Skill { name: "Theirs".to_owned(), ..living.skills[0].clone() };
        let shown = render(&Admin::sample(Role::Tutor), &living, &form, Some(&Refusal::Stale(theirs))).into_string();
        assert!(shown.contains("Mine") && shown.contains("Theirs") && shown.contains("in the meantime"));
    }
}
