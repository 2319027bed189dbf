-- Passkeys that stand in for the phone. A row begins as an invitation by the phone, found by the hash of its ticket, and
-- holds a credential once a browser has made one. `decoy` is 1 where the person was forced: it looks alike and proves nobody.
create table fallback_passkeys (
  setup_id text primary key,
  account_id text not null,
  decoy bigint not null,
  ticket_hash bytea not null,
  user_handle bytea not null,
  credential_id text,
  public_key bytea,
  sign_count bigint not null,
  created_at bigint not null,
  invited_until bigint not null,
  made_at bigint,
  used_at bigint,
  removed_at bigint
);

create unique index fallback_passkeys_ticket on fallback_passkeys (ticket_hash);

create unique index fallback_passkeys_credential on fallback_passkeys (credential_id);

create index fallback_passkeys_account on fallback_passkeys (account_id);
