-- Who said a word, for the search of what was said: the student's words have the weight A, the tutor's have B, and those
-- of the summary have none. An index does not hold weights, so each speaker has one of their own.

create function said_words(student text, tutor text, summary text) returns tsvector
    language sql immutable parallel safe
-- A tsvector holds at most a megabyte; this many characters are a day of talk.
return setweight(to_tsvector('simple', left(coalesce(student, ''), 100000)), 'A')
    || setweight(to_tsvector('simple', left(coalesce(tutor, ''), 100000)), 'B')
    || to_tsvector('simple', coalesce(summary, ''));

update session_words w
set words = said.words
from (
    select t.session_id, said_words(
        string_agg(t.text, ' ' order by t.turn_no) filter (where t.speaker = 'student'),
        string_agg(t.text, ' ' order by t.turn_no) filter (where t.speaker = 'tutor'),
        a.findings->>'summary') as words
    from turns t left join analyses a on a.session_id = t.session_id and a.is_current
    group by t.session_id, a.analysis_id
) said
where said.session_id = w.session_id;

create index session_words_student_idx on session_words using gin (ts_filter(words, '{a}'));
create index session_words_tutor_idx on session_words using gin (ts_filter(words, '{b}'));
