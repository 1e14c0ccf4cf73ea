//! One operation of the JSON API: its route, its handler and its documentation in one value, so that none goes without
//! the others.

use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;
use storage::access::Scope;

use crate::State;

/// An operation of the API.
pub(super) struct Endpoint {
    pub method: Method,
    pub path: &'static str,
    pub route: MethodRouter<State>,
    pub operation: Operation,
}

/// What the document says of an operation.
pub(super) struct Operation {
    pub id: &'static str,
    pub summary: &'static str,
    pub description: &'static str,
    /// None: it needs no bearer.
    pub scopes: &'static [Scope],
    pub query: Option<SchemaOf>,
    pub body: Option<(SchemaOf, Value)>,
    pub answer: Answer,
    /// Beside those that every operation may give.
    pub problems: &'static [u16],
}

/// What success looks like.
pub(super) struct Answer {
    pub status: u16,
    pub description: &'static str,
    pub schema: Option<SchemaOf>,
}

/// Asks a generator for the schema of a type.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

impl Endpoint {
    pub(super) fn new<H, T>(method: Method, path: &'static str, id: &'static str, handler: H) -> Self
    where
        H: Handler<T, State>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).expect("the API uses the methods of RFC 9110");
        Self {
            method,
            path,
            route: on(filter, handler),
            operation: Operation {
                id,
                summary: "",
                description: "",
                scopes: &[],
                query: None,
                body: None,
                answer: Answer { status: 204, description: "Done; there is no content.", schema: None },
                problems: &[],
            },
        }
    }

    /// Whether it needs no bearer.
    pub(super) fn is_public(&self) -> bool {
        self.operation.scopes.is_empty()
    }

    pub(super) fn says(mut self, summary: &'static str, description: &'static str) -> Self {
        self.operation.summary = summary;
        self.operation.description = description;
        self
    }

    pub(super) fn needs(mut self, scopes: &'static [Scope]) -> Self {
        self.operation.scopes = scopes;
        self
    }

    pub(super) fn query<T: JsonSchema>(mut self) -> Self {
        self.operation.query = Some(|generator| T::json_schema(generator));
        self
    }

    pub(super) fn body<T: JsonSchema>(mut self, example: Value) -> Self {
        self.operation.body = Some((|generator| generator.subschema_for::<T>(), example));
        self
    }

    pub(super) fn answers<T: JsonSchema>(mut self, status: u16, description: &'static str) -> Self {
        let schema: SchemaOf = |generator| generator.subschema_for::<T>();
        self.operation.answer = Answer { status, description, schema: Some(schema) };
        self
    }

    pub(super) fn problems(mut self, statuses: &'static [u16]) -> Self {
        self.operation.problems = statuses;
        self
    }
}
