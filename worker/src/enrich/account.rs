//! What a language model costs, and when that is enough for a day.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, Utc};
use storage::id::{SessionId, StudentId};
use storage::model_call::{self, ModelCall};
use storage::session::derived;
use web::config::LlmBudget;

use super::PROMPT_VERSION;
use crate::llm::{Fault, Llm, Usage};
use crate::{Context, JobError};

/// On whose account a session's questions go.
pub(super) struct Account<'a> {
    pub(super) context: &'a Context,
    pub(super) llm: &'a Llm,
    pub(super) session_id: SessionId,
    pub(super) student_id: Option<StudentId>,
}

impl Account<'_> {
    /// Why nothing more is asked today; `None`: there is money left. What runs at the same time is not counted yet, so
    /// that a budget may be passed by as many calls as a worker judges at once.
    pub(super) async fn is_spent(&self, now: DateTime<Utc>) -> Result<Option<String>, JobError> {
        let budget = self.llm.budget();
        if budget.tokens_per_day.is_none() && budget.tokens_per_student_day.is_none() {
            return Ok(None);
        }
        let midnight = now.date_naive().and_time(NaiveTime::MIN).and_utc();
        let spent = model_call::spent_since(&self.context.db, midnight, self.student_id).await?;
        let over = |limit: Option<u64>, tokens: i64| limit.is_some_and(|limit| tokens.unsigned_abs() >= limit);
        Ok(if over(budget.tokens_per_day, spent.tokens) {
            Some("No language model was asked: the budget of the day is spent.".to_owned())
        } else if self.student_id.is_some() && over(budget.tokens_per_student_day, spent.tokens_of_student) {
            Some("No language model was asked: this student's budget of the day is spent.".to_owned())
        } else {
            None
        })
    }

    /// Records the cost of the requests, whether or not they succeeded. If an analysis follows, the session's totals
    /// are updated with it.
    pub(super) async fn record(
        &self,
        fault: Option<&Fault>,
        usage: Usage,
        took: Duration,
        now: DateTime<Utc>,
    ) -> Result<(), JobError> {
        let outcome = fault.map_or_else(|| "ok".to_owned(), ToString::to_string);
        let call = ModelCall {
            session_id: self.session_id,
            student_id: self.student_id,
            model: self.llm.model(),
            prompt_version: PROMPT_VERSION,
            outcome: &outcome,
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cost_microusd: cost(&self.llm.budget(), usage),
            duration_ms: took.as_millis() as i32,
        };
        if fault.is_none() {
            return Ok(model_call::insert_model_call(&self.context.db, &call, now).await?);
        }
        let mut tx = self.context.begin().await?;
        model_call::insert_model_call(&mut *tx, &call, now).await?;
        derived::refresh(&mut tx, &[self.session_id]).await?;
        Ok(self.context.commit(tx).await?)
    }
}

/// A dollar for a million tokens is a millionth of a dollar for one.
fn cost(budget: &LlmBudget, usage: Usage) -> Option<i64> {
    let (input, output) = (budget.input_price?, budget.output_price?);
    Some((f64::from(usage.input_tokens) * input + f64::from(usage.output_tokens) * output).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_for_a_million_tokens() {
        let usage = Usage { input_tokens: 2_000, output_tokens: 500 };
        let priced = LlmBudget { input_price: Some(0.25), output_price: Some(2.0), ..LlmBudget::default() };
        assert_eq!(cost(&priced, usage), Some(1_500));
        assert_eq!(cost(&LlmBudget::default(), usage), None);
    }
}
