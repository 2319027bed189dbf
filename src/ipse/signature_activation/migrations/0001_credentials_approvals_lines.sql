-- What decides is in `sealed`; the other columns only find rows. `state` is for counting.
create table credentials (
    credential text primary key,
    state text not null,
    sealed bytea not null,
    changed_at bigint not null
);
-- Approvals that were judged: `action` stands where one has signed, once.
create table approvals (
    approval bytea primary key,
    action bytea unique,
    sealed bytea not null,
    judged_at bigint not null
);
create index approvals_judged_at on approvals (judged_at);
create table audit_lines (
    seq bigint primary key,
    at bigint not null,
    act text not null,
    subject text not null,
    details text not null,
    digest bytea not null
);
