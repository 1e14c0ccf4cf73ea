-- An organisation may ask everybody for a second factor.

alter table organisation add column requires_second_factor boolean not null default false;

-- Whether the provider signed the person in. It then decides about second factors.
alter table admin_logins add column is_by_provider boolean not null default false;
