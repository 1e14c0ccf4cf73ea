//! Export and import of the whole curriculum as a file. An import shows a preview first.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use storage::curriculum::{self, Curriculum, Difference, fingerprint};
use storage::db::Db;

use super::{Data, PATH};
use crate::act::Act;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::fields::Fields;
use crate::figures;
use crate::form::Posted;
use crate::layout::{Place, page};
use crate::parts::csrf;
use crate::parts::notice::{Tone, notice};

/// Errors shown at once.
const MAX_FAULTS: usize = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Export {
    format: String,
}

/// Exports all skills that are not retired, as `csv` or `json`.
pub(crate) async fn export(admin: Admin, State(db): State<Db>, Query(asked): Query<Export>) -> Result<Response, Fault> {
    admin.require_export()?;
    let living = Data::fetch(&db).await?.living;
    let (kind, name, text) = match &asked.format[..] {
        "csv" => ("text/csv; charset=utf-8", "curriculum.csv", living.to_csv()),
        "json" => {
            let text = serde_json::to_string_pretty(&living).map_err(|_| Fault::Internal)?;
            ("application/json", "curriculum.json", text)
        }
        _ => return Err(Fault::Invalid("A curriculum is exported as csv or as json.".to_owned())),
    };
    let headers = [(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))];
    Ok((headers, text).into_response())
}

pub(crate) async fn get(admin: Admin) -> Result<Markup, Fault> {
    admin.require_write()?;
    Ok(render(&admin, "", &html! {}))
}

/// Returns the uploaded file, or the pasted text if no file was chosen.
fn sheet(fields: &Fields) -> &str {
    let file = fields.raw("file");
    if file.trim().is_empty() { fields.raw("sheet") } else { file }
}

/// Shows a preview of the sheet and changes nothing.
pub(crate) async fn preview(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    posted.admin.require_write()?;
    let data = Data::fetch(&db).await?;
    Ok(judged(&posted, &data, None))
}

/// Renders the errors of a sheet, or its preview. `stale`: why an import was rejected.
fn judged(posted: &Posted, data: &Data, stale: Option<&Markup>) -> Response {
    let (admin, sheet) = (&posted.admin, sheet(&posted.fields));
    match read(sheet) {
        Err(faults) => (StatusCode::UNPROCESSABLE_ENTITY, render(admin, sheet, &faults_card(&faults))).into_response(),
        Ok(incoming) => {
            let difference = Difference::new(&incoming, &data.living, &data.retired);
            let status = if stale.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
            let seen = seen_of(data);
            let free = free_line(&incoming);
            let shown = html! {
                @if let Some(stale) = stale { (stale) }
                (preview_card(admin, sheet, &difference, &seen, free.as_deref()))
            };
            (status, render(admin, sheet, &shown)).into_response()
        }
    }
}

/// Imports the sheet if nothing has changed since the preview.
pub(crate) async fn apply(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    let admin = &posted.admin;
    admin.require_write()?;
    let mut act = Act::begin(&db, admin).await?;
    curriculum::lock(&mut act).await?;
    let data = Data {
        living: curriculum::load(&mut act).await?,
        retired: curriculum::list_retired(&mut act).await?,
        suggested: Vec::new(),
    };
    let Ok(incoming) = read(sheet(&posted.fields)) else { return Ok(judged(&posted, &data, None)) };
    if posted.fields.text("seen") != seen_of(&data) {
        let why = notice(
            Tone::Bad,
            "Another person changed the curriculum in the meantime",
            "Nothing was imported. Below is a new preview.",
        );
        return Ok(judged(&posted, &data, Some(&why)));
    }
    let difference = Difference::new(&incoming, &data.living, &data.retired);
    curriculum::upsert(&mut act, &incoming).await?;
    let detail = json!({
        "subjects": difference.subjects,
        "added": difference.added,
        "changed": difference.changed,
        "restored": difference.restored,
    });
    act.commit("curriculum.import", None, detail).await?;
    Ok(Redirect::to(PATH).into_response())
}

fn seen_of(data: &Data) -> String {
    fingerprint(&(&data.living, &data.retired))
}

/// Returns the sheet, or its errors in sentences.
fn read(sheet: &str) -> Result<Curriculum, Vec<String>> {
    // Spreadsheets write a byte order mark before the first heading.
    let sheet = sheet.trim_start_matches('\u{feff}');
    match Curriculum::from_csv(sheet.as_bytes()) {
        Ok(incoming) if incoming.skills.is_empty() => Err(vec!["The sheet contains no skill.".to_owned()]),
        Ok(incoming) => Ok(incoming),
        Err(faults) => Err(faults.iter().map(ToString::to_string).collect()),
    }
}

