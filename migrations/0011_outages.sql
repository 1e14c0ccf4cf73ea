-- What a worker cannot reach right now. A worker has no port of its own: this is how the servers know what to show.

create table outages (
    -- `faktory`, `llm` or `vapi`.
    dependency  text primary key,
    since       timestamptz not null,
    -- Renewed while it lasts: an old one is of a worker that is gone.
    reported_at timestamptz not null
);
