//! Bulk reprocessing: analyses the sessions of a period again, or recomputes the mastery of all students. Started here,
//! run by the worker.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{NaiveDate, TimeDelta};
use http::StatusCode;
use maud::{Markup, html};
use queue::overhaul::{self, Overhaul, Work};
use queue::retry::{self, Outdated};
use storage::db::{self, Db};
use storage::id::OverhaulId;
use storage::student;

use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::form::Posted;
use crate::htmx::{self, Asked};
use crate::layout::{Place, page};
use crate::parts::badge::badge;
use crate::parts::empty::empty;
use crate::parts::notice::{Tone, notice};
use crate::parts::question::{Question, question};
use crate::parts::table::{Column, cell, row, table};
use crate::parts::{csrf, date, person};
use crate::viewer::Viewer;

pub(super) const PATH: &str = "/jobs/overhauls";
const LIST_ID: &str = "overhauls";
const N_LISTED: i64 = 20;

pub(crate) async fn get(admin: Admin, State(db): State<Db>, asked: Asked) -> Result<Response, Fault> {
    admin.require_manage()?;
    let overhauls = overhaul::list_overhauls(&db, N_LISTED).await?;
    if asked.is_for(LIST_ID) {
        return Ok(htmx::fragment(list(&admin, &overhauls), PATH));
    }
    Ok(render(&admin, &overhauls, None).into_response())
}

/// Asks for a confirmation with the number of rows, then starts.
pub(crate) async fn start(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    let (admin, fields) = (&posted.admin, &posted.fields);
    admin.require_manage()?;
    let work = match read(
        &admin.viewer,
        fields.text("kind"),
        fields.text("from"),
        fields.text("to"),
        fields.text("all") == "on",
    ) {
        Ok(work) => work,
        Err(why) => return refused(&db, admin, &why).await,
    };
    if fields.text("confirmed") != "yes" {
        let n = match work {
            Work::Reanalyze { from, to, .. } => {
                // Sessions of any version. The worker decides which of them need it.
                let all = Outdated { from, to, version: "", judged_before: Some(admin.viewer.now) };
                retry::count_outdated(&db, &admin.caller, &all).await?
            }
            Work::RebuildMastery => student::count_students(&db, &admin.caller, None).await?,
        };
        let fields = [
            ("kind", fields.text("kind")),
            ("from", fields.text("from")),
            ("to", fields.text("to")),
            ("all", fields.text("all")),
        ];
        return Ok(confirm(admin, &work, n, &fields).into_response());
    }
    let mut tx = db::begin(&db).await?;
    match overhaul::start(&mut tx, &admin.caller, &work, admin.viewer.now).await {
        Err(error) if error.is_conflict_with("overhauls_running_key") => {
            drop(tx);
            return refused(&db, admin, "A repair of this type is already running. Wait for it, or stop it.").await;
        }
        started => started?,
    };
    db::commit(tx).await?;
    Ok(Redirect::to(PATH).into_response())
}

pub(crate) async fn stop(
    State(db): State<Db>,
    Path(overhaul_id): Path<OverhaulId>,
    posted: Posted,
) -> Result<Response, Fault> {
    posted.admin.require_manage()?;
    let mut tx = db::begin(&db).await?;
    overhaul::stop(&mut tx, &posted.admin.caller, overhaul_id, posted.admin.viewer.now).await?;
    db::commit(tx).await?;
    Ok(Redirect::to(PATH).into_response())
}

async fn refused(db: &Db, admin: &Admin, why: &str) -> Result<Response, Fault> {
    let overhauls = overhaul::list_overhauls(db, N_LISTED).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, render(admin, &overhauls, Some(why))).into_response())
}

