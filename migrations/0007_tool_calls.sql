-- Which tools assistants called, and how that went. Written behind the answer: a row may be missing, none is wrong.

create table tool_calls (
    tool_call_id   uuid primary key,
    at             timestamptz not null,
    tool           text not null,
    -- Who called: an API client, or `vapi` where a signed webhook carried the call.
    client_id      text not null,
    -- VAPI's id of the telephone call. Null: the client did not say.
    call_id        text check (char_length(call_id) <= 200),
    -- ok, or why not, in one of a dozen words: mcp_server::tools::Outcome.
    outcome        text not null,
    duration_us    bigint not null,
    -- Sizes and no content: what was asked and answered is about a child.
    request_bytes  integer not null,
    response_bytes integer not null
);
create index tool_calls_at_idx on tool_calls (at desc, tool_call_id desc);
create index tool_calls_call_id_idx on tool_calls (call_id, at) where call_id is not null;
create index tool_calls_tool_idx on tool_calls (tool, at desc);
create index tool_calls_client_id_idx on tool_calls (client_id, at desc);
