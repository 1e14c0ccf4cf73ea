//! Students in a sheet, as schools keep them. A bad row says everything that is wrong with it, and does not stop the rest.

use std::borrow::Cow;

use serde::Deserialize;

use super::StudentStatus;
use super::check::{check_cohort, check_grade, check_line, check_locale, check_name, check_phones, check_timezone};
use super::roster::RosterRow;
use crate::phone::Phone;
use domain::FieldFault;
use domain::plain_text::is_formula;

/// The most characters of an external id; the table has the same limit.
const MAX_EXTERNAL_ID: usize = 120;

/// The columns, and other headings that mean the same. Case, spaces and hyphens do not matter.
const COLUMNS: [(&str, &[&str]); 10] = [
    ("display_name", &["name", "student", "student_name", "full_name"]),
    ("first_name", &["given_name", "forename"]),
    ("last_name", &["family_name", "surname"]),
    ("phones", &["phone", "phone_number", "telephone", "mobile", "cell"]),
    ("grade", &["grade_level", "year_group"]),
    ("locale", &["language"]),
    ("timezone", &["time_zone"]),
    ("cohort", &["class", "group"]),
    ("external_id", &["student_number", "sis_id"]),
    ("status", &[]),
];

/// One row of a sheet, as it was written.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Row {
    pub display_name: String,
    /// Replaces a missing `display_name`, together with the last name.
    pub first_name: String,
    pub last_name: String,
    pub phones: String,
    pub grade: String,
    pub cohort: String,
    pub locale: String,
    pub timezone: String,
    pub external_id: String,
    pub status: String,
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Row")
    }
}

