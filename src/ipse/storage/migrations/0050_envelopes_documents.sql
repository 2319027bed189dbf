-- The documents of an envelope, each as it is now: `blob_id` names the file, `level` the level of its last signature.
create table envelopes_documents (
    document_id text primary key,
    envelope_id text not null,
    place bigint not null,
    sealed_about bytea not null,
    blob_id text not null,
    level text not null,
    raised_at bigint
);

create index envelopes_documents_envelope on envelopes_documents (envelope_id, place);

-- Files, in sealed pieces. One with an attempt is what that attempt has prepared.
create table envelopes_blobs (
    blob_id text primary key,
    envelope_id text not null,
    attempt_id text,
    bytes bigint not null,
    created_at bigint not null
);

create index envelopes_blobs_envelope on envelopes_blobs (envelope_id);

create index envelopes_blobs_created_at on envelopes_blobs (created_at);

create table envelopes_pieces (
    blob_id text not null,
    place bigint not null,
    sealed bytea not null,
    primary key (blob_id, place)
);
