-- Subjects that a student is not taught, and what language models cost us.

-- A row switches the subject off: nothing of it is proposed to the student. What was learnt of it stays.
create table student_subjects_off (
    student_id uuid not null references students on delete cascade,
    subject_id text not null references subjects on delete cascade,
    primary key (student_id, subject_id)
);

-- One question to a language model, answered or not: for budgets and for the bill.
create table model_calls (
    model_call_id  bigint generated always as identity primary key,
    at             timestamptz not null,
    -- Null: the session was erased; what it cost stays.
    session_id     uuid references sessions on delete set null,
    student_id     uuid references students on delete set null,
    model          text not null,
    prompt_version text not null,
    -- ok, or why not, in the fixed words of worker::llm::Fault.
    outcome        text not null,
    input_tokens   integer not null,
    output_tokens  integer not null,
    -- By the prices that were configured then; null: none were.
    cost_microusd  bigint,
    duration_ms    integer not null
);
create index model_calls_at_idx on model_calls (at);
create index model_calls_student_id_idx on model_calls (student_id, at) where student_id is not null;
