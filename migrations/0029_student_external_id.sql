-- The id of a student in the system that a roster comes from: an import that runs again finds its students by it.
alter table students add column external_id text check (char_length(external_id) between 1 and 120);
create unique index students_external_id_key on students (external_id) where external_id is not null;
