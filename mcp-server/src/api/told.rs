//! An answer that knows whose data it holds, so that the audit log need not read it again.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use storage::student_context::StudentContext;

use crate::trail::Held;

/// What an answer with data about children has.
pub(super) trait Holds {
    /// Adds each of them.
    fn held(&self, held: &mut Held);
}

/// JSON of data about children. `super::permit` records them.
pub(super) struct Told<T>(pub T);

impl<T: Holds + Serialize> IntoResponse for Told<T> {
    fn into_response(self) -> Response {
        let mut held = Held::default();
        self.0.held(&mut held);
        let mut response = Json(self.0).into_response();
        response.extensions_mut().insert(held);
        response
    }
}

impl<T: Holds> Holds for Vec<T> {
    fn held(&self, held: &mut Held) {
        for item in self {
            item.held(held);
        }
    }
}

impl Holds for StudentContext {
    fn held(&self, held: &mut Held) {
        held.add(self.student.as_ref().map(|student| student.student_id), None);
        for choice in &self.choose_from {
            held.add(Some(choice.student_id), None);
        }
    }
}
