//! Importing students from a sheet. A bad row is reported with its line and all its faults, and does not stop the rest.

use std::borrow::Cow;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use indicatif::ProgressBar;
use serde::Deserialize;
use shared::access::Caller;
use shared::db::{self, Connection, Db};
use shared::http::FieldFault;
use shared::phone::Phone;
use shared::student::StudentStatus;
use shared::student::check::{check_cohort, check_grade, check_locale, check_name, check_phones, check_timezone};
use shared::student::roster::{Imported, RosterRow, import_row};

use crate::{one_roster, print, say};

const COLUMNS: [&str; 8] = ["display_name", "phones", "grade", "locale", "timezone", "cohort", "external_id", "status"];

/// One row of the sheet, as it was written.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Row {
    pub display_name: String,
    pub phones: String,
    pub grade: String,
    pub cohort: String,
    pub locale: String,
    pub timezone: String,
    pub external_id: String,
    pub status: String,
}

/// How many rows did what.
#[derive(Default)]
struct Summary {
    added: u32,
    changed: u32,
    unchanged: u32,
    refused: u32,
}

/// `student import`. Each row is a transaction of its own; a dry run is one transaction that is rolled back.
pub async fn import(db: &Db, file: &Path, dry_run: bool, now: DateTime<Utc>) -> anyhow::Result<()> {
    let rows = if one_roster::is_bundle(file) { one_roster::read(file)? } else { read_sheet(file)? };
    let progress = print::progress(rows.len() as u64, "rows");
    let mut summary = Summary::default();
    let mut trial = if dry_run { Some(db::begin(db).await?) } else { None };
    for (line, row) in rows {
        let read = row.and_then(|row| read_row(&row));
        let imported = match (read, &mut trial) {
            (Ok(row), Some(tx)) => write(tx, &row, now).await,
            (Ok(row), None) => {
                let mut tx = db::begin(db).await?;
                let imported = write(&mut tx, &row, now).await;
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
    if refused > 0 && added + changed + unchanged == 0 {
        bail!("no row could be imported");
    }
    Ok(())
}

/// The rows of a CSV file, each with its line.
fn read_sheet(file: &Path) -> anyhow::Result<Vec<(usize, anyhow::Result<Row>)>> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let text = decode(&bytes);
    let mut sheet = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
    let columns = sheet.headers().context("the file is no CSV")?.clone();
    if !columns.iter().any(|column| column == "display_name") {
        bail!("the first line has no column display_name; the columns are {}", COLUMNS.join(", "));
    }
    for unknown in columns.iter().filter(|column| !COLUMNS.contains(column)) {
        say!("The column “{unknown}” is not known and is ignored. The columns are {}.", COLUMNS.join(", "));
    }
    let (mut rows, mut record) = (Vec::new(), csv::StringRecord::new());
    loop {
        let start = sheet.position().byte() as usize;
        let row = match sheet.read_record(&mut record) {
            Ok(false) => return Ok(rows),
            Ok(true) => record.deserialize(Some(&columns)).map_err(Into::into),
            Err(error) => Err(error.into()),
        };
        rows.push((line_of(&text, start), row));
    }
}

async fn write(tx: &mut Connection, row: &RosterRow, now: DateTime<Utc>) -> anyhow::Result<Imported> {
    Ok(import_row(tx, &Caller::operator(), row, now).await?)
}

/// The text of a file as spreadsheets save it: UTF-8, UTF-16 with a byte order mark, or Windows-1252.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let encoding = match encoding_rs::Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None if std::str::from_utf8(bytes).is_ok() => encoding_rs::UTF_8,
        None => encoding_rs::WINDOWS_1252,
    };
    encoding.decode(bytes).0
}

/// The line, from 1, on which a record begins. The reader's position may lie before blank lines.
pub fn line_of(text: &str, start: usize) -> usize {
    let blank = text[start..].bytes().take_while(|b| matches!(b, b'\n' | b'\r' | b' ' | b'\t')).count();
    text[..start + blank].matches('\n').count() + 1
}

fn report(progress: &ProgressBar, line: usize, error: &anyhow::Error) {
    progress.suspend(|| {
        let _ = writeln!(std::io::stderr(), "line {line}: {error:#}");
    });
}

