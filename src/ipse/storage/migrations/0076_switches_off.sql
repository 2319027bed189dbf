-- What is switched off for everybody. A row is a switch that is off.

create table switches_off (
  kind text not null,
  name text not null,
  because text not null,
  since bigint not null,
  primary key (kind, name)
);

-- Maker and model of a phone, as its hardware attests them, else as it said itself when it was activated.
alter table phones_phones add column model text;
