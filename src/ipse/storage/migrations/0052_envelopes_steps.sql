-- What happened to an envelope, one row each: the record that goes with the finished documents.
create table envelopes_steps (
    step_id text primary key,
    envelope_id text not null,
    signer_id text,
    kind text not null,
    at bigint not null,
    sealed_details bytea not null
);

create index envelopes_steps_envelope on envelopes_steps (envelope_id, at);
