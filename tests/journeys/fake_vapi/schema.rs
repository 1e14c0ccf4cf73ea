//! VAPI's published description, reduced, and a validator for the parts of JSON Schema that it uses.

use std::sync::LazyLock;

use serde_json::{Map, Value};

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
    let path = crate::vapi::folder().join("api/api.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
});

/// Returns the errors in the body of a request, in VAPI's words.
pub fn faults_of_request(operation: &str, body: &Value) -> Vec<String> {
    let name = DESCRIPTION["operations"][operation]["request"].as_str().expect("an operation with a body");
    faults(name, body)
}

/// Returns the errors in one object of an answer.
pub fn faults_of_answer(operation: &str, object: &Value) -> Vec<String> {
    let name = DESCRIPTION["operations"][operation]["answer"].as_str().expect("an operation");
    faults(name, object)
}

fn faults(name: &str, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(&DESCRIPTION["schemas"][name], value, "", &mut found);
    found
}

fn check(schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let schema = &DESCRIPTION["schemas"][name];
        assert!(schema.is_object(), "{name} is in the description");
        return check(schema, value, at, found);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        check(part, value, at, found);
    }
    for (word, may_be_several) in [("oneOf", false), ("anyOf", true)] {
        let Some(parts) = schema[word].as_array() else { continue };
        let faults_of = |part: &Value| {
            let mut of_part = Vec::new();
            check(part, value, at, &mut of_part);
            of_part
        };
        let each: Vec<Vec<String>> = parts.iter().map(faults_of).collect();
        let n_good = each.iter().filter(|of_part| of_part.is_empty()).count();
        if n_good == 0 || (n_good > 1 && !may_be_several) {
            found.push(format!("{at} is not one of its kinds: {each:?}"));
        }
    }
    let is_type = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64(),
        "null" => value.is_null(),
        name => panic!("{name} is a type of JSON"),
    };
    let is_of_type = match &schema["type"] {
        Value::String(name) => is_type(name),
        Value::Array(names) => names.iter().any(|name| is_type(name.as_str().unwrap())),
        _ => true,
    };
    if !is_of_type {
        return found.push(format!("{at} must be of the type {}", schema["type"]));
    }
    if let Some(words) = schema["enum"].as_array().filter(|words| !words.contains(value)) {
        found.push(format!("{at} must be one of the following values: {}", Value::from(words.clone())));
    }
    bounds(schema, value, at, found);
    if let Some(fields) = value.as_object() {
        check_fields(schema, fields, at, found);
    }
    for (i, item) in value.as_array().into_iter().flatten().enumerate() {
        check(&schema["items"], item, &format!("{at}.{i}"), found);
    }
}

fn bounds(schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let n_chars = value.as_str().map(|text| text.chars().count() as f64);
    for (word, of, is_least) in [
        ("minimum", value.as_f64(), true),
        ("maximum", value.as_f64(), false),
        ("minLength", n_chars, true),
        ("maxLength", n_chars, false),
    ] {
        if let (Some(limit), Some(of)) = (schema[word].as_f64(), of)
            && if is_least { of < limit } else { of > limit }
        {
            found.push(format!("{at} has a {word} of {limit}"));
        }
    }
}

fn check_fields(schema: &Value, fields: &Map<String, Value>, at: &str, found: &mut Vec<String>) {
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            found.push(format!("{at}.{name} should not be empty"));
        }
    }
    for (name, value) in fields {
        let of_field = &schema["properties"][name.as_str()];
        if of_field.is_object() {
            check(of_field, value, &format!("{at}.{name}"), found);
        } else if schema["additionalProperties"] == false {
            found.push(format!("{at}.property {name} should not exist"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_description_refuses_what_vapi_refuses() {
        let of = |body: Value| faults_of_request("POST /assistant", &body);
        assert!(of(json!({ "name": "Tutor", "serverMessages": ["end-of-call-report"] })).is_empty());
        for (wrong, expected) in [
            (json!({ "name": "x".repeat(41) }), "maxLength"),
            (json!({ "nmae": "x" }), "should not exist"),
            (json!({ "serverMessages": ["end-of-cal-report"] }), "one of the following"),
            (json!({ "server": { "timeoutSeconds": 301 } }), "maximum"),
            (json!({ "server": { "backoffPlan": { "type": "exponential" } } }), "should not be empty"),
            (json!({ "model": { "provider": "openai" } }), "not one of its kinds"),
            (json!({ "model": { "provider": "openai", "model": "gpt-4.1", "messages": "x" } }), "type"),
        ] {
            let found = of(wrong.clone());
            assert!(found.iter().any(|fault| fault.contains(expected)), "{wrong}: {found:?}");
        }
    }
}
