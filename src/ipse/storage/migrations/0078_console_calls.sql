-- People on the line with a member of the scheme's staff, and views of data that two members allowed.

create table console_calls (
  call_id text primary key,
  account_id text not null,
  member_id text not null,
  proof text not null,
  state text not null,
  action_id text not null,
  code_hash bytea not null,
  tries bigint not null,
  created_at bigint not null,
  proven_at bigint
);

create index console_calls_account on console_calls (account_id, member_id, created_at);

create index console_calls_created_at on console_calls (created_at);

create table console_views (
  review_id text primary key,
  account_id text not null,
  member_id text not null,
  until bigint not null
);

create index console_views_account on console_views (account_id, member_id, until);

create index console_views_until on console_views (until);
