-- A client may prove who it is by signing, so that no secret is known to both sides (RFC 7523).
alter table api_clients
    -- PEM or JWK set, as its maker gave it.
    add column public_keys text,
    alter column secret_hash drop not null,
    add constraint api_clients_proof check (secret_hash is not null or public_keys is not null);

-- What clients have signed and was believed: nothing is believed twice.
create table client_assertions (
    client_id  text not null references api_clients on delete cascade,
    jti        text not null,
    expires_at timestamptz not null,
    primary key (client_id, jti)
);
