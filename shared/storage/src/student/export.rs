//! Exports all data about one student, for people who have a right to it.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::access::{Caller, Scope};
use crate::audit;
use crate::db::{Connection, Error, Result};
use crate::disclosure;
use crate::erasure::traces;
use crate::id::StudentId;

/// Every row about the student, as one JSON object with a field for each table; turns, analyses and the calls of tools are in
/// their sessions. It covers what an erasure deletes, also calls without a student that an erasure finds by their number. Writes
/// the audit entry: commit before it is answered. Needs `students:read` and `sessions:read`.
pub async fn export(tx: &mut Connection, caller: &Caller, student_id: StudentId, now: DateTime<Utc>) -> Result<Value> {
    caller.require_student(Scope::StudentsRead, student_id)?;
    caller.require_student(Scope::SessionsRead, student_id)?;
    let numbers = traces::list_unclaimed_numbers(&mut *tx, student_id).await?;
    let all = sqlx::query_scalar!(
        r#"select jsonb_build_object(
               'exported_at', $2::timestamptz,
               'student', to_jsonb(st) - '{name_key,name_words}'::text[],
               'phones', (select coalesce(jsonb_agg(p.phone order by p.phone), '[]')
                   from student_phones p where p.student_id = st.student_id),
               'past_phones', (select coalesce(jsonb_agg(p.phone order by p.phone), '[]')
                   from past_phones p where p.student_id = st.student_id),
               'earlier_versions', (select coalesce(jsonb_agg(to_jsonb(v) order by v.valid_to), '[]')
                   from student_versions v where v.student_id = st.student_id),
               'subjects_off', (select coalesce(jsonb_agg(o.subject_id order by o.subject_id), '[]')
                   from student_subjects_off o where o.student_id = st.student_id),
               'sessions', (select coalesce(jsonb_agg(to_jsonb(s) || jsonb_build_object(
                       'turns', (select coalesce(jsonb_agg(to_jsonb(t) - 'session_id' order by t.turn_no), '[]')
                           from turns t where t.session_id = s.session_id),
                       'tool_calls', (select coalesce(jsonb_agg(to_jsonb(c) order by c.at, c.tool_call_id), '[]')
                           from tool_calls c where c.call_id = s.call_id),
                       'call_assurances', (select coalesce(jsonb_agg(to_jsonb(ca) - 'session_id'), '[]')
                           from call_assurances ca where ca.session_id = s.session_id),
                       'deliveries', (select coalesce(jsonb_agg(to_jsonb(d) - 'body'
                               || jsonb_build_object('body_base64', encode(d.body, 'base64'))
                               order by d.received_at, d.delivery_id), '[]')
                           from deliveries d where d.call_id = s.call_id),
                       'analyses', (select coalesce(jsonb_agg(to_jsonb(a) order by a.created_at), '[]')
                           from analyses a where a.session_id = s.session_id)) order by s.created_at), '[]')
                   from sessions s where s.student_id = st.student_id
                       or s.student_id is null and s.caller_phone = any($3)),
               'deliveries_of_no_session', (select coalesce(jsonb_agg(to_jsonb(d) - 'body'
                       || jsonb_build_object('body_base64', encode(d.body, 'base64')) order by d.received_at, d.delivery_id), '[]')
                   from loose_bodies(array(select ltrim(n, '+') from unnest($3::text[]) as n)) l
                       join deliveries d using (delivery_id)),
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
                   from follow_ups f where f.student_id = st.student_id
                       or f.student_id is null and (f.caller_phone = any($3)
                           or f.session_id in (select s.session_id from sessions s where s.student_id = st.student_id
                                   or s.student_id is null and s.caller_phone = any($3)))),
                'outbound_calls', (select coalesce(jsonb_agg(to_jsonb(o) order by o.due_at), '[]')
                    from outbound_calls o where o.student_id = st.student_id),
               'guardian_reports', (select coalesce(jsonb_agg(to_jsonb(r) order by r.created_at), '[]')
                   from guardian_reports r where r.student_id = st.student_id),
               'messages', (select coalesce(jsonb_agg(to_jsonb(m) order by m.created_at), '[]')
                   from messages m where m.student_id = st.student_id
                       or m.report_id in (select r.report_id from guardian_reports r where r.student_id = st.student_id)
                       or m.session_id in (select s.session_id from sessions s where s.student_id = st.student_id)
                       or m.follow_up_id in (select f.follow_up_id from follow_ups f where f.student_id = st.student_id)
                       or m.family_grant_id in (select g.family_grant_id from family_grants g where g.student_id = st.student_id)),
               'erasures', (select coalesce(jsonb_agg(to_jsonb(e) order by e.requested_at), '[]')
                   from erasures e where e.student_id = st.student_id),
               'attentions', (select coalesce(jsonb_agg(to_jsonb(a) order by a.reason), '[]')
                   from attentions a where a.student_id = st.student_id),
               'guardians', (select coalesce(jsonb_agg(to_jsonb(g) || jsonb_build_object('relation', sg.relation)
                       order by g.name), '[]')
                   from student_guardians sg join guardians g using (guardian_id) where sg.student_id = st.student_id),
               'consents', (select coalesce(jsonb_agg(to_jsonb(c) order by c.recorded_at, c.consent_id), '[]')
                   from consents c where c.student_id = st.student_id),
               'caller_codes', (select coalesce(jsonb_agg(to_jsonb(c) - 'code_hash' order by c.kind), '[]')
                   from caller_codes c where c.student_id = st.student_id),
               'family_grants', (select coalesce(jsonb_agg(to_jsonb(g) - '{code_hash,family_hash,turn_hash}'::text[]
                       order by g.created_at), '[]')
                   from family_grants g where g.student_id = st.student_id),
               'model_calls', (select coalesce(jsonb_agg(to_jsonb(m) order by m.model_call_id), '[]')
                   from model_calls m where m.student_id = st.student_id),
               'merges', (select coalesce(jsonb_agg(to_jsonb(m) #- '{archive,caller_codes}' order by m.merged_at), '[]')
                   from student_merges m where m.kept_id = st.student_id),
               'imports', (select coalesce(jsonb_agg(to_jsonb(i) order by i.imported_at), '[]')
                   from student_imports i where i.student_id = st.student_id),
               'context', (select c.prepared from student_contexts c where c.student_id = st.student_id)
           ) as "all!"
           from students st
           where st.student_id = $1"#,
        student_id as StudentId,
        now,
        &numbers,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound("student"))?;
    let mut all = all;
    // Whole: a page shows the newest ones.
    let disclosures = disclosure::list_disclosures(&mut *tx, caller, student_id, i64::MAX).await?;
    all["disclosures"] = serde_json::to_value(disclosures).map_err(|_| Error::Corrupt("disclosures"))?;
    let object = format!("student:{student_id}");
    audit::insert_entry(tx, caller, "student.export", Some(&object), &serde_json::json!({}), now).await?;
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::now;
    use crate::db::Db;

    /// Where the export has a table.
    enum Place {
        Field(&'static str),
        OfSession(&'static str),
        /// Why it is left out.
        #[expect(dead_code, reason = "for the reader")]
        Nowhere(&'static str),
    }
    use Place::{Field, Nowhere, OfSession};

    /// Every table that may hold something about a student.
    const TABLES: [(&str, Place); 42] = [
        ("students", Field("student")),
        ("student_phones", Field("phones")),
        ("past_phones", Field("past_phones")),
        ("erasures", Field("erasures")),
        ("erased_calls", Nowhere("ids of calls that are gone")),
        ("student_merges", Field("merges")),
        ("student_versions", Field("earlier_versions")),
        ("student_imports", Field("imports")),
        ("student_subjects_off", Field("subjects_off")),
        ("student_contexts", Field("context")),
        ("sessions", Field("sessions")),
        ("turns", OfSession("turns")),
        ("tool_calls", OfSession("tool_calls")),
        ("tool_answers", Nowhere("for a day, what tools answered; it repeats what they stored")),
        ("analyses", OfSession("analyses")),
        ("deliveries", OfSession("deliveries")),
        ("call_assurances", OfSession("call_assurances")),
        ("evidence", Field("evidence")),
        ("mastery", Field("mastery")),
        ("practices", Field("practices")),
        ("misconceptions", Field("misconceptions")),
        ("facts", Field("facts")),
        ("recent_questions", Field("recent_questions")),
        ("notes", Field("notes")),
        ("follow_ups", Field("follow_ups")),
        ("attentions", Field("attentions")),
        ("messages", Field("messages")),
        ("outbound_calls", Field("outbound_calls")),
        ("guardian_reports", Field("guardian_reports")),
        ("guardians", Field("guardians")),
        ("student_guardians", Field("guardians")),
        ("consents", Field("consents")),
        ("caller_codes", Field("caller_codes")),
        ("family_grants", Field("family_grants")),
        ("model_calls", Field("model_calls")),
        ("audit_entries", Field("disclosures")),
        ("session_words", Nowhere("an index over turns and summaries")),
        ("session_topics", Nowhere("computed from analyses and evidence")),
        ("session_facts", Nowhere("computed from sessions and analyses")),
        ("jobs", Nowhere("ids of sessions and deliveries, and how the work goes")),
        ("saved_views", Nowhere("filters that people of the dashboard keep")),
        ("skills", Nowhere("the curriculum")),
    ];

    #[sqlx::test(migrations = "../../migrations")]
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
        sqlx::query!(
            "insert into sessions (session_id, call_id, student_id, status, created_at, updated_at)
             values (gen_random_uuid(), 'c1', $1, 'analyzed', now(), now())",
            student_id as StudentId,
        )
        .execute(&db)
        .await
        .unwrap();
        let mut connection = db.acquire().await.unwrap();
        let all = export(&mut connection, &Caller::operator(), student_id, now()).await.unwrap();
        assert_eq!(all["student"]["display_name"], "Ada");
        let columns: Vec<String> = sqlx::query_scalar(
            "select distinct c.table_name::text from information_schema.columns c
                 join information_schema.tables t using (table_schema, table_name)
             where c.table_schema = 'public' and t.table_type = 'BASE TABLE'
               and (c.column_name in ('student_id', 'session_id', 'call_id', 'guardian_id', 'phone', 'caller_phone', 'object')
                    or c.table_name in (select conrelid::regclass::text from pg_constraint
                                        where contype = 'f' and confrelid in ('students'::regclass, 'sessions'::regclass)))",
        )
        .fetch_all(&db)
        .await
        .unwrap();
        assert!(columns.len() > 25, "{columns:?}");
        for table in columns {
            let known = TABLES.iter().find(|(known, _)| *known == table);
            match known.unwrap_or_else(|| panic!("{table} may be about a student: export it, or say here why not")).1 {
                Place::Field(field) => assert!(all.get(field).is_some(), "{table} is in the export as {field}"),
                Place::OfSession(field) => {
                    assert!(
                        all["sessions"][0].get(field).is_some(),
                        "{table} is in the export of a session as {field}"
                    );
                }
                Place::Nowhere(_) => {}
            }
        }
        let n = sqlx::query_scalar!("select count(*) from audit_entries where action = 'student.export'");
        assert_eq!(n.fetch_one(&db).await.unwrap(), Some(1));
        assert!(export(&mut connection, &Caller::operator(), StudentId::new(), now()).await.is_err());
    }
}
