-- Organisations that registered themselves. One becomes a row of partners_partners with its first keys.
create table partner_portal_organisations (
  organisation_id text primary key,
  name text not null,
  created_at bigint not null,
  joined_at bigint
);

create index partner_portal_organisations_created on partner_portal_organisations (created_at);

-- Bearer values of the portal's API, as SHA-256.
create table partner_portal_management_keys (
  key_id text primary key,
  key_hash bytea not null unique,
  organisation_id text not null,
  name text not null,
  created_by text not null,
  created_at bigint not null,
  used_at bigint,
  revoked_at bigint
);

create index partner_portal_management_keys_organisation on partner_portal_management_keys (organisation_id);
