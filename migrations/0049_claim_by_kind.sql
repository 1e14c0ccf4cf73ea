-- A claim takes the due jobs of some kinds. By priority alone it walked over every waiting job of the other kinds.
create index jobs_due_idx on jobs (kind, priority, run_at) where state = 'ready';
drop index jobs_ready_idx;
