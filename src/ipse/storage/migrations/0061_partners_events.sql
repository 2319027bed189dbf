-- Where a partner takes security event tokens (RFC 8417, RFC 8935): what its people have taken back or deleted.
create table partners_events (
    partner_id text primary key,
    address text not null,
    changed_at bigint not null
);
