//! The curriculum as a file: out of the database and into it again.

use std::path::Path;

use anyhow::{Context, bail};
use clap::ValueEnum;
use storage::curriculum::{self, Curriculum, Fault};
use storage::db::{self, Db};

use crate::say;

/// Free questions that an import lists.
const MAX_FREE: usize = 20;

/// How a curriculum is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One skill a line, for people and their spreadsheets.
    Csv,
    Json,
}

/// `curriculum export`: to standard output.
pub async fn export(db: &Db, format: Format) -> anyhow::Result<()> {
    let mut tx = db::begin(db).await?;
    let curriculum = curriculum::load(&mut tx).await?;
    match format {
        Format::Csv => say!("{}", curriculum.to_csv().trim_end()),
        Format::Json => say!("{}", serde_json::to_string_pretty(&curriculum)?),
    }
    Ok(())
}

/// `curriculum import`: adds and changes what the file names, and nothing else; a file with a fault changes nothing.
pub async fn import(db: &Db, file: &Path) -> anyhow::Result<()> {
    let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let is_json = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let curriculum = if is_json { from_json(&text)? } else { from_csv(&text)? };
    let mut tx = db::begin(db).await?;
    curriculum::upsert(&mut tx, &curriculum).await?;
    tx.commit().await?;
    say!("{} subjects and {} skills imported", curriculum.subjects.len(), curriculum.skills.len());
    let free = curriculum.list_free_questions();
    if !free.is_empty() {
        say!("{} questions have free answers, which check_answer cannot judge:", free.len());
        for (skill_id, question) in free.iter().take(MAX_FREE) {
            say!("  {skill_id}: {} => {}", question.ask, question.answer);
        }
        if free.len() > MAX_FREE {
            say!("  and {} more", free.len() - MAX_FREE);
        }
    }
    Ok(())
}

/// `curriculum add`: adds a subject of ours, or brings it up to date.
pub async fn add(db: &Db, subject_id: &str) -> anyhow::Result<()> {
    let Some(subject) = Curriculum::ready_made(subject_id) else {
        let known: Vec<String> = Curriculum::list_ready_made().into_iter().map(|subject| subject.subject_id).collect();
        bail!("there is no ready-made subject {subject_id}; there are {}", known.join(", "));
    };
    let mut tx = db::begin(db).await?;
    curriculum::upsert(&mut tx, &subject).await?;
    tx.commit().await?;
    say!("{} skills of {subject_id} added", subject.skills.len());
    Ok(())
}

fn from_csv(text: &[u8]) -> anyhow::Result<Curriculum> {
    Curriculum::from_csv(text).map_err(|faults| refusal(&faults))
}

fn refusal(faults: &[Fault]) -> anyhow::Error {
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("nothing was imported:\n{}", lines.join("\n"))
}

/// Checked by the rules of the sheet, but not written as one: its separators are ordinary characters here.
fn from_json(text: &[u8]) -> anyhow::Result<Curriculum> {
    let curriculum: Curriculum = serde_json::from_slice(text).context("the file is no curriculum")?;
    if curriculum.skills.is_empty() {
        bail!("the file holds no skill");
    }
    curriculum.check().map_err(|faults| refusal(&faults))?;
    Ok(curriculum)
}
