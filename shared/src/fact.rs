//! What a student said of themselves, with a date after which it no longer counts.

use chrono::{DateTime, TimeDelta, Utc};

use crate::analysis::FactFinding;
use crate::db::{Connection, Result};
use crate::evidence::Source;
use crate::id::{FactId, SessionId, StudentId};

const KINDS: [&str; 5] = ["interest", "preference", "schedule", "goal", "study_context"];

/// A date in a child's life is near; a taste lasts longer.
fn time_to_live(kind: &str) -> TimeDelta {
    if kind == "schedule" { TimeDelta::days(14) } else { TimeDelta::days(180) }
}

/// Writes what an analysis found in a session, in place of what the one before found there. What a person had forgotten
/// stays forgotten, and what is known already is not written twice. Without a student nothing is kept.
pub async fn replace_of_session(
    tx: &mut Connection,
    session_id: SessionId,
    student_id: Option<StudentId>,
    facts: &[FactFinding],
    said_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "delete from facts where session_id = $1 and source in ('rules', 'llm') and forgotten_at is null",
        session_id as SessionId,
    )
    .execute(&mut *tx)
    .await?;
    let Some(student_id) = student_id else { return Ok(()) };
    for fact in facts.iter().filter(|fact| KINDS.contains(&&fact.kind[..])) {
        let source = if fact.source == Source::Rules { Source::Rules } else { Source::Llm };
        sqlx::query!(
            "insert into facts (fact_id, student_id, kind, text, session_id, turn_no, source, confidence, valid_from,
                 expires_at)
             select $1, $2, $3, left($4, 160), $5, $6, $7, $8, $9, $10
             where not exists (
                 select 1 from facts
                 where student_id = $2 and lower(text) = lower(left($4, 160))
                   and (forgotten_at is not null or expires_at >= $10))",
            FactId::new() as FactId,
            student_id as StudentId,
            fact.kind,
            fact.text,
            session_id as SessionId,
            fact.turn_no,
            source as Source,
            fact.confidence,
            said_at,
            said_at + time_to_live(&fact.kind),
        )
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Db;

    async fn a_student_in_a_session(db: &Db) -> (StudentId, SessionId) {
        let (student_id, session_id) = (StudentId::new(), SessionId::new());
        sqlx::query!(
            "insert into students (student_id, display_name, created_at, updated_at) values ($1, 'Ada', now(), now())",
            student_id as StudentId,
        )
        .execute(db)
        .await
        .unwrap();
        sqlx::query!(
            "insert into sessions (session_id, call_id, student_id, status, created_at, updated_at)
             values ($1, $1::uuid::text, $2, 'received', now(), now())",
            session_id as SessionId,
            student_id as StudentId,
        )
        .execute(db)
        .await
        .unwrap();
        (student_id, session_id)
    }

    fn likes(text: &str) -> FactFinding {
        FactFinding {
            kind: "interest".to_owned(),
            text: text.to_owned(),
            turn_no: 3,
            source: Source::Both,
            confidence: 0.9,
        }
    }

    async fn texts(db: &Db) -> Vec<String> {
        sqlx::query_scalar!("select text from facts order by text").fetch_all(db).await.unwrap()
    }

    #[sqlx::test(migrations = "../migrations")]
    async fn facts_of_a_session_are_replaced_and_those_forgotten_stay_so(db: Db) {
        let (student_id, session_id) = a_student_in_a_session(&db).await;
        let mut connection = db.acquire().await.unwrap();
        let now = DateTime::UNIX_EPOCH;
        let unknown = FactFinding { kind: "address".to_owned(), ..likes("lives somewhere") };
        let first = [likes("horses"), likes("football"), unknown];
        replace_of_session(&mut connection, session_id, Some(student_id), &first, now).await.unwrap();
        assert_eq!(texts(&db).await, ["football", "horses"]);

        sqlx::query!("update facts set forgotten_at = now() where text = 'horses'").execute(&db).await.unwrap();
        let second = [likes("Horses"), likes("chess"), likes("CHESS")];
        replace_of_session(&mut connection, session_id, Some(student_id), &second, now).await.unwrap();
        assert_eq!(texts(&db).await, ["chess", "horses"]);

        replace_of_session(&mut connection, session_id, None, &second, now).await.unwrap();
        assert_eq!(texts(&db).await, ["horses"]);
    }
}
