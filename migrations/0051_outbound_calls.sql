-- Calls that the tutor places: callbacks, and the regular calls of a student.

-- When and how often students are called. Hours are local to each student.
alter table organisation
    add column calls_are_on         boolean not null default false,
    add column calls_from           time not null default '09:00',
    add column calls_until          time not null default '19:00',
    -- 1 is Monday.
    add column calls_quiet_weekdays smallint[] not null default '{7}' check (calls_quiet_weekdays <@ '{1,2,3,4,5,6,7}'),
    -- Holidays.
    add column calls_quiet_days     date[] not null default '{}',
    -- To one student.
    add column calls_a_day          smallint not null default 3 check (calls_a_day between 1 and 10),
    add column calls_at_once        smallint not null default 5 check (calls_at_once between 1 and 100),
    add column calls_month_usd      integer not null default 50 check (calls_month_usd between 0 and 1000000),
    -- A person stopped all calls, until an admin allows them again.
    add column calls_stopped_at     timestamptz,
    add column calls_stopped_by     text,
    add constraint organisation_calls_hours_check check (calls_from < calls_until),
    add constraint organisation_calls_stopped_check check ((calls_stopped_at is null) = (calls_stopped_by is null));

-- The regular calls of a student, in the student's zone. Null: none.
alter table students
    add column call_weekdays smallint[] check (call_weekdays <@ '{1,2,3,4,5,6,7}' and cardinality(call_weekdays) > 0),
    add column call_time     time,
    add constraint students_call_plan_check check ((call_weekdays is null) = (call_time is null));
create index students_call_plan_idx on students (student_id) where call_weekdays is not null;

-- One attempt at a call. VAPI gets the id of the row with the request, so that a call is found again whose answer was lost.
create table outbound_calls (
    outbound_call_id uuid primary key,
    -- `follow_up:ID` or `plan:STUDENT:DAY`. However many workers plan a call, it is one row for each attempt.
    cause            text not null,
    attempt          smallint not null check (attempt between 1 and 3),
    student_id       uuid not null references students on delete cascade,
    -- The callback that is made. Of a regular call: the follow-up that became of it.
    follow_up_id     uuid references follow_ups on delete cascade,
    -- The day of a regular call, in the student's zone.
    plan_on          date,
    -- placing: sent to VAPI, or about to be. Such a row is never sent again, only looked for at VAPI.
    state            text not null check (state in ('planned', 'placing', 'placed', 'ended', 'stopped', 'missed')),
    due_at           timestamptz not null,
    -- After this it is not placed any more.
    expires_at       timestamptz not null,
    -- When a worker looks at it next.
    look_at          timestamptz not null,
    -- A fixed word: why it waits, or why it was not placed.
    reason           text,
    -- The number that is called, from the moment of placing.
    phone            text,
    placing_at       timestamptz,
    -- VAPI's id of the call.
    call_id          text constraint outbound_calls_call_id_key unique,
    ended_at         timestamptz,
    outcome          text check (outcome in ('answered', 'no_answer', 'busy', 'voicemail', 'failed')),
    -- As VAPI billed it, in millionths of a US dollar. Null: not known yet.
    cost_microusd    bigint,
    stopped_by       text,
    created_at       timestamptz not null,
    constraint outbound_calls_cause_key unique (cause, attempt),
    check ((plan_on is null) = (cause like 'follow_up:%')),
    check ((state = 'ended') = (outcome is not null)),
    check ((state = 'stopped') = (stopped_by is not null)),
    check (state not in ('placing', 'placed') or placing_at is not null and phone is not null)
);
-- A number is never called twice at once, also if the code is wrong.
create unique index outbound_calls_phone_key on outbound_calls (phone) where state in ('placing', 'placed');
create index outbound_calls_look_at_idx on outbound_calls (look_at) where state in ('planned', 'placing', 'placed');
create index outbound_calls_due_at_idx on outbound_calls (due_at, outbound_call_id);
create index outbound_calls_student_id_idx on outbound_calls (student_id, due_at);
create index outbound_calls_follow_up_id_idx on outbound_calls (follow_up_id);
create index outbound_calls_placing_at_idx on outbound_calls (placing_at) where placing_at is not null;
