-- When each key of a partner was last used, so that it knows when an old one can go; `legacy_at` when it last named our
-- token endpoint as the audience of its proof. The empty `kid` is its secret.
create table partners_uses (
  partner_id text not null,
  kid text not null,
  used_at bigint not null,
  legacy_at bigint not null,
  primary key (partner_id, kid)
);

-- What a help desk, an error page and the partner's developer all know a refusal by.
alter table partners_refusals add column reference text not null default '';

create index partners_refusals_reference on partners_refusals (partner_id, reference);
