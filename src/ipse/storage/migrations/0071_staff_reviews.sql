-- Acts that wait for a second person.

create table staff_reviews (
  review_id text primary key,
  kind text not null,
  subject text not null,
  parameters text not null,
  reason text not null,
  asked_by text not null,
  organisation text not null,
  organisation_id text not null,
  asked_at bigint not null,
  expires_at bigint not null,
  state text not null,
  decided_by text,
  decided_at bigint,
  answer text
);
create index staff_reviews_state on staff_reviews (state, asked_at);
create index staff_reviews_subject on staff_reviews (kind, subject, asked_at);
create index staff_reviews_organisation on staff_reviews (organisation, organisation_id, asked_at);
