//! A question as its maker leaves it.

use super::speech::Both;
use crate::answer::{AskedForm, Kind};

/// A question before it gets its difficulty.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub ask: Both,
    pub answer: String,
    pub worked: String,
    pub kind: Kind,
    pub form: Option<AskedForm>,
}

/// A question whose key is a number, until [`Draft::kind`] says otherwise.
#[expect(clippy::needless_pass_by_value, reason = "keys are numbers and texts made in place")]
pub(super) fn draft(ask: Both, answer: impl ToString, worked: String) -> Draft {
    Draft { ask, answer: answer.to_string(), worked, kind: Kind::Number, form: None }
}

impl Draft {
    pub(super) fn kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    pub(super) fn form(self, form: AskedForm) -> Self {
        Self { form: Some(form), ..self }
    }
}
