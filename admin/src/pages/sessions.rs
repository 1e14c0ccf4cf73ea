//! The list of all tutoring calls, filtered and sorted by the address.

mod bulk;
mod export;
mod filter;
mod saved;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use storage::curriculum::{self, SkillName};
use storage::db::Db;
use storage::saved_view::{self, SavedView};
use storage::session::SessionStatus;
use storage::session::browse::{self, BrowseItem, Choices};

pub(crate) use self::bulk::run_again;
pub(crate) use self::export::get as export;
pub(crate) use self::filter::Filter;
use self::filter::{ENDINGS, after_text, assistant_value};
pub(crate) use self::saved::{delete as delete_view, save as save_view};
use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::htmx::{self, Asked};
use crate::layout::{Place, live_page};
use crate::parts::badge::{self, ended_words};
use crate::parts::classes::toggle;
use crate::parts::empty::empty;
use crate::parts::icon::{icon, icon_small};
use crate::parts::notice::{Tone, notice};
use crate::parts::pager::{pager, split_page};
use crate::parts::table::{ROWS_ID, cell, row, two};
use crate::parts::{csrf, date, grade, none, select};

const PATH: &str = "/sessions";
pub(crate) const LIST_ID: &str = "sessions";

/// A message that is shown once.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct News {
    asked: Option<u16>,
}

/// A page of the list.
pub(crate) struct Data {
    pub(crate) filter: Filter,
    pub(crate) sessions: Vec<BrowseItem>,
    pub(crate) has_next: bool,
}

/// The content around the list.
#[derive(Default)]
pub(crate) struct Around {
    choices: Choices,
    skills: Vec<SkillName>,
    saved: Vec<SavedView>,
    n_asked: Option<u16>,
}

pub(crate) async fn get(
    admin: Admin,
    State(db): State<Db>,
    Query(filter): Query<Filter>,
    Query(news): Query<News>,
    asked: Asked,
) -> Result<Response, Fault> {
    let choices = browse::list_choices(&db, &admin.caller).await?;
    let data = page_of(&admin, &db, filter, &choices).await?;
    if asked.is_for(LIST_ID) {
        return Ok(htmx::fragment(list(&admin, &data), &data.filter.url()));
    }
    let around = Around {
        choices,
        skills: curriculum::list_skill_names(&db).await?,
        saved: saved_view::list_views(&db, admin.admin_user_id, saved::PAGE_NAME).await?,
        n_asked: news.asked,
    };
    Ok(render(&admin, &data, &around).into_response())
}

/// Returns the page of the list that the address names.
pub(crate) async fn fetch(admin: &Admin, db: &Db, filter: Filter) -> Result<Data, Fault> {
    let choices = browse::list_choices(db, &admin.caller).await?;
    page_of(admin, db, filter, &choices).await
}

async fn page_of(admin: &Admin, db: &Db, filter: Filter, choices: &Choices) -> Result<Data, Fault> {
    let query = filter.query(&admin.viewer, &choices.ended_reasons)?;
    let (sessions, has_next) = split_page(browse::browse_sessions(db, &filter.caller(admin), &query).await?);
    Ok(Data { filter, sessions, has_next })
}

pub(crate) fn render(admin: &Admin, data: &Data, around: &Around) -> Markup {
    let filter = &data.filter;
    let events = filter.url_of("/events/sessions");
    let shown = list(admin, data);
    live_page(
        admin,
        Place::Sessions,
        "Sessions",
        &events,
        &shown,
        html! {
            div.stack.list-page {
                div.head {
                    div { h1 { "Sessions" } p { @match admin.own_classes().filter(|_| filter.student.is_empty() && filter.cohort.is_empty()) { Some(own) => { "Calls of " (own.join(", ")) "." } None => "Every tutoring call." } } }
                    @if admin.may_write() {
                        div.actions {
                            a.btn href=(filter.with_after(String::new()).url_of("/sessions/export.csv")) { (icon("download")) "Export CSV" }
                        }
                    }
                }
                @if let Some(n) = around.n_asked {
                    @let text = format!("{} will be analysed again.", figures::counted(n.into(), "session", "sessions"));
                    (notice(Tone::Info, &text, "The present results stay until then. Calls in progress are left out."))
                }
                @if filter.student.is_empty() && filter.cohort.is_empty() { (toggle(admin, &filter.with_after(String::new()).url())) }
                (saved::views(admin, filter, &around.saved))
                (filters(filter, around))
                form method="post" action="/sessions/run-again" {
                    (csrf(admin))
                    div.card id=(LIST_ID) { (shown) }
                    @if admin.may_write() {
                        div.bulk {
                            span { "The ticked sessions:" }
                            button.btn.small.primary { (icon_small("rotate-cw")) "Run again" }
                        }
                    }
                }
            }
        },
    )
}

