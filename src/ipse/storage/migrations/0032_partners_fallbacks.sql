-- What a service lets people do without the phone, and whether they must always be able to reach it.
alter table partners_services add column fallbacks text not null default '[]';

alter table partners_services add column essential bigint not null default 0;
