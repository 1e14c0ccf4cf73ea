-- What each part of the service last told of itself. Roles meet in rows: the dashboard cannot ask a worker.

create table signs (
    -- `server`, `webhook_accepted`, `webhook_refused`, `worker`, `reconciled`, `reconcile_failed`, `brought_in`.
    name   text primary key,
    at     timestamptz not null,
    -- Settings, counts and fixed words; never a secret, never content.
    detail jsonb not null
);

-- Jobs as people page through them.
create index jobs_list_idx on jobs (state, coalesce(finished_at, created_at) desc, job_id desc);

-- Audit entries, by what was done and to what.
create index audit_entries_action_idx on audit_entries (action, audit_entry_id desc);
create index audit_entries_object_idx on audit_entries (object text_pattern_ops, audit_entry_id desc);
