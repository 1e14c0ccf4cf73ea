-- What the calendar shows beside calls, and what a receipt of an erasure says.

-- A reminder: a person asks staff to do something at a time. Nothing calls the student for it. While the release before this one
-- runs beside it, its lists of follow-ups fail for people who see an open reminder.
alter table follow_ups
    drop constraint follow_ups_kind_check,
    add constraint follow_ups_kind_check check (kind in ('callback', 'concern', 'reminder'));

-- The calendar lists the tests and goals of a week, and the regular calls by their time.
create index facts_on_date_idx on facts (on_date, fact_id)
    where on_date is not null and forgotten_at is null and kind in ('schedule', 'goal');
create index students_call_time_idx on students (call_time, student_id) where call_weekdays is not null;
-- The same rows in another order.
drop index students_call_plan_idx;

alter table erasures
    -- Who asked for it. Null: it was not a request from outside, such as retention, or it was done before this column was made.
    add column asked_by text check (asked_by in ('guardian', 'student', 'school', 'other')),
    -- The day on which they asked. Null: the day of requested_at.
    add column asked_on date,
    -- How much of each kind was deleted: `{"calls": 3}`. Only numbers, so the receipt holds nothing about the child. Null: it waits,
    -- was undone, or was done before this column was made.
    add column counts   jsonb;
