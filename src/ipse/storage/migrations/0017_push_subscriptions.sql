-- Where apps can be woken, and the key that names us to the push services.
create table push_subscriptions (
  phone_id text primary key,
  account_id text not null,
  sealed bytea not null,
  created_at bigint not null
);

create index push_subscriptions_account on push_subscriptions (account_id);

create table push_keys (
  name text primary key,
  sealed bytea not null,
  made_at bigint not null
);