fn filters(filter: &Filter, around: &Around) -> Markup {
    let n = filter.n_narrow() - usize::from(!filter.q.is_empty());
    html! {
        form.filters method="get" action=(PATH) role="search" aria-label="Filter sessions"
            hx-get=(PATH) hx-target={ "#" (LIST_ID) } hx-swap="innerMorph" hx-sync="this:replace" hx-indicator="#busy"
            hx-trigger="input changed delay:250ms from:#q, input changed delay:400ms from:#words, change target:'select, [type=date]', submit" {
            @if !filter.sort.is_empty() { input type="hidden" name="sort" value=(filter.sort); }
            @if !filter.student.is_empty() {
                input type="hidden" name="student" value=(filter.student);
                span.tag { "One student" a href=(filter.with_student("").url()) aria-label="Show all students" { (icon_small("x")) } }
            }
            div.field.grow {
                label for="q" { "Student" } (icon("search"))
                input.input id="q" name="q" type="search" placeholder="Name of the student" maxlength="100" value=(filter.q);
            }
            details.more open[n > 0] {
                summary.btn { (icon("list-filter")) "Filters" @if n > 0 { " " span.n { (n) } } }
                div.fields { (fields(filter, around)) button.btn { (icon("list-filter")) "Filter" } }
            }
            span.htmx-indicator.xs.faint id="busy" { "Updating" }
        }
    }
}

fn fields(filter: &Filter, around: &Around) -> Markup {
    let any = || [("", "Any")].into_iter();
    let statuses = SessionStatus::ALL.into_iter().map(|status| (status.as_str(), badge::session_word(status)));
    let statuses: Vec<_> = any().chain(statuses).collect();
    let endings: Vec<_> = any().chain(ENDINGS.iter().map(|(value, words, _)| (*value, *words))).collect();
    let cohorts: Vec<_> = any().chain(around.choices.cohorts.iter().map(|name| (&name[..], &name[..]))).collect();
    let grades: Vec<(String, String)> = (0..=13_i16).filter_map(|n| Some((n.to_string(), grade(Some(n))?))).collect();
    let grades: Vec<_> = any().chain(grades.iter().map(|(value, words)| (&value[..], &words[..]))).collect();
    let assistants: Vec<(String, String)> = around.choices.assistants.iter().map(assistant_option).collect();
    let assistants: Vec<_> = any().chain(assistants.iter().map(|(value, words)| (&value[..], &words[..]))).collect();
    html! {
        div.field {
            label for="words" { "Words said" }
            input.input id="words" name="words" type="search" maxlength="100" placeholder="Any" value=(filter.words);
        }
        (date("From", "from", &filter.from))
        (date("To", "to", &filter.to))
        (select("Status", "status", &statuses, &filter.status))
        (select("How it ended", "ended", &endings, &filter.ended))
        @if cohorts.len() > 1 { (select("Cohort", "cohort", &cohorts, &filter.cohort)) }
        (select("Grade", "grade", &grades, &filter.grade))
        (skill_select(&around.skills, &filter.skill))
        @if assistants.len() > 1 { (select("Assistant", "assistant", &assistants, &filter.assistant)) }
    }
}

fn assistant_option((name, version): &(String, Option<String>)) -> (String, String) {
    let words = version.as_ref().map_or_else(|| name.clone(), |version| format!("{name}, version {version}"));
    (assistant_value(name, version.as_deref()), words)
}

/// The subjects, and then the skills of each.
fn skill_select(skills: &[SkillName], selected: &str) -> Markup {
    html! {
        div.field {
            label for="skill" { "Subject or skill" }
            select.input id="skill" name="skill" {
                option value="" selected[selected.is_empty()] { "Any" }
                @for of_subject in skills.chunk_by(|a, b| a.subject_id == b.subject_id) {
                    @let (id, name) = (&of_subject[0].subject_id, &of_subject[0].subject);
                    optgroup label=(name) {
                        option value=(id) selected[selected == id] { "All of " (name) }
                        @for skill in of_subject {
                            option value=(skill.skill_id) selected[selected == skill.skill_id] { (skill.name) }
                        }
                    }
                }
            }
        }
    }
}

