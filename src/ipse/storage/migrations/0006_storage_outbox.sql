-- News that a feature writes in the transaction of what happened; handlers of other features do the rest afterwards.
create table storage_outbox (
  event_id text primary key,
  name text not null,
  payload text not null,
  handled text not null,
  tries bigint not null,
  due_at bigint not null,
  created_at bigint not null
);

create index storage_outbox_due_at on storage_outbox (due_at);
