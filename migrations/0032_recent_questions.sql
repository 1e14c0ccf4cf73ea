-- Which questions a student was asked last, by next_question or in a lesson plan, so that none comes again soon. Ids only:
-- each question is found or made again from its id.

create table recent_questions (
    student_id   uuid primary key references students on delete cascade,
    -- Newest first: shared::curriculum::recent.
    question_ids text[] not null check (cardinality(question_ids) <= 20),
    asked_at     timestamptz not null
);
