-- How far long work has come, so that it goes on from there after a restart.

create table watermarks (
    -- What the work is: `vapi_calls`, `mastery_rebuild`.
    name       text primary key,
    -- Up to here all is done: a time or an id, as the work itself writes and reads it.
    position   text not null,
    updated_at timestamptz not null
);