fn read(viewer: &Viewer, kind: &str, from: &str, to: &str, is_all: bool) -> Result<Work, String> {
    let day = |text: &str| text.parse::<NaiveDate>().map_err(|_| "Give both days, like 2026-11-23.".to_owned());
    match kind {
        "rebuild_mastery" => Ok(Work::RebuildMastery),
        "reanalyze" => {
            let (from, to) = (day(from)?, day(to)?);
            if from > to {
                return Err("The first day must be before the last.".to_owned());
            }
            // The last day is included.
            let to = to.checked_add_signed(TimeDelta::days(1)).unwrap_or(to);
            let judged_before = is_all.then_some(viewer.now);
            Ok(Work::Reanalyze { from: viewer.start_of(from), to: viewer.start_of(to), judged_before })
        }
        _ => Err("This type of repair does not exist.".to_owned()),
    }
}

fn confirm(admin: &Admin, work: &Work, n: i64, fields: &[(&str, &str)]) -> Markup {
    let (title, text) = match work {
        Work::Reanalyze { judged_before: None, .. } => (
            format!("Analyse up to {} again?", figures::counted(n, "session", "sessions")),
            "Sessions that the current analyser has analysed are left out. If a language model is set up, it reads each of the others, at the same cost as the first time. The present results stay until then.",
        ),
        Work::Reanalyze { .. } => (
            format!("Analyse {} again?", figures::counted(n, "session", "sessions")),
            "All sessions, including those of the current analyser. If a language model is set up, it reads each one again, at the same cost as the first time. The present results stay until then.",
        ),
        Work::RebuildMastery => (
            format!("Rebuild the mastery of {}?", figures::counted(n, "student", "students")),
            "From the stored answers, without a language model. If the data is intact, nothing changes.",
        ),
    };
    let asked =
        Question { title: &title, text, action: PATH, button: ("btn primary", "Begin"), keep: (PATH, "Cancel") };
    let hidden = html! {
        input type="hidden" name="confirmed" value="yes";
        @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
    };
    question(admin, Place::Jobs, &asked, &hidden)
}

fn render(admin: &Admin, overhauls: &[Overhaul], error: Option<&str>) -> Markup {
    page(
        admin,
        Place::Jobs,
        "Bulk reprocessing",
        html! {
            div.stack {
                div.head { div { h1 { "Bulk reprocessing" } p { "The worker does it step by step, alongside the daily calls. It continues after a restart." } } }
                @if let Some(error) = error { (notice(Tone::Bad, error, "Nothing was started.")) }
                section.card aria-label="Repairs" id=(LIST_ID) { (list(admin, overhauls)) }
                div.cols.half.even { (reanalyze_card(admin)) (rebuild_card(admin)) }
            }
        },
    )
}

fn reanalyze_card(admin: &Admin) -> Markup {
    html! {
        section.card aria-labelledby="reanalyze" {
            header { h2 id="reanalyze" { "Analyse sessions again" } }
            form.body.stack method="post" action=(PATH) {
                (csrf(admin))
                input type="hidden" name="kind" value="reanalyze";
                p.sm.muted { "Analyses the sessions of a period with the current analyser. Use it after an update, or after the language model was unavailable." }
                div.form-grid { (date("From", "from", "")) (date("To", "to", "")) }
                span.check {
                    input type="checkbox" id="all" name="all" value="on";
                    label for="all" { "Include sessions that the current analyser has analysed" }
                }
                div { button.btn { "Analyse again" } }
            }
        }
    }
}

fn rebuild_card(admin: &Admin) -> Markup {
    html! {
        section.card aria-labelledby="rebuild" {
            header { h2 id="rebuild" { "Rebuild mastery" } }
            form.body.stack method="post" action=(PATH) {
                (csrf(admin))
                input type="hidden" name="kind" value="rebuild_mastery";
                p.sm.muted { "Recomputes the levels of all students from their sessions. Use it after a change of the learner model, or after rows were edited by hand." }
                div { button.btn { "Rebuild" } }
            }
        }
    }
}

const COLUMNS: [Column; 5] = [("Repair", ""), ("State", ""), ("Progress", ""), ("Begun", ""), ("", "")];

