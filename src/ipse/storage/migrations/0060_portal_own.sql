-- A person's own portal. Where somebody has given their code to see protected values: one browser, a few minutes.
create table portal_openings (
    browser_hash bytea not null,
    account_id text not null,
    until bigint not null,
    primary key (browser_hash, account_id)
);

create index portal_openings_account on portal_openings (account_id);

create index portal_openings_until on portal_openings (until);

-- "This was not me", once for each request.
create table portal_reports (
    action_id text primary key,
    account_id text not null,
    at bigint not null
);

create index portal_reports_account on portal_reports (account_id);

-- What a person has taken back from a partner, and whether the partner has acknowledged.
create table portal_withdrawals (
    withdrawal_id text primary key,
    account_id text not null,
    partner_id text not null,
    kind text not null,
    subject text not null,
    state text not null,
    tries bigint not null,
    asked_at bigint not null,
    answered_at bigint
);

create index portal_withdrawals_account on portal_withdrawals (account_id, asked_at);
