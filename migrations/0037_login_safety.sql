-- A second factor, what a right password alone may no longer do, and failed attempts that all servers count together.

alter table admin_users
    -- The key of the authenticator app. Null: the password suffices.
    add column totp_secret    bytea,
    -- A key that was shown, until a code of it proves that the app has it.
    add column totp_offered   bytea,
    -- The time step of the last code that was accepted: no code works twice.
    add column totp_last_step bigint;

-- For who has lost the app. Each works once.
create table admin_recovery_codes (
    admin_user_id uuid not null references admin_users on delete cascade,
    -- SHA-256 of 80 random bits.
    code_hash     bytea not null,
    used_at       timestamptz,
    primary key (admin_user_id, code_hash)
);

-- When the password was last given. Null (of an older server): when the login began.
alter table admin_logins add column confirmed_at timestamptz;

-- The password was right, and the second factor is awaited.
create table admin_login_steps (
    -- SHA-256 of what the form carries.
    step_hash     bytea primary key,
    admin_user_id uuid not null references admin_users on delete cascade,
    expires_at    timestamptz not null,
    n_tries       integer not null default 0
);
create index admin_login_steps_admin_user_id_idx on admin_login_steps (admin_user_id);

-- Browsers in which somebody has signed in before: strangers who fail in the owner's name do not hold them up.
create table admin_devices (
    -- SHA-256 of the cookie's value.
    device_hash   bytea not null,
    admin_user_id uuid not null references admin_users on delete cascade,
    last_used_at  timestamptz not null,
    primary key (device_hash, admin_user_id)
);
create index admin_devices_admin_user_id_idx on admin_devices (admin_user_id, last_used_at);

-- Failed attempts, by account, address, both, or browser. Forgotten after a quarter of an hour.
create table login_failures (
    -- SHA-256 of what is counted: a row is short, whatever was sent.
    key_hash bytea primary key,
    n        integer not null,
    last_at  timestamptz not null
);
create index login_failures_last_at_idx on login_failures (last_at);
