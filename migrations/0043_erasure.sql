-- Requests to erase, the calls that were erased and must not come back, and the numbers by which a student's calls are found.

-- Numbers that a student had before. They are kept for one purpose: erasing the student also erases calls from them.
create table past_phones (
    student_id uuid not null references students on delete cascade,
    phone      text not null,
    primary key (student_id, phone)
);

-- A request to erase a student, or an erasure that is done. Ids only: a row outlives what it erased.
create table erasures (
    erasure_id    uuid primary key,
    -- Null: calls that belonged to no student, or calls of a student who stays. No reference: the student is gone afterwards.
    student_id    uuid,
    -- As in audit_entries.actor.
    requested_by  text not null,
    requested_at  timestamptz not null,
    due_at        timestamptz not null,
    -- What an undo restores. Null: it was done at once.
    status_before text check (status_before in ('active', 'blocked')),
    undone_at     timestamptz,
    undone_by     text,
    done_at       timestamptz,
    check (undone_at is null or done_at is null)
);
create unique index erasures_pending_key on erasures (student_id) where done_at is null and undone_at is null;
create index erasures_due_at_idx on erasures (due_at) where done_at is null and undone_at is null;
create index erasures_requested_at_idx on erasures (requested_at desc, erasure_id desc);

-- One row for each erased call: nobody stores anything about it again, and VAPI is asked to delete it.
create table erased_calls (
    erased_call_id  uuid primary key,
    -- VAPI's id of the call.
    call_id         text not null constraint erased_calls_call_id_key unique,
    -- Null: erased before this table was made.
    erasure_id      uuid references erasures,
    erased_at       timestamptz not null,
    -- When VAPI answered that it has deleted the call, or does not know it.
    vapi_deleted_at timestamptz,
    vapi_answer     text check (vapi_answer in ('deleted', 'unknown')),
    check ((vapi_answer is null) = (vapi_deleted_at is null))
);
create index erased_calls_erasure_id_idx on erased_calls (erasure_id);

-- Until now a report without a body and without a session marked an erased call.
insert into erased_calls (erased_call_id, call_id, erased_at)
select gen_random_uuid(), d.call_id, max(coalesce(d.processed_at, d.received_at))
from deliveries d
where d.type = 'end-of-call-report' and d.body is null and d.state = 'processed' and d.call_id is not null
  and not exists (select 1 from sessions s where s.call_id = d.call_id)
group by d.call_id;

-- Request bodies that belong to no session and hold one of these numbers, given as digits: reports that wait, that could not
-- be read, or that name no call. Only such bodies are searched; those of sessions are found by their call.
create function loose_bodies(digits text[]) returns table (delivery_id uuid, call_id text) language sql stable as $$
    with loose as materialized (
        select d.delivery_id, d.call_id, d.body from deliveries d
        where d.body is not null
          and (d.call_id is null or not exists (select 1 from sessions s where s.call_id = d.call_id))
    )
    select l.delivery_id, l.call_id from loose l
    where exists (select 1 from unnest(digits) as n where position(convert_to(n, 'UTF8') in l.body) > 0)
$$;
