-- An activation on another phone waits until `due_at` for the phone that has the identity; what the registrar said stays
-- sealed in the enrolment until then.
alter table enrolment_enrolments add column due_at bigint;

create index enrolment_enrolments_due on enrolment_enrolments (due_at) where state = 'waiting';

create index enrolment_enrolments_waiting on enrolment_enrolments (account_id) where state = 'waiting';

-- By what a person is known again: keyed indexes of a national number, and of each document with name and birth date.
create table people_identities (
  identity_index bytea primary key,
  account_id text not null,
  created_at bigint not null
);

create index people_identities_account on people_identities (account_id);

insert into people_identities (identity_index, account_id, created_at)
select identity_index, account_id, created_at from people_accounts
where state <> 'archived' and identity_index is not null;

-- A new phone beside an old one. The code that the new one shows is kept as a keyed digest.
create table mobile_pairings (
  pairing_id text primary key,
  phone_id text not null,
  code_index bytea not null,
  state text not null,
  why text,
  account_id text,
  old_phone_id text,
  about text not null,
  address_index bytea not null,
  created_at bigint not null,
  expires_at bigint not null,
  changed_at bigint not null
);

create unique index mobile_pairings_code on mobile_pairings (code_index);

create index mobile_pairings_phone on mobile_pairings (phone_id);

create index mobile_pairings_account on mobile_pairings (account_id) where state in ('seen', 'confirmed');

-- What somebody typed on the page that blocks without login, until a job has looked at it. Sealed.
create table portal_blocks (
  block_id text primary key,
  sealed bytea not null,
  created_at bigint not null
);
