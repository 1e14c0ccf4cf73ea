//! A change that a person makes at the dashboard, and its entry in the audit log. They are committed together.

use std::ops::{Deref, DerefMut};

use chrono::{DateTime, Utc};
use serde_json::Value;
use storage::db::{self, Connection, Db, Tx};
use storage::{audit, clock};

use crate::auth::Admin;
use crate::fault::Fault;

/// A transaction that can only be committed with an entry in the audit log.
pub(crate) struct Act<'a> {
    tx: Tx,
    admin: &'a Admin,
    /// The time of its entries.
    pub(crate) now: DateTime<Utc>,
}

impl<'a> Act<'a> {
    /// Begins a change by `admin`. If it is dropped, nothing is changed.
    pub(crate) async fn begin(db: &Db, admin: &'a Admin) -> Result<Self, Fault> {
        Ok(Self { tx: db::begin(db).await?, admin, now: clock::now() })
    }

    /// Adds an entry: the `action`, its `object` such as `student:…`, and ids and settings as `detail`.
    pub(crate) async fn record(&mut self, action: &str, object: Option<String>, detail: Value) -> Result<(), Fault> {
        let caller = &self.admin.caller;
        Ok(audit::insert_entry(&mut *self.tx, caller, action, object.as_deref(), &detail, self.now).await?)
    }

    /// Adds the last entry like [`Self::record`], and commits.
    pub(crate) async fn commit(mut self, action: &str, object: Option<String>, detail: Value) -> Result<(), Fault> {
        self.record(action, object, detail).await?;
        Ok(db::commit(self.tx).await?)
    }
}

impl Deref for Act<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.tx
    }
}

impl DerefMut for Act<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.tx
    }
}
