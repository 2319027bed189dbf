"""Tables `console_calls` and `console_views`."""

from __future__ import annotations

from ipse.console.model import Call, CallState, Proof
from ipse.storage.statement import Row

BEGIN_CALL = """
insert into console_calls (call_id, account_id, member_id, proof, state, action_id, code_hash, tries, created_at)
values ($1, $2, $3, $4, 'asked', $5, $6, 0, $7)
"""
CALL = """
select call_id, account_id, member_id, proof, state, action_id, code_hash, tries, created_at, proven_at
from console_calls where call_id = $1 and member_id = $2
"""
# One that is asked or proven, the latest; $3 is the oldest that may still be asked, $4 the oldest proof that holds.
CURRENT_CALL = """
select call_id, account_id, member_id, proof, state, action_id, code_hash, tries, created_at, proven_at
from console_calls
where account_id = $1 and member_id = $2 and ((state = 'asked' and created_at > $3) or proven_at > $4)
order by created_at desc limit 1
"""
PROVE_CALL = """
update console_calls set state = 'proven', proven_at = $2 where call_id = $1 and state = 'asked' and created_at > $3
returning account_id
"""
# A try is taken before the code is looked at.
TAKE_TRY = """
update console_calls set tries = tries + 1
where call_id = $1 and member_id = $2 and state = 'asked' and proof = 'message' and tries < $3 and created_at > $4
returning code_hash
"""
CALLS_OF = "select count(*) as calls from console_calls where account_id = $1 and created_at > $2"
FORGET_CALLS = "delete from console_calls where created_at < $1 returning call_id"
FORGET_CALLS_OF = "delete from console_calls where account_id = $1 returning call_id"

OPEN_VIEW = """
insert into console_views (review_id, account_id, member_id, until) values ($1, $2, $3, $4)
"""
VIEW = """
select until from console_views where account_id = $1 and member_id = $2 and until > $3 order by until desc limit 1
"""
COPY_CALLS = """
select call_id, account_id, member_id, proof, state, action_id, tries, created_at, proven_at from console_calls
where account_id = $1 order by created_at, call_id
"""
COPY_VIEWS = """
select review_id, account_id, member_id, until from console_views where account_id = $1 order by until, review_id
"""
FORGET_VIEWS = "delete from console_views where until < $1 returning review_id"
FORGET_VIEWS_OF = "delete from console_views where account_id = $1 returning review_id"


def read_call(row: Row) -> Call:
    """A row as a value."""
    return Call(
        call_id=row["call_id"],
        account_id=row["account_id"],
        member_id=row["member_id"],
        proof=Proof(row["proof"]),
        state=CallState(row["state"]),
        action_id=row["action_id"],
        code_hash=bytes(row["code_hash"]),
        tries=row["tries"],
        created_at=row["created_at"],
        proven_at=row["proven_at"],
    )
