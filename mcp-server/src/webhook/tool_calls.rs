//! The tool calls of a `tool-calls` message, in every shape in which VAPI was seen to send them, and their answer.

use domain::lenient_json;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// More calls in one message than any model makes.
const MAX_CALLS: usize = 16;

/// One call that the model made.
#[derive(Clone, PartialEq)]
pub(super) struct ToolCall {
    pub id: String,
    pub name: String,
    pub arguments: Map<String, Value>,
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    message: WireMessage,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are VAPI's")]
struct WireMessage {
    #[serde(default)]
    tool_call_list: Value,
    #[serde(default)]
    tool_with_tool_call_list: Value,
    /// The older twin of `toolCallList`.
    #[serde(default)]
    tool_calls: Value,
}

/// The calls of a message, in its order. Empty where there is none that names a tool.
pub(super) fn parse(body: &[u8]) -> Vec<ToolCall> {
    let wire = serde_json::from_slice(body).or_else(|_| serde_json::from_str(&lenient_json::repair(body).0));
    let Ok(Wire { message }) = wire else {
        return Vec::new();
    };
    // `null`, or a value of another type, is an empty list.
    let list = |value: Value| if let Value::Array(calls) = value { calls } else { Vec::new() };
    let twins = [
        list(message.tool_call_list),
        list(message.tool_calls),
        list(message.tool_with_tool_call_list).into_iter().map(|mut pair| pair["toolCall"].take()).collect(),
    ];
    let calls = twins.into_iter().find(|calls| !calls.is_empty()).unwrap_or_default();
    calls.iter().take(MAX_CALLS).filter_map(parse_call).collect()
}

fn parse_call(call: &Value) -> Option<ToolCall> {
    let function = if call["function"].is_object() { &call["function"] } else { call };
    let arguments = [&function["arguments"], &function["parameters"]].into_iter().find(|value| !value.is_null());
    Some(ToolCall {
        id: match &call["id"] {
            Value::String(id) => id.clone(),
            Value::Number(id) => id.to_string(),
            _ => return None,
        },
        name: function["name"].as_str()?.to_owned(),
        arguments: match arguments {
            Some(Value::Object(fields)) => fields.clone(),
            Some(Value::String(json)) => serde_json::from_str(json)
                .or_else(|_| serde_json::from_str(&lenient_json::repair(json.as_bytes()).0))
                .unwrap_or_default(),
            _ => Map::new(),
        },
    })
}

/// VAPI drops an answer with line breaks.
pub(super) fn single_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn calls(message: &Value) -> Vec<(String, String, Value)> {
        let calls = parse(json!({ "message": message }).to_string().as_bytes());
        calls.into_iter().map(|call| (call.id, call.name, Value::Object(call.arguments))).collect()
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
            assert_eq!((&*calls[0].id, &calls[0].arguments["text"]), ("7", &json!("seven \u{fffd}")), "{body}");
        }
    }

    #[test]
    fn both_samples_are_read() {
        for name in ["tool-calls", "tool-calls.object-arguments"] {
            let path = format!("{}/../tests/fixtures/vapi/raw/{name}.json", env!("CARGO_MANIFEST_DIR"));
            let calls = parse(&std::fs::read(path).unwrap());
            let [call] = &calls[..] else { panic!("{name}: {} calls", calls.len()) };
            assert_eq!((&*call.id, &*call.name), ("call_Lk81functionTool", "get_student_context"));
            assert_eq!(call.arguments["caller_number"], "+14155550142");
        }
    }

    #[test]
    fn a_call_that_cannot_be_answered_is_left_out_and_odd_arguments_are_none() {
        assert!(calls(&json!({ "toolCallList": [{ "function": { "name": "get" } }, 7, null] })).is_empty());
        let odd = calls(&json!({ "toolCallList": [{ "id": "c", "name": "get", "arguments": "not JSON" }] }));
        assert_eq!(odd[0].2, json!({}));
        assert!(calls(&json!({ "toolCallList": "of another shape" })).is_empty());
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