pub(crate) fn list(admin: &Admin, data: &Data) -> Markup {
    if data.sessions.is_empty() {
        return nothing(admin, &data.filter);
    }
    let filter = &data.filter;
    let (sort, _) = filter.order().unwrap_or_default();
    let next = data.sessions.last().filter(|_| data.has_next);
    let next = next.map(|last| filter.with_after(after_text(last.key(sort))).url());
    let first = (!filter.after.is_empty()).then(|| filter.with_after(String::new()).url());
    let shown = figures::counted(data.sessions.len() as i64, "session", "sessions");
    let shown = if data.has_next || first.is_some() { format!("{shown} on this page") } else { shown };
    html! {
        input type="hidden" name="back" value=(filter.url().split_once('?').map_or("", |(_, query)| query));
        div.scroll {
            table.tbl.cards role="table" aria-label="Sessions" {
                thead role="rowgroup" { tr role="row" {
                    @if admin.may_write() {
                        th.sel role="columnheader" scope="col" {
                            input.js-only type="checkbox" data-all aria-label="Tick all on this page";
                            span.vh { "Tick" }
                        }
                    }
                    (sorted(filter, "started", "Started", "hide"))
                    (heading("Student", "")) (heading("Topic", ""))
                    (sorted(filter, "length", "Length", "num"))
                    (heading("Ended", "")) (heading("Status", "")) (heading("Engagement", ""))
                    (sorted(filter, "cost", "Cost", "num"))
                } }
                tbody id=(ROWS_ID) role="rowgroup" { @for item in &data.sessions { (session_row(admin, item)) } }
            }
        }
        (pager(&shown, first.as_deref(), next.as_deref()))
    }
}

fn heading(name: &str, class: &str) -> Markup {
    html! { th role="columnheader" scope="col" class=[Some(class).filter(|class| !class.is_empty())] { (name) } }
}

/// Renders a heading that sorts: descending first, ascending at the second click.
fn sorted(filter: &Filter, key: &str, name: &str, class: &str) -> Markup {
    let own = if filter.sort.is_empty() { "started" } else { &filter.sort };
    let state = match own.strip_prefix('-') {
        Some(own) if own == key => Some(("ascending", "arrow-up")),
        None if own == key => Some(("descending", "arrow-down")),
        _ => None,
    };
    let next = if own == key { format!("-{key}") } else { key.to_owned() };
    html! {
        th role="columnheader" scope="col" class=(class) aria-sort=[state.map(|(order, _)| order)] {
            a href=(filter.with_sort(&next).url()) { (name) @if let Some((_, mark)) = state { (icon_small(mark)) } }
        }
    }
}

fn session_row(admin: &Admin, item: &BrowseItem) -> Markup {
    let viewer = &admin.viewer;
    let started = item.started_at.unwrap_or(item.created_at);
    let name = item.student_name.as_deref().unwrap_or("Unknown caller");
    let of_student = [grade(item.grade), item.cohort.clone()].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let tick = format!("Tick the call of {name} at {}", viewer.plain_time(started));
    row(&html! {
        @if admin.may_write() {
            (cell("sel", html! { input type="checkbox" name="id" value=(item.session_id) aria-label=(tick); }))
        }
        (cell("nowrap hide", viewer.time(started)))
        (cell("", two(&format!("{PATH}/{}", item.session_id), name, Some(&of_student[..]).filter(|text| !text.is_empty()))))
        (cell("full", topic(item)))
        (cell("num", html! {
            span.lbl { (viewer.time(started)) "," }
            @if let Some(seconds) = item.length_seconds() { (figures::length(seconds)) } @else { (none()) }
        }))
        (cell("muted hide nowrap", html! { @if let Some(reason) = &item.ended_reason { (ended_words(reason)) } @else { (none()) } }))
        (cell("end", badge::session(item.status, item.analysis_status)))
        (cell("muted hide", html! { @match item.engagement.as_deref() {
            Some("low") => "Low", Some("medium") => "Medium", Some("high") => "High", _ => (none()),
        } }))
        (cell("num hide", html! { @if let Some(cost) = item.cost_microusd { (figures::dollars(cost)) } @else { (none()) } }))
    })
}

