-- Envelopes: documents that one person has others sign. `sealed_key` is the envelope's own key under its owner's key; all
-- else that is sealed here and in the tables of the next files opens with it. `pen` names the attempt that may change the
-- documents: one at a time.
create table envelopes_envelopes (
    envelope_id text primary key,
    account_id text not null,
    state text not null,
    sealed_key bytea not null,
    sealed_about bytea not null,
    in_order bigint not null,
    same_email bigint not null,
    created_at bigint not null,
    deadline bigint,
    ended_at bigint,
    delete_at bigint not null,
    pen text,
    pen_until bigint
);

create index envelopes_envelopes_account on envelopes_envelopes (account_id, created_at);

create index envelopes_envelopes_delete_at on envelopes_envelopes (delete_at);

create index envelopes_envelopes_deadline on envelopes_envelopes (deadline) where state = 'open';
