//! Keeps transactions that make sessions and erasures apart.

use crate::db::{self, Connection, Result};

/// Lets the transaction make sessions: an erasure waits until it has ended. Call it before the transaction locks any row,
/// because an erasure locks rows after it has closed the gate.
pub async fn enter(tx: &mut Connection) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock_shared(hashtextextended('erasure', 0))").execute(tx).await?;
    Ok(())
}

/// Waits for the transactions that called [`enter`], and keeps others out until this one ends.
pub(super) async fn close(tx: &mut Connection) -> Result<()> {
    db::lock_name(tx, "erasure").await
}
