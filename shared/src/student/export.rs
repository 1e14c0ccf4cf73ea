//! All that is kept of one student, for whoever has a right to it.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::access::{Caller, Scope};
use crate::audit;
use crate::db::{Connection, Error, Result};
use crate::id::StudentId;

/// Every row about the student, as one JSON object with a field for each table; turns, analyses and the calls
/// of tools stand with their sessions. Writes the audit entry: commit before it is answered. Needs `students:read` and `sessions:read`.
pub async fn export(tx: &mut Connection, caller: &Caller, student_id: StudentId, now: DateTime<Utc>) -> Result<Value> {
    caller.require_student(Scope::StudentsRead, student_id)?;
    caller.require_student(Scope::SessionsRead, student_id)?;
    let all = sqlx::query_scalar!(
        r#"select jsonb_build_object(
               'exported_at', $2::timestamptz,
               'student', to_jsonb(st) - '{name_key,name_words}'::text[],
               'phones', (select coalesce(jsonb_agg(p.phone order by p.phone), '[]')
                   from student_phones p where p.student_id = st.student_id),
               'earlier_versions', (select coalesce(jsonb_agg(to_jsonb(v) order by v.valid_to), '[]')
                   from student_versions v where v.student_id = st.student_id),
               'subjects_off', (select coalesce(jsonb_agg(o.subject_id order by o.subject_id), '[]')
                   from student_subjects_off o where o.student_id = st.student_id),
               'sessions', (select coalesce(jsonb_agg(to_jsonb(s) || jsonb_build_object(
                       'turns', (select coalesce(jsonb_agg(to_jsonb(t) - 'session_id' order by t.turn_no), '[]')
                           from turns t where t.session_id = s.session_id),
                       'tool_calls', (select coalesce(jsonb_agg(to_jsonb(c) order by c.at, c.tool_call_id), '[]')
                           from tool_calls c where c.call_id = s.call_id),
                       'analyses', (select coalesce(jsonb_agg(to_jsonb(a) order by a.created_at), '[]')
                           from analyses a where a.session_id = s.session_id)) order by s.created_at), '[]')
                   from sessions s where s.student_id = st.student_id),
               'evidence', (select coalesce(jsonb_agg(to_jsonb(e) order by e.observed_at), '[]')
                   from evidence e where e.student_id = st.student_id),
               'mastery', (select coalesce(jsonb_agg(to_jsonb(m) order by m.skill_id), '[]')
                   from mastery m where m.student_id = st.student_id),
               'practices', (select coalesce(jsonb_agg(to_jsonb(p) order by p.skill_id, p.practice_no), '[]')
                   from practices p where p.student_id = st.student_id),
               'misconceptions', (select coalesce(jsonb_agg(to_jsonb(m) order by m.first_seen_at), '[]')
                   from misconceptions m where m.student_id = st.student_id),
               'facts', (select coalesce(jsonb_agg(to_jsonb(f) order by f.valid_from), '[]')
                   from facts f where f.student_id = st.student_id),
               'recent_questions', (select coalesce(jsonb_agg(q.question_ids), '[]')
                   from recent_questions q where q.student_id = st.student_id),
               'notes', (select coalesce(jsonb_agg(to_jsonb(n) order by n.created_at), '[]')
                   from notes n where n.student_id = st.student_id),
               'follow_ups', (select coalesce(jsonb_agg(to_jsonb(f) order by f.created_at), '[]')
                   from follow_ups f where f.student_id = st.student_id),
               'attentions', (select coalesce(jsonb_agg(to_jsonb(a) order by a.reason), '[]')
                   from attentions a where a.student_id = st.student_id),
               'context', (select c.prepared from student_contexts c where c.student_id = st.student_id)
           ) as "all!" from students st where st.student_id = $1"#,
        student_id as StudentId,
        now,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound("student"))?;
    let object = format!("student:{student_id}");
    audit::insert_entry(tx, caller, "student.export", Some(&object), &serde_json::json!({}), now).await?;
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::now;
    use crate::db::Db;

    #[sqlx::test(migrations = "../migrations")]
    async fn all_tables_that_point_at_a_student_are_in_it_and_it_is_recorded(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let student_id = StudentId::new();
        sqlx::query!(
            "insert into students (student_id, display_name, created_at, updated_at) values ($1, 'Ada', now(), now())",
            student_id as StudentId,
        )
        .execute(&db)
        .await
        .unwrap();
        let mut connection = db.acquire().await.unwrap();
        let all = export(&mut connection, &Caller::operator(), student_id, now()).await.unwrap();
        assert_eq!(all["student"]["display_name"], "Ada");
        let tables = sqlx::query_scalar!(
            r#"select distinct conrelid::regclass::text as "name!" from pg_constraint
               where contype = 'f' and confrelid = 'students'::regclass"#,
        );
        for table in tables.fetch_all(&db).await.unwrap() {
            let field = match &table[..] {
                "student_phones" => "phones",
                "student_versions" => "earlier_versions",
                "student_subjects_off" => "subjects_off",
                "student_contexts" => "context",
                // What a model cost us says nothing of the student; introductions end when the call does.
                "model_calls" => continue,
                table => table,
            };
            assert!(all.get(field).is_some(), "{table} is in the export");
        }
        let n = sqlx::query_scalar!("select count(*) from audit_entries where action = 'student.export'");
        assert_eq!(n.fetch_one(&db).await.unwrap(), Some(1));
        assert!(export(&mut connection, &Caller::operator(), StudentId::new(), now()).await.is_err());
    }
}
