-- How many documents one approval of a signing service may sign.
alter table partners_services add column batch bigint not null default 1;
