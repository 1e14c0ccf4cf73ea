//! Holds a call's arguments against the schema that its tool publishes, so that the promise and the check are one.

use serde_json::{Map, Value};

/// The arguments as the tool reads them. Models send null or an empty text for an optional argument that they leave out,
/// and JSON Schema counts 2.0 among the integers. `Err`: the first fault, in words that a model can act upon. A value is
/// not repeated, since it may be personal.
pub(super) fn check(
    schema: &Map<String, Value>,
    mut arguments: Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|required| required == name));
    arguments.retain(|name, value| !value.is_null() && (is_required(name) || value != ""));
    arguments.values_mut().for_each(whole_numbers);
    check_object(schema, &arguments, "")?;
    Ok(arguments)
}

/// Makes integers of numbers such as 2.0, also inside lists and objects.
fn whole_numbers(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            // Beyond this, not every integer has its own float.
            let whole = number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 9e15);
            if let Some(whole) = whole {
                *value = Value::from(whole as i64);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        Value::Object(fields) => fields.values_mut().for_each(whole_numbers),
        _ => {}
    }
}

fn check_object(schema: &Map<String, Value>, object: &Map<String, Value>, path: &str) -> Result<(), String> {
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if !object.contains_key(name) {
            return Err(format!("`{path}{name}` is missing"));
        }
    }
    for (name, value) in object {
        match properties.get(name).and_then(Value::as_object) {
            Some(property) => check_value(property, value, &format!("{path}{name}"))?,
            None if schema.get("additionalProperties") == Some(&Value::Bool(false)) => {
                let known: Vec<&str> = properties.keys().map(String::as_str).collect();
                // A name is repeated only if it looks like one: a model may put anything there.
                let is_name =
                    name.len() <= 40 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
                let named = if is_name { format!("`{path}{name}` is") } else { "there is".to_owned() };
                return Err(format!("{named} an unknown argument; the arguments are {}", known.join(", ")));
            }
            None => {}
        }
    }
    Ok(())
}

