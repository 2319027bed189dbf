-- Every certificate that the issuing authority signs has its row before it is signed.
create table certification_certificates (
    serial text primary key,
    kind text not null,
    key_digest text unique,
    request_digest text not null,
    asked_by text not null,
    not_before bigint not null,
    not_after bigint not null,
    certificate bytea,
    status text not null,
    reason text not null,
    changed_at bigint not null
);

create index certification_certificates_status on certification_certificates (status);

create table certification_lists (
    number bigint primary key,
    made_at bigint not null,
    next_at bigint not null,
    list bytea not null
);

create table certification_lines (
    seq bigint primary key,
    at bigint not null,
    actor text not null,
    act text not null,
    subject text not null,
    details text not null,
    previous bytea not null,
    digest bytea not null
);

create table certification_head (
    name text primary key,
    seq bigint not null,
    digest bytea not null
);
