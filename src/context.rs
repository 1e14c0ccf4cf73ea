//! Shows the context that an assistant gets.

use chrono::{DateTime, Utc};
use storage::access::Caller;
use storage::db::Db;
use storage::phone::Phone;
use storage::student_context::{self, MAX_TOKENS};

use crate::say;

/// `context show`: the student context, and what it costs a model.
pub async fn show(db: &Db, phone: &Phone, now: DateTime<Utc>) -> anyhow::Result<()> {
    let context = student_context::find_by_phone(db, &Caller::operator(), phone, now).await?;
    say!("{}", serde_json::to_string_pretty(&context)?);
    say!("{} tokens, estimated from its compact JSON; the limit is {MAX_TOKENS}", context.n_tokens());
    Ok(())
}
