//! Importing students from a sheet. A bad row is told with its line and does not stop the rest.

use std::path::Path;

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use indicatif::ProgressBar;
use serde::Deserialize;
use shared::access::Caller;
use shared::db::{self, Db};
use shared::phone::Phone;
use shared::student::{self, MAX_COHORT, NewStudent};

use crate::{print, say};

/// One row of the sheet.
#[derive(Deserialize)]
struct Row {
    display_name: String,
    #[serde(default)]
    phones: String,
    #[serde(default)]
    grade: String,
    #[serde(default)]
    cohort: String,
    #[serde(default)]
    locale: String,
    #[serde(default)]
    timezone: String,
}

/// `student import`.
pub async fn import(db: &Db, file: &Path, now: DateTime<Utc>) -> anyhow::Result<()> {
    let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut sheet = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(&text[..]);
    let columns = sheet.headers().context("the file is no CSV")?.clone();
    if !columns.iter().any(|column| column == "display_name") {
        bail!(
            "the first line has no column display_name; the columns are display_name, phones, grade, cohort, \
             locale, timezone"
        );
    }
    let progress = print::progress(text.len() as u64, "bytes");
    let (mut n_imported, mut n_refused) = (0_u32, 0_u32);
    let mut record = csv::StringRecord::new();
    loop {
        let line = sheet.position().line();
        let imported = match sheet.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => import_row(db, &record, &columns, now).await,
            Err(error) => Err(error.into()),
        };
        match imported {
            Ok(()) => n_imported += 1,
            Err(error) => {
                n_refused += 1;
                report(&progress, line, &error);
            }
        }
        progress.set_position(sheet.position().byte());
    }
    progress.finish_and_clear();
    say!("{n_imported} students imported, {n_refused} rows refused");
    if n_imported == 0 && n_refused > 0 {
        bail!("no row could be imported");
    }
    Ok(())
}

fn report(progress: &ProgressBar, line: u64, error: &anyhow::Error) {
    progress.suspend(|| eprintln!("line {line}: {error:#}"));
}

async fn import_row(
    db: &Db,
    record: &csv::StringRecord,
    columns: &csv::StringRecord,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let new = read_row(record.deserialize(Some(columns))?)?;
    let mut tx = db::begin(db).await?;
    student::insert_student(&mut tx, &Caller::operator(), &new, now).await?;
    tx.commit().await?;
    Ok(())
}

fn read_row(row: Row) -> anyhow::Result<NewStudent> {
    if !(1..=120).contains(&row.display_name.chars().count()) {
        bail!("display_name has 1 to 120 characters");
    }
    let grade = match &row.grade[..] {
        "" => None,
        "K" | "k" => Some(0),
        text => Some(
            text.parse()
                .ok()
                .filter(|grade| (0..=13).contains(grade))
                .context("grade is a number from 0 to 13, or K")?,
        ),
    };
    if row.cohort.chars().count() > MAX_COHORT {
        bail!("cohort has at most {MAX_COHORT} characters");
    }
    // A number may be written with spaces, so only the semicolon separates.
    let phones = row.phones.split(';').map(str::trim).filter(|text| !text.is_empty());
    let or = |text: String, default: &str| if text.is_empty() { default.to_owned() } else { text };
    Ok(NewStudent {
        display_name: row.display_name,
        grade,
        cohort: Some(row.cohort).filter(|cohort| !cohort.is_empty()),
        locale: or(row.locale, "en"),
        timezone: or(row.timezone, "UTC"),
        phones: phones.map(Phone::parse).collect::<Result<_, _>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(grade: &str, phones: &str) -> anyhow::Result<NewStudent> {
        let text = |text: &str| text.to_owned();
        let (cohort, locale, timezone) = (text("Period 3 math"), text(""), text("Europe/Rome"));
        read_row(Row { display_name: text("Maya"), phones: text(phones), grade: text(grade), cohort, locale, timezone })
    }

    #[test]
    fn a_row_may_leave_out_what_has_a_default() {
        let new = row("", "").unwrap();
        assert_eq!((new.grade, &new.locale[..], &new.timezone[..]), (None, "en", "Europe/Rome"));
        assert!(new.phones.is_empty());
        assert_eq!(new.cohort.as_deref(), Some("Period 3 math"));
    }

    #[test]
    fn several_numbers_are_separated_by_semicolons() {
        let new = row("K", "+1 415 555 0142; +39 06 1234 5678").unwrap();
        assert_eq!(new.grade, Some(0));
        assert_eq!(new.phones.iter().map(Phone::as_str).collect::<Vec<_>>(), ["+14155550142", "+390612345678"]);
    }

    #[test]
    fn a_bad_row_says_what_is_bad() {
        assert!(row("fifth", "").unwrap_err().to_string().contains("grade"));
        assert!(row("5", "5550142").unwrap_err().to_string().contains("international"));
    }
}
