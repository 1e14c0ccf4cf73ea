//! The OpenAPI 3.1 document, made of the very values that make the routes.
//!
//! `utoipa` and `aide` describe a route beside its handler, with a second derive or another version of `schemars` for the types.
//! Here the types have one schema for the API and for the MCP tools.

use std::collections::BTreeSet;

use axum::http::Method;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::endpoint::{Endpoint, Operation};

const ABOUT: &str = "Students, their tutoring sessions and what is known of their learning. \
    Get a token at `/auth/token`, or send an agent key as the bearer. \
    Every error is a problem document (RFC 9457). Phone numbers never appear in URLs.";

/// The document that describes `endpoints`.
pub(super) fn render(endpoints: &[Endpoint]) -> Value {
    let settings = || {
        SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
            settings.transforms.push(Box::new(RecursiveTransform(without_null_default)));
        })
    };
    // What we read and what we write differ: a field with a default is optional in one, and always there in the other.
    let mut reads = settings().for_deserialize().into_generator();
    let mut writes = settings().for_serialize().into_generator();
    let mut paths = Map::new();
    for endpoint in endpoints {
        let operation = operation(endpoint, &mut reads, &mut writes);
        let methods = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        methods[endpoint.method.as_str().to_ascii_lowercase()] = operation;
    }
    let mut schemas = reads.take_definitions(true);
    schemas.extend(writes.take_definitions(true));
    schemas.insert("Problem".to_owned(), problem());
    schemas.sort_keys();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "AI Tutor",
            "version": "1",
            "description": ABOUT,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "bearer": [] }],
        "tags": [
            { "name": "students", "description": "The learners." },
            { "name": "sessions", "description": "Their calls, with transcript and analysis." },
            { "name": "follow-ups", "description": "What calls ask of people: callbacks and concerns." },
            { "name": "own", "description": "What a student or a guardian reads about their own by an app." },
        ],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An access token of `/auth/token` or `/auth/code` (15 minutes), or an agent key.",
                },
            },
        },
    })
}

/// "Absent" is what serde's default means with us, and `null` is often not even allowed.
fn without_null_default(schema: &mut Schema) {
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
}

fn operation(endpoint: &Endpoint, reads: &mut SchemaGenerator, writes: &mut SchemaGenerator) -> Value {
    let Endpoint { path, operation: about, .. } = endpoint;
    let is_read = endpoint.method == Method::GET;
    let mut parameters = path_parameters(path);
    if let Some(schema) = about.query {
        parameters.extend(query_parameters(schema(reads).as_value()));
    }
    let tag = |name: &str, description: &str| json!({ "name": name, "in": "header", "required": false, "description": description, "schema": { "type": "string" } });
    let is_change = about.problems.contains(&412);
    if is_read {
        parameters.push(tag(
            "If-None-Match",
            "The `ETag` of the answer that you have: if it still holds, the answer is 304.",
        ));
    }
    if is_change {
        parameters.push(tag("If-Match", "The `ETag` of what you read: if it was changed since, the answer is 412."));
    }
    if about.answer.status == 201 {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "Chosen by the client, for example a UUID. The same key again answers with what was made before.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 200 },
        }));
    }
    let scopes: Vec<_> = about.scopes.iter().map(|scope| scope.as_str()).collect();
    let mut operation = json!({
        "operationId": about.id,
        "tags": [path.split('/').nth(3).unwrap_or("own")],
        "summary": about.summary,
    });
    if endpoint.is_public() {
        operation["description"] = json!(about.description);
        operation["security"] = json!([]);
    } else {
        let needed = scopes.join(" and ");
        operation["description"] = json!(format!("{}\n\nNeeds the scope {needed}.", about.description));
        operation["security"] = json!([{ "bearer": scopes }]);
    }
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    if let Some((schema, example)) = &about.body {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": schema(reads), "example": example } },
        });
    }
    let mut answer = json!({ "description": about.answer.description });
    if let Some(schema) = about.answer.schema {
        answer["content"] = json!({ "application/json": { "schema": schema(writes) } });
    }
    let header =
        |description: &str| json!({ "description": description, "required": true, "schema": { "type": "string" } });
    let mut headers = if endpoint.is_public() {
        json!({})
    } else {
        json!({
            "RateLimit-Policy": header("How many requests (`q`) you may make at once, and in how many seconds (`w`) they come back."),
            "RateLimit": header("How many requests are left (`r`), and in how many seconds (`t`) all are back."),
        })
    };
    if about.answer.status == 201 {
        headers["Location"] = header("The address of what was made.");
    }
    if is_read || is_change {
        headers["ETag"] = header("Changes with the answer.");
    }
    answer["headers"] = headers;
    let mut responses = Map::new();
    responses.insert(about.answer.status.to_string(), answer);
    if is_read {
        responses.insert("304".to_owned(), json!({ "description": "You have the answer: `If-None-Match` names it." }));
    }
    for status in problems(about) {
        let mut response = problem_response(status);
        if endpoint.is_public() && status == 403 {
            response["description"] = json!("The code or refresh token does not work, or not any more.");
        }
        responses.insert(status.to_string(), response);
    }
    operation["responses"] = Value::Object(responses);
    operation
}

