//! How an endpoint wants to be asked. They all call themselves compatible; the ladder goes from what constrains the
//! answer most to what every one of them takes.

use serde_json::{Value, json};

use super::{Question, messages, wire};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dialect {
    format: Format,
    limit: Limit,
}

/// What is asked of the answer's form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Format {
    /// OpenAI, vLLM, llama.cpp, Ollama, LM Studio, Gemini.
    #[default]
    JsonSchema,
    /// llama-cpp-python.
    JsonObjectWithSchema,
    /// DeepSeek, GLM, Qwen: the schema is in the prompt.
    JsonObject,
    /// Any other model: the schema is in the prompt.
    Plain,
}

/// What the limit of the answer's length is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Limit {
    #[default]
    MaxCompletionTokens,
    MaxTokens,
}

impl Dialect {
    /// For Anthropic's API, which has one way to hold an answer to a schema.
    pub(super) fn messages_body(self, model: &str, question: &Question<'_>) -> Value {
        messages::body(model, question, self.format == Format::JsonSchema)
    }

    pub(super) fn body(self, model: &str, question: &Question<'_>) -> Value {
        let in_prompt = matches!(self.format, Format::JsonObject | Format::Plain).then_some(question.schema);
        let mut body = json!({ "model": model, "messages": wire::messages(question.messages, in_prompt) });
        let schema = question.schema;
        match self.format {
            Format::JsonSchema => {
                body["response_format"] = json!({
                    "type": "json_schema",
                    "json_schema": { "name": "analysis", "strict": true, "schema": schema },
                });
            }
            Format::JsonObjectWithSchema => {
                body["response_format"] = json!({ "type": "json_object", "schema": schema });
            }
            Format::JsonObject => body["response_format"] = json!({ "type": "json_object" }),
            Format::Plain => {}
        }
        let limit = match self.limit {
            Limit::MaxCompletionTokens => "max_completion_tokens",
            Limit::MaxTokens => "max_tokens",
        };
        body[limit] = question.max_output_tokens.into();
        body
    }

    /// The next way down, where the refusal is about the way of asking.
    pub(super) fn plainer(self, status: u16, body: &[u8]) -> Option<Self> {
        if !matches!(status, 400 | 404 | 415 | 422 | 500 | 501) {
            return None;
        }
        let body = String::from_utf8_lossy(&body[..body.len().min(8192)]).to_lowercase();
        let names = |words: &[&str]| words.iter().any(|word| body.contains(word));
        if self.limit == Limit::MaxCompletionTokens && names(&["max_completion_tokens"]) {
            return Some(Self { limit: Limit::MaxTokens, ..self });
        }
        let about_format = [
            "response_format",
            "output_config",
            "json_schema",
            "json_object",
            "structured output",
            "input should be",
            "grammar",
            "'schema'",
            "\"schema\"",
        ];
        if !names(&about_format) {
            return None;
        }
        let format = match self.format {
            Format::JsonSchema => Format::JsonObjectWithSchema,
            Format::JsonObjectWithSchema => Format::JsonObject,
            Format::JsonObject => Format::Plain,
            Format::Plain => return None,
        };
        Some(Self { format, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::{Message, Speaker};

    fn body(dialect: Dialect) -> Value {
        let messages = [Message::new(Speaker::System, "Judge."), Message::new(Speaker::User, "Talk.")];
        let schema = json!({ "type": "object" });
        let question = Question { messages: &messages, schema: &schema, max_output_tokens: 900 };
        dialect.body("m", &question)
    }

    #[test]
    fn the_ladder_ends_where_every_endpoint_stands() {
        let mut dialect = Dialect::default();
        let mut kinds = vec![];
        loop {
            kinds.push(body(dialect)["response_format"].clone());
            let Some(plainer) = dialect.plainer(500, b"[{'msg': \"Input should be 'text' or 'json_object'\"}]") else {
                break;
            };
            dialect = plainer;
        }
        assert_eq!(kinds.len(), 4);
        assert_eq!(kinds[0]["json_schema"]["strict"], true);
        assert_eq!(kinds[1], json!({ "type": "json_object", "schema": { "type": "object" } }));
        assert_eq!(kinds[2], json!({ "type": "json_object" }));
        assert_eq!(kinds[3], Value::Null);
        let prompt = body(dialect)["messages"][0]["content"].as_str().unwrap().to_owned();
        assert!(prompt.contains(r#"{"type":"object"}"#), "{prompt}");
    }

    #[test]
    fn the_limit_has_two_names() {
        let newer = Dialect::default();
        assert_eq!(body(newer)["max_completion_tokens"], 900);
        let older = newer.plainer(400, b"Unrecognized request argument: max_completion_tokens").unwrap();
        assert_eq!((&body(older)["max_tokens"], older.format), (&json!(900), Format::JsonSchema));
        assert_eq!(older.plainer(400, b"max_completion_tokens"), None, "it was not sent");
    }

    #[test]
    fn other_refusals_are_not_about_the_way_of_asking() {
        assert_eq!(Dialect::default().plainer(400, b"context_length_exceeded"), None);
        assert_eq!(Dialect::default().plainer(429, b"response_format"), None);
    }
}
