-- How often something may be done, counted over all processes: when each bucket will be full again (microseconds UTC).
-- Names are keyed digests; neither numbers nor addresses can be read from them.
create table fraud_buckets (
  bucket text primary key,
  full_at bigint not null
);

create index fraud_buckets_full on fraud_buckets (full_at);

-- Browsers that a person has trusted: there a phone number may start a request. The token itself is the browser's alone.
create table fraud_browsers (
  browser_id text primary key,
  token_hash bytea not null,
  account_id text not null,
  sealed_about bytea not null,
  created_at bigint not null,
  used_at bigint not null,
  expires_at bigint not null
);

create unique index fraud_browsers_pair on fraud_browsers (token_hash, account_id);

create index fraud_browsers_account on fraud_browsers (account_id, expires_at);

-- A phone number was typed for a request; it is sent once the page is seen. Nobody's number leaves `account_id` empty.
create table fraud_starts (
  action_id text primary key,
  account_id text not null,
  token_hash bytea not null,
  tries bigint not null,
  asked_at bigint not null,
  sent_at bigint
);

create index fraud_starts_asked on fraud_starts (asked_at);

-- What people say they did not start, counted in thousandths and halved in steady steps.
create table fraud_flags (
  kind text not null,
  name text not null,
  partner_id text not null,
  weight bigint not null,
  reports bigint not null,
  first_at bigint not null,
  changed_at bigint not null,
  primary key (kind, name)
);

create index fraud_flags_changed on fraud_flags (changed_at);

alter table partners_services add column pause_during_calls bigint not null default 0;
