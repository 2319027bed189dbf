"""Table `actions_actions`: one row from request to token."""

from __future__ import annotations

import msgspec

from ipse.actions.model import FACTS_AT_ONCE, Action, ActionState, Request, Start
from ipse.storage.statement import Row

_COLUMNS = """action_id, handle, frame_id, state, why, kind, partner_id, service_code, request, browser_hash, start,
  account_id, phone_id, subject, shown_digest, sealed_shown, sealed_approval, created_at, expires_at, claimed_at,
  decided_at"""

_SELECT = """
select action_id, handle, frame_id, state, why, kind, partner_id, service_code, request, browser_hash, start,
  account_id, phone_id, subject, shown_digest, sealed_shown, sealed_approval, created_at, expires_at, claimed_at,
  decided_at
from actions_actions
"""

BEGIN = """
insert into actions_actions (action_id, handle, frame_id, state, kind, partner_id, service_code, request, browser_hash,
  created_at, expires_at)
values ($1, $2, $3, 'waiting', $4, $5, $6, $7, $8, $9, $10)
"""
BY_HANDLE = _SELECT + "where handle = $1"
BY_FRAME = _SELECT + "where frame_id = $1"
BY_ID = _SELECT + "where action_id = $1"
BY_RETURN = _SELECT + "where return_hash = $1"
_PLACES = ", ".join(f"${place}" for place in range(1, FACTS_AT_ONCE + 1))
STATES = f"select action_id, state, expires_at from actions_actions where action_id in ({_PLACES})"  # noqa: S608 - $n
EXTEND = """
update actions_actions set expires_at = $3
where handle = $1 and browser_hash = $2 and state in ('waiting', 'claimed') and expires_at > $4 and expires_at < $3
returning action_id
"""
CANCEL = """
update actions_actions set state = 'cancelled', decided_at = $3
where handle = $1 and browser_hash = $2 and state in ('waiting', 'claimed')
returning action_id, account_id
"""
CLAIM = """
update actions_actions set state = 'claimed', start = $2, account_id = $3, phone_id = $4, shown_digest = $5,
  sealed_shown = $6, claimed_at = $7
where action_id = $1 and state = 'waiting' and expires_at > $7
returning action_id
"""
END_WAITING = """
update actions_actions set state = 'cancelled', why = $2, decided_at = $3
where action_id = $1 and state = 'waiting'
returning action_id
"""
APPROVE = """
update actions_actions set state = 'approved', subject = $3, sealed_approval = $4, return_hash = $5, decided_at = $6,
  expires_at = $7
where action_id = $1 and phone_id = $2 and state = 'claimed' and expires_at > $6
returning action_id
"""
REJECT = """
update actions_actions set state = 'rejected', why = $3, sealed_approval = $4, decided_at = $5
where action_id = $1 and phone_id = $2 and state = 'claimed' and expires_at > $5
returning action_id
"""
# A code that a block has taken away is not given again.
COLLECT = (
    """
update actions_actions set state = 'collected', code_hash = $3, code_expires_at = coalesce(code_expires_at, $4)
where handle = $1 and browser_hash = $2 and start = 'qr' and redeemed_at is null and expires_at > $5
  and (state = 'approved' or (state = 'collected' and code_hash is not null))
returning """
    + _COLUMNS
)
COLLECT_RETURN = (
    """
update actions_actions set state = 'collected', code_hash = $3, code_expires_at = $4
where return_hash = $1 and browser_hash = $2 and state = 'approved' and expires_at > $5
returning """
    + _COLUMNS
)
REDEEM = (
    """
update actions_actions set redeemed_at = $3, token_hash = $4, token_expires_at = $5
where code_hash = $1 and partner_id = $2 and state = 'collected' and redeemed_at is null and code_expires_at > $3
returning """
    + _COLUMNS
)
USED_AGAIN = """
update actions_actions set token_hash = null
where code_hash = $1 and partner_id = $2 and redeemed_at is not null
returning action_id
"""
BY_TOKEN = _SELECT + "where token_hash = $1 and token_expires_at > $2 and state = 'collected'"
REVOKE_TOKEN = """
update actions_actions set token_hash = null where token_hash = $1 and partner_id = $2 returning action_id
"""
REVOKE_ALL = """
update actions_actions set code_hash = null, token_hash = null, return_hash = null,
  state = case when state = 'collected' then state else 'revoked' end
where account_id = $1 and (state in ('claimed', 'approved') or code_hash is not null or token_hash is not null)
returning action_id
"""
REVOKE_CLAIMED = """
update actions_actions set state = 'revoked', decided_at = $2
where account_id = $1 and state = 'claimed'
returning action_id
"""
OPEN_OF_PHONE = (
    _SELECT
    + """where account_id = $1 and phone_id = $2 and state = 'claimed' and expires_at > $3
order by created_at desc limit 20"""
)
HISTORY = (
    _SELECT
    + """where account_id = $1 and created_at < $2 and (state <> 'claimed' or expires_at <= $3)
order by created_at desc limit $4"""
)
EXPIRE = """
update actions_actions set state = 'expired', decided_at = expires_at
where state in ('waiting', 'claimed') and expires_at < $1
returning action_id
"""
DELETE_UNCLAIMED = "delete from actions_actions where account_id is null and expires_at < $1 returning action_id"

_request = msgspec.json.Decoder(Request)


def read_action(row: Row) -> Action:
    """A row as a value."""
    return Action(
        action_id=row["action_id"],
        handle=row["handle"],
        frame_id=row["frame_id"],
        state=ActionState(row["state"]),
        why=row["why"],
        kind=row["kind"],
        partner_id=row["partner_id"],
        service_code=row["service_code"],
        request=_request.decode(row["request"]),
        browser_hash=row["browser_hash"],
        start=Start(row["start"]) if row["start"] else None,
        account_id=row["account_id"],
        phone_id=row["phone_id"],
        subject=row["subject"],
        shown_digest=row["shown_digest"],
        sealed_shown=row["sealed_shown"],
        sealed_approval=row["sealed_approval"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        claimed_at=row["claimed_at"],
        decided_at=row["decided_at"],
    )
