//! The scheduled roster on the import page: what its runs changed, what they could not read, and the approval of a run.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use storage::clock;
use storage::db::{self, Db};
use storage::id::RosterSyncId;
use storage::roster_sync::{self, Counts, RosterSync, SyncState};

use super::PATH;
use super::imports::require;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures::counted;
use crate::form::Posted;
use crate::parts::badge::badge;
use crate::parts::notice::{Tone, notice};
use crate::parts::table::{Column, cell, row, table};
use crate::parts::{csrf, person};

/// How many runs the page lists.
pub(super) const N_SYNCS: i64 = 5;

pub(crate) async fn approve(
    State(db): State<Db>,
    Path(roster_sync_id): Path<RosterSyncId>,
    posted: Posted,
) -> Result<Response, Fault> {
    require(&posted.admin)?;
    let mut tx = db::begin(&db).await?;
    roster_sync::approve(&mut tx, &posted.admin.caller, roster_sync_id, clock::now()).await?;
    db::commit(tx).await?;
    Ok(Redirect::to(&format!("{PATH}/import#roster")).into_response())
}

/// Renders the newest runs. Renders nothing if no roster was ever read.
pub(super) fn card(admin: &Admin, syncs: &[RosterSync]) -> Markup {
    const COLUMNS: [Column; 3] = [("When", ""), ("Result", ""), ("", "")];
    let rows = html! { @for sync in syncs { (row(&html! {
        (cell("nowrap", admin.viewer.time(sync.created_at)))
        (cell("full", result(sync)))
        (cell("end", status(sync)))
    })) } };
    html! {
        @if !syncs.is_empty() {
            section.card aria-labelledby="roster" {
                header { h2 id="roster" { "Scheduled roster" } p { "Students and classes from your school system. No student is ever deleted." } }
                @for sync in syncs.iter().filter(|sync| sync.state == SyncState::NeedsPerson) { (question(admin, sync)) }
                (table("Runs", &COLUMNS, &rows))
            }
        }
    }
}

fn question(admin: &Admin, sync: &RosterSync) -> Markup {
    let why = sync.why.as_deref().unwrap_or_default();
    html! {
        div.body.stack {
            (notice(Tone::Warn, "The roster was not applied yet", &format!("{why} Read below what would change, then apply it.")))
            form method="post" action={ (PATH) "/import/roster/" (sync.roster_sync_id) "/approve" } {
                (csrf(admin))
                button.btn.primary { "Apply the roster" }
            }
        }
    }
}

fn status(sync: &RosterSync) -> Markup {
    match sync.state {
        SyncState::Waiting => badge("info", "clock", "Waiting"),
        SyncState::NeedsPerson => badge("warn", "triangle-alert", "To approve"),
        SyncState::Done => badge("good", "circle-check", "Applied"),
        SyncState::Failed => badge("bad", "circle-alert", "Failed"),
        SyncState::Dropped => badge("line", "minus", "Replaced"),
    }
}

fn result(sync: &RosterSync) -> Markup {
    html! {
        div.stack.tight {
            @if let Some(counts) = &sync.counts {
                span { (summary(counts)) }
                @if !counts.problems.is_empty() {
                    details {
                        summary.sm { "Not read" }
                        ul.list.plain.sm { @for problem in &counts.problems { li { (problem) } } }
                    }
                }
            }
            @if let Some(why) = sync.why.as_deref().filter(|_| sync.state == SyncState::Failed) { span { (why) } }
            @if let Some(who) = &sync.approved_by { span.sm.faint { "Approved by " (person(who)) "." } }
        }
    }
}

fn summary(counts: &Counts) -> String {
    let mut parts = vec![
        format!("{} new", counts.n_added),
        format!("{} changed", counts.n_changed),
        format!("{} unchanged", counts.n_unchanged),
    ];
    for (n, one, many) in [
        (counts.n_left, "student without a class now", "students without a class now"),
        (counts.n_blocked, "student blocked", "students blocked"),
        (counts.n_refused, "row not read", "rows not read"),
    ] {
        if n > 0 {
            parts.push(counted(i64::from(n), one, many));
        }
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    #[test]
    fn a_run_says_what_it_would_change_and_asks() {
        let counts = Counts {
            n_added: 2,
            n_left: 1,
            n_refused: 1,
            problems: vec!["line 4: grade".to_owned()],
            ..Counts::default()
        };
        let sync = RosterSync {
            roster_sync_id: RosterSyncId::new(),
            state: SyncState::NeedsPerson,
            round: 1,
            approved_by: None,
            fingerprint: None,
            counts: Some(counts),
            why: Some("It is the first run.".to_owned()),
            created_at: clock::now(),
        };
        let shown = |state| card(&Admin::sample(Role::Admin), &[RosterSync { state, ..sync.clone() }]).into_string();
        let asked = shown(SyncState::NeedsPerson);
        for words in [
            "It is the first run.",
            "Apply the roster",
            "2 new, 0 changed, 0 unchanged, 1 student without a class now, 1 row not read",
            "line 4: grade",
        ] {
            assert!(asked.contains(words), "{words}: {asked}");
        }
        assert!(!shown(SyncState::Done).contains("<form"));
        assert!(card(&Admin::sample(Role::Admin), &[]).into_string().is_empty());
    }
}