fn check_value(schema: &Map<String, Value>, value: &Value, path: &str) -> Result<(), String> {
    let expected = schema.get("type").and_then(Value::as_str).unwrap_or_default();
    let fits = match expected {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    if !fits {
        let article = if expected.starts_with(['a', 'i', 'o']) { "an" } else { "a" };
        return Err(format!("`{path}` must be {article} {expected}"));
    }
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
        && !allowed.contains(value)
    {
        let words: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
        return Err(format!("`{path}` must be one of {}", words.join(", ")));
    }
    match value {
        Value::String(text) => check_text(schema, text, path),
        Value::Number(number) => check_number(schema, number.as_f64().unwrap_or(f64::NAN), path),
        Value::Array(items) => check_items(schema, items, path),
        Value::Object(object) => check_object(schema, object, &format!("{path}.")),
        Value::Null | Value::Bool(_) => Ok(()),
    }
}

fn check_text(schema: &Map<String, Value>, text: &str, path: &str) -> Result<(), String> {
    let n = text.chars().count() as u64;
    if let Some(max) = bound(schema, "maxLength").filter(|max| n > *max) {
        return Err(format!("`{path}` may have at most {max} characters"));
    }
    if bound(schema, "minLength").is_some_and(|min| n < min) {
        return Err(format!("`{path}` is too short"));
    }
    match schema.get("format").and_then(Value::as_str) {
        Some("uuid") if uuid::Uuid::try_parse(text).is_err() => {
            Err(format!("`{path}` must be an id (UUID) that a tool of this server gave you"))
        }
        Some("date-time") if chrono::DateTime::parse_from_rfc3339(text).is_err() => {
            Err(format!("`{path}` must be a time such as 2026-11-22T17:30:00Z"))
        }
        _ => Ok(()),
    }
}

fn check_number(schema: &Map<String, Value>, number: f64, path: &str) -> Result<(), String> {
    let limit = |name: &str| schema.get(name).and_then(Value::as_f64);
    let too_small = limit("minimum").is_some_and(|min| number < min);
    let too_large = limit("maximum").is_some_and(|max| number > max);
    match (limit("minimum"), limit("maximum")) {
        _ if !too_small && !too_large => Ok(()),
        (Some(min), Some(max)) => Err(format!("`{path}` must be from {min} to {max}")),
        (Some(min), None) => Err(format!("`{path}` must be at least {min}")),
        (None, max) => Err(format!("`{path}` must be at most {}", max.unwrap_or_default())),
    }
}

fn check_items(schema: &Map<String, Value>, items: &[Value], path: &str) -> Result<(), String> {
    let n = items.len() as u64;
    if bound(schema, "minItems").is_some_and(|min| n < min) || bound(schema, "maxItems").is_some_and(|max| n > max) {
        return Err(format!("`{path}` has too few or too many items"));
    }
    let Some(item_schema) = schema.get("items").and_then(Value::as_object) else {
        return Ok(());
    };
    items.iter().enumerate().try_for_each(|(i, item)| check_value(item_schema, item, &format!("{path}[{i}]")))
}

fn bound(schema: &Map<String, Value>, name: &str) -> Option<u64> {
    schema.get(name).and_then(Value::as_u64)
}

#[cfg(test)]
/// The keywords that [`check`] enforces, and annotations. A schema with another keyword fails a test.
const KNOWN: [&str; 16] = [
    "type",
    "properties",
    "required",
    "additionalProperties",
    "enum",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "items",
    "format",
    "description",
    "examples",
    "default",
];

/// A keyword of `schema` that is not enforced. Such a schema would promise more than the server checks.
#[cfg(test)]
pub(super) fn unchecked_keyword(schema: &Map<String, Value>) -> Option<String> {
    if let Some(keyword) = schema.keys().find(|keyword| !KNOWN.contains(&keyword.as_str())) {
        return Some(keyword.clone());
    }
    if let Some(format) = schema.get("format").filter(|format| **format != "uuid" && **format != "date-time") {
        return Some(format!("format {format}"));
    }
    let nested = schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::values);
    nested.chain(schema.get("items")).filter_map(Value::as_object).find_map(unchecked_keyword)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(arguments: &Value) -> Result<Map<String, Value>, String> {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["id"],
            "properties": {
                "id": { "type": "string", "format": "uuid" },
                "name": { "type": "string", "minLength": 2, "maxLength": 4 },
                "limit": { "type": "integer", "minimum": 1, "maximum": 20 },
                "help": { "type": "string", "enum": ["none", "hint"] },
                "turns": { "type": "array", "maxItems": 2, "items": { "type": "integer", "minimum": 0 } },
                "at": { "type": "string", "format": "date-time" },
                "flag": { "type": "boolean" },
            },
        });
        check(schema.as_object().unwrap(), arguments.as_object().unwrap().clone())
    }

    const ID: &str = "0199aa00-0000-7000-8000-000000000001";

    #[test]
    fn what_the_schema_allows_passes() {
        let all = json!({ "id": ID, "name": "Maya", "limit": 20, "help": "hint", "turns": [0, 7],
            "at": "2026-11-22T17:30:00Z", "flag": true });
        assert_eq!(read(&all), Ok(all.as_object().unwrap().clone()));
    }

    #[test]
    fn null_stands_for_left_out() {
        assert_eq!(read(&json!({ "id": ID, "limit": null })).unwrap().len(), 1);
        assert_eq!(read(&json!({ "id": null })), Err("`id` is missing".to_owned()));
    }

    #[test]
    fn an_empty_text_stands_for_left_out_and_a_whole_float_is_an_integer() {
        assert_eq!(read(&json!({ "id": ID, "name": "" })).unwrap().len(), 1);
        assert_eq!(
            read(&json!({ "id": "" })),
            Err("`id` must be an id (UUID) that a tool of this server gave you".to_owned())
        );
        let whole = read(&json!({ "id": ID, "limit": 2.0, "turns": [1.0, 2] })).unwrap();
        assert_eq!((&whole["limit"], &whole["turns"]), (&json!(2), &json!([1, 2])));
    }

    #[test]
    fn each_broken_promise_is_named_and_the_value_is_not() {
        for (arguments, words) in [
            (json!({}), "`id` is missing"),
            (json!({ "id": "secret" }), "`id` must be an id"),
            (json!({ "id": 7 }), "`id` must be a string"),
            (json!({ "id": ID, "name": "secret" }), "`name` may have at most 4 characters"),
            (json!({ "id": ID, "name": "s" }), "`name` is too short"),
            (json!({ "id": ID, "limit": 21 }), "`limit` must be from 1 to 20"),
            (json!({ "id": ID, "limit": 0 }), "`limit` must be from 1 to 20"),
            (json!({ "id": ID, "limit": 1.5 }), "`limit` must be an integer"),
            (json!({ "id": ID, "limit": "5" }), "`limit` must be an integer"),
            (json!({ "id": ID, "help": "secret" }), "`help` must be one of none, hint"),
            (json!({ "id": ID, "turns": [1, 2, 3] }), "`turns` has too few or too many items"),
            (json!({ "id": ID, "turns": [-1] }), "`turns[0]` must be at least 0"),
            (json!({ "id": ID, "at": "secret" }), "`at` must be a time"),
            (json!({ "id": ID, "flag": "true" }), "`flag` must be a boolean"),
            (
                json!({ "id": ID, "the secret": 1 }),
                "there is an unknown argument; the arguments are id, name, limit, help",
            ),
            (json!({ "id": ID, "nmae": 1 }), "`nmae` is an unknown argument; the arguments are id, name"),
        ] {
            let error = read(&arguments).unwrap_err();
            assert!(error.contains(words), "{arguments}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
