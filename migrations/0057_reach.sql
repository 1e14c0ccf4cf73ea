-- Why a tool chose a skill, as typed reasons: see storage::student_context::SkillChoice. Staff replay the decision on the page of
-- the session. Null: the tool chose nothing, or was not called in a telephone call. Kept, exported and erased with the row.
alter table tool_calls add column choices jsonb;
