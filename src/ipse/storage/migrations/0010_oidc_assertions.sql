-- Client assertions that were used: SHA-256 of client id and jti. One row decides that an assertion counts once.
create table oidc_assertions (
  digest bytea primary key,
  usable_until bigint not null
);

create index oidc_assertions_usable_until on oidc_assertions (usable_until);
