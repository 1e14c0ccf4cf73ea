-- Passkeys of the people at the dashboard, and when a sign-in last showed a second factor.

create table admin_passkeys (
    passkey_id    uuid primary key,
    admin_user_id uuid not null references admin_users on delete cascade,
    -- What its owner calls it.
    name          text not null,
    -- What the authenticator calls it.
    credential_id bytea not null,
    -- A SubjectPublicKeyInfo in DER.
    public_key    bytea not null,
    -- The number of COSE: -7 (ES256), -8 (EdDSA) or -257 (RS256).
    algorithm     integer not null,
    -- How many signatures the authenticator had made. Many do not count and always say 0.
    sign_count    bigint not null,
    created_at    timestamptz not null,
    -- Null: it was never used to sign in.
    last_used_at  timestamptz,
    constraint admin_passkeys_credential_id_key unique (credential_id)
);
create index admin_passkeys_admin_user_id_idx on admin_passkeys (admin_user_id);

-- When a second factor was last shown in this sign-in. Null: never, or before an update.
alter table admin_logins add column factor_shown_at timestamptz;
