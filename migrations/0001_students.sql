-- Who learns, and from which telephones.

create table students (
    student_id   uuid primary key,
    -- What people at the dashboard call the child. A tool that speaks to a voice assistant gives the first word only.
    display_name text not null check (char_length(display_name) between 1 and 120),
    -- 0 is kindergarten. Null: nobody has said.
    grade        smallint check (grade between 0 and 13),
    locale       text not null default 'en' check (char_length(locale) between 2 and 35),
    timezone     text not null default 'UTC' check (char_length(timezone) between 1 and 64),
    -- Blocked: a person decided that assistants are told nothing about this student.
    status       text not null default 'active' check (status in ('active', 'blocked')),
    -- What a teacher wants the assistant to heed, in a sentence or two.
    guidance     text check (char_length(guidance) <= 500),
    created_at   timestamptz not null,
    updated_at   timestamptz not null
);
create index students_display_name_idx on students (lower(display_name), student_id);
create index students_created_at_idx on students (created_at, student_id);

-- Brothers and sisters share a telephone, and a child may call from two: many to many.
create table student_phones (
    -- E.164, as VAPI sends it.
    phone      text not null check (phone ~ '^\+[1-9][0-9]{6,14}$'),
    student_id uuid not null references students on delete cascade,
    created_at timestamptz not null,
    primary key (phone, student_id)
);
create index student_phones_student_id_idx on student_phones (student_id);
