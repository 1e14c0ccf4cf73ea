//! Saved views of the list: links, and forms to save and delete them.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use storage::clock;
use storage::db::{self, Db};
use storage::id::SavedViewId;
use storage::saved_view::{self, MAX_VIEWS, SavedView};
use storage::session::SessionStatus;

use super::PATH;
use super::filter::Filter;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::parts::icon::icon_small;
use crate::parts::{badge, csrf};

/// The name of this list in `saved_views`.
pub(super) const PAGE_NAME: &str = "sessions";
const MAX_NAME_CHARS: usize = 60;
const MAX_QUERY_CHARS: usize = 2_000;

pub(crate) async fn save(State(db): State<Db>, posted: Posted) -> Result<Response, Fault> {
    let (name, query) = (posted.fields.text("name"), posted.fields.text("query"));
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS {
        return Err(Fault::Invalid(format!("A view has a name of 1 to {MAX_NAME_CHARS} characters.")));
    }
    // Parsed and written again, so that only known fields are stored.
    let filter: Filter = serde_urlencoded(query)?;
    let query = filter.view();
    if query.chars().count() > MAX_QUERY_CHARS {
        return Err(Fault::Invalid("These filters are too long to save.".to_owned()));
    }
    let mut tx = db::begin(&db).await?;
    let admin_user_id = posted.admin.admin_user_id;
    if !saved_view::save_view(&mut tx, admin_user_id, PAGE_NAME, name, &query, clock::now()).await? {
        return Err(Fault::Invalid(format!("You have {MAX_VIEWS} views already. Delete one first.")));
    }
    db::commit(tx).await?;
    Ok(Redirect::to(&address(&query)).into_response())
}

pub(crate) async fn delete(
    State(db): State<Db>,
    Path(saved_view_id): Path<SavedViewId>,
    posted: Posted,
) -> Result<Response, Fault> {
    saved_view::delete_view(&db, posted.admin.admin_user_id, saved_view_id).await?;
    Ok(Redirect::to(PATH).into_response())
}

fn serde_urlencoded(query: &str) -> Result<Filter, Fault> {
    let uri = format!("{PATH}?{query}").parse().map_err(|_| unreadable())?;
    let read = axum::extract::Query::<Filter>::try_from_uri(&uri);
    read.map(|axum::extract::Query(filter)| filter).map_err(|_| unreadable())
}

fn unreadable() -> Fault {
    Fault::Invalid("These filters cannot be read. Set them again, then save the view.".to_owned())
}

fn address(query: &str) -> String {
    if query.is_empty() { PATH.to_owned() } else { format!("{PATH}?{query}") }
}

/// Renders the statuses and the person's own views as links.
pub(super) fn views(admin: &Admin, filter: &Filter, saved: &[SavedView]) -> Markup {
    let current = filter.view();
    let own = saved.iter().find(|view| view.query == current);
    let all = [("", "All sessions")].into_iter();
    let each = SessionStatus::ALL.into_iter().map(|status| (status.as_str(), badge::session_word(status)));
    html! {
        nav.views aria-label="Views" {
            @for (status, name) in all.chain(each) {
                @let is_here = own.is_none() && filter.status == status;
                a href=(filter.with_status(status).url()) aria-current=[is_here.then_some("page")] { (name) }
            }
            @for view in saved {
                @let is_here = own.is_some_and(|own| own.saved_view_id == view.saved_view_id);
                a href=(address(&view.query)) aria-current=[is_here.then_some("page")] { (view.name) }
            }
        }
        details.data.keep {
            summary { (icon_small("chevron-right")) "Your views" }
            div.row.wrap {
                form.row method="post" action="/sessions/views" {
                    (csrf(admin))
                    input type="hidden" name="query" value=(current);
                    label.vh for="view-name" { "Name of the view" }
                    input.input.small id="view-name" name="name" required maxlength=(MAX_NAME_CHARS) placeholder="Name of this view";
                    button.btn.small { (icon_small("plus")) "Save view" }
                }
                @for view in saved {
                    form method="post" action={ "/sessions/views/" (view.saved_view_id) "/delete" } {
                        (csrf(admin))
                        button.btn.small.ghost { (icon_small("trash-2")) "Delete " (view.name) }
                    }
                }
            }
        }
    }
}
