-- What features counted of their own rows, folded by hour and by day: no person and no request is in it. It stays when
-- those rows are deleted. `within_n`: how many of `times` were approved within n seconds; `microseconds` is their sum.
create table statistics_counts (
  partner_id text not null,
  grain text not null,
  at bigint not null,
  service_code text not null,
  kind text not null,
  outcome text not null,
  method text not null,
  times bigint not null,
  microseconds bigint not null,
  within_5 bigint not null,
  within_10 bigint not null,
  within_20 bigint not null,
  within_30 bigint not null,
  within_60 bigint not null,
  within_120 bigint not null,
  primary key (partner_id, grain, at, service_code, kind, outcome, method)
);

create index statistics_counts_at on statistics_counts (grain, at);

-- One number for each day: the newest of today replaces the one before.
create table statistics_samples (
  name text not null,
  day bigint not null,
  amount bigint not null,
  primary key (name, day)
);

-- Whose turn it is, by one conditional statement: up to when something has been counted.
create table statistics_turns (
  name text primary key,
  until bigint not null
);
