-- Whose credential it is: they are forgotten together with the person.
alter table fingerprints_credentials add column account_id text not null default '';

create index fingerprints_credentials_account on fingerprints_credentials (account_id);
