//! The rows from which the figures are counted, and how they change later.

use secrecy::SecretString;
use storage::access::Caller;
use storage::db::{self, Db};
use storage::id::StudentId;

use crate::psql::psql;

/// Inserts students, calls around the midnights of many days and around every clock change, findings, and what was
/// learnt.
pub fn write_rows(url: &SecretString, zone: &str) {
    let sql = "
        insert into students (student_id, display_name, cohort, grade, created_at, updated_at)
        select ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'Student', (array['Period 3 math', '=SUM(A1)', null, 'Period 3 math'])[n],
            (array[6, null, 7, 6])[n], now(), now() from generate_series(1, 4) n;
        create table days as
            select d::date as day from generate_series((now() at time zone ZONE)::date - 727, (now() at time zone ZONE)::date + 1, interval '1 day') d
            where ((now() at time zone ZONE)::date - d::date) in (-1, 0, 1, 2, 6, 7, 8, 13, 14, 27, 28, 29, 41, 55, 56, 363, 364)
               or (d::timestamp at time zone ZONE) - ((d - interval '1 day')::timestamp at time zone ZONE) <> interval '24 hours';
        create table calls as
            select row_number() over (order by day, side, copy)::int as n, (day::timestamp at time zone ZONE) + side * interval '1 second' as at
            from days, unnest(array[-1, 0, 1, 5400]) side, generate_series(1, 2) copy
            where (day::timestamp at time zone ZONE) + side * interval '1 second' < now() - interval '2 hours';
        insert into sessions (session_id, call_id, student_id, status, assistant_name, assistant_version, started_at, ended_at,
            ended_reason, cost_microusd, created_at, updated_at, analyzed_at)
        select md5('s' || n)::uuid, 'call-' || n,
            case when n % 5 > 0 then ('00000000-0000-0000-0000-00000000000' || n % 5)::uuid end,
            case n % 7 when 0 then 'needs_attention' when 1 then 'received' else 'analyzed' end,
            'Ms Bell', 'v' || n % 2, at, at + case n % 3 when 0 then interval '59.5 s' when 1 then interval '60 s' else interval '37 min' end,
            (array['customer-ended-call', 'silence-timed-out'])[1 + n % 2], case when n % 4 > 0 then n * 1000 end, at, at,
            case when n % 7 > 1 then at + interval '37 min' + case n % 4 when 0 then interval '3 s' when 1 then interval '9 min'
                when 2 then interval '30 min' else interval '2 days' end end
        from calls;
        insert into analyses (analysis_id, session_id, analyser, analyser_version, status, findings, is_current, duration_ms, created_at)
        select md5('a' || n)::uuid, md5('s' || n)::uuid, 'rules', '1', 'baseline', FINDINGS, true, n, at from calls where n % 7 > 1;
        insert into model_calls (at, session_id, model, prompt_version, outcome, input_tokens, output_tokens, cost_microusd, duration_ms)
        select at, md5('s' || n)::uuid, 'm', '1', 'ok', 1, 1, n * 10 + k, 5 from calls, generate_series(1, 2) k where n % 6 = 0;
        insert into practices (student_id, skill_id, practice_no, session_id, practised_at, gain, due_at, next_at)
        select ('00000000-0000-0000-0000-00000000000' || n % 5)::uuid, SKILL, n, md5('s' || n)::uuid, at, sin(n),
            at + n % 4 * interval '3 days', case n % 3 when 0 then at + interval '1 day' when 1 then at + interval '9 days' end
        from calls where n % 7 > 1 and n % 5 > 0;";
    psql(url, &sql.replace("FINDINGS", &findings(0)).replace("SKILL", SKILL).replace("ZONE", &format!("'{zone}'")));
}

const SKILL: &str = "(select skill_id from skills order by skill_id limit 1 offset n % 3)";

/// Returns the SQL of the findings in call `n`. Another `shift` gives other findings.
fn findings(shift: i32) -> String {
    format!(
        "jsonb_build_object('figures', jsonb_build_object('n_words_tutor', 200 + n + {shift}, 'n_words_student', 50 + n % 90),
            'engagement', case when n % 3 > 0 then jsonb_build_object('level', (array['low', 'medium', 'high'])[1 + (n + {shift}) % 3]) end,
            'skills', jsonb_build_array(jsonb_build_object('skill_id', {SKILL})),
            'misconceptions', case when n % 4 = 0 then jsonb_build_array(jsonb_build_object('belief', (array['Adds the denominators.', '@home is a verb'])[1 + (n + {shift}) % 2]))
                else '[]' end,
            'tutoring', case when n % 9 > 0 then jsonb_build_object('score', (n + {shift}) % 100, 'n_errors', 4, 'n_told_at_once', n % 4, 'n_questions', 5,
                'n_hurried', n % 3, 'n_process_praise', 3, 'n_person_praise', n % 2, 'n_checks', n % 6) end)"
    )
}

/// Changes rows that were counted: a new analysis, a student assigned, another cohort and grade, a longer call, and an
/// erasure.
pub async fn change(url: &SecretString, db: &Db) {
    let sql = "
        update analyses set is_current = false where session_id in (select md5('s' || n)::uuid from calls where n % 3 = 0);
        insert into analyses (analysis_id, session_id, analyser, analyser_version, status, findings, is_current, duration_ms, created_at)
        select md5('b' || n)::uuid, md5('s' || n)::uuid, 'rules', '2', 'baseline', FINDINGS, true, n, at from calls where n % 3 = 0;
        update sessions set student_id = '00000000-0000-0000-0000-000000000002' where student_id is null and cost_microusd % 3000 = 0;
        update students set cohort = 'Period 4', updated_at = now() where student_id = '00000000-0000-0000-0000-000000000001';
        update students set grade = 8, updated_at = now() where student_id = '00000000-0000-0000-0000-000000000003';
        update sessions set ended_at = ended_at + interval '3 minutes', created_at = created_at - interval '2 seconds' where cost_microusd % 11000 = 0;
        update practices set gain = gain / 2, due_at = due_at + interval '1 day' where practice_no % 4 = 0;";
    psql(url, &sql.replace("FINDINGS", &findings(1)));
    storage::consistency::refresh_all(db).await.unwrap();
    let mut tx = db::begin(db).await.unwrap();
    let erased = StudentId("00000000-0000-0000-0000-000000000004".parse().unwrap());
    storage::erasure::erase_student(&mut tx, &Caller::operator(), erased, storage::clock::now()).await.unwrap();
    tx.commit().await.unwrap();
}
