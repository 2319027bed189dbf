-- What people are told by a second channel. `sealed` opens with the installation's notice key and holds what the text
-- needs, and addresses that are given up with the change that is told; it is emptied once everything was sent.
create table notices_notices (
  notice_id text primary key,
  account_id text not null,
  kind text not null,
  sealed bytea not null,
  state text not null,
  created_at bigint not null,
  settled_at bigint
);

create index notices_notices_account on notices_notices (account_id, created_at);

create index notices_notices_waiting on notices_notices (created_at) where state = 'waiting';

-- One row for each message: which channel, whether to an address of now or one that was given up. No address stands here.
create table notices_sendings (
  notice_id text not null,
  channel text not null,
  place text not null,
  state text not null,
  tries bigint not null,
  changed_at bigint not null,
  primary key (notice_id, channel, place)
);
