-- Refusals by the reference that people read out to a help desk. Nothing here is about a person.
create table incidents_refusals (
  reference text not null,
  at bigint not null,
  status bigint not null,
  code text not null,
  route text not null,
  caller text not null
);

create index incidents_refusals_reference on incidents_refusals (reference);

create index incidents_refusals_at on incidents_refusals (at);
