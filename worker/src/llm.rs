//! A language model behind an OpenAI-compatible endpoint or Anthropic's: one question, one JSON object, in bounded time and size.
//!
//! **Invariant:** the model has no tools and no secrets, and the code that asked checks its answer.

mod dialect;
mod fault;
mod messages;
mod wire;

use std::sync::Mutex;
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use serde_json::Value;
use web::config::{LlmBudget, LlmConfig, LlmProvider};
use web::telemetry::trace::{self, Ended, SpanKind};

use self::dialect::Dialect;
pub use self::fault::Fault;
pub use self::wire::{Message, Speaker};
use crate::breaker::Breaker;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// An analysis takes a hundredth of this.
const MAX_ANSWER_BYTES: usize = 1 << 20;
/// Every step down the ladder is taken once; after them there is nothing left to try.
const MAX_STEPS: usize = 6;

/// A model, and what we learnt of how it wants to be asked.
#[derive(Debug)]
pub struct Llm {
    http: reqwest::Client,
    config: LlmConfig,
    dialect: Mutex<Dialect>,
    breaker: Breaker,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    pub messages: &'a [Message],
    /// A JSON Schema in the subset that every provider takes: closed objects, all properties required, no bounds.
    pub schema: &'a Value,
    pub max_output_tokens: u32,
}

/// What was answered, as far as it is JSON.
#[derive(Clone, Debug)]
pub struct Answer {
    pub text: String,
    pub usage: Usage,
}

/// What it cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub input_tokens: u32,
    pub output_tokens: u32,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
    }
}

impl Llm {
    /// A client of the model. Does not connect yet.
    pub fn new(config: LlmConfig) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(config.timeout)
            // A key must not follow wherever an answer points.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("ai-tutor/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http, config, dialect: Mutex::default(), breaker: Breaker::default() })
    }

    /// The model's name in the settings.
    pub fn model(&self) -> &str {
        &self.config.model
    }

    /// How many tokens it may use.
    pub fn budget(&self) -> LlmBudget {
        self.config.budget
    }

    /// Returns the breaker, which stops requests after repeated failures.
    pub fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    /// Asks, unless the model was away lately.
    pub async fn ask(&self, question: &Question<'_>) -> Result<Answer, Fault> {
        let permit = self.breaker.permit(Instant::now()).map_err(|at_least| Fault::Away { at_least })?;
        let answer = trace::span(SpanKind::Client, self.ask_in_some_way(question), |answer| self.ended(answer)).await;
        match answer {
            Err(Fault::Unreachable | Fault::TimedOut) => permit.failed(Duration::ZERO, Instant::now()),
            Err(Fault::Busy { at_least }) => permit.failed(at_least, Instant::now()),
            _ => permit.answered(),
        }
        answer
    }

    fn ended(&self, answer: &Result<Answer, Fault>) -> Ended {
        let ended = Ended::new("chat").with("gen_ai.request.model", self.config.model.clone());
        match answer {
            Ok(Answer { usage, .. }) => ended
                .with("gen_ai.usage.input_tokens", i64::from(usage.input_tokens))
                .with("gen_ai.usage.output_tokens", i64::from(usage.output_tokens)),
            Err(fault) => ended.with("error.type", fault.to_string()).error_if(true),
        }
    }

    /// Asks, and asks again in plainer ways where the endpoint does not know the one it was asked in.
    async fn ask_in_some_way(&self, question: &Question<'_>) -> Result<Answer, Fault> {
        for _ in 0..MAX_STEPS {
            let dialect = self.dialect();
            let model = &self.config.model;
            let (status, retry_after, body) = match self.config.provider {
                LlmProvider::OpenAi => self.post("chat/completions", &dialect.body(model, question)).await?,
                LlmProvider::Anthropic => self.post("messages", &dialect.messages_body(model, question)).await?,
            };
            if status.is_success() {
                return match self.config.provider {
                    LlmProvider::OpenAi => wire::answer(&body),
                    LlmProvider::Anthropic => messages::answer(&body),
                };
            }
            match dialect.plainer(status.as_u16(), &body) {
                Some(plainer) => self.learn(dialect, plainer),
                None => return Err(fault::classify(status.as_u16(), retry_after.as_deref(), &body)),
            }
        }
        Err(Fault::BadRequest)
    }

    fn dialect(&self) -> Dialect {
        *self.dialect.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Unless another question has learnt something meanwhile.
    fn learn(&self, old: Dialect, new: Dialect) {
        let mut dialect = self.dialect.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *dialect == old {
            tracing::info!(llm.dialect = ?new, "the endpoint wants to be asked in another way");
            *dialect = new;
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Result<(reqwest::StatusCode, Option<String>, Vec<u8>), Fault> {
        let request = self.http.post(format!("{}/{path}", self.config.base_url)).json(body);
        let key = self.config.api_key.as_ref().map(ExposeSecret::expose_secret);
        let request = match (self.config.provider, key) {
            (LlmProvider::OpenAi, Some(key)) => request.bearer_auth(key),
            (LlmProvider::OpenAi, None) => request,
            (LlmProvider::Anthropic, key) => {
                request.header("anthropic-version", messages::VERSION).header("x-api-key", key.unwrap_or_default())
            }
        };
        let mut response = request.send().await.map_err(|error| fault::of_transport(&error))?;
        let status = response.status();
        let retry_after = response.headers().get(reqwest::header::RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| fault::of_transport(&error))? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(Fault::Garbled);
            }
            body.extend_from_slice(&chunk);
        }
        Ok((status, retry_after, body))
    }
}

#[cfg(test)]
mod tests;
