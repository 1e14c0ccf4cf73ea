-- What a person at the dashboard chose for themselves.

alter table admin_users
    -- Their own classes. Lists begin with them. A filter, not a right: see cohorts. No null: users of before had none here.
    add column classes text[] not null default '{}'
        check (array_position(classes, null) is null and cardinality(classes) <= 200),
    -- Whether lists show all students that they see, until they choose their classes again.
    add column shows_all_classes boolean not null default false,
    -- An admin made them responsible for urgent concerns: they get alerts, and cannot turn them off.
    add column is_responsible boolean not null default false,
    -- The hour of their daily digest, in the school's zone. Null: they get none.
    add column digest_hour smallint check (digest_hour between 0 and 23),
    -- The day of the last digest, in the school's zone.
    add column digest_on date;
create index admin_users_digest_idx on admin_users (digest_hour) where digest_hour is not null;

-- As in 0048, and all who are responsible.
create or replace function alert_recipients(concern uuid) returns table (admin_user_id uuid) language sql stable as $$
    select u.admin_user_id
    from follow_ups f
    left join sessions s on s.session_id = f.session_id
    left join students st on st.student_id = coalesce(f.student_id, s.student_id)
    join admin_users u on u.disabled_at is null and (u.is_responsible or coalesce(u.gets_alerts, u.role = 'admin'))
        and (u.role = 'admin' or u.role = 'tutor' and (u.cohorts is null or st.cohort = any(u.cohorts)))
    where f.follow_up_id = concern
$$;

-- What imports did to students, so that an import can be undone. Rows go after 30 days.
create table student_imports (
    import_id   uuid not null,
    student_id  uuid not null references students on delete cascade,
    author      text not null check (length(author) <= 300),
    imported_at timestamptz not null,
    -- The profile before it was changed. Null: the import added the student.
    earlier     jsonb,
    primary key (import_id, student_id)
);
create index student_imports_student_id_idx on student_imports (student_id);
create index student_imports_imported_at_idx on student_imports (imported_at);

-- Answers that no reader was sure of, for people to mark: undecided ones, and those that one unsure reader judged.
create function is_uncertain(findings jsonb) returns boolean language sql immutable parallel safe
return findings->'undecided' <> '[]' or findings @? '$.skills[*].evidence[*] ? (@.noise >= 0.25)';
create index analyses_uncertain_idx on analyses (created_at desc) where is_current and is_uncertain(findings);

create view uncertain_answers as
select a.session_id, a.created_at, a.findings, item.turn_no, item.skill_id, item.found
from analyses a
cross join lateral (
    select (answer->>'turn_no')::int as turn_no, answer->>'skill_id' as skill_id, null::jsonb as found
    from jsonb_array_elements(a.findings->'undecided') answer
    union all
    select (found->>'turn_no')::int, skill->>'skill_id', found
    from jsonb_array_elements(a.findings->'skills') skill, jsonb_array_elements(skill->'evidence') found
    where (found->>'noise')::float8 >= 0.25
) item
where a.is_current and is_uncertain(a.findings)
    -- Without any skill there is nothing to mark.
    and (item.skill_id is not null or a.findings->'skills' <> '[]')
    -- A person reads what was flagged in its place.
    and not coalesce(a.findings->'safety_flags' @> jsonb_build_array(jsonb_build_object('turn_no', item.turn_no)), false)
    and not exists (
        select from evidence p
        where p.session_id = a.session_id and p.turn_no = item.turn_no and p.source = 'person'
            and (item.skill_id is null or p.skill_id = item.skill_id));

-- The marks of people, newest first: how often rules and model agree with them.
create index evidence_marks_idx on evidence (created_at desc) where source = 'person';

-- How attempts of a job failed, the newest last: [{"at": …, "attempt": 3, "error": "the model was away"}]. Short, fixed words.
alter table jobs add column errors jsonb not null default '[]';

create function add_error(errors jsonb, attempt integer, error text) returns jsonb language sql stable
-- Retried by a person again and again, a job keeps its latest errors.
return case when jsonb_array_length(errors) >= 40 then errors - 0 else errors end
    || jsonb_build_array(jsonb_build_object('at', now(), 'attempt', attempt, 'error', error));

-- Kinds of jobs that an admin paused: they wait until the pause ends.
alter table organisation add column paused_kinds text[] not null default '{}'
    check (array_position(paused_kinds, null) is null);
