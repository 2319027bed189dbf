-- Enrolments by eID card: the nonce that the card signs counts once, and a short code lets a person go on at another
-- computer, whose page then shows the way back to the phone.
alter table enrolment_enrolments add column nonce_hash bytea;

alter table enrolment_enrolments add column nonce_at bigint;

alter table enrolment_enrolments add column code_hash bytea;

alter table enrolment_enrolments add column screen text;

create unique index enrolment_enrolments_code on enrolment_enrolments (code_hash);
