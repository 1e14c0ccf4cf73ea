//! Forms to add, change and retire a skill, and to add a subject.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use maud::{Markup, html};
use serde_json::json;
use storage::clock;
use storage::curriculum::{self, Curriculum, Draft, Field, Skill, Wrong, fingerprint};
use storage::db::Db;

use super::{Data, Filter, PATH, trial};
use crate::act::Act;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::fields::Fields;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::parts::icon::icon_small;
use crate::parts::notice::{Tone, notice, notice_with};
use crate::parts::{csrf, grade};

/// The form, and a hash of the skill when the form was opened. `made_from` is empty for a new skill.
#[derive(Default)]
struct Form {
    draft: Draft,
    made_from: String,
    /// The short name as typed. If it is empty, the draft has the suggested one.
    typed_id: String,
    /// A sentence to try.
    sentence: String,
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
        Self { draft, made_from: text("made_from"), typed_id: skill_id.to_owned(), sentence: text("sentence") }
    }

    fn of(skill: &Skill) -> Self {
        Self { draft: Draft::of(skill), made_from: fingerprint(skill), ..Self::default() }
    }
}

/// What became of a form.
enum Outcome {
    /// Each field that is wrong, and why.
    Wrong(Vec<Wrong>),
    /// Another person changed the skill. Holds their version.
    Stale(Skill),
    /// A sentence was tried.
    Tried(Skill),
}

pub(crate) async fn new_form(admin: Admin, State(db): State<Db>) -> Result<Markup, Fault> {
    admin.require_write()?;
    let data = Data::fetch(&db).await?;
    let draft = Draft { grade_from: "0".to_owned(), grade_to: "13".to_owned(), ..Draft::default() };
    Ok(render(&admin, &data.living, &Form { draft, ..Form::default() }, None))
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
    let mut act = Act::begin(db, admin).await?;
    curriculum::lock(&mut act).await?;
    let living = curriculum::load(&mut act).await?;
    let retired = curriculum::list_retired(&mut act).await?;
    let is_taken = |id: &str| living.skills.iter().chain(&retired).any(|skill| skill.skill_id == id);
    if is_new && form.draft.skill_id.is_empty() {
        form.draft.skill_id = form.draft.suggested_id(is_taken);
    }
    let there = living.find_skill(skill_id);
    let outcome = match there {
        None if !is_new => return Err(Fault::NotFound("skill")),
        Some(there) if !is_new && fingerprint(there) != form.made_from => Err(Outcome::Stale(there.clone())),
        _ => judge(&form.draft, &living, is_new.then_some(&is_taken)).map_err(Outcome::Wrong),
    };
    let outcome = match outcome {
        Ok(skill) if posted.fields.text("do") == "try" => Outcome::Tried(skill),
        Ok(skill) => {
            let skill_id = skill.skill_id.clone();
            curriculum::upsert(&mut act, &Curriculum { subjects: Vec::new(), skills: vec![skill] }).await?;
            act.commit(if is_new { "skill.create" } else { "skill.update" }, Some(object(&skill_id)), json!({}))
                .await?;
            return Ok(Redirect::to(&format!("{PATH}/{skill_id}?done=saved")).into_response());
        }
        Err(outcome) => outcome,
    };
    let status = match &outcome {
        Outcome::Tried(_) => StatusCode::OK,
        Outcome::Wrong(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Outcome::Stale(there) => {
            // A person who has seen both versions may overwrite the other one.
            form.made_from = fingerprint(there);
            StatusCode::CONFLICT
        }
    };
    Ok((status, render(admin, &living, &form, Some(&outcome))).into_response())
}

/// Checks the skill with the rules of the sheet, alone and among the others. `is_taken` is for a new skill.
fn judge(draft: &Draft, living: &Curriculum, is_taken: Option<&dyn Fn(&str) -> bool>) -> Result<Skill, Vec<Wrong>> {
    let skill = draft.understand(&living.subjects).map_err(|mut wrong| {
        // There is no suggestion before there are a subject and a name.
        wrong.retain(|(field, _)| *field != Field::SkillId || !draft.skill_id.is_empty());
        wrong
    })?;
    if let Some(is_taken) = is_taken {
        let id = &skill.skill_id;
        if is_taken(id) {
            return Err(vec![(Field::SkillId, format!("a skill {id} already exists"))]);
        }
        if let Some(other) = living.other_subject_of(&skill) {
            let why = format!("“{id}” begins like the skills of {}: begin with {}", other.name, skill.subject_id);
            return Err(vec![(Field::SkillId, why)]);
        }
    }
    living.clone().with(skill.clone()).map_err(|why| vec![(Field::Prerequisites, why)])?;
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
    let mut act = Act::begin(&db, &posted.admin).await?;
    curriculum::lock(&mut act).await?;
    let living = curriculum::load(&mut act).await?;
    living.find_skill(&skill_id).ok_or(Fault::NotFound("skill"))?;
    living.without(&skill_id).map_err(|why| Fault::Invalid(sentence(&why)))?;
    curriculum::set_retired(&mut act, &skill_id, Some(clock::now())).await?;
    act.commit("skill.retire", Some(object(&skill_id)), json!({})).await?;
    Ok(Redirect::to(&format!("{PATH}/{skill_id}")).into_response())
}

pub(crate) async fn restore(
    State(db): State<Db>,
    Path(skill_id): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_write()?;
    let mut act = Act::begin(&db, &posted.admin).await?;
    curriculum::lock(&mut act).await?;
    let retired = curriculum::list_retired(&mut act).await?;
    let skill = retired.into_iter().find(|skill| skill.skill_id == skill_id).ok_or(Fault::NotFound("skill"))?;
    curriculum::load(&mut act).await?.with(skill).map_err(|why| Fault::Invalid(sentence(&why)))?;
    curriculum::set_retired(&mut act, &skill_id, None).await?;
    act.commit("skill.restore", Some(object(&skill_id)), json!({})).await?;
    Ok(Redirect::to(&format!("{PATH}/{skill_id}")).into_response())
}

pub(crate) async fn add_subject(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_write()?;
    let mut act = Act::begin(&db, admin).await?;
    curriculum::lock(&mut act).await?;
    let living = curriculum::load(&mut act).await?;
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
            let data = Data { living, retired: curriculum::list_retired(&mut act).await?, suggested: Vec::new() };
            let shown = super::render(admin, &data, &Filter::default(), Some(&why));
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, shown).into_response());
        }
    };
    curriculum::upsert(&mut act, &Curriculum { subjects: vec![subject], skills: Vec::new() }).await?;
    let object = format!("subject:{subject_id}");
    act.commit("subject.create", Some(object), json!({})).await?;
    Ok(Redirect::to(&format!("{PATH}/new")).into_response())
}

