//! Reading the query of a list.

use std::fmt::Display;
use std::str::FromStr;

use domain::FieldFault;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::fault::fault;
use crate::cursor;

pub(super) const DEFAULT_LIMIT: u8 = 50;
pub(super) const MAX_LIMIT: u8 = 200;

/// Reads each parameter once by `take`, which answers `None` to a name that it does not know. Returns every fault.
pub(super) fn read(
    query: &str,
    names: &str,
    mut take: impl FnMut(&str, &str) -> Option<Result<(), String>>,
) -> Vec<FieldFault> {
    let mut faults = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let taken = take(&name, &value).unwrap_or_else(|| Err(format!("there is no such filter; there are {names}")));
        if let Err(message) = taken {
            faults.push(fault(name, message));
        }
    }
    faults
}

/// Twice the same filter is no question we could answer.
pub(super) fn set<T, E: Display>(field: &mut Option<T>, value: Result<T, E>) -> Result<(), String> {
    let value = value.map_err(|error| error.to_string())?;
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err("give it once".to_owned()),
    }
}

/// Which part of a list: `P` is where a page ended.
#[derive(Debug, JsonSchema)]
pub(super) struct Page<P> {
    /// The most items to return. The default is 50.
    #[schemars(with = "u8", range(min = 1, max = MAX_LIMIT))]
    limit: Option<u8>,
    /// `next_cursor` of the page before.
    #[schemars(with = "String", length(min = 1, max = cursor::MAX_LENGTH))]
    cursor: Option<P>,
}

impl<P> Default for Page<P> {
    fn default() -> Self {
        Self { limit: None, cursor: None }
    }
}

impl<P: DeserializeOwned> Page<P> {
    /// Reads a query that has nothing but `limit` and `cursor`: the page, or every fault.
    pub(super) fn parse(query: &str) -> Result<Self, Vec<FieldFault>> {
        let mut page = Self::default();
        let faults = read(query, "limit, cursor", |name, value| page.take(name, value));
        if faults.is_empty() { Ok(page) } else { Err(faults) }
    }

    /// Takes the parameter if it is one of a page.
    pub(super) fn take(&mut self, name: &str, value: &str) -> Option<Result<(), String>> {
        match name {
            "limit" => Some(set(&mut self.limit, limit(value))),
            "cursor" => Some(set(&mut self.cursor, cursor::decode(value))),
            _ => None,
        }
    }

    pub(super) fn limit(&self) -> i64 {
        self.limit.unwrap_or(DEFAULT_LIMIT).into()
    }

    /// Where the page before ended.
    pub(super) fn after(self) -> Option<P> {
        self.cursor
    }
}

fn limit(text: &str) -> Result<u8, String> {
    let limit = u8::from_str(text).ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| format!("give a whole number from 1 to {MAX_LIMIT}"))
}