/// Refreshes the list while one is running.
fn list(admin: &Admin, overhauls: &[Overhaul]) -> Markup {
    let goes_on = overhauls.iter().any(|one| one.finished_at.is_none());
    html! {
        @if goes_on {
            span hx-get=(PATH) hx-trigger="every 2s" hx-target={ "#" (LIST_ID) } hx-swap="innerMorph" {}
        }
        @if overhauls.is_empty() {
            (empty("wrench", "None so far", "Started repairs appear here with their progress.", html! {}))
        } @else {
            (table("Repairs", &COLUMNS, &html! { @for one in overhauls { (overhaul_row(admin, one)) } }))
        }
    }
}

fn overhaul_row(admin: &Admin, one: &Overhaul) -> Markup {
    let viewer = &admin.viewer;
    let (name, noun) = match one.work {
        Work::Reanalyze { .. } => ("Analyse sessions again", "sessions queued"),
        Work::RebuildMastery => ("Rebuild mastery", "students rebuilt"),
    };
    let who = person(&one.asked_by);
    row(&html! {
        (cell("", html! { span.two {
            b.main { (name) }
            @if let Work::Reanalyze { from, to, .. } = one.work {
                small { (viewer.date(from)) " to " (viewer.date(to - TimeDelta::seconds(1))) }
            }
        } }))
        (cell("end", match (one.finished_at, one.is_stopped) {
            (Some(_), true) => badge("line", "minus", "Stopped"),
            (Some(_), false) => badge("good", "circle-check", "Done"),
            (None, _) => badge("info", "loader-circle", "Running"),
        }))
        (cell("full", html! { @match one.n_all {
            None => "Counting",
            Some(n_all) => {
                @if one.finished_at.is_none() { progress max=(n_all.max(1)) value=(one.n_done) aria-label={ "Progress of: " (name) } {} " " }
                (figures::count(one.n_done)) " of " (figures::count(n_all)) " " (noun)
            },
        } }))
        (cell("muted hide", html! { (viewer.time(one.created_at)) ", " (who) }))
        (cell("full", html! { @if one.finished_at.is_none() {
            form method="post" action={ (PATH) "/" (one.overhaul_id) "/stop" } { (csrf(admin)) button.btn.small { "Stop" span.vh { ": " (name) } } }
        } }))
    })
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    fn overhaul() -> Overhaul {
        Overhaul {
            overhaul_id: OverhaulId(uuid::Uuid::from_u128(1)),
            work: Work::RebuildMastery,
            asked_by: "admin:dana@example.org".to_owned(),
            created_at: "2026-11-19T21:12:04Z".parse().unwrap(),
            n_all: Some(1_250),
            n_done: 50,
            position: None,
            is_stopped: false,
            finished_at: None,
        }
    }

    #[test]
    fn what_goes_on_shows_how_far_it_has_come_and_can_be_stopped() {
        let admin = Admin::sample(Role::Admin);
        let shown = render(&admin, &[overhaul()], None).into_string();
        assert!(shown.contains("50 of 1,250 students rebuilt") && shown.contains(r#"<progress max="1250" value="50""#));
        assert!(shown.contains("/stop") && shown.contains("every 2s") && shown.contains("dana@example.org"));
        let over = Overhaul { finished_at: Some(admin.viewer.now), ..overhaul() };
        let shown = render(&admin, &[over], None).into_string();
        assert!(!shown.contains("/stop") && !shown.contains("every 2s"));
    }

    #[test]
    fn days_are_whole_and_in_their_order() {
        let viewer = Viewer::sample();
        let work = read(&viewer, "reanalyze", "2026-11-18", "2026-11-18", true).unwrap();
        let (from, to) = ("2026-11-18T06:00:00Z".parse().unwrap(), "2026-11-19T06:00:00Z".parse().unwrap());
        assert_eq!(work, Work::Reanalyze { from, to, judged_before: Some(viewer.now) });
        assert!(read(&viewer, "reanalyze", "2026-11-19", "2026-11-18", false).is_err());
        assert!(read(&viewer, "reanalyze", "", "2026-11-18", false).is_err());
        assert!(read(&viewer, "paint", "", "", false).is_err());
    }
}