/// Adds a ready-made subject.
pub(crate) async fn add_ready_made(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_write()?;
    let subject_id = posted.fields.text("subject_id");
    let subject = Curriculum::ready_made(subject_id).ok_or(Fault::NotFound("ready-made subject"))?;
    let mut act = Act::begin(&db, admin).await?;
    curriculum::lock(&mut act).await?;
    curriculum::upsert(&mut act, &subject).await?;
    let object = format!("subject:{subject_id}");
    act.commit("subject.create", Some(object), json!({})).await?;
    Ok(Redirect::to(&format!("{PATH}?subject={subject_id}")).into_response())
}

/// Returns the name of a skill in the audit log.
fn object(skill_id: &str) -> String {
    format!("skill:{skill_id}")
}

fn render(admin: &Admin, living: &Curriculum, form: &Form, outcome: Option<&Outcome>) -> Markup {
    let draft = &form.draft;
    let is_new = form.made_from.is_empty();
    let title = if is_new { "Add a skill" } else { "Edit a skill" };
    let (back, action) = if is_new {
        (PATH.to_owned(), format!("{PATH}/new"))
    } else {
        (format!("{PATH}/{}", draft.skill_id), format!("{PATH}/{}/edit", draft.skill_id))
    };
    let wrong = if let Some(Outcome::Wrong(wrong)) = outcome { &wrong[..] } else { &[] };
    page(
        admin,
        Place::Curriculum,
        title,
        html! {
            div.stack {
                div.head { div { h1 { (title) } @if !is_new { p.mono { (draft.skill_id) } } } }
                @match outcome {
                    Some(Outcome::Wrong(wrong)) => (notice_with(Tone::Bad, "Nothing was saved", &summary(wrong), &html! {})),
                    Some(Outcome::Stale(there)) => {
                        (notice(Tone::Bad, "Another person changed this skill in the meantime", "Nothing was saved. Below is their version, then yours. Copy what you want to keep, and save. Your version then replaces theirs."))
                        (theirs(there))
                    }
                    Some(Outcome::Tried(skill)) => (trial::shown(skill, living, &form.sentence)),
                    None => {}
                }
                // All that is wrong is shown at once, which a browser does not do.
                form.card method="post" action=(action) novalidate {
                    div.body.stack {
                        (csrf(admin))
                        input type="hidden" name="made_from" value=(form.made_from);
                        (fields(living, form, is_new, wrong))
                        (trial::field(&form.sentence))
                    }
                    footer { button.btn.primary { "Save" } a.btn href=(back) { "Cancel" } }
                }
            }
        },
    )
}

