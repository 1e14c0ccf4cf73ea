-- Students and calls are found again from the bar on top of every page.

-- The words of a name, in whatever order they are typed: "oko mar" finds Marie Okonkwo. Core Postgres alone, since a
-- managed one may lack pg_trgm.
create index students_name_words_idx on students using gin (to_tsvector('simple', display_name));

-- The beginning of VAPI's id of a call, whatever the database's collation.
create index sessions_call_id_prefix_idx on sessions (call_id text_pattern_ops);
