//! The settings of the organisation, and the codes by which callers prove who they are, at the command line.

use std::io::Read;

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use serde_json::json;
use storage::access::Caller;
use storage::caller_code::{self, Code};
use storage::consent::Purpose;
use storage::db::{self, Db};
use storage::id::StudentId;
use storage::organisation::{self, Assurance, CodeKind};

use crate::say;

/// `organisation show`.
pub async fn show(db: &Db) -> anyhow::Result<()> {
    let organisation = organisation::get(db).await?;
    let presumed: Vec<_> = organisation.presumed.iter().map(|purpose| purpose.as_str()).collect();
    let shown = json!({
        "identity_assurance": organisation.assurance.as_str(),
        "presumed_consents": presumed,
        "requires_second_factor": organisation.requires_second_factor,
        "updated_at": organisation.updated_at,
        "updated_by": organisation.updated_by,
    });
    say!("{shown:#}");
    Ok(())
}

/// `organisation set`.
pub async fn set(
    db: &Db,
    assurance: Option<Assurance>,
    presumed: Option<&str>,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    ensure!(
        assurance.is_some() || presumed.is_some(),
        "name what to change: --identity-assurance or --presumed-consents"
    );
    let mut tx = db::begin(db).await?;
    let before = organisation::get(&mut *tx).await?;
    let requires_second_factor = before.requires_second_factor;
    let presumed = presumed.map_or(Ok(before.presumed), purposes)?;
    let assurance = assurance.unwrap_or(before.assurance);
    organisation::set(&mut tx, &Caller::operator(), assurance, &presumed, requires_second_factor, now).await?;
    tx.commit().await?;
    show(db).await
}

fn purposes(list: &str) -> anyhow::Result<Vec<Purpose>> {
    if list.trim() == "none" {
        return Ok(Vec::new());
    }
    list.split(',').map(|name| name.trim().parse().map_err(anyhow::Error::msg)).collect()
}

/// `student set-code`: the code comes from standard input.
pub async fn set_code(db: &Db, student_id: StudentId, kind: CodeKind, now: DateTime<Utc>) -> anyhow::Result<()> {
    let mut typed = String::new();
    std::io::stdin().take(1024).read_to_string(&mut typed).context("the code cannot be read")?;
    let hash = Code::choose(typed.trim())?.hash();
    let mut tx = db::begin(db).await?;
    caller_code::set_code(&mut tx, &Caller::operator(), student_id, kind, &hash, now).await?;
    tx.commit().await?;
    say!("the {} is set", kind.words());
    Ok(())
}

/// `student unlock-code`.
pub async fn unlock_code(db: &Db, student_id: StudentId, kind: CodeKind, now: DateTime<Utc>) -> anyhow::Result<()> {
    let mut tx = db::begin(db).await?;
    let unlocked = caller_code::unlock_code(&mut tx, &Caller::operator(), student_id, kind, now).await;
    unlocked.with_context(|| format!("the student has no {}", kind.words()))?;
    tx.commit().await?;
    say!("the {} is unlocked", kind.words());
    Ok(())
}

/// `student remove-code`.
pub async fn remove_code(db: &Db, student_id: StudentId, kind: CodeKind, now: DateTime<Utc>) -> anyhow::Result<()> {
    let mut tx = db::begin(db).await?;
    let removed = caller_code::remove_code(&mut tx, &Caller::operator(), student_id, kind, now).await;
    removed.with_context(|| format!("the student has no {}", kind.words()))?;
    tx.commit().await?;
    say!("the {} is removed", kind.words());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_are_listed_by_name() {
        assert_eq!(purposes("tutoring, model").unwrap(), [Purpose::Tutoring, Purpose::Model]);
        assert!(purposes("none").unwrap().is_empty());
        assert!(purposes("tutoring, all").unwrap_err().to_string().contains("transcripts"));
    }
}
