//! A fault in one field of an input.

use schemars::JsonSchema;
use serde::Serialize;

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FieldFault {
    /// The field's name; for an item of a list `phones[1]`.
    pub field: String,
    /// What to do.
    pub message: String,
}
