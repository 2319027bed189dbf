-- Authorization requests that belong to the first browser that opens them: pushed ones (RFC 9126) with their sealed
-- parameters, and request objects with a jti, by which a reload is told from a replay.
create table oidc_pushed (
  digest bytea primary key,
  partner_id text not null,
  sealed_parameters bytea,
  signed bigint not null,
  expires_at bigint not null,
  keep_until bigint not null,
  browser_hash bytea,
  handle text
);

create index oidc_pushed_keep_until on oidc_pushed (keep_until);
