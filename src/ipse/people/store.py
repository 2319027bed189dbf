"""Tables `people_accounts`, `people_epochs`, `people_subjects`, `people_acceptances`."""

from __future__ import annotations

from ipse.people.model import Account, AccountState
from ipse.storage.statement import Row

ACCOUNT = """
select account_id, state, why, language, level, created_at, activated_at, evidence_expires_at, epoch, wrapped_key
from people_accounts where account_id = $1
"""
# The account, and the subject by which one partner knows it already.
ACCOUNT_AND_SUBJECT = """
select account_id, state, why, language, level, created_at, activated_at, evidence_expires_at, epoch, wrapped_key,
  (select subject from people_subjects
    where people_subjects.account_id = people_accounts.account_id and partner_id = $2 and retired_at is null) as subject
from people_accounts where account_id = $1
"""
ACCOUNT_BY_IDENTITY = """
select account_id, state, why, language, level, created_at, activated_at, evidence_expires_at, epoch, wrapped_key
from people_accounts where identity_index = $1 and state <> 'archived'
"""
# By any of the indexes of a person: the number before the documents. Whoever finds it keeps it from changing.
IDENTITIES = "select identity_index, account_id from people_identities where identity_index in ($1, $2, $3, $4)"
HOLD_LIVING = """
update people_accounts set changed_at = changed_at where account_id = $1 and state <> 'archived'
returning account_id, state, why, language, level, created_at, activated_at, evidence_expires_at, epoch, wrapped_key
"""
KNOW_AGAIN = """
insert into people_identities (identity_index, account_id, created_at) values ($1, $2, $3)
on conflict (identity_index) do nothing
returning identity_index
"""
FORGET_IDENTITIES = "delete from people_identities where account_id = $1 returning identity_index"
ACCOUNT_BY_PHONE = """
select account_id, state, why, language, level, created_at, activated_at, evidence_expires_at, epoch, wrapped_key
from people_accounts where phone_index = $1 and state <> 'archived' order by changed_at desc limit 4
"""
CHANGE_NUMBER = """
update people_accounts set phone_index = $2, changed_at = $3 where account_id = $1 and state = 'active'
returning account_id
"""
# The person's key goes: nothing that was sealed with it opens any more. $2 is no bytes at all.
ARCHIVE = """
update people_accounts set state = 'archived', why = $3, identity_index = null, phone_index = null, wrapped_key = $2,
  epoch = '',
  changed_at = $4
where account_id = $1 and state <> 'archived'
returning account_id
"""
HOLD_BLOCKED = """
update people_accounts set why = 'by_operator', changed_at = $2 where account_id = $1 and state = 'blocked'
returning account_id
"""
RELEASE = """
update people_accounts set why = 'released', changed_at = $2
where account_id = $1 and state = 'blocked' and why = 'by_operator'
returning account_id
"""
RETIRE_SUBJECTS = """
update people_subjects set retired_at = $2 where account_id = $1 and retired_at is null returning subject
"""
# One partner knows the person no more by what it knew them by.
RETIRE_SUBJECT = """
update people_subjects set retired_at = $3 where account_id = $1 and partner_id = $2 and retired_at is null
returning subject
"""
SUBJECTS = """
select subject, partner_id, created_at, retired_at from people_subjects where account_id = $1
order by created_at, subject
"""
COPY = """
select account_id, state, why, language, level, created_at, activated_at, changed_at, evidence_expires_at, failures
from people_accounts where account_id = $1
"""
COPY_ACCEPTANCES = """
select kind, version, language, sha256, accepted_at from people_acceptances where account_id = $1
order by accepted_at, kind, version
"""
COPY_IDENTITIES = "select created_at from people_identities where account_id = $1 order by created_at"
# Shells whose time is over.
SHELLS_OVER = """
select account_id from people_accounts where state = 'archived' and changed_at < $1 order by changed_at limit 100
"""
FORGET_SUBJECTS = "delete from people_subjects where account_id = $1 returning subject"
FORGET_SHELL = """
delete from people_accounts where account_id = $1 and state = 'archived' returning account_id
"""
FORGET_ACCEPTANCES = "delete from people_acceptances where account_id = $1 returning kind"
CREATE_ACCOUNT = """
insert into people_accounts (account_id, state, why, language, level, identity_index, phone_index, epoch, wrapped_key,
  created_at, activated_at, changed_at, evidence_expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
RENEW_ACCOUNT = """
update people_accounts set state = $2, why = $3, language = $4, level = $5, phone_index = $6, activated_at = $7,
  changed_at = $8, evidence_expires_at = $9
