"""Tables `fallback_setups`, `fallback_passkeys`, `fallback_tries`, `fallback_visits`, `fallback_challenges`."""

from __future__ import annotations

from ipse.actions.model import Method
from ipse.fallback.model import MOST_PASSKEYS, MOST_TRIES, MOST_WRONG, Invitation, Passkey, Setup
from ipse.storage.statement import Row

CREATE = """
insert into fallback_setups (setup_id, account_id, method, name_index, sealed, last_step, used, wrong, tried_at,
  created_at)
values ($1, $2, $3, $4, $5, 0, 0, 0, 0, $6)
returning setup_id
"""
# What a new app or sheet replaces: a person has one of each.
REPLACE = """
update fallback_setups set removed_at = $3 where account_id = $1 and method = $2 and removed_at is null
returning setup_id
"""
OF_ACCOUNT = """
select setup_id, account_id, method, sealed, last_step, used, created_at, used_at
from fallback_setups where account_id = $1 and removed_at is null order by created_at
"""
BY_NAME = """
select setup_id, account_id, method, sealed, last_step, used, created_at, used_at
from fallback_setups where name_index = $1 and method = $2 and removed_at is null
"""
REMOVE = """
update fallback_setups set removed_at = $3 where setup_id = $1 and account_id = $2 and removed_at is null
returning setup_id
"""
# Taken before the code is looked at, for names that exist and names that do not: many at once get no more than the
# tries there are, and nobody learns which names are somebody's.
TAKE_TRY = f"""
insert into fallback_tries (name_index, method, wrong, tried_at) values ($1, $2, 1, $3)
on conflict (name_index, method) do update
set wrong = case when fallback_tries.tried_at < $4 then 1 else fallback_tries.wrong + 1 end, tried_at = $3
where fallback_tries.wrong < {MOST_TRIES} or fallback_tries.tried_at < $4
returning wrong
"""  # noqa: S608 - a number of ours
GIVE_TRIES_BACK = "delete from fallback_tries where name_index = $1 and method = $2 returning wrong"
FORGET_TRIES = "delete from fallback_tries where tried_at < $1 returning wrong"
# One wrong code more; at the last one the set-up is taken away.
COUNT_WRONG = f"""
update fallback_setups set wrong = wrong + 1,
  removed_at = case when wrong + 1 >= {MOST_WRONG} then cast($2 as bigint) else removed_at end
where setup_id = $1 and removed_at is null
returning removed_at
"""  # noqa: S608 - a number of ours
# An activation takes away what was prepared before it: whoever had the identity then may have prepared it.
OUTLIVED = """
update fallback_setups set removed_at = $3 where account_id = $1 and created_at < $2 and removed_at is null
returning setup_id
"""
OUTLIVED_PASSKEYS = """
update fallback_passkeys set removed_at = $3 where account_id = $1 and created_at < $2 and removed_at is null
returning setup_id
"""
USE_STEP = """
update fallback_setups set last_step = $2, used_at = $3, wrong = 0
where setup_id = $1 and removed_at is null and last_step < $2
returning setup_id
"""
USE_BIT = """
update fallback_setups set used = used + cast($2 as bigint), used_at = $3, wrong = 0
where setup_id = $1 and removed_at is null and (used / cast($2 as bigint)) % 2 = 0
returning setup_id
"""
KEEP_VISIT = """
insert into fallback_visits (action_id, browser_hash, method, sealed, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6)
on conflict (action_id) do update set browser_hash = excluded.browser_hash, method = excluded.method,
  sealed = excluded.sealed, created_at = excluded.created_at, expires_at = excluded.expires_at
returning action_id
"""
VISIT = """
select action_id, method, sealed from fallback_visits where action_id = $1 and browser_hash = $2 and expires_at > $3
"""
FORGET_VISITS = "delete from fallback_visits where expires_at < $1 returning action_id"
ASK = """
insert into fallback_challenges (challenge_hash, action_id, method, browser_hash, sealed, created_at)
values ($1, $2, $3, $4, $5, $6)
returning challenge_hash
"""
TAKE = """
delete from fallback_challenges
where challenge_hash = $1 and action_id = $2 and method = $3 and browser_hash = $4 and created_at > $5
returning sealed
"""
TAKE_RETURN = """
delete from fallback_challenges
where challenge_hash = $1 and method = $2 and browser_hash = $3 and created_at > $4
returning action_id, sealed
"""
FORGET_CHALLENGES = "delete from fallback_challenges where created_at < $1 returning challenge_hash"
INVITE = f"""
insert into fallback_passkeys (setup_id, account_id, decoy, ticket_hash, user_handle, sign_count, created_at,
  invited_until)
select cast($1 as text), cast($2 as text), cast($3 as bigint), $4, $5, 0, cast($6 as bigint), cast($7 as bigint)
where (select count(*) from fallback_passkeys where account_id = $2 and removed_at is null) < {MOST_PASSKEYS}
returning setup_id
"""  # noqa: S608 - a number of ours
USER_HANDLE = "select user_handle from fallback_passkeys where account_id = $1 order by created_at limit 1"
INVITATION = """
select setup_id, account_id, user_handle, decoy from fallback_passkeys
where ticket_hash = $1 and made_at is null and removed_at is null and invited_until > $2
"""
MAKE = """
update fallback_passkeys set credential_id = $2, public_key = $3, sign_count = $4, made_at = $5
where ticket_hash = $1 and made_at is null and removed_at is null and invited_until > $5
returning setup_id
"""
PASSKEYS = """
select setup_id, account_id, credential_id, public_key, user_handle, sign_count, created_at, made_at, used_at
from fallback_passkeys where account_id = $1 and made_at is not null and removed_at is null
order by made_at
"""
PASSKEY = """
select setup_id, account_id, credential_id, public_key, user_handle, sign_count, created_at, made_at, used_at
from fallback_passkeys where credential_id = $1 and decoy = 0 and removed_at is null
"""
# A counter that does not move forward belongs to a copy; one that is always zero says nothing (WebAuthn §6.1.1).
USE_PASSKEY = """
update fallback_passkeys set sign_count = $2, used_at = $3
where setup_id = $1 and removed_at is null and (sign_count < $2 or (sign_count = 0 and cast($2 as bigint) = 0))
returning setup_id
"""
REMOVE_PASSKEY = """
update fallback_passkeys set removed_at = $3 where setup_id = $1 and account_id = $2 and removed_at is null
returning setup_id
"""
FORGET_INVITATIONS = """
delete from fallback_passkeys where made_at is null and invited_until < $1 returning setup_id
"""
COPY = """
select setup_id, account_id, method, sealed, last_step, used, wrong, tried_at, created_at, used_at, removed_at
from fallback_setups where account_id = $1 order by created_at, setup_id
"""
# Not whether it is a decoy: that would tell whoever forces its person.
COPY_PASSKEYS = """
select setup_id, account_id, credential_id, sign_count, created_at, invited_until, made_at, used_at, removed_at
from fallback_passkeys where account_id = $1 order by created_at, setup_id
"""
FORGET_PASSKEYS = "delete from fallback_passkeys where account_id = $1 returning setup_id"
FORGET_ACCOUNT = "delete from fallback_setups where account_id = $1 returning setup_id"


def read_setup(row: Row) -> Setup:
    """A row as a value; its secret stays sealed."""
    return Setup(
        setup_id=row["setup_id"],
        account_id=row["account_id"],
        method=Method(row["method"]),
        sealed=bytes(row["sealed"]),
        last_step=row["last_step"],
        used=row["used"],
        created_at=row["created_at"],
        used_at=row["used_at"],
    )


def read_passkey(row: Row) -> Passkey:
    """A row as a value."""
    return Passkey(
        setup_id=row["setup_id"],
        account_id=row["account_id"],
        credential_id=row["credential_id"],
        public_key=bytes(row["public_key"]),
        user_handle=bytes(row["user_handle"]),
        sign_count=row["sign_count"],
        created_at=row["created_at"],
        made_at=row["made_at"],
        used_at=row["used_at"],
    )


def read_invitation(row: Row) -> Invitation:
    """A row as a value."""
    return Invitation(
        setup_id=row["setup_id"],
        account_id=row["account_id"],
        user_handle=bytes(row["user_handle"]),
        decoy=bool(row["decoy"]),
    )
