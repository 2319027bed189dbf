-- Back-channel authentication (CIBA) and the user discovery sessions before it.
-- A session: a partner without a browser finds out who is in front of it. Its action is the moving QR.
-- `token_hash` is the single-use identifier token, `account_id` whom it stands for.
create table oidc_discoveries (
  session_id text primary key,
  partner_id text not null,
  action_id text not null,
  created_at bigint not null,
  expires_at bigint not null,
  polled_at bigint not null,
  hasty bigint not null,
  account_id text,
  token_hash bytea,
  token_expires_at bigint,
  token_used_at bigint
);

create unique index oidc_discoveries_token on oidc_discoveries (token_hash);

create index oidc_discoveries_expires_at on oidc_discoveries (expires_at);

-- A back-channel request by the SHA-256 of its auth_req_id: whose it is, which action, how fast it may be asked about.
create table oidc_backchannel (
  request_hash bytea primary key,
  partner_id text not null,
  action_id text not null,
  created_at bigint not null,
  expires_at bigint not null,
  pause bigint not null,
  polled_at bigint not null,
  hasty bigint not null
);

create index oidc_backchannel_expires_at on oidc_backchannel (expires_at);

-- Notifications that partners wait for. `due_at` is when to look or send next, null once delivered or given up;
-- `sealed` holds the partner's bearer token and the auth_req_id.
create table oidc_pings (
  action_id text primary key,
  partner_id text not null,
  service_code text not null,
  endpoint text not null,
  sealed bytea not null,
  state text not null,
  tries bigint not null,
  due_at bigint,
  expires_at bigint not null
);

create index oidc_pings_due_at on oidc_pings (due_at) where due_at is not null;
