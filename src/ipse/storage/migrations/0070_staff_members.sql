-- Those who work for the scheme, a partner, a registrar or a mobile operator, and how they prove it.

create table staff_members (
  member_id text primary key,
  organisation text not null,
  organisation_id text not null,
  roles text not null,
  sealed_about bytea,
  email_index bytea,
  user_handle bytea not null,
  state text not null,
  created_at bigint not null,
  changed_at bigint not null
);
create unique index staff_members_email on staff_members (organisation, organisation_id, email_index) where state <> 'removed';
create index staff_members_organisation on staff_members (organisation, organisation_id, created_at);

create table staff_invitations (
  ticket_hash bytea primary key,
  member_id text not null,
  created_at bigint not null,
  expires_at bigint not null,
  used_at bigint
);
create index staff_invitations_member on staff_invitations (member_id);
create index staff_invitations_expires_at on staff_invitations (expires_at);

create table staff_passkeys (
  passkey_id text primary key,
  member_id text not null,
  credential_id text not null,
  public_key bytea not null,
  sign_count bigint not null,
  made_at bigint not null,
  used_at bigint,
  removed_at bigint
);
create unique index staff_passkeys_credential on staff_passkeys (credential_id);
create index staff_passkeys_member on staff_passkeys (member_id);

create table staff_challenges (
  challenge_hash bytea primary key,
  browser_hash bytea not null,
  created_at bigint not null
);
create index staff_challenges_created_at on staff_challenges (created_at);

create table staff_sessions (
  session_hash bytea primary key,
  member_id text not null,
  created_at bigint not null,
  seen_at bigint not null,
  expires_at bigint not null
);
create index staff_sessions_member on staff_sessions (member_id);
create index staff_sessions_expires_at on staff_sessions (expires_at);
