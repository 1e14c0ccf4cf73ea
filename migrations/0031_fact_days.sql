-- The day that a fact speaks of ("has a test on Friday"), by the student's calendar. Null: it speaks of no day.
alter table facts add column on_date date;
