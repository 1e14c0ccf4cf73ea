//! The tool calls of a `tool-calls` message, in every shape in which VAPI was seen to send them, and their answer.

use domain::lenient_json;
use serde::Serialize;
use serde_json::{Map, Value};
use storage::server_message::ServerMessage;

/// More calls in one message than any model makes.
const MAX_CALLS: usize = 16;

/// One call that the model made.
#[derive(Clone, PartialEq)]
pub(super) struct ToolCall {
    pub id: String,
    pub name: String,
    /// `None`: they cannot be read.
    pub arguments: Option<Map<String, Value>>,
}

/// The answer to one call. VAPI wants single-line strings.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolResult {
    pub name: String,
    pub tool_call_id: String,
    #[serde(flatten)]
    pub said: Said,
}

/// What the model reads.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Said {
    Result(String),
    Error(String),
}

/// Why the arguments of a call cannot be read.
pub(super) const UNREADABLE_ARGUMENTS: &str =
    "`arguments` must be a JSON object, for example {\"first_name\": \"Maya\"}";

/// The calls of a `tool-calls` message, in its order. Empty if none names a tool and an id to answer under.
pub(super) fn calls(message: &ServerMessage) -> Vec<ToolCall> {
    // `toolCalls` is the older twin. `null`, or a value of another type, is an empty list; one call may stand without a list.
    let list = |pointer: &str| match message.get(pointer) {
        Some(Value::Array(calls)) => calls.iter().collect(),
        Some(call @ Value::Object(_)) => vec![call],
        _ => Vec::new(),
    };
    let pairs = list("/toolWithToolCallList");
    let twins = [list("/toolCallList"), list("/toolCalls"), pairs.into_iter().map(|pair| &pair["toolCall"]).collect()];
    let read =
        |calls: &Vec<&Value>| calls.iter().take(MAX_CALLS).filter_map(|call| parse_call(call)).collect::<Vec<_>>();
    twins.iter().map(read).find(|calls| !calls.is_empty()).unwrap_or_default()
}

/// The call of a `function-call` message, which has no id.
pub(super) fn function_call(message: &ServerMessage) -> Option<ToolCall> {
    let function = message.get("/functionCall")?;
    Some(ToolCall { id: String::new(), name: function["name"].as_str()?.to_owned(), arguments: arguments(function) })
}

fn parse_call(call: &Value) -> Option<ToolCall> {
    let function = if call["function"].is_object() { &call["function"] } else { call };
    Some(ToolCall {
        id: match &call["id"] {
            Value::String(id) => id.clone(),
            Value::Number(id) => id.to_string(),
            _ => return None,
        },
        name: function["name"].as_str()?.to_owned(),
        arguments: arguments(function),
    })
}

/// The arguments, as an object or as its text. `None`: there are some, and they cannot be read; the call must not run as if
/// there were none.
fn arguments(function: &Value) -> Option<Map<String, Value>> {
    match [&function["arguments"], &function["parameters"]].into_iter().find(|value| !value.is_null()) {
        None => Some(Map::new()),
        Some(Value::Object(fields)) => Some(fields.clone()),
        Some(Value::String(text)) if text.trim().is_empty() => Some(Map::new()),
        Some(Value::String(text)) => match lenient_json::read(text.as_bytes()) {
            Some((Value::Object(fields), _)) => Some(fields),
            // The text "null".
            Some((Value::Null, repairs)) if repairs.is_empty() => Some(Map::new()),
            _ => None,
        },
        Some(_) => None,
    }
}

