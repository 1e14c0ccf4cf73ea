-- Derived rows are written by the transactions that change their sources (shared/src/session/derived.rs and
-- shared/src/attention.rs), no longer by triggers. A daily job compares them with their sources and repairs them.
--
-- While a release before this one runs beside it, what that release writes lags: session_facts, session_topics and
-- attentions, and the dashboards hear of no change, until the daily job repairs the rows of the day. Earlier versions of
-- profiles that such a release changes are not kept.

drop trigger sessions_insert_news on sessions;
drop trigger sessions_update_news on sessions;
drop trigger students_keep_version on students;
drop trigger sessions_insert_count on sessions;
drop trigger sessions_update_count on sessions;
drop trigger analyses_insert_count on analyses;
drop trigger analyses_update_count on analyses;
drop trigger model_calls_insert_count on model_calls;
drop trigger evidence_insert_topics on evidence;
drop trigger evidence_delete_topics on evidence;
drop trigger analyses_update_topics on analyses;
drop trigger skills_update_topics on skills;
drop trigger students_update_topics on students;
drop trigger sessions_update_topics on sessions;
drop trigger sessions_insert_attend on sessions;
drop trigger sessions_update_attend on sessions;
drop trigger sessions_delete_attend on sessions;
drop trigger practices_insert_attend on practices;
drop trigger practices_update_attend on practices;
drop trigger practices_delete_attend on practices;
drop trigger misconceptions_insert_attend on misconceptions;
drop trigger misconceptions_update_attend on misconceptions;
drop trigger misconceptions_delete_attend on misconceptions;
drop trigger follow_ups_insert_attend on follow_ups;
drop trigger follow_ups_update_attend on follow_ups;

drop function tell_session_news();
drop function keep_student_version();
drop function count_sessions();
drop function count_analyses();
drop function count_model_calls();
drop function find_topics();
drop function find_topics_of_skill();
drop function grade_topics_of_student();
drop function grade_topics_of_session();
drop function attend_to_changed();
drop function attend_to_sessions();
drop function attend_to_follow_ups();
drop function refresh_attentions(uuid[]);
drop function attention_reasons(uuid[]);
drop function refresh_session_topics(uuid[]);
drop function add_session_topics(uuid[]);
drop function refresh_session_labels(uuid[]);
drop function refresh_session_facts(uuid[]);

-- Sums that nothing has read since 0038.
drop view pair_facts;
drop view cut_facts;
drop table session_sums;
drop table days_to_recount;
drop table analytics_zones;

-- What a session was about, in one table: skills and subjects that its analysis names or that its evidence shows, and
-- beliefs that were wrong. The lists of sessions and the analytics read the same rows.
alter table session_topics add column kind text not null default 'skill' check (kind in ('subject', 'skill', 'belief'));
update session_topics set kind = 'subject' where position('.' in topic) = 0;
alter table session_topics alter column kind drop default, drop constraint session_topics_pkey;
insert into session_topics (session_id, kind, topic, grade, created_at)
select l.session_id, l.kind, l.label, st.grade, s.created_at
from session_labels l join sessions s on s.session_id = l.session_id
left join students st on st.student_id = s.student_id
where not exists (
    select from session_topics t where t.session_id = l.session_id and t.kind = l.kind and t.topic = l.label);
alter table session_topics add primary key (session_id, kind, topic);

-- The release before this one reads it while both run. The next release drops it.
drop table session_labels;
create view session_labels as select session_id, kind, topic as label from session_topics;

-- What attention.rs reads of one student, along an index however many calls they had.
create index sessions_attention_idx on sessions (student_id, created_at) where status = 'needs_attention';
