-- What people prepared for the day their phone is of no use, and the visits of browsers that use it.
create table fallback_setups (
  setup_id text primary key,
  account_id text not null,
  method text not null,
  name_index bytea not null,
  sealed bytea not null,
  last_step bigint not null,
  used bigint not null,
  wrong bigint not null,
  tried_at bigint not null,
  created_at bigint not null,
  used_at bigint,
  removed_at bigint
);

create index fallback_setups_account on fallback_setups (account_id);

create unique index fallback_setups_name on fallback_setups (name_index, method) where removed_at is null;

create table fallback_visits (
  action_id text primary key,
  browser_hash bytea not null,
  method text not null,
  sealed bytea not null,
  created_at bigint not null,
  expires_at bigint not null
);

create index fallback_visits_expires_at on fallback_visits (expires_at);