/// VAPI drops an answer with line breaks.
pub(super) fn single_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(body: &[u8]) -> Vec<ToolCall> {
        super::calls(&ServerMessage::read(body).unwrap())
    }

    fn calls(message: &Value) -> Vec<(String, String, Value)> {
        let calls = parse(json!({ "message": message }).to_string().as_bytes());
        calls.into_iter().map(|call| (call.id, call.name, json!(call.arguments))).collect()
    }

    #[test]
    fn every_shape_gives_the_same_call() {
        let expected = vec![("c1".to_owned(), "get".to_owned(), json!({ "phone": "+1" }))];
        let nested = json!({ "id": "c1", "function": { "name": "get", "arguments": { "phone": "+1" } } });
        for message in [
            json!({ "toolCallList": [nested] }),
            json!({ "toolCalls": [nested] }),
            json!({ "toolCallList": [], "toolWithToolCallList": [{ "name": "get", "toolCall": nested }] }),
            json!({ "toolCallList": [{ "id": "c1", "function": { "name": "get", "arguments": "{\"phone\":\"+1\"}" } }] }),
            json!({ "toolCallList": [{ "id": "c1", "name": "get", "arguments": { "phone": "+1" } }] }),
            json!({ "toolCallList": [{ "id": "c1", "name": "get", "parameters": { "phone": "+1" } }] }),
        ] {
            assert_eq!(calls(&message), expected, "{message}");
        }
    }

    #[test]
    fn small_mistakes_of_the_sender_cost_no_answer() {
        let call = r#"{"id":7,"type":"function","function":{"name":"get","arguments":{"text":"seven \ud83d"}}}"#;
        for list in [format!(r#""toolCallList":null,"toolCalls":[{call}]"#), format!(r#""toolCallList":[{call}]"#)] {
            let body = format!(r#"{{"message":{{"type":"tool-calls",{list}}}}}"#);
            let calls = parse(body.as_bytes());
            assert_eq!((&*calls[0].id, &json!(calls[0].arguments)["text"]), ("7", &json!("seven \u{fffd}")), "{body}");
        }
    }

    #[test]
    fn both_samples_are_read() {
        for name in ["tool-calls", "tool-calls.object-arguments"] {
            let path = format!("{}/../tests/fixtures/vapi/raw/{name}.json", env!("CARGO_MANIFEST_DIR"));
            let calls = parse(&std::fs::read(path).unwrap());
            let [call] = &calls[..] else { panic!("{name}: {} calls", calls.len()) };
            assert_eq!((&*call.id, &*call.name), ("call_Lk81functionTool", "get_student_context"));
            assert_eq!(json!(call.arguments)["caller_number"], "+14155550142");
        }
    }

    #[test]
    fn a_call_that_cannot_be_answered_is_left_out() {
        assert!(calls(&json!({ "toolCallList": [{ "function": { "name": "get" } }, 7, null] })).is_empty());
        assert!(calls(&json!({ "toolCallList": "of another shape" })).is_empty());
        let good = json!({ "id": "c", "name": "get" });
        for message in [
            json!({ "toolCallList": [{ "name": "get" }], "toolCalls": [good] }),
            json!({ "toolCallList": good }),
            json!({ "toolCallList": [[], good, "get"] }),
        ] {
            assert_eq!(calls(&message), [("c".to_owned(), "get".to_owned(), json!({}))], "{message}");
        }
    }

    #[test]
    fn arguments_that_cannot_be_read_are_not_taken_for_none() {
        let read = |arguments: Value| {
            let function = json!({ "name": "get", "parameters": arguments });
            let message = json!({ "message": { "functionCall": function } }).to_string();
            json!(function_call(&ServerMessage::read(message.as_bytes()).unwrap()).unwrap().arguments)
        };
        for none in [json!(null), json!({}), json!(""), json!(" "), json!("{}"), json!("null")] {
            assert_eq!(read(none.clone()), json!({}), "{none}");
        }
        assert_eq!(read(json!("{\"a\":1e999,\"b\":\"7 \\ud83d\"}")), json!({ "a": null, "b": "7 \u{fffd}" }));
        for odd in [
            json!("not JSON"),
            json!("[1]"),
            json!("7"),
            json!([]),
            json!(7),
            json!(true),
            json!("{\"a\":"),
            json!("NaN"),
        ] {
            assert_eq!(read(odd.clone()), Value::Null, "{odd}");
        }
    }

    #[test]
    fn an_answer_has_the_documented_form() {
        let answer =
            |said| serde_json::to_value(ToolResult { name: "get".into(), tool_call_id: "c1".into(), said }).unwrap();
        assert_eq!(
            answer(Said::Result(single_line("two\n  lines"))),
            json!({ "name": "get", "toolCallId": "c1", "result": "two lines" }),
        );
        assert_eq!(answer(Said::Error("no".into())), json!({ "name": "get", "toolCallId": "c1", "error": "no" }),);
    }
}
