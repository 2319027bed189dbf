"""Tables `csc_responses`, `csc_prepared`."""

from __future__ import annotations

from ipse.csc.model import AsyncResponse, ResponseState
from ipse.storage.statement import Row

ACCEPT = """
insert into csc_responses (response_hash, round_id, partner_id, account_id, state, sealed_job, due_at, until)
values ($1, $2, $3, $4, 'waiting', $5, $6, $7)
"""
_SELECT = """
select response_hash, round_id, partner_id, account_id, state, sealed_job, sealed_result, until from csc_responses
"""
BY_HASH = _SELECT + "where response_hash = $1"
DUE = _SELECT + "where state = 'waiting' and due_at <= $1 and until > $1 order by due_at limit 20"
# Whoever takes it works on it; one that died on the way is taken over after its time.
TAKE = """
update csc_responses set due_at = $3, tries = tries + 1
where response_hash = $1 and state = 'waiting' and due_at <= $2
returning tries
"""
FINISH = """
update csc_responses set state = $2, sealed_result = $3 where response_hash = $1 and state = 'waiting'
returning response_hash
"""
FORGET = "delete from csc_responses where until < $1 returning response_hash"
PREPARE = """
insert into csc_prepared (partner_id, account_id, digest, source_digest, sealed_state, expires_at)
values ($1, $2, $3, $4, $5, $6)
"""
MANY_PREPARED = """
select count(*) as n from csc_prepared where partner_id = $1 and account_id = $2 and expires_at > $3
"""
PREPARED = """
select digest, source_digest, sealed_state from csc_prepared
where partner_id = $1 and account_id = $2 and digest = $3 and expires_at > $4
"""
COPY = """
select round_id, partner_id, account_id, state, due_at, tries, until from csc_responses where account_id = $1
order by until, round_id
"""
COPY_PREPARED = """
select partner_id, account_id, digest, source_digest, expires_at from csc_prepared where account_id = $1
order by expires_at, digest
"""
FORGET_ACCOUNT = "delete from csc_responses where account_id = $1 returning response_hash"
FORGET_PREPARED_OF = "delete from csc_prepared where account_id = $1 returning digest"
FORGET_PREPARED = "delete from csc_prepared where expires_at < $1 returning digest"


def read_response(row: Row) -> AsyncResponse:
    """A row as a value."""
    return AsyncResponse(
        response_hash=bytes(row["response_hash"]),
        round_id=row["round_id"],
        partner_id=row["partner_id"],
        account_id=row["account_id"],
        state=ResponseState(row["state"]),
        sealed_job=bytes(row["sealed_job"]),
        sealed_result=bytes(row["sealed_result"]) if row["sealed_result"] is not None else None,
        until=row["until"],
    )
