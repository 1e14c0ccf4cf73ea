//! Importing students from a file. A bad row is reported with its line and all its faults, and does not stop the rest.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use indicatif::ProgressBar;
use storage::access::Caller;
use storage::db::{self, Connection, Db};
use storage::id::ImportId;
use storage::student::roster::{Imported, Known, RosterRow, import_row};
use storage::student::sheet;

use worker::one_roster::{self, Bundle};

use crate::{print, say};

/// How many rows did what.
#[derive(Default)]
struct Summary {
    added: u32,
    changed: u32,
    unchanged: u32,
    refused: u32,
}

/// `student import`. Each row is a transaction. A dry run is one transaction that is rolled back.
pub async fn import(db: &Db, file: &Path, dry_run: bool, now: DateTime<Utc>) -> anyhow::Result<()> {
    let rows = if one_roster::is_bundle(file) { one_roster::read(&Bundle::at(file)?)?.rows } else { read_sheet(file)? };
    let import_id = ImportId::new();
    let progress = print::progress(rows.len() as u64, "rows");
    let mut summary = Summary::default();
    let mut trial = if dry_run { Some(db::begin(db).await?) } else { None };
    for (line, row) in rows {
        let imported = match (row.map_err(anyhow::Error::msg), &mut trial) {
            (Ok(row), Some(tx)) => write(tx, import_id, &row, now).await,
            (Ok(row), None) => {
                let mut tx = db::begin(db).await?;
                let imported = write(&mut tx, import_id, &row, now).await;
                if imported.is_ok() {
                    tx.commit().await?;
                }
                imported
            }
            (Err(error), _) => Err(error),
        };
        match imported {
            Ok(Imported::Added) => summary.added += 1,
            Ok(Imported::Changed) => summary.changed += 1,
            Ok(Imported::Unchanged) => summary.unchanged += 1,
            Err(error) => {
                summary.refused += 1;
                report(&progress, line, &error);
            }
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    let Summary { added, changed, unchanged, refused } = summary;
    let what = if dry_run { "Dry run, nothing was written: " } else { "" };
    say!("{what}{added} students added, {changed} changed, {unchanged} already there, {refused} rows refused");
    if !dry_run && added + changed > 0 {
        say!("For 30 days you can undo this at the dashboard: Students, “Import a sheet”, “Undo”.");
    }
    if refused > 0 && added + changed + unchanged == 0 {
        bail!("no row could be imported");
    }
    Ok(())
}

/// The rows of a CSV file, each with its line.
fn read_sheet(file: &Path) -> anyhow::Result<Vec<(usize, Result<RosterRow, String>)>> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let sheet = sheet::read(&sheet::decode(&bytes)).map_err(anyhow::Error::msg)?;
    for (heading, _) in sheet.headings.iter().filter(|(heading, column)| column.is_none() && !heading.is_empty()) {
        say!("The column “{heading}” is not known and is ignored.");
    }
    Ok(sheet.rows)
}

async fn write(
    tx: &mut Connection,
    import_id: ImportId,
    row: &RosterRow,
    now: DateTime<Utc>,
) -> anyhow::Result<Imported> {
    Ok(import_row(tx, &Caller::operator(), import_id, row, Known::Change, now).await?)
}

fn report(progress: &ProgressBar, line: usize, error: &anyhow::Error) {
    progress.suspend(|| {
        let _ = writeln!(std::io::stderr(), "line {line}: {error:#}");
    });
}
