//! Consents that expire within 30 days and need a renewal.

use axum::extract::State;
use maud::{Markup, html};
use storage::consent::{self, Expiring};
use storage::db::Db;

use crate::auth::Admin;
use crate::fault::Fault;
use crate::layout::{Place, page};
use crate::pages::student::family::{SOON, purpose_name};
use crate::parts::table::{Column, cell, list_table, row};

pub(crate) async fn get(admin: Admin, State(db): State<Db>) -> Result<Markup, Fault> {
    let now = admin.viewer.now;
    Ok(render(&admin, &consent::list_expiring(&db, &admin.caller, now, now + SOON).await?))
}

const COLUMNS: [Column; 3] = [("Student", ""), ("Consent", ""), ("Ends after", "")];

pub(crate) fn render(admin: &Admin, expiring: &[Expiring]) -> Markup {
    let rows = html! { @for consent in expiring { (row(&html! {
        (cell("", html! { a.main href={ "/students/" (consent.student_id) "#family" } { (consent.display_name) } }))
        (cell("", html! { (purpose_name(consent.purpose)) }))
        (cell("nowrap", html! { (admin.viewer.date(consent.expires_at - chrono::TimeDelta::seconds(1))) }))
    })) } };
    page(
        admin,
        Place::Students,
        "Consents that end soon",
        html! {
            div.stack {
                div.head { div { h1 { "Consents that end soon" } p { "Within the next 30 days. Without a renewal the purpose is no longer allowed." } } }
                section.card {
                    @if expiring.is_empty() { div.body { p.muted { "No consent ends within 30 days." } } }
                    @else { (list_table("Consents that end soon", &html! {}, &COLUMNS, &rows)) }
                }
            }
        },
    )
}
