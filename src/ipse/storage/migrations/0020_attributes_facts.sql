-- What registrars said of people. Both columns `sealed` open only with the person's key.
create table attributes_documents (
    account_id text primary key,
    sealed bytea not null,
    updated_at bigint not null
);

-- The record without which no account becomes active. Registrar and time stay readable, so that the identities born
-- from one bank since a date can be listed.
create table attributes_evidence (
    evidence_id text primary key,
    account_id text not null,
    registrar text not null,
    kind text not null,
    assurance text not null,
    sealed bytea not null,
    verified_at bigint not null,
    expires_at bigint,
    kept_at bigint not null
);

create index attributes_evidence_account on attributes_evidence (account_id);

create index attributes_evidence_registrar on attributes_evidence (registrar, kept_at);
