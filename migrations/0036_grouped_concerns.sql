-- A concern is always kept: also without a student and a call. What one caller raises again stands in one row.

alter table follow_ups
    drop constraint follow_ups_check1,
    -- Whose line it was raised on, if nobody knew the call.
    add column caller_phone text,
    -- Of a concern: the call, number or client that raised it, and its category.
    add column group_key text,
    -- What else was said under that key, in the order of time; what is beyond 50 texts is counted only.
    add column more text[] not null default '{}' check (cardinality(more) <= 50),
    add column n_raised integer not null default 1,
    add column raised_at timestamptz,
    add constraint follow_ups_subject_check check (kind = 'concern' or student_id is not null or session_id is not null);

-- While a concern is open; when a person closed it, the next one is a new row.
create unique index follow_ups_group_key_idx on follow_ups (group_key) where closed_at is null;

-- What a tool wrote in a call is counted per call: see mcp-server/src/tools/bounds.rs.
create index evidence_of_tools_idx on evidence (session_id) where source = 'tool';
