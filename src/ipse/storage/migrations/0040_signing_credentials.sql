-- People's signing credentials: the keys are with signature activation, the certificates here, sealed for their person.
create table signing_credentials (
  credential_id text primary key,
  account_id text not null,
  phone_id text not null,
  state text not null,
  why text,
  algorithm text not null,
  attested_at bigint,
  sealed_request bytea,
  sealed_certificates bytea,
  serial text,
  profile text not null,
  created_at bigint not null,
  changed_at bigint not null,
  valid_until bigint
);

create index signing_credentials_account on signing_credentials (account_id);
create index signing_credentials_state on signing_credentials (state, valid_until);
