-- The group belongs to what a profile said before, too.

alter table student_versions add column cohort text;

create or replace function keep_student_version() returns trigger language plpgsql as $$
begin
    insert into student_versions (student_id, display_name, grade, cohort, locale, timezone, status, guidance,
        valid_from, valid_to)
    values (old.student_id, old.display_name, old.grade, old.cohort, old.locale, old.timezone, old.status, old.guidance,
        old.updated_at, new.updated_at);
    return null;
end
$$;

drop trigger students_keep_version on students;
create trigger students_keep_version after update on students for each row
    when ((old.display_name, old.grade, old.cohort, old.locale, old.timezone, old.status, old.guidance)
        is distinct from
        (new.display_name, new.grade, new.cohort, new.locale, new.timezone, new.status, new.guidance))
    execute function keep_student_version();
