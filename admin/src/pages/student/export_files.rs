//! The export of a student as a zip file: one JSON file with all data, and one CSV file per list.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};

use serde_json::{Map, Value};
use zip::ZipWriter;
use zip::result::ZipResult;
use zip::write::SimpleFileOptions;

use crate::csv;

/// The rows of a file, by column.
type Rows = Vec<Map<String, Value>>;

/// Returns the zip file.
pub(super) fn zip(all: &Value) -> ZipResult<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    archive.start_file("export.json", options)?;
    archive.write_all(serde_json::to_string_pretty(all).unwrap_or_default().as_bytes())?;
    for (name, rows) in files(all) {
        archive.start_file(format!("{name}.csv"), options)?;
        archive.write_all(csv_of(&rows).as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}

/// Makes one file per list. The lists of a session, such as its turns, get a column with the session.
fn files(all: &Value) -> BTreeMap<String, Rows> {
    let mut files = BTreeMap::new();
    for (name, value) in all.as_object().into_iter().flatten() {
        match value {
            Value::Array(items) if name == "sessions" => sessions(items, &mut files),
            Value::Array(items) => drop(files.insert(name.clone(), items.iter().map(|item| row(name, item)).collect())),
            Value::Object(_) => drop(files.insert(name.clone(), vec![row(name, value)])),
            // When the data was exported.
            _ => {}
        }
    }
    files
}

fn sessions(items: &[Value], files: &mut BTreeMap<String, Rows>) {
    let mut rows = Rows::new();
    for item in items {
        let mut own = row("sessions", item);
        let session_id = own.get("session_id").cloned().unwrap_or_default();
        let lists = ["turns", "tool_calls", "analyses", "deliveries", "call_assurances"];
        for list in lists {
            let of_session = own.remove(list);
            let of_all = files.entry(list.to_owned()).or_default();
            for item in of_session.iter().filter_map(Value::as_array).flatten() {
                let mut row = row(list, item);
                row.insert("session_id".to_owned(), session_id.clone());
                of_all.push(row);
            }
        }
        rows.push(own);
    }
    files.insert("sessions".to_owned(), rows);
}

/// Makes a row. A single value gets the list's name as its column.
fn row(list: &str, item: &Value) -> Map<String, Value> {
    match item {
        Value::Object(fields) => fields.clone(),
        value => [(list.to_owned(), value.clone())].into_iter().collect(),
    }
}

fn csv_of(rows: &Rows) -> String {
    let mut columns: Vec<&String> = rows.iter().flat_map(Map::keys).collect();
    columns.sort_unstable();
    columns.dedup();
    let headings: Vec<String> = columns.iter().map(|column| (*column).clone()).collect();
    let mut text = csv::line(&headings);
    for row in rows {
        let cells: Vec<String> = columns.iter().map(|column| cell(row.get(*column))).collect();
        text += &csv::line(&cells);
    }
    text
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use serde_json::json;

    use super::*;

    #[test]
    fn every_list_is_a_file_and_every_value_stands_in_one() {
        let all = json!({
            "exported_at": "2026-11-26", "student": { "display_name": "=Maya" }, "phones": ["+14155550142"],
            "notes": [{ "text": "a, b" }, { "text": "c", "for_assistant": true }],
            "sessions": [{ "session_id": "s1", "turns": [{ "turn_no": 0, "text": "three" }], "analyses": [], "ended_reason": null }],
        });
        let mut archive = zip::ZipArchive::new(Cursor::new(zip(&all).unwrap())).unwrap();
        let mut read = |name: &str| {
            let mut text = String::new();
            archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        assert_eq!(serde_json::from_str::<Value>(&read("export.json")).unwrap(), all);
        assert_eq!(read("student.csv"), "display_name\r\n\"'=Maya\"\r\n");
        assert_eq!(read("phones.csv"), "phones\r\n\"'+14155550142\"\r\n");
        assert_eq!(read("notes.csv"), "for_assistant,text\r\n,\"a, b\"\r\ntrue,c\r\n");
        assert_eq!(read("turns.csv"), "session_id,text,turn_no\r\ns1,three,0\r\n");
        assert_eq!(read("sessions.csv"), "ended_reason,session_id\r\n,s1\r\n");
        assert_eq!(read("analyses.csv"), "\r\n");
    }
}
