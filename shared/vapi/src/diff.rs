//! How an object at VAPI differs from what it has to be. Pure. Only what we set counts: other fields are people's own.

use serde_json::{Map, Value};

/// Fields that VAPI never shows as they are, so that they are neither compared nor printed.
const SECRETS: [&str; 2] = ["secretKey", "token"];
/// A list to which people may add: ours has to be in it.
const OPEN_LISTS: [&str; 1] = ["toolIds"];

/// The fields by which VAPI tells kinds of one object apart.
const KINDS: [&str; 2] = ["provider", "type"];

/// One field.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// For example `server.backoffPlan.maxRetries`.
    pub path: String,
    pub is: Value,
    pub wanted: Value,
}

/// Returns how `is` differs from `wanted`, in the order of `wanted`.
pub(super) fn differences(wanted: &Value, is: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", wanted, is, &mut found);
    found
}

fn compare(path: &str, wanted: &Value, is: &Value, found: &mut Vec<Difference>) {
    let name = path.rsplit('.').next().unwrap_or_default();
    let is_same = match (wanted, is) {
        (Value::Object(wanted), is) => {
            for (name, wanted) in wanted.iter().filter(|(name, _)| !SECRETS.contains(&&name[..])) {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                compare(&path, wanted, &is[name.as_str()], found);
            }
            return;
        }
        (Value::Array(wanted), Value::Array(is)) if OPEN_LISTS.contains(&name) => {
            wanted.iter().all(|one| is.contains(one))
        }
        // Of an element as of an object: only what we set counts.
        (Value::Array(wanted), Value::Array(is)) if wanted.len() == is.len() => {
            wanted.iter().zip(is).all(|(wanted, is)| differences(&wrap(wanted), &wrap(is)).is_empty())
        }
        // 20 and 20.0 are one number.
        (Value::Number(wanted), Value::Number(is)) => wanted.as_f64() == is.as_f64(),
        (wanted, is) => wanted == is,
    };
    if !is_same {
        found.push(Difference { path: path.to_owned(), is: is.clone(), wanted: wanted.clone() });
    }
}

fn wrap(value: &Value) -> Value {
    Value::Object(Map::from_iter([("_".to_owned(), value.clone())]))
}

/// Returns the body of a change: each top-level field that differs, whole, because VAPI replaces it. What people added inside
/// it stays.
pub(super) fn change(wanted: &Value, is: &Value, differences: &[Difference]) -> Value {
    let mut body = Map::new();
    for difference in differences {
        let name = difference.path.split('.').next().unwrap_or_default();
        body.insert(name.to_owned(), merged(name, &wanted[name], &is[name]));
    }
    // VAPI needs them in changes too.
    for name in KINDS.into_iter().filter(|name| wanted.get(name).is_some()) {
        body.insert(name.to_owned(), wanted[name].clone());
    }
    Value::Object(body)
}

fn merged(name: &str, wanted: &Value, is: &Value) -> Value {
    match (wanted, is) {
        // What people added belongs to the other kind, and VAPI would refuse it.
        (Value::Object(kind), _) if KINDS.iter().any(|name| kind.get(*name).is_some_and(|kind| *kind != is[*name])) => {
            wanted.clone()
        }
        (Value::Object(wanted), Value::Object(is)) => {
            let mut made = is.clone();
            for (name, wanted) in wanted {
                let merged = merged(name, wanted, is.get(name).unwrap_or(&Value::Null));
                made.insert(name.clone(), merged);
            }
            Value::Object(made)
        }
        (Value::Array(wanted), Value::Array(is)) if OPEN_LISTS.contains(&name) => {
            let added = wanted.iter().filter(|one| !is.contains(one));
            Value::Array(is.iter().chain(added).cloned().collect())
        }
        (wanted, _) => wanted.clone(),
    }
}

/// Writes a difference as people read it: a short value on one line, a long text as the lines that differ.
pub fn lines(difference: &Difference) -> Vec<String> {
    let Difference { path, is, wanted } = difference;
    if let (Value::String(is), Value::String(wanted)) = (is, wanted)
        && (is.contains('\n') || wanted.contains('\n'))
    {
        return text_lines(path, is, wanted);
    }
    if let ("model.messages", Some(is), Some(wanted)) =
        (&path[..], is[0]["content"].as_str(), wanted[0]["content"].as_str())
    {
        return text_lines(path, is, wanted);
    }
    vec![format!("{path}: {} → {}", short(is), short(wanted))]
}

fn text_lines(path: &str, is: &str, wanted: &str) -> Vec<String> {
    let only = |these: &str, those: &str, mark: char| {
        let those: Vec<&str> = those.lines().collect();
        let lines = these.lines().filter(|line| !line.trim().is_empty() && !those.contains(line));
        lines.map(|line| format!("  {mark} {line}")).collect::<Vec<_>>()
    };
    let mut shown = vec![format!("{path}:")];
    shown.extend(only(is, wanted, '-'));
    shown.extend(only(wanted, is, '+'));
    shown
}

