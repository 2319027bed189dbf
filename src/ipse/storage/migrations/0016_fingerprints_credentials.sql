-- Platform credentials (WebAuthn) with which a person approves by fingerprint or face on one phone.
create table fingerprints_credentials (
  credential_id text primary key,
  phone_id text not null,
  public_key bytea not null,
  sign_count bigint not null,
  label text not null,
  created_at bigint not null,
  used_at bigint
);

create index fingerprints_credentials_phone on fingerprints_credentials (phone_id);
