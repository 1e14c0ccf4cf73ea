//! Anthropic's Messages API, as it goes over the wire.

use serde_json::{Value, json};

use super::{Answer, Fault, Question, Speaker, Usage, wire};

/// The version of the API that this module speaks.
pub(super) const VERSION: &str = "2023-06-01";

/// Returns the request body. `with_schema`: the endpoint enforces the schema. Otherwise the schema is in the prompt.
pub(super) fn body(model: &str, question: &Question<'_>, with_schema: bool) -> Value {
    let in_prompt = (!with_schema).then_some(question.schema);
    let messages = wire::messages(question.messages, in_prompt);
    let (system, talk): (Vec<Value>, Vec<Value>) =
        messages.into_iter().partition(|message| message["role"] == Speaker::System.as_str());
    let system: Vec<&str> = system.iter().filter_map(|message| message["content"].as_str()).collect();
    let mut body = json!({
        "model": model,
        "max_tokens": question.max_output_tokens,
        "system": system.join("\n\n"),
        "messages": talk,
    });
    if with_schema {
        body["output_config"] = json!({ "format": { "type": "json_schema", "schema": question.schema } });
    }
    body
}

/// The JSON object in an answer.
pub(super) fn answer(body: &[u8]) -> Result<Answer, Fault> {
    let body: Value = serde_json::from_slice(body).map_err(|_| Fault::Garbled)?;
    match body["stop_reason"].as_str().unwrap_or_default() {
        "refusal" => return Err(Fault::Declined),
        "max_tokens" => return Err(Fault::Truncated),
        "model_context_window_exceeded" => return Err(Fault::TooLong),
        _ => {}
    }
    let parts = body["content"].as_array().ok_or(Fault::Garbled)?;
    let text: String =
        parts.iter().filter(|part| part["type"] == "text").filter_map(|part| part["text"].as_str()).collect();
    let tokens = |name: &str| body["usage"][name].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    Ok(Answer {
        text: wire::first_object(&text).ok_or(Fault::Garbled)?.to_owned(),
        usage: Usage {
            // What was read from a cache was read, too.
            input_tokens: tokens("input_tokens")
                .saturating_add(tokens("cache_read_input_tokens"))
                .saturating_add(tokens("cache_creation_input_tokens")),
            output_tokens: tokens("output_tokens"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::Message;

    fn asked(with_schema: bool) -> Value {
        let messages = [Message::new(Speaker::System, "Judge."), Message::new(Speaker::User, "Talk.")];
        let schema = json!({ "type": "object" });
        body("m", &Question { messages: &messages, schema: &schema, max_output_tokens: 900 }, with_schema)
    }

    #[test]
    fn the_system_message_stands_apart() {
        let body = asked(true);
        assert_eq!((&body["system"], &body["max_tokens"]), (&json!("Judge."), &json!(900)));
        assert_eq!(body["messages"], json!([{ "role": "user", "content": "Talk." }]));
        assert_eq!(body["output_config"]["format"]["schema"], json!({ "type": "object" }));
    }

    #[test]
    fn a_model_that_knows_no_schemas_reads_it_in_the_prompt() {
        let body = asked(false);
        assert!(body.get("output_config").is_none());
        assert!(body["system"].as_str().unwrap().contains(r#"{"type":"object"}"#), "{body}");
    }

    #[test]
    fn an_answer_is_read_with_all_it_cost() {
        let said = json!({
            "content": [{ "type": "thinking", "thinking": "{}" }, { "type": "text", "text": "Here: {\"a\": 1}" }],
            "stop_reason": "end_turn",
            "usage": { "input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 3 },
        });
        let answer = answer(said.to_string().as_bytes()).unwrap();
        assert_eq!((&answer.text[..], answer.usage.input_tokens, answer.usage.output_tokens), ("{\"a\": 1}", 15, 3));
    }

    #[test]
    fn an_answer_that_is_none_says_why() {
        let fault =
            |reason: &str| answer(json!({ "content": [], "stop_reason": reason }).to_string().as_bytes()).unwrap_err();
        assert_eq!(fault("refusal"), Fault::Declined);
        assert_eq!(fault("max_tokens"), Fault::Truncated);
        assert_eq!(fault("model_context_window_exceeded"), Fault::TooLong);
        assert_eq!(fault("end_turn"), Fault::Garbled);
    }
}
