-- What of a call's report could not be read and was replaced, one sentence each for people. Null: everything was read.
alter table sessions add column report_faults text[];
