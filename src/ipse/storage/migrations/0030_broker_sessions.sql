-- One row for each session of the REST API. `sealed_asked` and `sealed_token` open with the installation's request key;
-- what a browser carries is kept as hashes only.
create table broker_sessions (
    session_id text primary key,
    broker_id text not null,
    partner_id text not null,
    service_code text not null,
    flow text not null,
    sealed_asked bytea not null,
    reference_hash bytea,
    browser_hash bytea,
    action_id text,
    cancelled_at bigint,
    reading_at bigint,
    result_hash bytea,
    sealed_token bytea,
    result_until bigint,
    created_at bigint not null,
    expires_at bigint not null
);

create unique index broker_sessions_reference on broker_sessions (reference_hash);

create index broker_sessions_expires_at on broker_sessions (expires_at);
