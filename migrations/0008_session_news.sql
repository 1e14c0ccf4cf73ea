-- Tells whoever listens that a session changed, so that dashboards show it without a reload. A hint: nothing depends on it.

create function tell_session_news() returns trigger language plpgsql as $$
declare
    n_changed bigint;
    session_id text;
begin
    select count(*), min(changed.session_id::text) into n_changed, session_id from changed;
    if n_changed > 0 then
        -- Many at once, as an import makes them, are one piece of news without a name.
        perform pg_notify('session_news', case when n_changed = 1 then session_id else '' end);
    end if;
    return null;
end
$$;

create trigger sessions_insert_news after insert on sessions
    referencing new table as changed for each statement execute function tell_session_news();
create trigger sessions_update_news after update on sessions
    referencing new table as changed for each statement execute function tell_session_news();