/// A sheet whose first line was understood.
#[derive(Debug)]
pub struct Sheet {
    /// Each heading, and the column that it was taken for; `None`: it is ignored.
    pub headings: Vec<(String, Option<&'static str>)>,
    /// Each row with its line, counted from 1.
    pub rows: Vec<(usize, Result<RosterRow, String>)>,
}

/// Reads a sheet with commas, semicolons or tabs. Fails if its first line cannot be meant.
pub fn read(text: &str) -> Result<Sheet, String> {
    // Spreadsheets of many countries write semicolons, and some programs write tabs.
    let delimiters = b",;\t".map(|delimiter| (delimiter, headings(text, delimiter)));
    let has_name = |headings: &[(String, Option<&str>)]| {
        let has = |column| headings.iter().any(|(_, found)| *found == Some(column));
        has("display_name") || (has("first_name") && has("last_name"))
    };
    let Some((delimiter, headings)) = delimiters.into_iter().find(|(_, headings)| has_name(headings)) else {
        let names = COLUMNS.map(|(column, _)| column).join(", ");
        return Err(format!("the first line has no column display_name; the columns are {names}"));
    };
    for (i, (heading, column)) in headings.iter().enumerate() {
        let before = headings.iter().take(i).find(|(_, before)| before == column);
        if let (Some(column), Some((before, _))) = (column, before) {
            return Err(format!("the first line has two columns for {column}, {before} and {heading}; leave one out"));
        }
    }
    let columns: csv::StringRecord = headings.iter().map(|(_, column)| column.unwrap_or_default()).collect();
    let mut sheet = reader(text, delimiter);
    let (mut rows, mut record) = (Vec::new(), csv::StringRecord::new());
    sheet.read_record(&mut record).map_err(|error| format!("the file is not CSV: {error}"))?;
    loop {
        let start = sheet.position().byte() as usize;
        let row = match sheet.read_record(&mut record) {
            Ok(false) => return Ok(Sheet { headings, rows }),
            // Spreadsheets end in rows of empty cells.
            Ok(true) if record.iter().all(str::is_empty) => continue,
            Ok(true) => unescaped(&record).deserialize(Some(&columns)).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        rows.push((line_of(text, start), row.and_then(|row| read_row(&row))));
    }
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    let mut sheet = csv::ReaderBuilder::new();
    sheet.has_headers(false).trim(csv::Trim::All).flexible(true).delimiter(delimiter).from_reader(text.as_bytes())
}

/// What the first line says, and which columns that means.
fn headings(text: &str, delimiter: u8) -> Vec<(String, Option<&'static str>)> {
    let first = reader(text, delimiter).records().next().and_then(Result::ok).unwrap_or_default();
    first.iter().map(|heading| (heading.to_owned(), column_of(heading))).collect()
}

fn column_of(heading: &str) -> Option<&'static str> {
    let plain = heading.to_lowercase().replace([' ', '-'], "_");
    let means = |(column, others): &&(&'static str, &[&str])| *column == plain || others.contains(&&plain[..]);
    COLUMNS.iter().find(means).map(|(column, _)| *column)
}

/// The row without the apostrophes that programs write before text that a spreadsheet would calculate, as `'+1` and `'=1`.
fn unescaped(record: &csv::StringRecord) -> csv::StringRecord {
    let plain = |cell: &str| cell.strip_prefix('\'').filter(|cell| is_formula(cell)).map(str::to_owned);
    record.iter().map(|cell| plain(cell).unwrap_or_else(|| cell.to_owned())).collect()
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
    let before = &text[..start + blank];
    // Old programs end a line with a carriage return alone.
    before.matches('\n').count() + before.matches('\r').count() - before.matches("\r\n").count() + 1
}

/// Understands a row, or says everything that is wrong with it.
pub fn read_row(row: &Row) -> Result<RosterRow, String> {
    let mut faults = Vec::new();
    let mut fault = |field: &str, message: String| faults.push(FieldFault { field: field.to_owned(), message });
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let grade = match &row.grade[..] {
        "" => None,
        "K" | "k" => Some(0),
        // "4.0" comes from programs that know no whole numbers beside empty cells.
        text => text.strip_suffix(".0").unwrap_or(text).parse().map_or_else(
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
    let (cohort, locale, timezone) = (given(&row.cohort), given(&row.locale), given(&row.timezone));
    check_line("external_id", &row.external_id, MAX_EXTERNAL_ID, &mut faults);
    let display_name = match &row.display_name[..] {
        "" => format!("{} {}", row.first_name, row.last_name).trim().to_owned(),
        name => name.to_owned(),
    };
    check_name(&display_name, &mut faults);
    check_grade(grade, &mut faults);
    check_cohort(cohort.as_deref(), &mut faults);
    check_phones(&phones, &mut faults);
    check_locale(locale.as_deref(), &mut faults);
    check_timezone(timezone.as_deref(), &mut faults);
    if !faults.is_empty() {
        let faults: Vec<_> = faults.into_iter().map(|fault| format!("{}: {}", fault.field, fault.message)).collect();
        return Err(faults.join("; "));
    }
    let external_id = given(&row.external_id);
    Ok(RosterRow { external_id, display_name, grade, cohort, locale, timezone, phones, status })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(grade: &str, phones: &str) -> Result<RosterRow, String> {
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
        let fault = read_row(&bad).unwrap_err();
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

    /// What a file with these bytes becomes: the line and the name of each row, or its fault.
    fn sheet(bytes: &[u8]) -> Result<Vec<(usize, String)>, String> {
        let told = |row: Result<RosterRow, String>| match row {
            Ok(row) => {
                let phones = row.phones.iter().map(Phone::as_str).collect::<Vec<_>>();
                [vec![row.display_name.as_str()], phones].concat().join(" ")
            }
            Err(fault) => fault.split(':').next().unwrap_or_default().to_owned(),
        };
        Ok(read(&decode(bytes))?.rows.into_iter().map(|(line, row)| (line, told(row))).collect())
    }

    #[test]
    fn a_sheet_is_read_as_programs_write_it() {
        let utf16 = |text: &str, unit: fn(u16) -> [u8; 2]| {
            "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(unit).collect::<Vec<_>>()
        };
        let plain = "display_name,phones\nJosé,+14155550142\n";
        let read = vec![(2, "José +14155550142".to_owned())];
        for bytes in [
            plain.as_bytes().to_vec(),
            plain.replace('\n', "\r\n").into_bytes(),
            plain.replace('\n', "\r").into_bytes(),
            plain.replace(',', ";").into_bytes(),
            plain.replace(',', "\t").into_bytes(),
            plain.replace("display_name", "Display_Name").into_bytes(),
            plain.replace("display_name", " \"display_name\"").replace(" \"", "\"").into_bytes(),
            plain.replace("+1", "'+1").into_bytes(),
            plain.replace("José", "\"José\"").into_bytes(),
            plain.replace("José", "  José ").into_bytes(),
            format!("{plain},\n , \n").into_bytes(),
            format!("\u{feff}{plain}").into_bytes(),
            plain.replace('\n', ",\n").into_bytes(),
            plain.chars().map(|c| c as u8).collect(),
            utf16(plain, u16::to_le_bytes),
            utf16(plain, u16::to_be_bytes),
        ] {
            assert_eq!(sheet(&bytes), Ok(read.clone()), "{}", String::from_utf8_lossy(&bytes));
        }
        let two = "display_name;phones\nAna;\"+14155550142;+14155550143\"\n";
        assert_eq!(sheet(two.as_bytes()), Ok(vec![(2, "Ana +14155550142 +14155550143".to_owned())]));
    }

    #[test]
    fn a_fault_has_the_line_on_which_its_row_begins() {
        for (text, expected) in [
            ("display_name\n\"A\nB\"\nC\n", vec![(2, "display_name"), (4, "C")]),
            ("display_name\r\n\r\n\r\nC\r\n", vec![(4, "C")]),
            ("display_name\r\rC\r", vec![(3, "C")]),
            (
                "display_name,grade\nA,4.0\nB,4.5\nC,K\nD,-1\nE,99999\n",
                vec![(2, "A"), (3, "grade"), (4, "C"), (5, "grade"), (6, "grade")],
            ),
            (
                "display_name,phones\nA,1.41556E+10\nB,14155550142\nC,+1 415 555 0162 / 0163\n",
                vec![(2, "phones[1]"), (3, "phones[1]"), (4, "phones[1]")],
            ),
            (
                "display_name,external_id\nA\0,1\nB,2\u{7}\nC\u{202e},3\n",
                vec![(2, "display_name"), (3, "external_id"), (4, "display_name")],
            ),
            (
                "display_name,status\n,active\nB,asleep\nC,INACTIVE\n",
                vec![(2, "display_name"), (3, "status"), (4, "C")],
            ),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(line, told)| (line, told.to_owned())).collect();
            assert_eq!(sheet(text.as_bytes()), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_first_line_that_cannot_be_meant_is_refused_whole() {
        for (text, words) in [
            ("display_name,phones,phones\nA,,\n", "two columns for phones"),
            ("display_name,Display_Name\nA,B\n", "two columns for display_name"),
            ("Class,Name,Group\nA,B,C\n", "for cohort, Class and Group"),
            ("first_name,phones\nA,\n", "no column display_name"),
            ("Maya,+14155550142\n", "no column display_name"),
            ("", "no column display_name"),
            ("\n\n", "no column display_name"),
        ] {
            let fault = sheet(text.as_bytes()).unwrap_err();
            assert!(fault.contains(words), "{text:?}: {fault}");
        }
    }

    #[test]
    fn files_are_read_as_spreadsheets_save_them() {
        let utf16: Vec<u8> = "\u{feff}José".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [&b"Jos\xe9"[..], "José".as_bytes(), "\u{feff}José".as_bytes(), &utf16] {
            assert_eq!(decode(bytes), "José");
        }
    }

    #[test]
    fn headings_are_known_as_schools_write_them() {
        let read = read("Surname,First Name,Time-Zone,Class,Lunch\nOkafor,Amara,Europe/Rome,7b,no\n").unwrap();
        let row = read.rows[0].1.as_ref().unwrap();
        assert_eq!((&row.display_name[..], row.cohort.as_deref()), ("Amara Okafor", Some("7b")));
        assert_eq!(row.timezone.as_deref(), Some("Europe/Rome"));
        let ignored: Vec<_> = read.headings.iter().filter(|(_, column)| column.is_none()).collect();
        assert_eq!(ignored[0].0, "Lunch");
    }
}
