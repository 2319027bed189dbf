-- Partners of a sandbox that two people have found ready for production.
create table partner_portal_clearances (
  organisation_id text primary key,
  review_id text not null,
  cleared_at bigint not null
);
