-- What the list of sessions is narrowed and sorted by, views of it that people keep, and what a call's price is made of.

-- How long a call lasted, in milliseconds; -1: nobody knows yet. Read backwards for the shortest first.
create index sessions_length_idx on sessions
    ((coalesce((extract(epoch from (ended_at - started_at)) * 1000)::bigint, -1)) desc, session_id desc);
create index sessions_cost_idx on sessions ((coalesce(cost_microusd, -1)) desc, session_id desc);
create index sessions_ended_reason_idx on sessions (ended_reason, created_at desc, session_id desc);
create index sessions_assistant_idx on sessions (assistant_name, assistant_version, created_at desc, session_id desc);
create index students_grade_idx on students (grade, student_id);
create index evidence_skill_id_idx on evidence (skill_id, session_id);

-- What the call's cost is made of, as VAPI's report has it: [{"part": "voice", "microusd": 11200}].
alter table sessions add column cost_parts jsonb;

-- A list as one person likes to look at it: a name for what stands in the address.
create table saved_views (
    saved_view_id uuid primary key,
    admin_user_id uuid not null references admin_users on delete cascade,
    -- Whose list it is a view of: `sessions`, `students`.
    page          text not null check (page ~ '^[a-z_]{1,40}$'),
    name          text not null check (char_length(name) between 1 and 60),
    -- What stands behind the question mark; empty: everything.
    query         text not null check (char_length(query) <= 2000),
    created_at    timestamptz not null,
    constraint saved_views_admin_user_id_page_name_key unique (admin_user_id, page, name)
);
