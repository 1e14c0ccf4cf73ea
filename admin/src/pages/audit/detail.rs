//! The details of an audit entry (ids and settings), in words.

use maud::{Markup, html};
use serde_json::Value;

use crate::figures::counted;
use crate::pages::jobs::kind_words;

/// Renders nothing if the entry has no details.
pub(super) fn detail(detail: &Value) -> Markup {
    let told: Vec<Markup> =
        detail.as_object().into_iter().flatten().filter_map(|(key, value)| told(key, value)).collect();
    html! {
        @if !told.is_empty() {
            span.sm.faint { "(" @for (i, part) in told.iter().enumerate() { @if i > 0 { ", " } (part) } ")" }
        }
    }
}

/// Renders one field, and nothing for a field that is false.
fn told(key: &str, value: &Value) -> Option<Markup> {
    let n = value.as_i64();
    let text = value.as_str();
    Some(match (key, n, text) {
        ("filters", Some(0), _) => html! { "without a filter" },
        ("filters", Some(n), _) => html! { (counted(n, "filter", "filters")) },
        ("n", Some(n), _) => html! { (n) " in all" },
        ("ended", Some(n), _) => html! { (counted(n, "other sign-in", "other sign-ins")) " ended" },
        ("n_students", Some(n), _) => html! { (counted(n, "student", "students")) " found" },
        ("subjects" | "added" | "changed" | "restored", Some(0), _) => return None,
        ("subjects", Some(n), _) => html! { (counted(n, "new subject", "new subjects")) },
        ("added" | "changed" | "restored", Some(n), _) => html! { (counted(n, "skill", "skills")) " " (key) },
        ("turn_no", Some(n), _) => html! { "turn " (n) },
        ("kind", _, Some(kind)) => html! { (kind_words(kind)) },
        ("scope", _, Some(scope)) => html! { "may " code { (scope) } },
        ("skill_id", _, Some(id)) => html! { a.link href={ "/curriculum/" (id) } { (id) } },
        ("session_id", _, Some(id)) => html! { a.link href={ "/sessions/" (id) } { "the session" } },
        ("student_id", _, Some(id)) => html! { a.link href={ "/students/" (id) } { "the student" } },
        ("verdict", _, Some("correct")) => html! { "right" },
        ("verdict", _, Some("partial")) => html! { "partly right" },
        ("verdict", _, Some("incorrect")) => html! { "not right yet" },
        ("help", _, Some("none")) => html! { "without help" },
        ("help", _, Some("hint")) => html! { "after a hint" },
        ("help", _, Some("told")) => html! { "after seeing the answer" },
        ("session_ids", ..) => sessions(value),
        _ => other(key, value)?,
    })
}

/// Renders links to the students that were shown.
fn sessions(value: &Value) -> Markup {
    let ids: Vec<&str> = value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    html! {
        (counted(ids.len() as i64, "session", "sessions")) " shown"
        @for (i, id) in ids.iter().enumerate() { @if i == 0 { ": " } @else { " " } a.link href={ "/sessions/" (id) } { (i + 1) } }
    }
}

/// Renders a field without a translation: its key and value.
fn other(key: &str, value: &Value) -> Option<Markup> {
    let name = key.strip_prefix("is_").unwrap_or(key).replace('_', " ");
    Some(match value {
        Value::Null | Value::Bool(false) => return None,
        Value::Bool(true) => html! { (name) },
        Value::Number(n) => html! { (name) " " (n) },
        Value::String(text) => html! { (name.strip_suffix(" id").unwrap_or(&name)) " " (text) },
        Value::Array(all) => {
            let all: Vec<String> =
                all.iter().map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned)).collect();
            html! { (name) " " @if all.is_empty() { "none" } @else { (all.join(", ")) } }
        }
        Value::Object(_) => html! { (name) " " code { (value) } },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(value: &Value) -> String {
        let markup = detail(value).into_string();
        markup.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect()
    }

    #[test]
    fn what_is_kept_is_read_as_words() {
        assert_eq!(words(&json!({})), "");
        assert_eq!(words(&json!({ "filters": 0 })), "(without a filter)");
        assert_eq!(words(&json!({ "ended": 1 })), "(1 other sign-in ended)");
        // The order of the keys does not matter.
        let all = |value: Value, told: &[&str]| {
            let words = words(&value);
            assert!(told.iter().all(|part| words.contains(part)), "{words}");
            assert_eq!(words.matches(", ").count() + 1, told.len(), "{words}");
        };
        let correction = json!({ "turn_no": 7, "verdict": "partial", "help": "hint", "skill_id": "maths.add" });
        all(correction, &["turn 7", "partly right", "after a hint", "maths.add"]);
        all(json!({ "added": 12, "changed": 0, "restored": 0, "subjects": 1 }), &["12 skills added", "1 new subject"]);
        all(json!({ "by_name": false, "grade": 3, "in_need": true }), &["grade 3", "in need"]);
        all(json!({ "fact_id": "01a2" }), &["fact 01a2"]);
        assert_eq!(words(&json!({ "on": ["maths", "reading"] })), "(on maths, reading)");
    }

    #[test]
    fn sessions_that_were_shown_are_links() {
        let shown = detail(&json!({ "session_ids": ["a1", "b2"] })).into_string();
        assert!(shown.contains("2 sessions shown: ") && shown.contains(r#"href="/sessions/b2">2</a>"#), "{shown}");
    }
}
