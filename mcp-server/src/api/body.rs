//! Reads a JSON body strictly: an unknown field is an error that names the field.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use domain::FieldFault;
use serde::de::DeserializeOwned;
use serde_json::Value;
use web::http::Problem;

use super::fault::fault;
use crate::State;

/// The longest body of any operation is far below.
const MAX_BYTES: usize = 64 * 1024;

/// The request's body.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<State> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &State) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "send JSON, as Content-Type: application/json",
            ));
        }
        let bytes = to_bytes(request.into_body(), MAX_BYTES)
            .await
            .map_err(|_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("send at most {MAX_BYTES} bytes")))?;
        let value = serde_json::from_slice(&bytes)
            .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, format!("the body is not JSON: {error}")))?;
        parse(value).map(Self).map_err(|fault| Problem::invalid(vec![fault]))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let essence = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()?.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

fn parse<T: DeserializeOwned>(value: Value) -> Result<T, FieldFault> {
    if !value.is_object() {
        return Err(fault("", "send a JSON object"));
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let message = error.inner().to_string();
        // These two name the field in their message only, in back-ticks.
        let named = ["unknown field", "missing field"].iter().any(|start| message.starts_with(start));
        let field = if named { message.split('`').nth(1).unwrap_or_default() } else { &path };
        fault(field, in_plain_words(&message))
    })
}

/// What serde says, without the words of Rust and without the value, which may be personal.
fn in_plain_words(message: &str) -> String {
    if let Some((_, known)) = message.split_once(", expected one of ").filter(|_| message.starts_with("unknown field"))
    {
        return format!("there is no such field; there are {}", known.replace('`', ""));
    }
    if let Some((_, known)) = message.split_once(", expected ").filter(|_| message.starts_with("unknown field")) {
        return format!("there is no such field; there is {}", known.replace('`', ""));
    }
    if message.starts_with("missing field") {
        return "must be there".to_owned();
    }
    let Some((_, expected)) = message.rsplit_once("expected ") else {
        return message.to_owned();
    };
    match expected {
        "i16" => "give a small whole number".to_owned(),
        "a sequence" => "give a list".to_owned(),
        "a string" | "a borrowed string" => "give a text".to_owned(),
        other => format!("give {}", other.replace('`', "")),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Sample {
        name: String,
        grade: Option<i16>,
        phones: Vec<storage::phone::Phone>,
        status: Option<storage::student::StudentStatus>,
    }

    fn refusal(value: Value) -> (String, String) {
        let fault = parse::<Sample>(value).unwrap_err();
        (fault.field, fault.message)
    }

    #[test]
    fn each_fault_names_its_field_and_what_to_do() {
        for (mut change, field, message) in [
            (json!({ "nmae": "A" }), "nmae", "there is no such field; there are name, grade, phones, status"),
            (json!({ "name": 5 }), "name", "give a text"),
            (json!({ "grade": "five" }), "grade", "give a small whole number"),
            (json!({ "grade": 99_999 }), "grade", "give a small whole number"),
            (json!({ "phones": "+14155550142" }), "phones", "give a list"),
            (json!({ "phones": ["+14155550142", 7] }), "phones[1]", "give a text"),
            (json!({ "status": "asleep" }), "status", "give active or blocked"),
        ] {
            let mut body = json!({ "name": "A", "phones": [] });
            body.as_object_mut().unwrap().append(change.as_object_mut().unwrap());
            assert_eq!(refusal(body), (field.to_owned(), message.to_owned()));
        }
        assert_eq!(refusal(json!({ "name": "A" })), ("phones".to_owned(), "must be there".to_owned()));
        let (field, message) = refusal(json!({ "name": "A", "phones": ["5550142"] }));
        assert!(field == "phones[0]" && message.contains("+14155550142"), "{field}: {message}");
    }

    #[test]
    fn a_list_is_no_object_though_serde_would_take_it() {
        assert_eq!(refusal(json!(["A", 5, [], null])).1, "send a JSON object");
    }

    #[test]
    fn json_is_recognised_by_its_type_whatever_its_parameters() {
        let is_json = |value: &str| is_json(&HeaderMap::from_iter([(CONTENT_TYPE, value.parse().unwrap())]));
        assert!(is_json("application/json") && is_json("Application/JSON; charset=utf-8"));
        assert!(!is_json("text/plain") && !is_json("application/jsonp") && !is_json(""));
    }
}
