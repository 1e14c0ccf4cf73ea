-- Which group a student learns in: "Period 3 math", "After-school grade 6".

-- A label and no table of its own: groups have no properties here, and schools bring their names along in a file.
alter table students add column cohort text check (char_length(cohort) between 1 and 60);
create index students_cohort_idx on students (cohort, student_id) where cohort is not null;
