-- What can be learnt.

create table subjects (
    subject_id text primary key check (subject_id ~ '^[a-z][a-z0-9_]{1,39}$'),
    name       text not null
);

create table skills (
    -- Dotted and readable, for example `maths.fractions.add_unlike`: it stands in evidence and in exports for years.
    skill_id   text primary key check (skill_id ~ '^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$' and char_length(skill_id) <= 80),
    subject_id text not null references subjects,
    name       text not null check (char_length(name) between 1 and 80),
    grade_from smallint not null default 0,
    grade_to   smallint not null default 13,
    -- Words and phrases that show that talk is about this skill: [{"phrase": "common denominator", "weight": 2}].
    lexicon    jsonb not null default '[]',
    -- Ready-made questions with their keys: [{"ask": "What is one half plus one third?", "answer": "5/6"}].
    questions  jsonb not null default '[]',
    -- Retired skills keep their evidence and are proposed to nobody.
    retired_at timestamptz
);
create index skills_subject_id_idx on skills (subject_id);

create table skill_prerequisites (
    skill_id        text not null references skills on delete cascade,
    prerequisite_id text not null references skills on delete cascade,
    primary key (skill_id, prerequisite_id),
    check (skill_id <> prerequisite_id)
);
