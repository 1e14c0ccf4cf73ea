//! The settings of the organisation that people change while the service runs: one row.

use chrono::{DateTime, Utc};

pub use crate::assurance::{Assurance, CodeKind};

use crate::access::Caller;
use crate::audit;
use crate::consent::Purpose;
use crate::db::{Connection, Executor, Result};

/// All settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    pub assurance: Assurance,
    /// The purposes for which the organisation consents on behalf of guardians, as long as none of them decided.
    pub presumed: Vec<Purpose>,
    /// Whether everybody who signs in here needs an authenticator app or a passkey.
    pub requires_second_factor: bool,
    pub updated_at: DateTime<Utc>,
    /// As audit entries name people.
    pub updated_by: String,
}

/// Returns the settings.
pub async fn get(db: impl Executor<'_>) -> Result<Organisation> {
    let row = sqlx::query!(
        r#"select identity_assurance as "assurance: Assurance", presumed_consents, requires_second_factor,
               updated_at, updated_by from organisation"#
    )
    .fetch_one(db)
    .await?;
    Ok(Organisation {
        assurance: row.assurance,
        presumed: row.presumed_consents.iter().filter_map(|name| name.parse().ok()).collect(),
        requires_second_factor: row.requires_second_factor,
        updated_at: row.updated_at,
        updated_by: row.updated_by,
    })
}

/// Changes the settings, and records it. The caller is a person who may manage the service, or the operator.
pub async fn set(
    tx: &mut Connection,
    caller: &Caller,
    assurance: Assurance,
    presumed: &[Purpose],
    requires_second_factor: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    let presumed: Vec<String> = presumed.iter().map(|purpose| purpose.as_str().to_owned()).collect();
    sqlx::query!(
        "update organisation set identity_assurance = $1, presumed_consents = $2, updated_at = $3, updated_by = $4,
             requires_second_factor = $5",
        assurance as Assurance,
        &presumed,
        now,
        caller.actor.to_string(),
        requires_second_factor,
    )
    .execute(&mut *tx)
    .await?;
    let detail = serde_json::json!({
        "identity_assurance": assurance.as_str(), "presumed_consents": presumed,
        "requires_second_factor": requires_second_factor,
    });
    audit::insert_entry(tx, caller, "organisation.update", None, &detail, now).await
}
