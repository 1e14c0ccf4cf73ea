-- Signing in by an OpenID Connect provider.

-- What a browser was given to come back with. Each works once.
create table admin_challenges (
    -- SHA-256 of it.
    challenge_hash bytea primary key,
    -- What the server has to know when it comes back.
    detail         jsonb not null,
    expires_at     timestamptz not null
);
create index admin_challenges_expires_at_idx on admin_challenges (expires_at);

alter table admin_users
    -- Who the person is at the provider, since they first signed in there: an address may be given to somebody else.
    add column provider_issuer  text,
    add column provider_subject text,
    add constraint admin_users_provider_check check ((provider_issuer is null) = (provider_subject is null)),
    add constraint admin_users_provider_key unique (provider_issuer, provider_subject);
