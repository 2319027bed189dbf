-- Times are seconds UTC.

create table status_changes (
  component text not null,
  since bigint not null,
  severity text not null,
  why text not null,
  primary key (component, since)
);

create table status_seen (
  name text primary key,
  at bigint not null
);

create table status_deliveries (
  delivery_id text primary key,
  receiver text not null,
  body text not null,
  due_at bigint not null,
  tries bigint not null,
  created_at bigint not null
);

create index status_deliveries_due on status_deliveries (due_at);
