-- A person may stop a call that VAPI already places: then stopped_by is set while it is placing or placed, until its end is heard.
-- Such a row is stopped then, and not tried again.
alter table outbound_calls
    drop constraint outbound_calls_check2,
    add constraint outbound_calls_stopped_by_check check (state <> 'stopped' or stopped_by is not null);