/// Returns the topics of a call, or why it needs a person. The page of the session has the rest.
fn topic(item: &BrowseItem) -> Markup {
    let others = item.topics.len().saturating_sub(1);
    html! {
        @match (&item.attention_reason, &item.topics[..]) {
            (Some(reason), _) => span.bad.sm { (reason) },
            (None, [first, ..]) => { (first) @if others > 0 { " " span.muted.sm { "and " (others) " more" } } },
            (None, []) if item.analysis_status.is_some() => span.muted { "No topic" },
            (None, []) => { (none()) },
        }
        @if item.is_flagged { " " (badge::badge("bad", "flag", "To be read")) }
    }
}

/// Returns the first words of a summary.
pub(crate) fn first_sentence(summary: &str) -> &str {
    summary.split_inclusive(". ").next().unwrap_or(summary).trim_end()
}

fn nothing(admin: &Admin, filter: &Filter) -> Markup {
    if filter.n_narrow() > 0 || !filter.after.is_empty() {
        empty(
            "search",
            "No sessions match",
            "No session matches all filters.",
            html! {
                a.btn href=(PATH) { "Clear filters" }
            },
        )
    } else if admin.own_classes().is_some() {
        empty("phone-call", "No calls of your classes", "Choose “All students” to see other calls.", html! {})
    } else {
        empty("phone-call", "No calls yet", "Sessions appear here when a call ends.", html! {})
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;
    use storage::analysis::AnalysisStatus;
    use storage::id::SessionId;

    use super::*;

    fn item() -> BrowseItem {
        BrowseItem {
            session_id: SessionId(uuid::Uuid::from_u128(9)),
            student_id: None,
            student_name: Some("Maya <Okonkwo>".to_owned()),
            grade: Some(7),
            cohort: Some("Period 3".to_owned()),
            status: SessionStatus::Analyzed,
            attention_reason: None,
            analysis_status: Some(AnalysisStatus::Baseline),
            summary: Some("Worked on unit rates. Then on fractions.".to_owned()),
            topics: vec!["Unit rates".to_owned(), "Fractions".to_owned()],
            engagement: Some("high".to_owned()),
            is_flagged: true,
            started_at: "2026-11-19T21:12:04Z".parse().ok(),
            ended_reason: Some("customer-ended-call".to_owned()),
            assistant_name: None,
            assistant_version: None,
            cost_microusd: Some(2_070_000),
            created_at: "2026-11-19T21:12:00Z".parse().unwrap(),
            length_ms: 1_122_000,
        }
    }

    fn shown(role: Role, sessions: Vec<BrowseItem>, filter: Filter, has_next: bool) -> String {
        render(&Admin::sample(role), &Data { filter, sessions, has_next }, &Around::default()).into_string()
    }

    #[test]
    fn a_session_is_a_row_with_a_link() {
        let shown = shown(Role::Viewer, vec![item()], Filter::default(), false);
        assert!(shown.contains(r#"href="/sessions/00000000-0000-0000-0000-000000000009""#));
        assert!(shown.contains("Maya &lt;Okonkwo&gt;") && shown.contains("18:42") && shown.contains("Student hung up"));
        assert!(
            shown.contains("Unit rates <span class=\"muted sm\">and 1 more</span>") && shown.contains("To be read")
        );
        assert!(shown.contains("Grade 7, Period 3") && shown.contains("$2.07"));
    }

    #[test]
    fn the_next_page_keeps_filters_and_order() {
        let filter = Filter { status: "analyzed".to_owned(), sort: "length".to_owned(), ..Filter::default() };
        let shown = shown(Role::Viewer, vec![item()], filter, true);
        assert!(shown.contains("/sessions?status=analyzed&amp;sort=length&amp;after=1122000_0000"), "{shown}");
        assert!(shown.contains(r#"aria-sort="descending""#) && shown.contains("sort=-length"));
    }

    #[test]
    fn a_viewer_neither_ticks_nor_exports() {
        let viewer = shown(Role::Viewer, vec![item()], Filter::default(), false);
        assert!(!viewer.contains("checkbox") && !viewer.contains("export.csv"));
        let tutor = shown(Role::Tutor, vec![item()], Filter::default(), false);
        assert!(tutor.contains(r#"name="id""#) && tutor.contains("export.csv"));
    }

    #[test]
    fn an_empty_list_says_what_will_come_or_what_was_asked() {
        assert!(shown(Role::Viewer, Vec::new(), Filter::default(), false).contains("No calls yet"));
        let narrow = Filter { q: "zoe".to_owned(), ..Filter::default() };
        assert!(shown(Role::Viewer, Vec::new(), narrow, false).contains("Clear filters"));
    }
}
