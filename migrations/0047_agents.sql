-- Agents that people connect themselves, such as Claude or ChatGPT: which program, and what a person allowed it.

-- A program registered itself, or published a description of itself. Nothing it says of itself is verified.
create table agents (
    -- `agent_…`, or the https:// address of the program's description.
    client_id     text primary key check (char_length(client_id) <= 500),
    name          text not null check (char_length(name) between 1 and 80),
    redirect_uris text[] not null,
    created_at    timestamptz not null
);
create index agents_created_at_idx on agents (created_at);

-- One permission of one person: it begins with a code, which the program exchanges for tokens.
create table agent_grants (
    agent_grant_id uuid primary key,
    client_id      text not null references agents on delete cascade,
    admin_user_id  uuid not null references admin_users on delete cascade,
    scopes         text[] not null,
    -- SHA-256 of the code. It stays after use: a second use ends the grant.
    code_hash      bytea not null constraint agent_grants_code_hash_key unique,
    redirect_uri   text not null,
    -- Of PKCE, S256.
    code_challenge text not null,
    code_used_at   timestamptz,
    -- SHA-256 of the two halves of the refresh token. The first half stays the same, the second one changes with each use:
    -- a token with the right first and a wrong second half was used before. Null: the code was not used yet.
    family_hash    bytea constraint agent_grants_family_hash_key unique,
    turn_hash      bytea,
    created_at     timestamptz not null,
    -- Null: never.
    last_used_at   timestamptz,
    -- First the end of the code, then of the refresh token.
    expires_at     timestamptz not null,
    -- When the person, an admin, the program or a misused token ended it.
    ended_at       timestamptz,
    check ((family_hash is null) = (turn_hash is null) and (family_hash is null) = (code_used_at is null))
);
create index agent_grants_admin_user_id_idx on agent_grants (admin_user_id);
create index agent_grants_client_id_idx on agent_grants (client_id);