where account_id = $1 and state <> 'archived'
returning account_id, state, why, language, level, created_at, activated_at, evidence_expires_at, epoch, wrapped_key
"""
RENEW_EVIDENCE = """
update people_accounts set level = $2, identity_index = $3, evidence_expires_at = $4, changed_at = $5
where account_id = $1 and state = 'active'
returning account_id
"""
BLOCK = """
update people_accounts set state = 'blocked', why = $2, changed_at = $3
where account_id = $1 and state in ('active', 'pending')
returning account_id
"""
ENROLLED = "select count(*) as people from people_accounts where state in ('active', 'blocked')"
# The last of some accounts after $1.
SOME_ACCOUNTS = """
select max(account_id) as last from (
  select account_id from people_accounts where account_id > $1 order by account_id limit 5000
) some_accounts
"""
# Whoever has left since then was new all the same.
NEW_PEOPLE = """
select count(*) as people from people_accounts where created_at >= $1 and created_at < $2 and state <> 'pending'
"""
FAIL = "update people_accounts set failures = failures + 1 where account_id = $1 returning failures"
FORGIVE = "update people_accounts set failures = 0 where account_id = $1 returning account_id"
SET_LANGUAGE = "update people_accounts set language = $2, changed_at = $3 where account_id = $1 returning account_id"
COUNT_ACTIVE = "select count(*) as people from people_accounts where state = 'active'"
KEY = "select epoch, wrapped_key from people_accounts where account_id = $1 and state <> 'archived'"
NEWEST_EPOCH = "select epoch, wrapped_key, created_at from people_epochs order by created_at desc, epoch limit 1"
EPOCHS = "select epoch, wrapped_key, created_at from people_epochs"
CREATE_EPOCH = "insert into people_epochs (epoch, wrapped_key, created_at) values ($1, $2, $3)"
OLD_KEYS = (
    "select account_id, epoch, wrapped_key from people_accounts where epoch <> $1 and state <> 'archived' limit $2"
)
REWRAP = """
update people_accounts set epoch = $3, wrapped_key = $4 where account_id = $1 and epoch = $2 returning account_id
"""
DESTROY_EPOCHS = """
delete from people_epochs where epoch <> $1 and created_at < $2
  and not exists (select 1 from people_accounts where people_accounts.epoch = people_epochs.epoch)
returning epoch
"""
SUBJECT = "select subject from people_subjects where account_id = $1 and partner_id = $2 and retired_at is null"
ACCOUNT_OF_SUBJECT = """
select s.account_id from people_subjects s join people_accounts a on a.account_id = s.account_id
where s.subject = $1 and s.partner_id = $2 and s.retired_at is null and a.state = 'active'
"""
ACCOUNT_OF_NUMBER = """
select account_id from people_accounts where phone_index = $1 and state = 'active' order by activated_at desc limit 1
"""
# Changes nothing but waits for whoever is changing the account, and makes others wait.
HOLD = """
update people_accounts set changed_at = changed_at where account_id = $1 and state = 'active' returning account_id
"""
CREATE_SUBJECT = """
insert into people_subjects (subject, account_id, partner_id, created_at) values ($1, $2, $3, $4)
"""
ACCEPT = """
insert into people_acceptances (account_id, kind, version, language, sha256, accepted_at)
values ($1, $2, $3, $4, $5, $6)
"""


def read_account(row: Row) -> Account:
    """A row as a value."""
    return Account(
        account_id=row["account_id"],
        state=AccountState(row["state"]),
        why=row["why"],
        language=row["language"],
        level=row["level"],
        created_at=row["created_at"],
        activated_at=row["activated_at"],
        evidence_expires_at=row["evidence_expires_at"],
    )
