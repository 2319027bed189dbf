-- Who signs. `account_id` once it is known; `link_hash` finds the invitation, whose address is never stored.
create table envelopes_signers (
    signer_id text primary key,
    envelope_id text not null,
    place bigint not null,
    account_id text,
    link_hash bytea,
    serial bigint not null,
    sealed_about bytea not null,
    state text not null,
    invited_at bigint,
    opened_at bigint,
    decided_at bigint
);

create index envelopes_signers_envelope on envelopes_signers (envelope_id, place);

create index envelopes_signers_account on envelopes_signers (account_id);

create unique index envelopes_signers_link on envelopes_signers (link_hash);

-- Each try of a signer: a credential that is made first, or a signature. What was prepared is kept until it has ended, so
-- that nothing is lost between the approval and the signed file.
create table envelopes_attempts (
    attempt_id text primary key,
    envelope_id text not null,
    signer_id text not null,
    kind text not null,
    state text not null,
    why text,
    action_id text not null,
    sealed_asked bytea not null,
    created_at bigint not null,
    ended_at bigint
);

create unique index envelopes_attempts_action on envelopes_attempts (action_id);

create index envelopes_attempts_envelope on envelopes_attempts (envelope_id, created_at);

create index envelopes_attempts_open on envelopes_attempts (created_at) where state = 'asked';
