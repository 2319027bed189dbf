-- Codes that block without the phone, and phones that do not show yet that a duress code has blocked.

alter table phones_phones add column quiet_until bigint;

-- Wrong codes in a row over everything that asks for one.
alter table people_accounts add column failures bigint not null default 0;

create table panic_sheets (
  sheet_id text primary key,
  account_id text not null,
  holder text not null,
  sealed_name bytea,
  code_index bytea not null,
  state text not null,
  made_at bigint not null,
  changed_at bigint not null
);

create unique index panic_sheets_code on panic_sheets (code_index);

create index panic_sheets_account on panic_sheets (account_id);

create table panic_guesses (
  bucket text primary key,
  begun_at bigint not null,
  guesses bigint not null
);

create table panic_telephones (
  telephone_id text primary key,
  name text not null,
  token_hash bytea not null,
  made_at bigint not null,
  removed_at bigint
);

create unique index panic_telephones_token on panic_telephones (token_hash);
