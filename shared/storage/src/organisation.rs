//! The settings of the organisation that people change while the service runs: one row.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::access::Caller;
use crate::audit;
use crate::consent::Purpose;
use crate::db::{Connection, Executor, Result};

/// What a call must prove before the data of a student is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Assurance {
    /// That its number is the student's.
    #[default]
    CallerId,
    /// Also that the caller knows the student's PIN.
    Pin,
    /// Also that the caller knows the guardian's code.
    GuardianCode,
}

impl Assurance {
    pub const ALL: [Self; 3] = [Self::CallerId, Self::Pin, Self::GuardianCode];

    /// The name in the database and in output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CallerId => "caller_id",
            Self::Pin => "pin",
            Self::GuardianCode => "guardian_code",
        }
    }

    /// The code that a caller has to say; `None`: none.
    pub const fn code(self) -> Option<CodeKind> {
        match self {
            Self::CallerId => None,
            Self::Pin => Some(CodeKind::Pin),
            Self::GuardianCode => Some(CodeKind::GuardianCode),
        }
    }
}

impl FromStr for Assurance {
    type Err = String;

    /// Reads the name, with `-` or `_`.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.replace('-', "_");
        Self::ALL
            .into_iter()
            .find(|assurance| assurance.as_str() == text)
            .ok_or_else(|| "identity assurance is caller_id, pin or guardian_code".to_owned())
    }
}

/// Whose code a caller says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum CodeKind {
    Pin,
    GuardianCode,
}

impl CodeKind {
    pub const ALL: [Self; 2] = [Self::Pin, Self::GuardianCode];

    /// The name in the database and in output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::GuardianCode => "guardian_code",
        }
    }

    /// The words for it in a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Pin => "PIN",
            Self::GuardianCode => "guardian's code",
        }
    }
}

impl FromStr for CodeKind {
    type Err = String;

    /// Reads the name, with `-` or `_`.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.replace('-', "_");
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| "a code is a pin or a guardian-code".to_owned())
    }
}

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
