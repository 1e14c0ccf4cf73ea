-- Why a tool chose a skill, as typed reasons: see storage::student_context::SkillChoice. Staff replay the decision on the page of
-- the session. Null: the tool chose nothing, or was not called in a telephone call. Kept, exported and erased with the row.
alter table tool_calls add column choices jsonb;

-- The first answer of a tool to a call with an idempotency key, for a day. It repeats what the tool stored.
create table tool_answers (
    -- Made of the client, the telephone call, the tool and the key.
    tool_answer_id uuid primary key,
    -- SHA-256 of the arguments: the same key with other arguments is an error.
    arguments_hash bytea not null,
    -- Null: the tool still runs, or was interrupted.
    answer         jsonb,
    -- Null: not known yet, or the answer is about no student.
    student_id     uuid references students on delete cascade,
    -- VAPI's id of the telephone call. Null: the client did not say.
    call_id        text check (char_length(call_id) <= 200),
    at             timestamptz not null
);
create index tool_answers_at_idx on tool_answers (at);
create index tool_answers_student_id_idx on tool_answers (student_id) where student_id is not null;
create index tool_answers_call_id_idx on tool_answers (call_id) where call_id is not null;

-- When a student may be called. It narrows the hours of the organisation and never widens them.
alter table students
    -- In the student's zone. Null: the hours of the organisation alone.
    add column calls_from           time,
    add column calls_until          time,
    add column calls_quiet_weekdays smallint[] not null default '{}',
    add column calls_quiet_days     date[] not null default '{}',
    -- Null: no limit of the student's own.
    add column calls_a_week         smallint check (calls_a_week between 1 and 21),
    add constraint students_calls_hours_check check ((calls_from is null) = (calls_until is null) and calls_from < calls_until);
