-- Two records of one child that were merged. The row of the merged student is deleted from `students`; what it takes to
-- undo the merge is kept here for 30 days. After that the row says only which student the old id means.
create table student_merges (
    merge_id    uuid primary key,
    kept_id     uuid not null references students on delete cascade,
    merged_id   uuid not null unique,
    -- The merged student's id in the system that rosters come from: a roster may still have it.
    external_id text,
    -- The merged student's rows that could not move, by table. Null: too late to undo.
    archive     jsonb,
    -- The keys of the rows that moved, by table.
    moved       jsonb,
    merged_by   text not null,
    merged_at   timestamptz not null,
    check ((archive is null) = (moved is null))
);
create index student_merges_kept_id_idx on student_merges (kept_id);
create index student_merges_external_id_idx on student_merges (external_id) where external_id is not null;
create index student_merges_merged_at_idx on student_merges (merged_at) where archive is not null;
