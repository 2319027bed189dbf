-- How requests ended in the last minutes is counted all the time.
create index actions_actions_decided on actions_actions (decided_at) where decided_at is not null;

create index enrolment_enrolments_changed on enrolment_enrolments (changed_at);

create index sim_watches_asked on sim_watches (asked_at) where asked_at is not null;
