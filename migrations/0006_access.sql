-- Who may ask.

create table api_clients (
    client_id                text primary key,
    name                     text not null check (char_length(name) between 1 and 80),
    -- SHA-256 of a 256-bit random secret: such a secret needs no slow hash.
    secret_hash              bytea not null,
    -- The secret before the last rotation, until then valid too.
    previous_secret_hash     bytea,
    previous_secret_until    timestamptz,
    scopes                   text[] not null,
    created_at               timestamptz not null,
    last_used_at             timestamptz,
    revoked_at               timestamptz
);

-- Long-lived bearers for clients that can only send a fixed header.
create table agent_keys (
    agent_key_id uuid primary key,
    client_id    text not null references api_clients on delete cascade,
    key_hash     bytea not null constraint agent_keys_key_hash_key unique,
    created_at   timestamptz not null,
    last_used_at timestamptz,
    revoked_at   timestamptz
);

create table admin_users (
    admin_user_id   uuid primary key,
    -- Stored lower case.
    email           text not null constraint admin_users_email_key unique check (email = lower(email)),
    role            text not null check (role in ('admin', 'tutor', 'viewer')),
    -- Argon2id PHC string. Null: invited, and the set-up link was not used yet.
    password_hash   text,
    setup_hash      bytea,
    setup_until     timestamptz,
    created_at      timestamptz not null,
    last_login_at   timestamptz,
    disabled_at     timestamptz
);

create table admin_logins (
    -- SHA-256 of the cookie's value.
    login_hash    bytea primary key,
    admin_user_id uuid not null references admin_users on delete cascade,
    -- Synchroniser token of this login's forms.
    csrf_token    text not null,
    user_agent    text,
    created_at    timestamptz not null,
    last_seen_at  timestamptz not null,
    expires_at    timestamptz not null
);
create index admin_logins_admin_user_id_idx on admin_logins (admin_user_id);

-- Who saw or changed what. Inserted, never updated.
create table audit_entries (
    audit_entry_id bigint generated always as identity primary key,
    at             timestamptz not null,
    -- `admin:<email>`, `client:<client_id>`, `operator`, `worker`.
    actor          text not null,
    action         text not null,
    object         text,
    detail         jsonb not null default '{}'
);
create index audit_entries_at_idx on audit_entries (at desc, audit_entry_id desc);
create index audit_entries_actor_idx on audit_entries (actor, at desc);
