//! Who received data about a student: agents and apps, language models, and people who exported it from the dashboard.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use crate::access::{Caller, Scope};
use crate::db::{Executor, Result};
use crate::id::StudentId;

/// One time that data was given.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Disclosure {
    pub at: DateTime<Utc>,
    /// `client:<client_id>`, `admin:<email>`, `operator`, `model:<name>`, or `guardian:<name>`.
    pub recipient: String,
    /// As the audit log names it: `student.read`, `student.export`, `session.transcript`; `model.read`.
    pub action: String,
    /// For a client the door and what it asked; otherwise what belongs to the action.
    pub detail: Value,
}

/// Returns who received data about a student, newest first, at most `limit`. Pages that staff viewed are only in the
/// audit log. Needs `students:read`.
pub async fn list_disclosures(
    db: impl Executor<'_>,
    caller: &Caller,
    student_id: StudentId,
    limit: i64,
) -> Result<Vec<Disclosure>> {
    caller.require_student(Scope::StudentsRead, student_id)?;
    Ok(sqlx::query_as!(
        Disclosure,
        r#"with objects as (
               select 'student:' || $1::text as object
               union all
               select 'student:' || merged_id from student_merges where kept_id = $1::uuid
               union all
               select unnest(array['session:' || session_id, 'call:' || call_id]) from sessions where student_id = $1::uuid
           )
           select at as "at!", recipient as "recipient!", action as "action!", detail as "detail!: Value" from (
               select a.at, a.action, a.detail,
                   case a.action when 'report.send' then 'guardian:' || coalesce(g.name, a.detail->>'guardian_id')
                       else a.actor end as recipient
               from audit_entries a join objects o on a.object = o.object
               left join guardians g on a.action = 'report.send' and g.guardian_id::text = a.detail->>'guardian_id'
               where a.action = any(array['student.read', 'student.report', 'student.export', 'session.transcript',
                         'session.analysis', 'recording.play', 'student.reveal_phone', 'student.read_context',
                         'report.send'])
                 and (a.action <> 'student.read' or a.actor not like 'admin:%')
               union all
               select m.at, 'model.read', '{}'::jsonb, 'model:' || m.model from model_calls m
               where m.student_id = $1::uuid
           ) given
           order by at desc limit $2"#,
        student_id as StudentId,
        limit,
    )
    .fetch_all(db)
    .await?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::access::{Role, ScopeSet};
    use crate::audit;
    use crate::clock::now;
    use crate::db::Db;

    #[sqlx::test(migrations = "../../migrations")]
    async fn who_was_given_data_is_listed_and_other_students_are_not(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let (maya, leo) = (StudentId::new(), StudentId::new());
        for (id, call) in [(maya, "c1"), (leo, "c2")] {
            sqlx::query!(
                "with s as (insert into students (student_id, display_name, created_at, updated_at)
                     values ($1, 'A', now(), now()))
                 insert into sessions (session_id, call_id, student_id, status, created_at, updated_at)
                 values (gen_random_uuid(), $2, $1, 'analyzed', now(), now())",
                id as StudentId,
                call,
            )
            .execute(&db)
            .await
            .unwrap();
        }
        let client = Caller::client("app", ScopeSet::all());
        let person = Caller::admin(crate::id::AdminUserId::new(), "dana@example.org", Role::Tutor);
        for (caller, action, object) in [
            (&client, "student.read", format!("student:{maya}")),
            (&client, "student.read", "call:c1".to_owned()),
            (&client, "student.read", "call:c2".to_owned()),
            (&person, "student.read", format!("student:{maya}")),
            (&person, "student.export", format!("student:{maya}")),
            (&person, "student.export", format!("student:{leo}")),
        ] {
            audit::insert_entry(&db, caller, action, Some(&object), &json!({}), now()).await.unwrap();
        }
        let found = list_disclosures(&db, &Caller::operator(), maya, 10).await.unwrap();
        let mut found: Vec<_> = found.iter().map(|one| (&*one.recipient, &*one.action)).collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [
                ("admin:dana@example.org", "student.export"),
                ("client:app", "student.read"),
                ("client:app", "student.read")
            ]
        );
    }
}