/// The id of a field's element.
fn id_of(field: Field) -> &'static str {
    match field {
        Field::SkillId => "skill_id",
        Field::Subject => "subject",
        Field::Name => "name",
        Field::Grades => "grade_from",
        Field::Lexicon => "lexicon",
        Field::Questions => "asked",
        Field::Prerequisites => "prerequisites",
    }
}

/// Renders all that is wrong, each as a link to its field.
fn summary(wrong: &[Wrong]) -> Markup {
    html! { @for (i, (field, why)) in wrong.iter().enumerate() { @if i > 0 { br; } a.link href={ "#" (id_of(*field)) } { (sentence(why)) } } }
}

/// Renders why a field is wrong.
fn errors(wrong: &[Wrong], field: Field) -> Markup {
    html! { span id={ (id_of(field)) "-error" } { @for (_, why) in wrong.iter().filter(|(of, _)| *of == field) {
        span.error { (icon_small("circle-alert")) (sentence(why)) }
    } } }
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

fn fields(living: &Curriculum, form: &Form, is_new: bool, wrong: &[Wrong]) -> Markup {
    let draft = &form.draft;
    let is_wrong = |field: Field| wrong.iter().any(|(of, _)| *of == field).then_some("true");
    html! {
        div.form-grid {
            div.field {
                label for="name" { "Name" }
                input.input id="name" name="name" maxlength="80" aria-required="true" aria-invalid=[is_wrong(Field::Name)] aria-describedby="name-error" value=(draft.name);
                (errors(wrong, Field::Name))
            }
            div.field {
                label for="subject" { "Subject" }
                select.input id="subject" name="subject" aria-required="true" aria-invalid=[is_wrong(Field::Subject)] aria-describedby="subject-error" {
                    @if is_new { option value="" { "Choose a subject" } }
                    @for subject in &living.subjects { option value=(subject.subject_id) selected[subject.subject_id == draft.subject_id] { (subject.name) } }
                }
                (errors(wrong, Field::Subject))
            }
            (grades("From grade", "grade_from", &draft.grade_from, is_wrong(Field::Grades), &errors(wrong, Field::Grades)))
            (grades("To grade", "grade_to", &draft.grade_to, is_wrong(Field::Grades), &html! {}))
        }
        div.field {
            label for="lexicon" { "Words that identify this skill" }
            textarea.input.tall id="lexicon" name="lexicon" aria-invalid=[is_wrong(Field::Lexicon)] aria-describedby="lexicon-error lexicon-hint" { (draft.lexicon) }
            (errors(wrong, Field::Lexicon))
            span.hint id="lexicon-hint" { "One word or phrase per line, as the tutor says it: common denominator" }
        }
        div.field {
            label for="asked" { "Questions" }
            textarea.input.tall id="asked" name="questions" aria-invalid=[is_wrong(Field::Questions)] aria-describedby="asked-error asked-hint" { (draft.questions) }
            (errors(wrong, Field::Questions))
            span.hint id="asked-hint" { "One per line, with its answer: What is 2 + 2? | 4" }
        }
        fieldset.field id="prerequisites" aria-describedby="prerequisites-error" {
            legend.label { "Prerequisites" }
            (errors(wrong, Field::Prerequisites))
            (prerequisites(living, draft))
        }
        details.data open[is_wrong(Field::SkillId).is_some() || !form.typed_id.is_empty() && is_new] {
            summary { (icon_small("chevron-right")) "Technical" }
            div.stack {
                @if is_new { div.field {
                    label for="skill_id" { "Short name" }
                    input.input id="skill_id" name="skill_id" maxlength="80" autocomplete="off" aria-invalid=[is_wrong(Field::SkillId)] aria-describedby="skill_id-error skill_id-hint"
                        placeholder=(draft.skill_id) value=(form.typed_id);
                    (errors(wrong, Field::SkillId))
                    span.hint id="skill_id-hint" { "Made from the subject and the name, if you leave it empty: maths.adding_tenths. It cannot be changed later." }
                } }
                p.sm.muted { "A weight from 1 (a hint) to 9 (certain) may follow a word or phrase: common denominator; 3. Without one, a phrase has 5 and a word 3. In a lesson on the subject, 3 points are enough." }
                p.sm.muted { "After the answer of a question, other right answers and declarations may follow ~: How long is it? | 31.4 ~ unit=cm ~ tolerance=0.1" }
            }
        }
    }
}

/// Renders the skills to choose from, by subject. Subjects with a chosen skill are open.
fn prerequisites(living: &Curriculum, draft: &Draft) -> Markup {
    html! {
        @for subject in &living.subjects {
            @let skills: Vec<&Skill> = living.skills.iter().filter(|skill| skill.subject_id == subject.subject_id && skill.skill_id != draft.skill_id).collect();
            @let n_chosen = skills.iter().filter(|skill| draft.prerequisites.contains(&skill.skill_id)).count();
            @if !skills.is_empty() {
                details.data open[n_chosen > 0] {
                    summary { (icon_small("chevron-right")) (subject.name) @if n_chosen > 0 { " (" (n_chosen) ")" } }
                    div.choices { @for skill in skills {
                        @let id = format!("before-{}", skill.skill_id);
                        span.check {
                            input type="checkbox" id=(id) name="prerequisite" value=(skill.skill_id) checked[draft.prerequisites.contains(&skill.skill_id)];
                            label for=(id) { (skill.name) }
                        }
                    } }
                }
            }
        }
    }
}

fn grades(label: &str, name: &str, selected: &str, is_wrong: Option<&str>, errors: &Markup) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            select.input id=(name) name=(name) aria-invalid=[is_wrong] aria-describedby=[is_wrong.map(|_| "grade_from-error")] {
                @for n in 0..=13_i16 { option value=(n) selected[selected == n.to_string()] { (grade(Some(n)).unwrap_or_default()) } }
            }
            (errors)
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    fn shown(form: &Form, outcome: &Outcome) -> String {
        render(&Admin::sample(Role::Tutor), &Curriculum::starter(), form, Some(outcome)).into_string()
    }

    #[test]
    fn a_circle_is_refused_with_its_skills_and_what_was_typed_is_kept() {
        let living = Curriculum::starter();
        let mut form = Form::of(living.find_skill("maths.number.count").unwrap());
        form.draft.prerequisites = vec!["maths.number.place_value".to_owned()];
        let wrong = judge(&form.draft, &living, None).unwrap_err();
        let (field, why) = &wrong[0];
        assert_eq!(*field, Field::Prerequisites);
        assert!(why.contains("maths.number.count") && why.contains(" → maths.number.place_value"), "{why}");
        form.draft.name = "As typed".to_owned();
        let shown = shown(&form, &Outcome::Wrong(wrong.clone()));
        assert!(shown.contains(&sentence(why)) && shown.contains("As typed"), "{shown}");
    }

    #[test]
    fn all_that_is_wrong_is_shown_beside_its_field() {
        let living = Curriculum::starter();
        let draft = Draft { lexicon: "a; 10".to_owned(), questions: "Why?".to_owned(), ..Draft::default() };
        let form = Form { draft, ..Form::default() };
        let wrong = judge(&form.draft, &living, Some(&|_| false)).unwrap_err();
        let fields: Vec<Field> = wrong.iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, [Field::Name, Field::Subject, Field::Grades, Field::Lexicon, Field::Questions]);
        let shown = shown(&form, &Outcome::Wrong(wrong));
        for id in ["name", "subject", "grade_from", "lexicon", "asked"] {
            assert!(shown.contains(&format!(r##"href="#{id}""##)), "{id}: {shown}");
            let (_, rest) = shown.split_once(&format!(r#"id="{id}-error">"#)).unwrap();
            assert!(rest.starts_with(r#"<span class="error">"#), "{id}: {shown}");
        }
        assert!(shown.contains(r#"<option value="">Choose a subject</option>"#), "no subject is chosen by itself");
    }

    #[test]
    fn a_new_skill_begins_with_its_subject_and_is_new() {
        let living = Curriculum::starter();
        let typed = |skill_id: &str| Draft {
            skill_id: skill_id.to_owned(),
            subject_id: "italian".to_owned(),
            name: "Dinosaurs".to_owned(),
            grade_from: "1".to_owned(),
            grade_to: "2".to_owned(),
            ..Draft::default()
        };
        let judged = |skill_id: &str, is_taken: bool| judge(&typed(skill_id), &living, Some(&|_| is_taken));
        assert!(judged("italian.dinosaurs", false).is_ok());
        let (field, why) = judged("maths.dinosaurs", false).unwrap_err().remove(0);
        assert!(field == Field::SkillId && why.contains("begin with italian"), "{why}");
        assert!(judged("italian.dinosaurs", true).unwrap_err()[0].1.contains("already exists"));
    }

    #[test]
    fn a_stale_form_shows_both() {
        let living = Curriculum::starter();
        let mut form = Form::of(&living.skills[0]);
        form.draft.name = "Mine".to_owned();
        let theirs = Skill { name: "Theirs".to_owned(), ..living.skills[0].clone() };
        let shown = shown(&form, &Outcome::Stale(theirs));
        assert!(shown.contains("Mine") && shown.contains("Theirs") && shown.contains("in the meantime"));
    }
}
