-- The last moment of the evidence an account rests on, read with the account at every login; null where it never ends.
alter table people_accounts add column evidence_expires_at bigint;

update people_accounts set evidence_expires_at = (
    select max(newest.expires_at) from attributes_evidence newest
    where newest.account_id = people_accounts.account_id and newest.kept_at = (
        select max(each.kept_at) from attributes_evidence each where each.account_id = people_accounts.account_id));

-- When the person was told that this evidence ends soon, sooner, and has ended; and since when newer evidence stands in
-- its place.
alter table attributes_evidence add column told_early_at bigint;

alter table attributes_evidence add column told_late_at bigint;

alter table attributes_evidence add column told_ended_at bigint;

alter table attributes_evidence add column replaced_at bigint;

update attributes_evidence set replaced_at = (
    select min(newer.kept_at) from attributes_evidence newer
    where newer.account_id = attributes_evidence.account_id and newer.kept_at > attributes_evidence.kept_at);

create index attributes_evidence_expiry on attributes_evidence (expires_at) where replaced_at is null;
