-- Long repairs that somebody started at the dashboard: over all sessions of a span of time, or over all students.

create table overhauls (
    overhaul_id   uuid primary key,
    kind          text not null check (kind in ('reanalyze', 'rebuild_mastery')),
    -- Of sessions to be judged anew: those that came to be in this time, the end left out.
    from_at       timestamptz,
    to_at         timestamptz,
    -- Also what today's analyser has judged, unless it did so at this moment or later.
    judged_before timestamptz,
    -- As in audit_entries.actor.
    asked_by      text not null,
    created_at    timestamptz not null,
    -- Null: the first step, which counts them, has not run.
    n_all         bigint,
    n_done        bigint not null default 0,
    -- The last one done, as the work itself writes and reads it: the next step goes on behind it.
    position      text,
    is_stopped    boolean not null default false,
    finished_at   timestamptz,
    constraint overhauls_span_check check ((kind = 'reanalyze') = (from_at is not null and to_at is not null))
);
-- One of a kind at a time: two would do the same work twice.
create unique index overhauls_running_key on overhauls (kind) where finished_at is null;
create index overhauls_created_at_idx on overhauls (created_at desc);
