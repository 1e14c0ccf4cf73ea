//! What is wrong with a field of a request.

use domain::FieldFault;

/// A client's own name of a field comes back to it, but not without end.
const MAX_FIELD_CHARS: usize = 80;

pub(super) fn fault(field: impl AsRef<str>, message: impl Into<String>) -> FieldFault {
    FieldFault { field: field.as_ref().chars().take(MAX_FIELD_CHARS).collect(), message: message.into() }
}
