-- What mobile operators answered, by the hour: counts and time taken, nothing of any person.

create table sim_answers (
  operator_id text not null,
  hour bigint not null,
  word text not null,
  times bigint not null,
  microseconds bigint not null,
  slowest bigint not null,
  primary key (operator_id, hour, word)
);

create index sim_watches_operator on sim_watches (operator_id);

create index enrolment_enrolments_began on enrolment_enrolments (registrar, created_at);
