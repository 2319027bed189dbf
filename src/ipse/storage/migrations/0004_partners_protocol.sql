-- What partners need for the whole protocol: keys by address, profiles, grants, a log of refusals, tokens, used values.

alter table partners_partners add column jwks_uri text;

alter table partners_partners add column tls_subject text not null default '';

alter table partners_partners add column contacts text not null default '[]';

alter table partners_partners add column logo text not null default '';

alter table partners_partners add column preset text not null default 'new';

update partners_partners set preset = 'migrating'
where algorithms like '%"id_token_signed_response_alg":"RS256"%';

alter table partners_partners add column broker bigint not null default 0;

alter table partners_partners add column registered_by text not null default '';

alter table partners_partners add column counterpart text not null default '';

alter table partners_services add column profile text not null default 'default';

alter table partners_services add column message_signing bigint not null default 0;

alter table partners_services add column request_uris text not null default '[]';

alter table partners_services add column backchannel_mode text not null default '';

alter table partners_services add column notification_endpoint text not null default '';

alter table partners_services add column match_optional bigint not null default 0;

alter table partners_services add column callback_urls text not null default '[]';

alter table partners_services add column final_partner text not null default '';

-- The last good key set of each jwks_uri. `asked_at` decides who may fetch, over all processes.
create table partners_fetched_keys (
  partner_id text primary key,
  jwks_uri text not null,
  asked_at bigint not null,
  jwks text,
  fetched_at bigint not null,
  fresh_until bigint not null
);

-- Who allowed a service to ask for a protected attribute, on which ground, and until when.
create table partners_grants (
  grant_id text primary key,
  service_code text not null,
  attribute text not null,
  ground text not null,
  purpose text not null,
  approver text not null,
  starts_at bigint not null,
  ends_at bigint not null,
  recorded_by text not null,
  recorded_at bigint not null,
  revoked_at bigint
);

create index partners_grants_service on partners_grants (service_code);

-- Why requests were refused, for the partner's developer. No personal data.
create table partners_refusals (
  refusal_id text primary key,
  partner_id text not null,
  at bigint not null,
  service_code text not null,
  endpoint text not null,
  check_name text not null,
  error text not null,
  description text not null,
  source text not null,
  kid text not null,
  times bigint not null
);

create index partners_refusals_partner on partners_refusals (partner_id, at);

create index partners_refusals_at on partners_refusals (at);

-- Access tokens of partners themselves (client credentials), as SHA-256.
create table partners_tokens (
  token_hash bytea primary key,
  partner_id text not null,
  scope text not null,
  binding text not null,
  created_at bigint not null,
  expires_at bigint not null
);

create index partners_tokens_expires_at on partners_tokens (expires_at);

-- Values that count once (assertion, proof and request ids), as SHA-256, until they would be refused as expired anyway.
-- It takes over from oidc_assertions, which stays, unused, until a later release: old code still works on this schema.
create table partners_replays (
  digest bytea primary key,
  usable_until bigint not null
);

create index partners_replays_usable_until on partners_replays (usable_until);
