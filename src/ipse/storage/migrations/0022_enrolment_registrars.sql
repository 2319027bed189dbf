-- Who vouches for identities. The two counters beside each limit count the identities of the hour, and of the day, that
-- began with the first of them; they change by the one statement that lets an answer in.
create table enrolment_registrars (
    registrar_id text primary key,
    kind text not null,
    name text not null,
    country text not null,
    issuer text not null,
    client_id text not null,
    trust_framework text not null,
    assurance text not null,
    minors text not null,
    term_days bigint not null,
    per_hour bigint not null,
    per_day bigint not null,
    hour_began bigint not null,
    hour_count bigint not null,
    day_began bigint not null,
    day_count bigint not null,
    limited_at bigint not null,
    state text not null,
    created_at bigint not null,
    changed_at bigint not null,
    changed_by text not null
);

-- A renewal is an enrolment of a phone that lives: `account_id` is known from the beginning.
alter table enrolment_enrolments add column kind text not null default 'activation';

drop index enrolment_enrolments_phone;

create unique index enrolment_enrolments_phone on enrolment_enrolments (phone_id) where kind = 'activation';

create index enrolment_enrolments_renewals on enrolment_enrolments (phone_id) where kind = 'renewal';

create index enrolment_enrolments_registrar on enrolment_enrolments (registrar)
    where state in ('begun', 'at_registrar', 'returned', 'presented');
