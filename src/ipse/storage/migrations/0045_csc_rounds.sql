-- The signing API. Which person a partner means by a name of its own; the name only as a keyed index.
create table csc_accounts (
    partner_id text not null,
    name_index bytea not null,
    account_id text not null,
    bound_at bigint not null,
    primary key (partner_id, name_index)
);

create index csc_accounts_account on csc_accounts (account_id);

-- One row for each way of a browser through the authorization endpoint. What was asked opens with the key `csc`.
create table csc_rounds (
    round_id text primary key,
    partner_id text not null,
    service_code text not null,
    version text not null,
    scope text not null,
    account_id text,
    action_id text,
    sealed_asked bytea not null,
    code_hash bytea,
    code_until bigint,
    redeemed_at bigint,
    created_at bigint not null
);

create unique index csc_rounds_code on csc_rounds (code_hash);

create index csc_rounds_created_at on csc_rounds (created_at);

-- Access tokens and signature activation data, as hashes.
create table csc_tokens (
    token_hash bytea primary key,
    round_id text not null,
    partner_id text not null,
    version text not null,
    scope text not null,
    account_id text not null,
    credential_id text not null,
    expires_at bigint not null,
    revoked_at bigint
);

create index csc_tokens_round on csc_tokens (round_id);

create index csc_tokens_expires_at on csc_tokens (expires_at);

-- Which of a round's digests have been given out: each once.
create table csc_given (
    round_id text not null,
    position bigint not null,
    given_at bigint not null,
    primary key (round_id, position)
);

create index csc_given_at on csc_given (given_at);

-- Requests that wait for their browser (RFC 9126).
create table csc_pushed (
    reference_hash bytea primary key,
    partner_id text not null,
    sealed_parameters bytea not null,
    browser_hash bytea,
    expires_at bigint not null
);

create index csc_pushed_expires_at on csc_pushed (expires_at);
