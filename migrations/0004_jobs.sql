-- Work to be done outside a request. This table is the truth; a queue server only rings the bell.

create table jobs (
    -- UUIDv5 of dedupe_key, so that one cause makes one job however often it is told. Also the Faktory jid.
    job_id       uuid primary key,
    dedupe_key   text not null constraint jobs_dedupe_key_key unique,
    kind         text not null,
    -- Ids only: nothing personal leaves this database in a job.
    payload      jsonb not null,
    -- For dashboards: the session that waits for this job.
    session_id   uuid references sessions on delete cascade,
    priority     smallint not null default 5,
    -- ready → (sent →) running → done | needs_attention. `sent` is with Faktory; without Faktory rows never are.
    state        text not null default 'ready'
        check (state in ('ready', 'sent', 'running', 'done', 'needs_attention', 'discarded')),
    run_at       timestamptz not null default now(),
    attempts     integer not null default 0,
    max_attempts integer not null,
    -- Fencing: only the holder of the newest token may finish the row. Lease times are the database's clock.
    lease_token  uuid,
    lease_until  timestamptz,
    leased_by    text,
    -- How often a lease ran out under this job: three, and it is suspected of killing its worker.
    n_lost       smallint not null default 0,
    sent_at      timestamptz,
    n_sends      integer not null default 0,
    -- Short, fixed words; never content.
    last_error   text,
    created_at   timestamptz not null default now(),
    finished_at  timestamptz
);
create index jobs_ready_idx on jobs (priority, run_at) where state = 'ready';
create index jobs_running_idx on jobs (lease_until) where state = 'running';
create index jobs_sent_idx on jobs (sent_at) where state = 'sent';
create index jobs_needs_attention_idx on jobs (finished_at desc) where state = 'needs_attention';
create index jobs_session_id_idx on jobs (session_id);
create index jobs_finished_at_idx on jobs (finished_at) where state = 'done';
