-- Calls about topics that are in no curriculum, newest first: what the curriculum page suggests to add.
create index analyses_other_topics_idx on analyses (created_at desc) where is_current and findings ? 'other_topics';