/// Every status other than success, in order.
fn problems(about: &Operation) -> BTreeSet<u16> {
    let mut statuses: BTreeSet<u16> = [403, 429, 500, 503].into_iter().chain(about.problems.iter().copied()).collect();
    if !about.scopes.is_empty() {
        statuses.insert(401);
    }
    if about.query.is_some() {
        statuses.insert(422);
    }
    if about.body.is_some() {
        statuses.extend([400, 413, 415, 422]);
    }
    statuses
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names
        .map(|name| {
            let (schema, description) = match name {
                "call_id" => {
                    let visible = r"^[^\x00-\x1f\x7f-\x9f]+$";
                    let schema = json!({ "type": "string", "minLength": 1, "maxLength": 200, "pattern": visible });
                    (schema, "VAPI's id of the call.")
                }
                _ => (json!({ "type": "string", "format": "uuid" }), "Our id."),
            };
            json!({ "name": name, "in": "path", "required": true, "description": description, "schema": schema })
        })
        .collect()
}

/// Each field of an object is a parameter.
fn query_parameters(schema: &Value) -> Vec<Value> {
    let fields = schema["properties"].as_object().into_iter().flatten();
    fields
        .map(|(name, field)| {
            let mut field = field.clone();
            let description = field.as_object_mut().and_then(|field| field.remove("description"));
            json!({ "name": name, "in": "query", "required": false, "description": description, "schema": field })
        })
        .collect()
}

fn problem_response(status: u16) -> Value {
    let description = match status {
        400 => "The body is not JSON.",
        401 => "No bearer, or one that is not valid (any more).",
        403 => "The bearer lacks a scope; the problem names it.",
        404 => "There is no such thing.",
        409 => "It contradicts what is stored.",
        412 => "It was changed: `If-Match` names what was there before.",
        413 => "The body is too long.",
        415 => "The body is not `application/json`.",
        422 => "Fields break a rule; `errors` names each and says what to do.",
        429 => "Too many requests: try again after `Retry-After` seconds.",
        503 => "Not now: try again after `Retry-After` seconds.",
        _ => "Our fault; the text is always the same; ask with the answer's `x-request-id`.",
    };
    json!({
        "description": description,
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
    })
}

fn problem() -> Value {
    json!({
        "type": "object",
        "description": "What went wrong (RFC 9457).",
        "required": ["type", "title", "status"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string", "description": "What to do about it." },
            "errors": {
                "type": "array",
                "description": "What is wrong field by field.",
                "items": {
                    "type": "object",
                    "required": ["field", "message"],
                    "properties": { "field": { "type": "string" }, "message": { "type": "string" } },
                },
            },
        },
    })
}
