"""Table `broker_sessions`."""

from __future__ import annotations

from ipse.broker.model import Flow, Session
from ipse.storage.statement import Row

_SELECT = """
select session_id, broker_id, partner_id, service_code, flow, sealed_asked, browser_hash, action_id, cancelled_at,
  reading_at, result_hash, sealed_token, result_until, created_at, expires_at
from broker_sessions
"""
CREATE = """
insert into broker_sessions (session_id, broker_id, partner_id, service_code, flow, sealed_asked, reference_hash,
  action_id, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
BY_ID = _SELECT + "where session_id = $1 and broker_id = $2"
BY_REFERENCE = _SELECT + "where reference_hash = $1"
# The first browser that opens the authentication URL has the session.
OPEN = """
update broker_sessions set browser_hash = $2, action_id = $3
where reference_hash = $1 and action_id is null and cancelled_at is null and expires_at > $4
returning session_id
"""
# Before anybody has opened it, this alone ends a session; afterwards its action decides.
CANCEL = """
update broker_sessions set cancelled_at = coalesce(cancelled_at, $3)
where session_id = $1 and broker_id = $2
returning session_id, action_id
"""
UNCANCEL = "update broker_sessions set cancelled_at = null where session_id = $1 returning session_id"
# One at a time collects the result; one that died on the way is taken over.
BEGIN_READING = """
update broker_sessions set reading_at = $2
where session_id = $1 and sealed_token is null and (reading_at is null or reading_at < $3)
returning session_id
"""
STOP_READING = """
update broker_sessions set reading_at = null where session_id = $1 and sealed_token is null returning session_id
"""
KEEP_RESULT = """
update broker_sessions set sealed_token = $2, result_hash = $3, result_until = $4
where session_id = $1 and sealed_token is null
returning session_id
"""
DELETE_OLD = """
delete from broker_sessions where expires_at < $1 and (result_until is null or result_until < $1) returning session_id
"""


def read_session(row: Row) -> Session:
    """A row as a value."""
    return Session(
        session_id=row["session_id"],
        broker_id=row["broker_id"],
        partner_id=row["partner_id"],
        service_code=row["service_code"],
        flow=Flow(row["flow"]),
        sealed_asked=row["sealed_asked"],
        browser_hash=row["browser_hash"],
        action_id=row["action_id"],
        cancelled_at=row["cancelled_at"],
        reading_at=row["reading_at"],
        result_hash=row["result_hash"],
        sealed_token=row["sealed_token"],
        result_until=row["result_until"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )
