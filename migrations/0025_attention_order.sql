-- The newest of each reason: what a morning begins with, of however many who need a person.
create index attentions_newest_idx on attentions (reason, open_since desc, student_id) where open_since is not null;
