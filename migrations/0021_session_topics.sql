-- The list of sessions by what they were about. Whether a skill was seen in a session is said by its evidence; to ask that
-- of one session after another reads the whole list where a skill and a grade have nothing in common.

-- Each skill of which a session holds evidence that counts, and its subject: ids of skills have dots, those of subjects
-- have none. Beside it what the list is narrowed and sorted by. Derived in whole by the triggers below.
create table session_topics (
    session_id uuid not null references sessions on delete cascade,
    topic      text not null,
    -- The student's, today.
    grade      smallint,
    -- The session's.
    created_at timestamptz not null
);

create function add_session_topics(ids uuid[]) returns void language sql as $$
    insert into session_topics (session_id, topic, grade, created_at)
    select distinct s.session_id, t.topic, st.grade, s.created_at
    from evidence e
    join sessions s on s.session_id = e.session_id
    join skills k on k.skill_id = e.skill_id
    left join students st on st.student_id = s.student_id
    left join analyses a on a.analysis_id = e.analysis_id
    cross join lateral (values (e.skill_id), (k.subject_id)) as t (topic)
    -- What an earlier analysis saw counts no more.
    where e.session_id = any(ids) and (e.analysis_id is null or a.is_current)
    on conflict do nothing
$$;

create function refresh_session_topics(ids uuid[]) returns void language sql as $$
    delete from session_topics where session_id = any(ids);
    select add_session_topics(ids)
$$;

create function find_topics() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        perform add_session_topics((select array_agg(distinct session_id) from changed));
    else
        perform refresh_session_topics((select array_agg(distinct session_id) from changed));
    end if;
    return null;
end
$$;
create trigger evidence_insert_topics after insert on evidence
    referencing new table as changed for each statement execute function find_topics();
create trigger evidence_delete_topics after delete on evidence
    referencing old table as changed for each statement execute function find_topics();
create trigger analyses_update_topics after update on analyses
    referencing new table as changed for each statement execute function find_topics();

create function find_topics_of_skill() returns trigger language plpgsql as $$
begin
    perform refresh_session_topics((select array_agg(distinct session_id) from evidence where skill_id = new.skill_id));
    return null;
end
$$;
create trigger skills_update_topics after update on skills for each row
    when (old.subject_id is distinct from new.subject_id) execute function find_topics_of_skill();

create function grade_topics_of_student() returns trigger language plpgsql as $$
begin
    update session_topics t set grade = new.grade
    from sessions s where s.student_id = new.student_id and t.session_id = s.session_id;
    return null;
end
$$;
create trigger students_update_topics after update on students for each row
    when (old.grade is distinct from new.grade) execute function grade_topics_of_student();

create function grade_topics_of_session() returns trigger language plpgsql as $$
begin
    update session_topics set grade = (select grade from students where student_id = new.student_id)
    where session_id = new.session_id;
    return null;
end
$$;
create trigger sessions_update_topics after update on sessions for each row
    when (old.student_id is distinct from new.student_id) execute function grade_topics_of_session();

-- What is there already; the indexes only now, which is quicker by far.
insert into session_topics (session_id, topic, grade, created_at)
select distinct s.session_id, t.topic, st.grade, s.created_at
from (
    select distinct e.session_id, e.skill_id from evidence e left join analyses a on a.analysis_id = e.analysis_id
    where e.session_id is not null and (e.analysis_id is null or a.is_current)
) e
join sessions s on s.session_id = e.session_id
join skills k on k.skill_id = e.skill_id
left join students st on st.student_id = s.student_id
cross join lateral (values (e.skill_id), (k.subject_id)) as t (topic);
alter table session_topics add primary key (session_id, topic);
create index session_topics_topic_idx on session_topics (topic, created_at desc, session_id desc);
create index session_topics_grade_idx on session_topics (topic, grade, created_at desc, session_id desc);

-- How many jobs of each kind are open: every page with figures of the queue asks.
create index jobs_open_idx on jobs (state, kind) where state in ('ready', 'sent', 'running', 'needs_attention');

-- Days are counted in UTC whoever looks, so that there is something to show a zone whose own are still being counted.
insert into analytics_zones (zone, asked_at) values ('UTC', now()) on conflict do nothing;
create index days_to_recount_zone_idx on days_to_recount (zone) where zone is not null;
