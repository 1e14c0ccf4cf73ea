//! JSON Schemas that every client accepts: inlined, without nullable types and without formats only Rust knows.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

/// The schema of a tool's arguments.
pub(super) fn input<T: JsonSchema>() -> Map<String, Value> {
    generate::<T>()
}

/// The schema of a tool's data, in outline: names and types of its fields. Models do not read it, and pay for it in every
/// list of tools; programs find the whole in the API's document.
pub(super) fn output<T: JsonSchema>() -> Map<String, Value> {
    let mut schema = generate::<T>();
    schema.remove("required");
    if let Some(Value::Object(fields)) = schema.get_mut("properties") {
        for field in fields.values_mut().filter_map(Value::as_object_mut) {
            field.retain(|keyword, _| keyword == "type" || keyword == "enum");
        }
    }
    schema
}

fn generate<T: JsonSchema>() -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    Portable.transform(&mut schema);
    schema.remove("title");
    schema.remove("description");
    to_map(schema)
}

fn to_map(schema: Schema) -> Map<String, Value> {
    match schema.to_value() {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// What may be left out is never null: so `null` is no type of ours. Numbers have bounds instead of formats.
struct Portable;

impl Transform for Portable {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        if let Some(Value::Array(types)) = schema.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = &types[..] {
                let only = only.clone();
                schema.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(options)) = schema.get_mut("anyOf") {
            options.retain(|option| option.get("type").is_none_or(|name| name != "null"));
            if let [Value::Object(only)] = &options[..] {
                let only = only.clone();
                schema.remove("anyOf");
                for (keyword, value) in only {
                    let has_own = schema.get(&keyword).is_some();
                    if !has_own {
                        schema.insert(keyword, value);
                    }
                }
            }
        }
        if let Some(Value::Array(values)) = schema.get_mut("enum") {
            values.retain(|value| !value.is_null());
        }
        merge_constants(schema);
        if schema.get("default").is_some_and(Value::is_null) {
            schema.remove("default");
        }
        let is_number = schema.get("type").is_some_and(|name| name == "integer" || name == "number");
        if is_number {
            schema.remove("format");
        }
    }
}

/// An enum with documented variants comes as `oneOf` constants; clients want `enum`.
fn merge_constants(schema: &mut Schema) {
    let Some(Value::Array(options)) = schema.get("oneOf") else {
        return;
    };
    let mut values = Vec::new();
    for option in options {
        match (option.get("const"), option.get("enum")) {
            (Some(value), _) => values.push(value.clone()),
            (None, Some(Value::Array(several))) => values.extend(several.iter().cloned()),
            _ => return,
        }
    }
    schema.remove("oneOf");
    schema.insert("type".to_owned(), "string".into());
    schema.insert("enum".to_owned(), Value::Array(values));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Not for the schema.
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema matters")]
    struct Sample {
        /// How many.
        n: Option<i64>,
        kind: Option<Kind>,
        inner: Option<Inner>,
    }

    #[derive(JsonSchema)]
    #[schemars(rename_all = "snake_case")]
    #[expect(dead_code, reason = "only its schema matters")]
    enum Kind {
        /// The first.
        One,
        /// The second.
        Two,
        /// The third.
        Three,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema matters")]
    struct Inner {
        share: f64,
    }

    #[test]
    fn a_schema_is_inlined_and_knows_neither_null_nor_rusts_formats() {
        assert_eq!(
            Value::Object(output::<Sample>()),
            json!({
                "type": "object",
                "properties": {
                    "n": { "type": "integer" },
                    "kind": { "type": "string", "enum": ["one", "two", "three"] },
                    "inner": { "type": "object" },
                },
            })
        );
    }

    #[test]
    fn arguments_keep_their_descriptions() {
        assert_eq!(input::<Sample>()["properties"]["n"]["description"], "How many.");
    }
}
