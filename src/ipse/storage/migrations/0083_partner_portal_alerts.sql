-- When the contacts of a partner were last told that its logins need a look.
create table partner_portal_alerts (
  organisation_id text primary key,
  told_at bigint not null
);
