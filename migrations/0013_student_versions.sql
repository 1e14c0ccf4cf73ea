-- What a student's profile said before it was changed: whoever wonders why a lesson was as it was can look.

create table student_versions (
    student_version_id bigint generated always as identity primary key,
    student_id   uuid not null references students on delete cascade,
    display_name text not null,
    grade        smallint,
    locale       text not null,
    timezone     text not null,
    status       text not null,
    guidance     text,
    -- When it began to hold, and when it was changed.
    valid_from   timestamptz not null,
    valid_to     timestamptz not null
);
create index student_versions_student_id_idx on student_versions (student_id, valid_to desc);

create function keep_student_version() returns trigger language plpgsql as $$
begin
    insert into student_versions (student_id, display_name, grade, locale, timezone, status, guidance, valid_from, valid_to)
    values (old.student_id, old.display_name, old.grade, old.locale, old.timezone, old.status, old.guidance,
        old.updated_at, new.updated_at);
    return null;
end
$$;

-- By the database, so that no way of changing a profile forgets it.
create trigger students_keep_version after update on students for each row
    when ((old.display_name, old.grade, old.locale, old.timezone, old.status, old.guidance)
        is distinct from (new.display_name, new.grade, new.locale, new.timezone, new.status, new.guidance))
    execute function keep_student_version();
