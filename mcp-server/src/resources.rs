//! What a client may read by address instead of by a tool: a student's context, a session's transcript.

use serde_json::{Value, json};
use storage::access::{Reach, Scope};
use storage::db::Db;
use storage::id::{SessionId, StudentId};
use storage::session::{self, SessionKey, SessionQuery};
use storage::student::{self, StudentQuery};
use storage::{student_context, transcript};

use crate::tools::{ToolContext, ToolError};

/// A family of addresses.
#[derive(Debug)]
pub struct Template {
    pub uri_template: &'static str,
    pub name: &'static str,
    pub title: &'static str,
    pub description: &'static str,
    pub scope: Scope,
}

/// The addresses at which something can be read.
pub const TEMPLATES: [Template; 2] = [
    Template {
        uri_template: "student://{student_id}/context",
        name: "student_context",
        title: "Student context",
        description: "The student context before a lesson, as get_student_context returns it.",
        scope: Scope::ContextRead,
    },
    Template {
        uri_template: "session://{session_id}/transcript",
        name: "session_transcript",
        title: "Session transcript",
        description: "What was said in a tutoring call, turn by turn.",
        scope: Scope::SessionsRead,
    },
];

/// How many completions are offered.
const MAX_COMPLETIONS: i64 = 20;

/// One address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    StudentContext(StudentId),
    Transcript(SessionId),
}

impl Resource {
    /// `None`: there is nothing of ours at such an address.
    pub fn parse(uri: &str) -> Option<Self> {
        if let Some(id) = uri.strip_prefix("student://").and_then(|rest| rest.strip_suffix("/context")) {
            return id.parse().ok().map(Self::StudentContext);
        }
        let id = uri.strip_prefix("session://").and_then(|rest| rest.strip_suffix("/transcript"))?;
        id.parse().ok().map(Self::Transcript)
    }

    /// What a token must hold to read it.
    pub fn scope(self) -> Scope {
        match self {
            Self::StudentContext(_) => Scope::ContextRead,
            Self::Transcript(_) => Scope::SessionsRead,
        }
    }

    /// The content. What it is, in a word.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::StudentContext(_) => "student_context",
            Self::Transcript(_) => "transcript",
        }
    }

    /// The id in its address.
    pub(crate) fn named(self) -> Value {
        match self {
            Self::StudentContext(student_id) => json!({ "student_id": student_id }),
            Self::Transcript(session_id) => json!({ "session_id": session_id }),
        }
    }

    /// Reads it, as far as the caller may.
    pub async fn read(self, db: &Db, ctx: ToolContext<'_>) -> Result<Value, ToolError> {
        match self {
            Self::StudentContext(student_id) => {
                let context = student_context::get_by_student_id(db, ctx.caller, student_id, ctx.now).await?;
                Ok(json!(context))
            }
            Self::Transcript(session_id) => {
                let session = session::get_session(db, ctx.caller, &SessionKey::Id(session_id)).await?;
                ctx.permit_session(db, session.student_id).await?;
                let turns = transcript::list_turns(db, ctx.caller, session_id).await?;
                Ok(json!({ "session_id": session_id, "turns": turns }))
            }
        }
    }
}

/// Values for an argument of a template or a prompt that begin, or are named, like `value`. Empty where the caller may not
/// look around.
pub async fn complete(db: &Db, ctx: ToolContext<'_>, argument: &str, value: &str) -> Result<Vec<String>, ToolError> {
    if ctx.caller.reach == Reach::Line || value.len() > 120 {
        return Ok(Vec::new());
    }
    match argument {
        "student_id" if ctx.caller.require_within(Scope::StudentsRead).is_ok() => {
            let named = Some(value.to_owned()).filter(|value| !value.is_empty());
            let query = StudentQuery { name_contains: named, limit: MAX_COMPLETIONS, ..StudentQuery::default() };
            let students = student::list_students(db, ctx.caller, &query).await?;
            Ok(students.into_iter().map(|student| student.student_id.to_string()).collect())
        }
        "session_id" if ctx.caller.require_within(Scope::SessionsRead).is_ok() => {
            let query = SessionQuery { limit: MAX_COMPLETIONS, ..SessionQuery::default() };
            let sessions = session::list_sessions(db, ctx.caller, &query).await?;
            let ids = sessions.into_iter().map(|session| session.session_id.to_string());
            Ok(ids.filter(|id| id.starts_with(value)).collect())
        }
        _ => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0199aa00-0000-7000-8000-000000000001";

    #[test]
    fn an_address_is_read_and_needs_the_scope_of_its_template() {
        for (template, resource) in TEMPLATES
            .iter()
            .zip([Resource::StudentContext(ID.parse().unwrap()), Resource::Transcript(ID.parse().unwrap())])
        {
            let uri = template.uri_template.replace("{student_id}", ID).replace("{session_id}", ID);
            assert_eq!(Resource::parse(&uri), Some(resource));
            assert_eq!(template.scope, resource.scope());
        }
    }

    #[test]
    fn other_addresses_are_none_of_ours() {
        for uri in ["", "student://", "student://x/context", "session:///transcript", "file:///etc/passwd", ID] {
            assert_eq!(Resource::parse(uri), None, "{uri}");
        }
        assert_eq!(Resource::parse(&format!("student://{ID}/transcript")), None);
    }
}
