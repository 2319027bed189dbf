-- Mobile operators: who vouches for numbers and SIMs. `prefixes` and `apis` are JSON lists; `cap` is an eIDAS level.
create table sim_operators (
    operator_id text primary key,
    name text not null,
    country text not null,
    prefixes text not null,
    issuer text not null,
    api_root text not null,
    client_id text not null,
    apis text not null,
    cap text not null,
    timeout_milliseconds bigint not null,
    state text not null,
    created_at bigint not null,
    changed_at bigint not null
);

-- A number that somebody is proving to have, while they do. Numbers are sealed; the index finds them.
create table sim_proofs (
    proof_id text primary key,
    number_index bytea not null,
    sealed_number bytea not null,
    state text not null,
    operator_id text,
    possession text not null,
    sim_state text not null,
    sealed_exchange bytea,
    sealed_code bytea,
    code_sent_at bigint,
    codes_sent bigint not null,
    code_tries bigint not null,
    created_at bigint not null,
    changed_at bigint not null,
    expires_at bigint not null
);

create index sim_proofs_expiry on sim_proofs (expires_at);

-- The number of each identity: sealed under the person's key, watched with its operator.
create table sim_watches (
    account_id text primary key,
    phone_id text not null,
    number_index bytea not null,
    sealed_number bytea not null,
    operator_id text,
    possession text not null,
    bound_at bigint not null,
    asked_at bigint,
    due_at bigint,
    failures bigint not null,
    changed_at bigint not null
);

create index sim_watches_due on sim_watches (due_at) where due_at is not null;

-- One row for each subscription to events of an operator. The token that the operator shows is kept as its SHA-256.
create table sim_subscriptions (
    subscription_id text primary key,
    account_id text not null,
    operator_id text not null,
    token_hash bytea,
    remote_id text,
    state text not null,
    expires_at bigint not null,
    due_at bigint not null,
    failures bigint not null,
    created_at bigint not null
);

create unique index sim_subscriptions_token on sim_subscriptions (token_hash) where token_hash is not null;

create index sim_subscriptions_account on sim_subscriptions (account_id);

create index sim_subscriptions_due on sim_subscriptions (due_at);

-- `ready`: everything. `reduced`: authentication only, at most substantial, until the operator answers for the SIM.
alter table phones_phones add column sim_state text not null default 'ready';

alter table phones_phones add column sim_checked_at bigint;

alter table phones_phones add column sim_operator text;
