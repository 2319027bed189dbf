-- Requests to sign that a phone has claimed, one row for each action, with what came of them.
create table signing_requests (
  action_id text primary key,
  partner_id text not null,
  account_id text not null,
  phone_id text not null,
  state text not null,
  why text,
  sealed_result bytea,
  created_at bigint not null,
  until bigint not null
);

create index signing_requests_account on signing_requests (account_id);
create index signing_requests_state on signing_requests (state, until);
