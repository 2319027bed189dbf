-- Guesses of one-time codes by the name typed beside them, whether anybody has that name or not.
create table fallback_tries (
  name_index bytea not null,
  method text not null,
  wrong bigint not null,
  tried_at bigint not null,
  primary key (name_index, method)
);

create index fallback_tries_tried_at on fallback_tries (tried_at);