fn faults_card(faults: &[String]) -> Markup {
    let n = figures::counted(faults.len() as i64, "fault", "faults");
    html! {
        (notice(Tone::Bad, &format!("The sheet has {n}"), "Nothing was changed. Fix the lines and send it again."))
        section.card aria-labelledby="faults" {
            header { h2 id="faults" { "Faults" } @if faults.len() > MAX_FAULTS { p { "The first " (MAX_FAULTS) } } }
            ul.list { @for fault in faults.iter().take(MAX_FAULTS) { li { (fault) } } }
        }
    }
}

/// Returns how many questions have answers that cannot be compared, and names the first ones.
fn free_line(incoming: &Curriculum) -> Option<String> {
    let free = incoming.list_free_questions();
    let n = figures::counted(free.len() as i64, "question has", "questions have");
    let skills: Vec<&str> = free.iter().take(3).map(|(skill_id, _)| *skill_id).collect();
    let more = if free.len() > skills.len() { " and others" } else { "" };
    (!free.is_empty()).then(|| format!("{n} free answers that the assistant must judge: {}{more}", skills.join(", ")))
}

fn preview_card(admin: &Admin, sheet: &str, difference: &Difference, seen: &str, free: Option<&str>) -> Markup {
    let group = |title: &str, ids: &[String]| {
        html! {
            @if !ids.is_empty() {
                dt { (title) " " (ids.len()) }
                dd { span.tags { @for id in ids { span.tag.mono { (id) } } } }
            }
        }
    };
    html! {
        section.card aria-labelledby="preview" {
            header { h2 id="preview" { "Preview" } }
            div.body { dl.dl {
                (group("Subjects", &difference.subjects))
                (group("Added", &difference.added))
                (group("Changed", &difference.changed))
                (group("Restored", &difference.restored))
                dt { "Unchanged" } dd { (difference.n_unchanged) }
                @if let Some(free) = free { dt { "Free answers" } dd { (free) } }
            } }
            @if difference.is_empty() {
                footer { "The sheet matches the curriculum. Nothing would change." }
            } @else {
                footer {
                    form method="post" action={ (PATH) "/import/apply" } enctype="multipart/form-data" {
                        (csrf(admin))
                        input type="hidden" name="seen" value=(seen);
                        textarea name="sheet" hidden aria-label="The sheet" { (Verbatim(sheet)) }
                        button.btn.primary { "Import" }
                    }
                    span { "Skills that are not in the sheet stay as they are." }
                }
            }
        }
    }
}

/// Puts a line break before the text, because browsers drop the first one in a textarea.
struct Verbatim<'a>(&'a str);

impl maud::Render for Verbatim<'_> {
    fn render(&self) -> Markup {
        html! { "\n" (self.0) }
    }
}

fn render(admin: &Admin, sheet: &str, answer: &Markup) -> Markup {
    page(
        admin,
        Place::Curriculum,
        "Import a sheet",
        html! {
            div.stack {
                div.head { div {
                    h1 { "Import a sheet" }
                    p { "A CSV file with one skill per line, like the export. You see a preview before anything changes." }
                } }
                (answer)
                form.card method="post" action={ (PATH) "/import" } enctype="multipart/form-data" {
                    div.body.stack {
                        (csrf(admin))
                        div.field { label for="file" { "CSV file" } input id="file" name="file" type="file" accept=".csv,text/csv"; span.hint { "At most 2 MiB." } }
                        div.field {
                            label for="sheet" { "Or paste the sheet" }
                            textarea.input.tall.mono id="sheet" name="sheet" spellcheck="false" { (Verbatim(sheet)) }
                            span.hint { "Columns: skill_id, subject_id, subject, name, grade_from, grade_to, prerequisites, lexicon, questions. Separate items of a list by |. Write a phrase with its weight as common denominator*3, and a question with its answer as What is 2 + 2? => 4. Other right answers and declarations follow after ~, as in large ~ huge or 31.4 ~ unit=cm ~ tolerance=0.1." }
                        }
                    }
                    footer { button.btn.primary { "Show preview" } a.btn href=(PATH) { "Cancel" } }
                }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    #[test]
    fn a_byte_order_mark_is_no_fault_and_an_empty_sheet_is() {
        let sheet = format!("\u{feff}{}", Curriculum::starter().to_csv());
        assert_eq!(read(&sheet).unwrap(), Curriculum::starter());
        assert!(read("").is_err() && read("skill_id\n").is_err());
    }

    #[test]
    fn a_preview_says_what_changes_and_offers_to_import_only_that() {
        let admin = Admin::sample(Role::Tutor);
        let difference = Difference { added: vec!["art.a".to_owned()], n_unchanged: 3, ..Difference::default() };
        let shown = preview_card(&admin, "a,b\n<1>", &difference, "seen", Some("2 questions")).into_string();
        assert!(shown.contains("Added 1") && shown.contains("art.a") && shown.contains("&lt;1&gt;"), "{shown}");
        assert!(shown.contains("<dt>Free answers</dt><dd>2 questions</dd>"), "{shown}");
        let nothing = preview_card(&admin, "a,b", &Difference::default(), "seen", None).into_string();
        assert!(!nothing.contains("import/apply"), "{nothing}");
    }
}
