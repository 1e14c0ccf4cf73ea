//! A saved list view: a name for the query of its address.

use chrono::{DateTime, Utc};

use crate::db::{Connection, Error, Executor, Result};
use crate::id::{AdminUserId, SavedViewId};

/// More would not be a choice but a search.
pub const MAX_VIEWS: i64 = 20;

/// One row of `saved_views`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    pub saved_view_id: SavedViewId,
    pub name: String,
    /// The query of the address, without the question mark.
    pub query: String,
}

/// The views that a person keeps of a page, the oldest first.
pub async fn list_views(db: impl Executor<'_>, admin_user_id: AdminUserId, page: &str) -> Result<Vec<SavedView>> {
    Ok(sqlx::query_as!(
        SavedView,
        r#"select saved_view_id as "saved_view_id: SavedViewId", name, query from saved_views
           where admin_user_id = $1 and page = $2 order by created_at, saved_view_id"#,
        admin_user_id as AdminUserId,
        page,
    )
    .fetch_all(db)
    .await?)
}

/// Keeps a view; one of the same name is replaced. `false`: the person keeps [`MAX_VIEWS`] of this page already.
pub async fn save_view(
    tx: &mut Connection,
    admin_user_id: AdminUserId,
    page: &str,
    name: &str,
    query: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let others = sqlx::query_scalar!(
        r#"select count(*) as "n!" from saved_views where admin_user_id = $1 and page = $2 and name <> $3"#,
        admin_user_id as AdminUserId,
        page,
        name,
    )
    .fetch_one(&mut *tx)
    .await?;
    if others >= MAX_VIEWS {
        return Ok(false);
    }
    sqlx::query!(
        "insert into saved_views (saved_view_id, admin_user_id, page, name, query, created_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict on constraint saved_views_admin_user_id_page_name_key do update set query = excluded.query",
        SavedViewId::new() as SavedViewId,
        admin_user_id as AdminUserId,
        page,
        name,
        query,
        now,
    )
    .execute(tx)
    .await?;
    Ok(true)
}

/// Forgets a view of this person.
pub async fn delete_view(db: impl Executor<'_>, admin_user_id: AdminUserId, saved_view_id: SavedViewId) -> Result<()> {
    let done = sqlx::query!(
        "delete from saved_views where saved_view_id = $1 and admin_user_id = $2",
        saved_view_id as SavedViewId,
        admin_user_id as AdminUserId,
    )
    .execute(db)
    .await?;
    if done.rows_affected() == 0 { Err(Error::NotFound("saved view")) } else { Ok(()) }
}
