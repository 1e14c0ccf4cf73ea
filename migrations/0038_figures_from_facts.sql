-- Analytics add up `session_facts` when somebody looks. Nothing is added up ahead any more, so no change has to mark a day.
drop trigger practices_insert_count on practices;
drop trigger practices_update_count on practices;
drop trigger practices_delete_count on practices;
drop trigger students_update_count on students;
drop trigger sessions_delete_count on sessions;
drop function count_practices();
drop function count_student();

create or replace function count_sessions() returns trigger language plpgsql as $$
begin
    perform refresh_session_facts((select array_agg(session_id) from changed));
    return null;
end
$$;

create or replace function count_analyses() returns trigger language plpgsql as $$
declare
    ids uuid[] := (select array_agg(distinct session_id) from changed);
begin
    perform refresh_session_facts(ids);
    perform refresh_session_labels(ids);
    return null;
end
$$;

create or replace function count_model_calls() returns trigger language plpgsql as $$
begin
    perform refresh_session_facts((select array_agg(distinct session_id) from changed where session_id is not null));
    return null;
end
$$;

drop function mark_days(timestamptz[]);

-- What a release before this one still reads while both run. The next release drops it: `session_sums`, `days_to_recount`,
-- `analytics_zones`, `pair_facts` and `cut_facts`.
delete from analytics_zones;
truncate days_to_recount;
