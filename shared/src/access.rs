//! Who is authorised on this request, and to what. A function that reveals a student asks for a [`Caller`].

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::AdminUserId;

/// One right of a caller, by the names of the public contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Scope {
    #[serde(rename = "context:read")]
    ContextRead,
    #[serde(rename = "students:read")]
    StudentsRead,
    #[serde(rename = "students:write")]
    StudentsWrite,
    #[serde(rename = "sessions:read")]
    SessionsRead,
    #[serde(rename = "notes:write")]
    NotesWrite,
    #[serde(rename = "calls:write")]
    CallsWrite,
}

impl Scope {
    pub const ALL: [Self; 6] = [
        Self::ContextRead,
        Self::StudentsRead,
        Self::StudentsWrite,
        Self::SessionsRead,
        Self::NotesWrite,
        Self::CallsWrite,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ContextRead => "context:read",
            Self::StudentsRead => "students:read",
            Self::StudentsWrite => "students:write",
            Self::SessionsRead => "sessions:read",
            Self::NotesWrite => "notes:write",
            Self::CallsWrite => "calls:write",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no scope of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no scope {0:?}; the scopes are {all}", all = ScopeSet::all())]
pub struct UnknownScope(pub String);

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let shown = || UnknownScope(text.chars().take(40).collect());
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or_else(shown)
    }
}

/// Scopes, each once, in the order of [`Scope::ALL`]. On the wire separated by spaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScopeSet(u8);

impl ScopeSet {
    pub fn all() -> Self {
        Scope::ALL.into_iter().collect()
    }

    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub const fn is_subset_of(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }

    /// As the rows of `api_clients` keep them.
    pub fn to_strings(self) -> Vec<String> {
        self.iter().map(|scope| scope.to_string()).collect()
    }

    /// Reads a row. A scope that a later version introduced is dropped: this version cannot grant it.
    pub fn from_strings(texts: &[String]) -> Self {
        texts.iter().filter_map(|text| text.parse().ok()).collect()
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | 1 << scope as u8))
    }
}

impl FromStr for ScopeSet {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        text.split_ascii_whitespace().map(Scope::from_str).collect()
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, scope) in self.iter().enumerate() {
            write!(f, "{}{scope}", if i == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

/// What an admin may do at the dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Role {
    /// Everything, settings included.
    Admin,
    /// Reads and writes students, sessions and notes.
    Tutor,
    /// Reads.
    Viewer,
}

impl Role {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Tutor => "tutor",
            Self::Viewer => "viewer",
        }
    }

    fn scopes(self) -> ScopeSet {
        match self {
            Self::Admin | Self::Tutor => ScopeSet::all(),
            Self::Viewer => [Scope::ContextRead, Scope::StudentsRead, Scope::SessionsRead].into_iter().collect(),
        }
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Admin, Self::Tutor, Self::Viewer]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| "a role is admin, tutor or viewer".to_owned())
    }
}

/// Whose authority a request has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An agent or an app, with its token.
    Client { client_id: String },
    /// A person at the dashboard.
    Admin { admin_user_id: AdminUserId, email: String, role: Role },
    /// Whoever may run commands on the server.
    Operator,
    /// A job of ours.
    Worker,
}

impl fmt::Display for Actor {
    /// As audit entries and notes name it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client { client_id } => write!(f, "client:{client_id}"),
            Self::Admin { email, .. } => write!(f, "admin:{email}"),
            Self::Operator => f.write_str("operator"),
            Self::Worker => f.write_str("worker"),
        }
    }
}

/// The one who is authorised on this request: an actor with scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub actor: Actor,
    pub scopes: ScopeSet,
}

/// The caller lacks a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this needs the scope {needed}")]
pub struct Forbidden {
    pub needed: Scope,
}

impl Caller {
    pub fn client(client_id: impl Into<String>, scopes: ScopeSet) -> Self {
        Self { actor: Actor::Client { client_id: client_id.into() }, scopes }
    }

    pub fn admin(admin_user_id: AdminUserId, email: impl Into<String>, role: Role) -> Self {
        Self { actor: Actor::Admin { admin_user_id, email: email.into(), role }, scopes: role.scopes() }
    }

    pub fn operator() -> Self {
        Self { actor: Actor::Operator, scopes: ScopeSet::all() }
    }

    pub fn worker() -> Self {
        Self { actor: Actor::Worker, scopes: ScopeSet::all() }
    }

    /// The client's id, where it is a client that asks.
    pub fn client_id(&self) -> Option<&str> {
        match &self.actor {
            Actor::Client { client_id } => Some(client_id),
            _ => None,
        }
    }

    /// Refuses unless the caller holds `scope`.
    pub fn require(&self, scope: Scope) -> Result<(), Forbidden> {
        if self.scopes.contains(scope) { Ok(()) } else { Err(Forbidden { needed: scope }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_and_print_as_the_contract_has_them() {
        let scopes: ScopeSet = "sessions:read  context:read context:read".parse().unwrap();
        assert_eq!(scopes.to_string(), "context:read sessions:read");
        assert!(scopes.contains(Scope::SessionsRead) && !scopes.contains(Scope::NotesWrite));
        assert!(scopes.is_subset_of(ScopeSet::all()) && !ScopeSet::all().is_subset_of(scopes));
    }

    #[test]
    fn an_unknown_scope_is_named_with_the_known_ones() {
        let error = "students:erase".parse::<ScopeSet>().unwrap_err().to_string();
        assert!(error.contains("students:erase") && error.contains("calls:write"), "{error}");
    }

    #[test]
    fn a_viewer_reads_and_does_not_write() {
        let viewer = Caller::admin(AdminUserId::new(), "v@example.org", Role::Viewer);
        assert_eq!(viewer.require(Scope::StudentsRead), Ok(()));
        assert_eq!(viewer.require(Scope::NotesWrite), Err(Forbidden { needed: Scope::NotesWrite }));
    }
}