/// Understands a row, or says everything that is wrong with it.
fn read_row(row: &Row) -> anyhow::Result<RosterRow> {
    let mut faults = Vec::new();
    let mut fault = |field: &str, message: String| faults.push(FieldFault { field: field.to_owned(), message });
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let grade = match &row.grade[..] {
        "" => None,
        "K" | "k" => Some(0),
        text => text.parse().map_or_else(
            |_| {
                fault("grade", "give a whole number from 0 to 13, or K".to_owned());
                None
            },
            Some,
        ),
    };
    let status = match &row.status.to_lowercase()[..] {
        "" => None,
        "active" => Some(StudentStatus::Active),
        "blocked" | "inactive" => Some(StudentStatus::Blocked),
        _ => {
            fault("status", "give active or blocked".to_owned());
            None
        }
    };
    let mut phones = Vec::new();
    // A number may be written with spaces, so only the semicolon separates. Some systems export text with an apostrophe.
    let written =
        row.phones.split(';').map(|text| text.trim().trim_start_matches('\'')).filter(|text| !text.is_empty());
    for (i, text) in written.enumerate() {
        match Phone::parse(text) {
            Ok(phone) => phones.push(phone),
            Err(error) => fault(&format!("phones[{}]", i + 1), error.to_string()),
        }
    }
    if row.external_id.chars().count() > 120 {
        fault("external_id", "shorten it to 120 characters".to_owned());
    }
    let (cohort, locale, timezone) = (given(&row.cohort), given(&row.locale), given(&row.timezone));
    check_name(&row.display_name, &mut faults);
    check_grade(grade, &mut faults);
    check_cohort(cohort.as_deref(), &mut faults);
    check_phones(&phones, &mut faults);
    check_locale(locale.as_deref(), &mut faults);
    check_timezone(timezone.as_deref(), &mut faults);
    if !faults.is_empty() {
        let faults: Vec<_> = faults.into_iter().map(|fault| format!("{}: {}", fault.field, fault.message)).collect();
        bail!("{}", faults.join("; "));
    }
    let external_id = given(&row.external_id);
    let display_name = row.display_name.clone();
    Ok(RosterRow { external_id, display_name, grade, cohort, locale, timezone, phones, status })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(grade: &str, phones: &str) -> anyhow::Result<RosterRow> {
        let text = |text: &str| text.to_owned();
        let (cohort, timezone) = (text("Period 3 math"), text("Europe/Rome"));
        read_row(&Row {
            display_name: text("Maya"),
            phones: text(phones),
            grade: text(grade),
            cohort,
            timezone,
            ..Row::default()
        })
    }

    #[test]
    fn a_row_may_leave_out_what_has_a_default() {
        let new = row("", "").unwrap();
        assert_eq!((new.grade, new.locale, new.timezone.as_deref()), (None, None, Some("Europe/Rome")));
        assert!(new.phones.is_empty());
        assert_eq!(new.cohort.as_deref(), Some("Period 3 math"));
    }

    #[test]
    fn several_numbers_are_separated_by_semicolons() {
        let new = row("K", "+1 415 555 0142; '+39 06 1234 5678").unwrap();
        assert_eq!(new.grade, Some(0));
        assert_eq!(new.phones.iter().map(Phone::as_str).collect::<Vec<_>>(), ["+14155550142", "+390612345678"]);
    }

    #[test]
    fn a_bad_row_says_everything_that_is_bad() {
        let bad = Row {
            display_name: "A\u{202e}".to_owned(),
            phones: "5550142; +266696687".to_owned(),
            grade: "fifth".to_owned(),
            locale: "es_MX".to_owned(),
            timezone: "GMT+5".to_owned(),
            ..Row::default()
        };
        let fault = read_row(&bad).unwrap_err().to_string();
        for field in ["display_name:", "phones[1]:", "phones[2]:", "grade:", "locale:", "timezone:"] {
            assert!(fault.contains(field), "{field} in {fault}");
        }
        for zone in ["Pacific Standard Time", "localtime", "GMT+5"] {
            assert!(
                read_row(&Row { display_name: "A".into(), timezone: zone.into(), ..Row::default() }).is_err(),
                "{zone}"
            );
        }
    }

    #[test]
    fn a_line_is_counted_over_blank_ones() {
        let text = "display_name,phones\n\n\nBla B,bad\n";
        assert_eq!((line_of(text, 20), line_of(text, 0)), (4, 1));
    }

    #[test]
    fn files_are_read_as_spreadsheets_save_them() {
        let utf16: Vec<u8> = "\u{feff}José".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [&b"Jos\xe9"[..], "José".as_bytes(), "\u{feff}José".as_bytes(), &utf16] {
            assert_eq!(decode(bytes), "José");
        }
    }
}
