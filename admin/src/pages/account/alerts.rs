//! Which e-mails a person gets: alerts about urgent concerns, and a daily digest.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use storage::clock;
use storage::db::Db;
use storage::message::alert::{self, Wanted};
use storage::message::digest;

use super::PATH;
use crate::act::Act;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::parts::csrf;

/// Viewers get no alerts, because they cannot handle a concern.
pub(super) fn card(admin: &Admin, wanted: Wanted) -> Markup {
    let of = if admin.classes.is_empty() { "of the students that you see" } else { "of your classes" };
    html! {
        section.card aria-labelledby="alerts" {
            header { h2 id="alerts" { "Notifications" } p { "By e-mail to " (admin.email) "." } }
            form.body.stack method="post" action={ (PATH) "/alerts" } {
                (csrf(admin))
                @if admin.may_write() {
                    span.check {
                        input type="checkbox" id="wanted" name="wanted" value="yes" checked[wanted.alerts] disabled[wanted.is_responsible];
                        label for="wanted" { b { "Urgent concerns, at once" } br; span.sm.muted {
                            "If a child whose data you can see says something that may be about self-harm, abuse, neglect, grooming or danger. Repeated until the concern is marked as handled."
                            @if wanted.is_responsible { " You are responsible for concerns, so this is always on. An admin can change that under “Users and roles”." }
                        } }
                    }
                }
                div.field {
                    label for="digest_hour" { "Daily digest" }
                    select.input id="digest_hour" name="digest_hour" {
                        option value="" selected[wanted.digest_hour.is_none()] { "None" }
                        @for hour in 0..24_i16 { option value=(hour) selected[wanted.digest_hour == Some(hour)] { (format!("At {hour:02}:00")) } }
                    }
                    span.hint {
                        "How many concerns, students who need you, calls and follow-ups " (of) " are due. It has no names, and is not sent if nothing is due. The hour is in the school’s time zone: "
                        (admin.school_zone.name()) "."
                    }
                }
                div { button.btn.primary { "Save" } }
            }
        }
    }
}

pub(crate) async fn save(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    let (admin, fields, now) = (&posted.admin, &posted.fields, clock::now());
    let digest_hour = match fields.text("digest_hour") {
        "" => None,
        hour => Some(hour.parse::<i16>().ok().filter(|hour| (0..24).contains(hour)).ok_or_else(|| {
            Fault::Invalid("The daily digest is sent at an hour from 0 to 23, for example 7.".to_owned())
        })?),
    };
    let is_wanted = fields.text("wanted") == "yes";
    let mut act = Act::begin(&db, admin).await?;
    let is_free = admin.may_write() && !alert::get_wanted(&mut *act, admin.admin_user_id).await?.is_responsible;
    if is_free {
        alert::set_wanted(&mut *act, admin.admin_user_id, is_wanted).await?;
    }
    digest::set_hour(&mut act, admin.admin_user_id, digest_hour, now).await?;
    let detail = serde_json::json!({ "wanted": is_free.then_some(is_wanted), "digest_hour": digest_hour });
    act.commit("admin.alerts", None, detail).await?;
    Ok(Redirect::to(&format!("{PATH}?done=alerts")).into_response())
}
