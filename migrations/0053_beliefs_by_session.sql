-- Misconceptions of a student are folded from the analyses that found one. Without this index, each analysis of the student's
-- history was read in whole.
create index analyses_beliefs_idx on analyses (session_id) where is_current and findings->'misconceptions' <> '[]';
