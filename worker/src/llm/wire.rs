//! Chat completions as they go over the wire.

use serde_json::{Value, json};
use strum::IntoStaticStr;

use super::{Answer, Fault, Usage};

/// Who says a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Speaker {
    System,
    User,
    /// The model, in a question about an answer it gave.
    Assistant,
}

impl Speaker {
    pub(super) const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// One message of a question.
#[derive(Clone)]
pub struct Message {
    speaker: Speaker,
    text: String,
}

impl Message {
    /// A message of text.
    pub fn new(speaker: Speaker, text: impl Into<String>) -> Self {
        Self { speaker, text: text.into() }
    }
}

impl std::fmt::Debug for Message {
    /// Without the text: it holds what a child said.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message").field("speaker", &self.speaker).finish_non_exhaustive()
    }
}

/// With `schema`, the first message says what the answer must look like.
pub(super) fn messages(messages: &[Message], schema: Option<&Value>) -> Vec<Value> {
    let described = schema.map(|schema| {
        format!("\n\nAnswer with one JSON object and nothing else. It must fit this JSON Schema:\n{schema}")
    });
    let texts = messages.iter().enumerate().map(|(i, message)| {
        let described = described.as_deref().filter(|_| i == 0).unwrap_or_default();
        json!({ "role": message.speaker.as_str(), "content": format!("{}{described}", message.text) })
    });
    texts.collect()
}

/// The JSON object in an answer.
pub(super) fn answer(body: &[u8]) -> Result<Answer, Fault> {
    let body: Value = serde_json::from_slice(body).map_err(|_| Fault::Garbled)?;
    let choice = body.pointer("/choices/0").ok_or(Fault::Garbled)?;
    let reason = choice["finish_reason"].as_str().unwrap_or_default();
    if choice.pointer("/message/refusal").is_some_and(Value::is_string) || reason == "content_filter" {
        return Err(Fault::Declined);
    }
    if reason == "length" {
        return Err(Fault::Truncated);
    }
    let content = match choice.pointer("/message/content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => return Err(Fault::Garbled),
    };
    let tokens = |name: &str| body["usage"][name].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    Ok(Answer {
        text: first_object(&content).ok_or(Fault::Garbled)?.to_owned(),
        usage: Usage { input_tokens: tokens("prompt_tokens"), output_tokens: tokens("completion_tokens") },
    })
}

/// The first balanced `{…}`: models that are not constrained talk before and after, and wrap it in a fence.
pub(super) fn first_object(text: &str) -> Option<&str> {
    let text = text.rsplit_once("</think>").map_or(text, |(_, after)| after);
    let start = text.find('{')?;
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (i, byte) in text.bytes().enumerate().skip(start) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' if !in_string => depth += 1,
            b'}' if !in_string => {
                depth -= 1;
                if depth == 0 {
                    return Some(&text[start..=i]);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(choice: &Value) -> Vec<u8> {
        json!({ "choices": [choice], "usage": { "prompt_tokens": 12, "completion_tokens": 3 } })
            .to_string()
            .into_bytes()
    }

    #[test]
    fn the_object_is_found_in_what_surrounds_it() {
        for content in [
            r#"{"a": "}"}"#,
            "Here it is:\n```json\n{\"a\": \"}\"}\n```\nAnything else?",
            "<think>maybe {x}</think>{\"a\": \"}\"} {\"b\": 1}",
        ] {
            let found = answer(&body(&json!({ "message": { "content": content } }))).unwrap();
            assert_eq!(found.text, r#"{"a": "}"}"#);
            assert_eq!((found.usage.input_tokens, found.usage.output_tokens), (12, 3));
        }
    }

    #[test]
    fn an_answer_that_is_none_says_why() {
        let fault = |choice: Value| answer(&body(&choice)).unwrap_err();
        assert_eq!(fault(json!({ "message": { "content": null, "refusal": "no" } })), Fault::Declined);
        assert_eq!(fault(json!({ "message": { "content": "{\"a\"" }, "finish_reason": "length" })), Fault::Truncated);
        assert_eq!(fault(json!({ "message": { "content": "{\"a\": {}" } })), Fault::Garbled);
        assert_eq!(fault(json!({ "message": { "content": "I like horses." } })), Fault::Garbled);
        assert_eq!(answer(b"<html>").unwrap_err(), Fault::Garbled);
    }
}
