-- Times are microseconds UTC. Ids and JSON are text. Sealed values, digests and indexes are bytes.

create table audit_lines (
  seq bigint primary key,
  at bigint not null,
  actor text not null,
  act text not null,
  subject text not null,
  details text not null,
  previous bytea not null,
  digest bytea not null
);

create table people_epochs (
  epoch text primary key,
  wrapped_key bytea not null,
  created_at bigint not null
);

create table people_accounts (
  account_id text primary key,
  state text not null,
  why text,
  language text not null,
  level text not null,
  identity_index bytea,
  phone_index bytea,
  epoch text not null,
  wrapped_key bytea not null,
  created_at bigint not null,
  activated_at bigint,
  changed_at bigint not null
);

create unique index people_accounts_identity on people_accounts (identity_index) where state <> 'archived';

create index people_accounts_phone on people_accounts (phone_index);

create index people_accounts_epoch on people_accounts (epoch);

create table people_subjects (
  subject text primary key,
  account_id text not null,
  partner_id text not null,
  created_at bigint not null,
  retired_at bigint
);

create unique index people_subjects_pair on people_subjects (account_id, partner_id) where retired_at is null;

create table people_acceptances (
  account_id text not null,
  kind text not null,
  version text not null,
  language text not null,
  sha256 text not null,
  accepted_at bigint not null,
  primary key (account_id, kind, version, accepted_at)
);

create table partners_partners (
  partner_id text primary key,
  name text not null,
  state text not null,
  auth_method text not null,
  sealed_secret bytea,
  jwks text,
  algorithms text not null,
  created_at bigint not null,
  changed_at bigint not null
);

create table partners_services (
  code text primary key,
  partner_id text not null,
  type text not null,
  state text not null,
  name text not null,
  purpose text not null,
  redirect_uris text not null,
  contract text not null,
  pkce_required bigint not null,
  created_at bigint not null,
  changed_at bigint not null
);

create index partners_services_partner on partners_services (partner_id);

create table phones_phones (
  phone_id text primary key,
  account_id text,
  state text not null,
  why text,
  device_key text not null,
  thumbprint text not null,
  key_protection text not null,
  mac bytea not null,
  chain text not null,
  challenge text,
  message_digest bytea not null,
  sealed_answer bytea,
  tries bigint not null,
  app_version text not null,
  created_at bigint not null,
  changed_at bigint not null
);

create unique index phones_phones_thumbprint on phones_phones (thumbprint);

create unique index phones_phones_active on phones_phones (account_id) where state = 'active';

create index phones_phones_account on phones_phones (account_id);

create table phones_code_keys (
  code_key_id text primary key,
  phone_id text not null,
  kind text not null,
  wrapped_key bytea not null,
  created_at bigint not null
);

create index phones_code_keys_phone on phones_code_keys (phone_id);

create table actions_actions (
  action_id text primary key,
  handle text not null,
  frame_id text not null,
  state text not null,
  why text,
  kind text not null,
  partner_id text not null,
  service_code text not null,
  request text not null,
  browser_hash bytea not null,
  start text,
  account_id text,
  phone_id text,
  subject text,
  shown_digest bytea,
  sealed_shown bytea,
  sealed_approval bytea,
  return_hash bytea,
  code_hash bytea,
  code_expires_at bigint,
  redeemed_at bigint,
  token_hash bytea,
  token_expires_at bigint,
  created_at bigint not null,
  expires_at bigint not null,
  claimed_at bigint,
  decided_at bigint
);

create unique index actions_actions_handle on actions_actions (handle);

create unique index actions_actions_frame on actions_actions (frame_id);

create unique index actions_actions_return on actions_actions (return_hash) where return_hash is not null;

create unique index actions_actions_code on actions_actions (code_hash) where code_hash is not null;

create unique index actions_actions_token on actions_actions (token_hash) where token_hash is not null;

create index actions_actions_account on actions_actions (account_id, created_at);

create index actions_actions_expiry on actions_actions (expires_at) where state in ('waiting', 'claimed');
