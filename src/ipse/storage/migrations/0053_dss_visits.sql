-- One row for each visit of a person whom a partner has identified or has sign. `sealed_asked` opens with the
-- installation's request key; who came stands in the visit's action alone.
create table dss_visits (
    visit_id text primary key,
    kind text not null,
    partner_id text not null,
    service_code text not null,
    sealed_asked bytea not null,
    reference_hash bytea not null,
    browser_hash bytea,
    action_id text,
    created_at bigint not null,
    expires_at bigint not null
);

create unique index dss_visits_reference on dss_visits (reference_hash);

create index dss_visits_created_at on dss_visits (created_at);
