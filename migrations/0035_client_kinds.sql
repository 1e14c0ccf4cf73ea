-- What a client is for, and a switch to stop it at once.

-- Telephone: speaks for an assistant on a line, and is answered about the student of that line only. It is the default, so
-- a server of the release before cannot make a client that names any student.
alter table api_clients
    add column kind text not null default 'telephone' check (kind in ('telephone', 'back_office')),
    -- Stopped by a person, until a person starts it again.
    add column stopped_at timestamptz,
    add column stopped_by text;

-- Who has a fixed header is an assistant's tool; who asks for tokens is an app.
update api_clients c set kind = 'back_office' where not exists (select 1 from agent_keys k where k.client_id = c.client_id);

-- One row while all telephone clients are stopped, otherwise none.
create table telephone_stop (
    only_one   boolean primary key default true check (only_one),
    stopped_at timestamptz not null,
    stopped_by text not null
);

-- Who an unknown caller says they are, {first_name, grade}, until a person decides. Such a call counts for nobody, whoever
-- else calls from its number.
alter table sessions add column introduced_as jsonb;
