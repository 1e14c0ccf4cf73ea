-- Students and guardians read about their own by an app: staff give them a code, and the app exchanges it for tokens.

create table family_grants (
    family_grant_id uuid primary key,
    -- From whose page it was given. It ends if this student is erased or merged.
    student_id      uuid not null references students on delete cascade,
    -- Null: it is the student's own.
    guardian_id     uuid references guardians on delete cascade,
    given_by        text not null,
    -- SHA-256 of the code. Null: no code was made yet, or it was used.
    code_hash       bytea constraint family_grants_code_hash_key unique,
    -- When the code was exchanged. Null: not yet.
    used_at         timestamptz,
    -- SHA-256 of the two halves of the refresh token, as in agent_grants.
    family_hash     bytea constraint family_grants_family_hash_key unique,
    turn_hash       bytea,
    created_at      timestamptz not null,
    -- Null: never.
    last_used_at    timestamptz,
    -- First the end of the code, then of the refresh token.
    expires_at      timestamptz not null,
    -- When staff, the app or a misused token ended it, or no student was left to read about.
    ended_at        timestamptz,
    check ((family_hash is null) = (turn_hash is null) and (family_hash is null) = (used_at is null)),
    check (code_hash is null or used_at is null)
);
create index family_grants_student_id_idx on family_grants (student_id);
create index family_grants_guardian_id_idx on family_grants (guardian_id) where guardian_id is not null;

-- The students that the holder may read about: the student alone, or those of the guardian. Without consent to lessons, none.
create function family_students(of_grant uuid, at timestamptz) returns setof students language sql stable as $$
    select s.* from family_grants g join students s on s.student_id = g.student_id
    where g.family_grant_id = of_grant and g.guardian_id is null and g.ended_at is null and not is_silent(s.student_id, s.status, at)
    union all
    select s.* from family_grants g join student_guardians sg on sg.guardian_id = g.guardian_id
        join students s on s.student_id = sg.student_id
    where g.family_grant_id = of_grant and g.ended_at is null and not is_silent(s.student_id, s.status, at)
$$;

-- An e-mail with a code goes with its grant.
alter table messages add column family_grant_id uuid references family_grants on delete cascade;
create index messages_family_grant_id_idx on messages (family_grant_id) where family_grant_id is not null;

-- A roster that the worker reads on a schedule: see storage::roster_sync. One row for each run.
create table roster_syncs (
    roster_sync_id uuid primary key,
    -- needs_person: it was read, and waits for approval. dropped: a later run was read meanwhile.
    state       text not null default 'waiting' check (state in ('waiting', 'needs_person', 'done', 'failed', 'dropped')),
    -- Each approval has its own job.
    round       integer not null default 1,
    -- Null: it needed no approval.
    approved_by text,
    -- SHA-256 of what was read: an approval counts for the same files only. Null: nothing was read yet.
    fingerprint bytea,
    -- How many students, or rows that could not be read. Null: nothing was read yet.
    n_added     integer,
    n_changed   integer,
    n_unchanged integer,
    n_left      integer,
    n_blocked   integer,
    n_refused   integer,
    -- Lines and fields that could not be read, without their values. The first ones.
    problems    text[] not null default '{}',
    -- Fixed words: why it failed, or why a person is asked.
    why         text,
    created_at  timestamptz not null,
    finished_at timestamptz
);
-- At most one run at a time.
create unique index roster_syncs_waiting_key on roster_syncs ((true)) where state = 'waiting';
create index roster_syncs_created_at_idx on roster_syncs (created_at);

-- Whether a scheduled roster has had the student. Only these leave their class if the roster lacks them.
alter table students add column in_roster boolean not null default false;
create index students_in_roster_idx on students (external_id) where in_roster;
