-- What leaves the system: e-mails and outgoing webhooks. A row is written in the transaction that causes it, and a job sends it.

-- Where webhooks go.
create table webhook_endpoints (
    endpoint_id           uuid primary key,
    url                   text not null,
    -- The events that are sent there: `session.analyzed` and so on.
    events                text[] not null,
    -- `whsec_…`. It signs requests, so it cannot be stored as a hash.
    secret                text not null,
    -- During a rotation the previous secret also signs, until then.
    secret_previous       text,
    secret_previous_until timestamptz,
    -- As in audit_entries.actor.
    created_by            text not null,
    created_at            timestamptz not null,
    -- The first failure since the last success.
    failing_since         timestamptz,
    disabled_at           timestamptz,
    -- Null: a person disabled it. Otherwise why the service did.
    disabled_because      text check (disabled_because in ('failing', 'gone')),
    check ((secret_previous is null) = (secret_previous_until is null))
);

-- A report to guardians as it was sent: one for each student, week and language. Its id is made of the three.
create table guardian_reports (
    report_id  uuid primary key,
    student_id uuid not null references students on delete cascade,
    -- The Monday of the week, in the organisation's time zone.
    week_on    date not null,
    language   text not null check (language in ('en', 'es', 'de')),
    subject    text not null,
    text       text not null,
    created_at timestamptz not null
);
create index guardian_reports_student_id_idx on guardian_reports (student_id, created_at);

-- When reports are sent. No weekday: only if a person sends one.
alter table organisation
    add column report_weekday smallint check (report_weekday between 1 and 7),
    add column report_hour    smallint not null default 17 check (report_hour between 0 and 23),
    add column report_zone    text not null default 'UTC';

create table messages (
    message_id    uuid primary key,
    -- One cause and one recipient, one row.
    dedupe_key    text not null constraint messages_dedupe_key_key unique,
    -- `concern_alert` or `guardian_report`; of a webhook, the event.
    kind          text not null,
    admin_user_id uuid references admin_users on delete cascade,
    guardian_id   uuid references guardians on delete cascade,
    endpoint_id   uuid references webhook_endpoints on delete cascade,
    -- What it is about. It goes when that is erased.
    student_id    uuid references students on delete cascade,
    session_id    uuid references sessions on delete cascade,
    follow_up_id  uuid references follow_ups on delete cascade,
    report_id     uuid references guardian_reports on delete cascade,
    -- cancelled: what it says is no longer so, or nobody takes it.
    state         text not null default 'waiting' check (state in ('waiting', 'sent', 'failed', 'cancelled')),
    n_attempts    integer not null default 0,
    -- The receiver's last HTTP status.
    status_code   smallint,
    -- Fixed words: why the last attempt failed.
    last_error    text,
    -- A person may ask for it to be sent again: then the next round has its own job.
    round         integer not null default 1,
    due_at        timestamptz not null,
    created_at    timestamptz not null,
    sent_at       timestamptz,
    check (num_nonnulls(admin_user_id, guardian_id, endpoint_id) = 1),
    check ((state = 'sent') = (sent_at is not null))
);
create index messages_follow_up_id_idx on messages (follow_up_id);
create index messages_session_id_idx on messages (session_id);
create index messages_student_id_idx on messages (student_id);
create index messages_report_id_idx on messages (report_id);
create index messages_guardian_id_idx on messages (guardian_id);
create index messages_admin_user_id_idx on messages (admin_user_id, created_at);
create index messages_endpoint_id_idx on messages (endpoint_id, created_at, message_id);
create index messages_created_at_idx on messages (created_at);

-- The job that says which students need a person asks for reasons of the last day.
create index attentions_newest_at_idx on attentions (newest_at);

-- Whether the person gets e-mails about urgent concerns. Null: admins do, others do not.
alter table admin_users add column gets_alerts boolean;

-- Who gets an e-mail about a concern: admins and tutors who see its student and want alerts. A concern of an unknown caller
-- is for those who see all students.
create function alert_recipients(concern uuid) returns table (admin_user_id uuid) language sql stable as $$
    select u.admin_user_id
    from follow_ups f
    left join sessions s on s.session_id = f.session_id
    left join students st on st.student_id = coalesce(f.student_id, s.student_id)
    join admin_users u on u.disabled_at is null and coalesce(u.gets_alerts, u.role = 'admin')
        and (u.role = 'admin' or u.role = 'tutor' and (u.cohorts is null or st.cohort = any(u.cohorts)))
    where f.follow_up_id = concern
$$;
