-- Whether an approval of an identification service may sign, too.
alter table partners_services add column signs bigint not null default 0;