/// A value in one line, without secrets.
pub(super) fn short(value: &Value) -> String {
    match value {
        Value::Null => "not set".to_owned(),
        Value::String(text) if text.contains('\n') => format!("a text of {} lines", text.lines().count()),
        value => {
            let text = hidden(value).to_string();
            if text.chars().count() <= 200 {
                text
            } else {
                format!("{}…", text.chars().take(200).collect::<String>())
            }
        }
    }
}

/// The value with stars for its secrets.
pub(super) fn hidden(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                let is_secret = SECRETS.contains(&&name[..]);
                (name.clone(), if is_secret { Value::from("***") } else { hidden(value) })
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(values) => values.iter().map(hidden).collect(),
        value => value.clone(),
    }
}

/// The text with stars for the secrets of a body that was sent.
pub(super) fn without_secrets(text: String, sent: &Value) -> String {
    match sent {
        Value::Object(fields) => fields.iter().fold(text, |text, (name, value)| match value.as_str() {
            Some(secret) if SECRETS.contains(&&name[..]) && !secret.is_empty() => text.replace(secret, "***"),
            _ => without_secrets(text, value),
        }),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paths(wanted: &Value, is: &Value) -> Vec<String> {
        differences(wanted, is).into_iter().map(|difference| difference.path).collect()
    }

    #[test]
    fn only_what_we_set_counts() {
        let wanted = json!({ "server": { "url": "u", "timeoutSeconds": 20 }, "messages": [{ "role": "system" }] });
        let same = json!({
            "id": "1", "server": { "url": "u", "timeoutSeconds": 20.0, "headers": { "a": "b" } },
            "messages": [{ "role": "system", "id": "x" }],
        });
        assert!(paths(&wanted, &same).is_empty());
        let other = json!({ "server": { "url": "v" }, "messages": [] });
        assert_eq!(paths(&wanted, &other), ["server.url", "server.timeoutSeconds", "messages"]);
        assert_eq!(paths(&wanted, &json!({})), ["server.url", "server.timeoutSeconds", "messages"]);
        assert!(paths(&json!({ "assistantId": null }), &json!({})).is_empty(), "null is not set");
    }

    #[test]
    fn a_change_keeps_what_people_added() {
        let wanted = json!({ "type": "t", "model": { "model": "a", "toolIds": ["ours"] }, "name": "n" });
        let is = json!({ "type": "t", "model": { "model": "b", "toolIds": ["theirs"], "topP": 1 }, "name": "n" });
        let found = differences(&wanted, &is);
        assert_eq!(
            change(&wanted, &is, &found),
            json!({ "model": { "model": "a", "toolIds": ["theirs", "ours"], "topP": 1 }, "type": "t" }),
        );
        assert!(
            paths(&wanted, &json!({ "type": "t", "model": { "model": "a", "toolIds": ["x", "ours"] }, "name": "n" }))
                .is_empty()
        );
    }

    #[test]
    fn another_kind_of_object_replaces_the_one_that_is_there() {
        let wanted = json!({ "voice": { "provider": "vapi", "voiceId": "Elliot" } });
        let is = json!({ "voice": { "provider": "11labs", "voiceId": "sarah", "stability": 0.5 } });
        assert_eq!(change(&wanted, &is, &differences(&wanted, &is)), wanted);
        let same = json!({ "voice": { "provider": "vapi", "voiceId": "Kylie", "speed": 1.1 } });
        let body = change(&wanted, &same, &differences(&wanted, &same));
        assert_eq!(body["voice"], json!({ "provider": "vapi", "voiceId": "Elliot", "speed": 1.1 }));
    }

    #[test]
    fn secrets_are_neither_compared_nor_shown() {
        let wanted = json!({ "authenticationPlan": { "secretKey": "hush", "algorithm": "sha256" } });
        assert!(paths(&wanted, &json!({ "authenticationPlan": { "algorithm": "sha256" } })).is_empty());
        assert_eq!(short(&wanted), r#"{"authenticationPlan":{"secretKey":"***","algorithm":"sha256"}}"#);
        assert_eq!(without_secrets("hush is too short: hush".to_owned(), &wanted), "*** is too short: ***");
    }

    #[test]
    fn a_long_text_is_shown_by_its_lines_that_differ() {
        let wanted = json!({ "prompt": "one\ntwo\nthree" });
        let found = differences(&wanted, &json!({ "prompt": "one\n2\nthree" }));
        assert_eq!(lines(&found[0]), ["prompt:", "  - 2", "  + two"]);
    }
}
