"""Tables `fallback_setups`, `fallback_visits`, `fallback_challenges`."""

from __future__ import annotations

from ipse.actions.model import Method
from ipse.fallback.model import Setup
from ipse.storage.statement import Row

CREATE = """
insert into fallback_setups (setup_id, account_id, method, name_index, sealed, last_step, used, wrong, tried_at,
  created_at)
values ($1, $2, $3, $4, $5, 0, 0, 0, 0, $6)
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
# Taken before the code is looked at: many at once get no more than the tries there are.
TAKE_TRY = """
update fallback_setups set wrong = case when tried_at < $3 then 1 else wrong + 1 end, tried_at = $2
where setup_id = $1 and removed_at is null and (wrong < 5 or tried_at < $3)
returning wrong
"""
USE_STEP = """
update fallback_setups set wrong = 0, last_step = $2, used_at = $3
where setup_id = $1 and removed_at is null and last_step < $2
returning setup_id
"""
USE_BIT = """
update fallback_setups set wrong = 0, used = used + cast($2 as bigint), used_at = $3
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
