-- Incidents, their timelines, the duties they start, and planned maintenance.

-- words, components, functions, guides and extent are JSON; nothing here is about a person.
create table incidents_incidents (
  incident_id text primary key,
  kind text not null,
  state text not null,
  impact text not null,
  title text not null,
  sentence text not null,
  components text not null,
  functions text not null,
  guides text not null,
  technical text not null,
  extent text not null,
  started_at bigint not null,
  aware_at bigint not null,
  ended_at bigint,
  published_at bigint,
  post_mortem text,
  post_mortem_at bigint,
  created_at bigint not null,
  changed_at bigint not null
);

create index incidents_incidents_ended on incidents_incidents (ended_at);

create table incidents_updates (
  update_id text primary key,
  incident_id text not null references incidents_incidents (incident_id),
  at bigint not null,
  state text not null,
  impact text not null,
  words text not null,
  actor text not null
);

create index incidents_updates_incident on incidents_updates (incident_id, at);

-- A row for each duty that somebody was reminded of, or has done.
create table incidents_duties (
  incident_id text not null references incidents_incidents (incident_id),
  duty text not null,
  reminded bigint not null,
  done_at bigint,
  done_by text not null,
  note text not null,
  primary key (incident_id, duty)
);

create table incidents_maintenance (
  maintenance_id text primary key,
  title text not null,
  words text not null,
  components text not null,
  starts_at bigint not null,
  ends_at bigint not null,
  announced_at bigint not null,
  cancelled_at bigint
);

create index incidents_maintenance_ends on incidents_maintenance (ends_at);
