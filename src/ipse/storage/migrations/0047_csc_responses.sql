-- What was asked asynchronously and what came of it, and documents that wait for the approval of their digests.
create table csc_responses (
    response_hash bytea primary key,
    round_id text not null,
    partner_id text not null,
    account_id text not null,
    state text not null,
    sealed_job bytea not null,
    sealed_result bytea,
    due_at bigint not null,
    tries bigint not null default 0,
    until bigint not null
);

create index csc_responses_due_at on csc_responses (due_at);

create table csc_prepared (
    partner_id text not null,
    account_id text not null,
    digest text not null,
    source_digest text not null,
    sealed_state bytea not null,
    expires_at bigint not null,
    primary key (partner_id, account_id, digest)
);

create index csc_prepared_expires_at on csc_prepared (expires_at);
