-- What VAPI told us, and the calls it told us of.

-- One received webhook request. The row is the promise: it is committed before the 2xx.
create table deliveries (
    delivery_id  uuid primary key,
    -- `<call_id>:<type>` and what else tells two messages of a call apart; never a hash of the body, since presigned
    -- URLs in it differ between two tries of one message.
    dedupe_key   text not null constraint deliveries_dedupe_key_key unique,
    type         text not null,
    call_id      text,
    -- The request body as received. Null: a kind we keep no content of, or purged by retention.
    body         bytea,
    -- When VAPI made the message, by its own clock.
    message_at   timestamptz,
    received_at  timestamptz not null,
    -- stored: waits for its job; processed; ignored: a type nothing depends on; unreadable: signed, but no JSON.
    state        text not null default 'stored' check (state in ('stored', 'processed', 'ignored', 'unreadable')),
    processed_at timestamptz
);
create index deliveries_call_id_idx on deliveries (call_id, received_at);
create index deliveries_received_at_idx on deliveries (received_at);

-- One tutoring call, from ring to analysis.
create table sessions (
    session_id        uuid primary key,
    -- VAPI's id of the call. A string of theirs, so it is not a uuid here.
    call_id           text not null constraint sessions_call_id_key unique check (char_length(call_id) between 1 and 200),
    -- Null: nobody knows the caller, or several students share the phone and none was identified.
    student_id        uuid references students on delete set null,
    caller_phone      text,
    status            text not null
        check (status in ('in_progress', 'received', 'analyzing', 'analyzed', 'needs_attention')),
    -- Why a person should look, in words for a person. Null unless status is needs_attention.
    attention_reason  text,
    -- inboundPhoneCall, outboundPhoneCall, webCall …: VAPI's words, a growing list, hence no check.
    call_type         text,
    assistant_id      text,
    assistant_name    text,
    assistant_version text,
    started_at        timestamptz,
    ended_at          timestamptz,
    ended_reason      text,
    -- Of the call as VAPI billed it, in millionths of a US dollar.
    cost_microusd     bigint,
    -- VAPI's storage, private: the dashboard proxies it and never shows the address.
    recording_url     text,
    created_at        timestamptz not null,
    updated_at        timestamptz not null,
    analyzed_at       timestamptz
);
-- Order of every list: newest first; a call that has only rung has no start yet.
create index sessions_created_at_idx on sessions (created_at desc, session_id desc);
create index sessions_student_id_idx on sessions (student_id, created_at desc, session_id desc);
create index sessions_status_idx on sessions (status, created_at desc, session_id desc);
create index sessions_caller_phone_idx on sessions (caller_phone, created_at desc) where student_id is null;

-- One utterance.
create table turns (
    session_id  uuid not null references sessions on delete cascade,
    -- From 0, in the order spoken. Evidence points here.
    turn_no     integer not null check (turn_no >= 0),
    speaker     text not null check (speaker in ('tutor', 'student')),
    text        text not null,
    -- Since the start of the call.
    offset_ms   integer not null check (offset_ms >= 0),
    duration_ms integer check (duration_ms >= 0),
    primary key (session_id, turn_no)
);
