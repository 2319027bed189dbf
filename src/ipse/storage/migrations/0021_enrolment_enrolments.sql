-- One row for each activation that began. Sealed columns open with the installation's enrolment key; one-time values
-- are kept as hashes only.
create table enrolment_enrolments (
    enrolment_id text primary key,
    phone_id text not null,
    registrar text not null,
    state text not null,
    why text,
    language text not null,
    sealed_request bytea not null,
    ticket_hash bytea not null,
    browser_hash bytea,
    state_hash bytea,
    sealed_exchange bytea,
    value_hash bytea,
    sealed_answer bytea,
    identity_index bytea,
    account_id text,
    created_at bigint not null,
    expires_at bigint not null,
    changed_at bigint not null
);

create unique index enrolment_enrolments_phone on enrolment_enrolments (phone_id);

create unique index enrolment_enrolments_ticket on enrolment_enrolments (ticket_hash);

create unique index enrolment_enrolments_state_hash on enrolment_enrolments (state_hash);

create unique index enrolment_enrolments_value on enrolment_enrolments (value_hash);

create index enrolment_enrolments_identity on enrolment_enrolments (identity_index);

create index enrolment_enrolments_expiry on enrolment_enrolments (expires_at);
