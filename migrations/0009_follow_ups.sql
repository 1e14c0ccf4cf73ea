-- What a call asks of people, and how a call is found again by its words.

-- Something that a person has to do: ring back, or look at what worries the assistant. Open until a person closes it.
create table follow_ups (
    -- Made of the deed itself, so that a retry writes it once.
    follow_up_id uuid primary key,
    kind         text not null check (kind in ('callback', 'concern')),
    -- Null: nobody knew who was calling. A concern is worth a look all the same.
    student_id   uuid references students on delete cascade,
    session_id   uuid references sessions on delete cascade,
    -- self_harm, abuse, bullying, distress, personal_data or other. Of a concern alone.
    category     text check (category in ('self_harm', 'abuse', 'bullying', 'distress', 'personal_data', 'other')),
    -- Why, in words for a person.
    text         text not null check (char_length(text) between 1 and 500),
    -- When it is to be done: the hour of a callback; of a concern, when it was raised.
    due_at       timestamptz not null,
    -- `client:<client_id>`.
    author       text not null,
    created_at   timestamptz not null,
    closed_at    timestamptz,
    closed_by    text,
    check ((kind = 'concern') = (category is not null)),
    check (student_id is not null or session_id is not null)
);
create index follow_ups_open_idx on follow_ups (due_at, follow_up_id) where closed_at is null;
create index follow_ups_student_id_idx on follow_ups (student_id);
create index follow_ups_session_id_idx on follow_ups (session_id);

-- The words of a session: its transcript and the summary of its analysis. Apart from `sessions`, whose rows are small
-- and change often.
create table session_words (
    session_id uuid primary key references sessions on delete cascade,
    words      tsvector not null
);
create index session_words_words_idx on session_words using gin (words);

insert into session_words (session_id, words)
select session_id, to_tsvector('simple', string_agg(text, ' ' order by turn_no)) from turns group by session_id;

-- What a person says of an answer outranks what analyses and tools say of it, whatever analysis comes later: found by
-- the place of the answer, since the row that was corrected may be written anew.
create index evidence_person_idx on evidence (session_id, skill_id, turn_no) where source = 'person';
