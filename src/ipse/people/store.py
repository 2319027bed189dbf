"""Tables `people_accounts`, `people_epochs`, `people_subjects`, `people_acceptances`."""

from __future__ import annotations

from ipse.people.model import Account, AccountState
from ipse.storage.statement import Row

ACCOUNT = """
select account_id, state, why, language, level, created_at, activated_at, epoch, wrapped_key
from people_accounts where account_id = $1
"""
# The account, and the subject by which one partner knows it already.
ACCOUNT_AND_SUBJECT = """
select account_id, state, why, language, level, created_at, activated_at, epoch, wrapped_key,
  (select subject from people_subjects
    where people_subjects.account_id = people_accounts.account_id and partner_id = $2 and retired_at is null) as subject
from people_accounts where account_id = $1
"""
ACCOUNT_BY_IDENTITY = """
select account_id, state, why, language, level, created_at, activated_at, epoch, wrapped_key
from people_accounts where identity_index = $1 and state <> 'archived'
"""
CREATE_ACCOUNT = """
insert into people_accounts (account_id, state, why, language, level, identity_index, phone_index, epoch, wrapped_key,
  created_at, activated_at, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
RENEW_ACCOUNT = """
update people_accounts set state = $2, why = $3, language = $4, level = $5, phone_index = $6, activated_at = $7,
  changed_at = $8
where account_id = $1 and state <> 'archived'
returning account_id, state, why, language, level, created_at, activated_at, epoch, wrapped_key
"""
BLOCK = """
update people_accounts set state = 'blocked', why = $2, changed_at = $3
where account_id = $1 and state in ('active', 'pending')
returning account_id
"""
SET_LANGUAGE = "update people_accounts set language = $2, changed_at = $3 where account_id = $1 returning account_id"
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
    )
