//! Compares derived rows with their sources and repairs the rows that differ.

use crate::attention;
use crate::db::{self, Connection, Db, Result};
use crate::id::{SessionId, StudentId};
use crate::session::derived;

/// Rows that are compared in one transaction.
const A_STEP: i64 = 500;

/// What differed from its sources, and was repaired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Figures and topics of sessions.
    pub sessions: Vec<SessionId>,
    /// Reasons why students need a person.
    pub attentions: Vec<StudentId>,
}

impl Differences {
    pub const fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.attentions.is_empty()
    }
}

/// Repairs figures and topics of these sessions. Returns those that differed.
pub async fn repair_sessions(tx: &mut Connection, session_ids: &[SessionId]) -> Result<Vec<SessionId>> {
    derived::lock(tx, session_ids).await?;
    derived::recompute(tx, session_ids).await
}

/// Repairs what is derived of all sessions and the reasons of all students, without folding evidence. For rows that were
/// written past this crate.
pub async fn refresh_all(db: &Db) -> Result<Differences> {
    let mut differences = Differences::default();
    let mut after = SessionId(uuid::Uuid::nil());
    loop {
        let mut tx = db::begin(db).await?;
        let some = list_sessions(&mut tx, after).await?;
        let Some(last) = some.last() else { break };
        after = *last;
        differences.sessions.extend(repair_sessions(&mut tx, &some).await?);
        tx.commit().await?;
    }
    let mut after = StudentId(uuid::Uuid::nil());
    loop {
        let mut tx = db::begin(db).await?;
        let some = list_students(&mut tx, after).await?;
        let Some(last) = some.last() else { break };
        after = *last;
        differences.attentions.extend(attention::refresh(&mut tx, &some).await?);
        tx.commit().await?;
    }
    Ok(differences)
}

async fn list_sessions(tx: &mut Connection, after: SessionId) -> Result<Vec<SessionId>> {
    Ok(sqlx::query_scalar!(
        r#"select session_id as "session_id: SessionId" from sessions where session_id > $1 order by session_id limit $2"#,
        after as SessionId,
        A_STEP,
    )
    .fetch_all(tx)
    .await?)
}

async fn list_students(tx: &mut Connection, after: StudentId) -> Result<Vec<StudentId>> {
    Ok(sqlx::query_scalar!(
        r#"select student_id as "student_id: StudentId" from students where student_id > $1 order by student_id limit $2"#,
        after as StudentId,
        A_STEP,
    )
    .fetch_all(tx)
    .await?)
}
