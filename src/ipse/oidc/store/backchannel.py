"""Tables `oidc_discoveries`, `oidc_backchannel` and `oidc_pings`: what partners without a browser have begun."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.storage.database import Database
from ipse.storage.statement import Row, Transaction, run

BEGIN_DISCOVERY = """
insert into oidc_discoveries (session_id, partner_id, action_id, created_at, expires_at, polled_at, hasty)
values ($1, $2, $3, $4, $5, $4, 0)
"""
# A poll that comes too early does not put off the next one.
POLL_DISCOVERY = """
update oidc_discoveries set hasty = case when polled_at > $4 then 1 else 0 end,
  polled_at = case when polled_at > $4 then polled_at else $3 end
where session_id = $1 and partner_id = $2
returning session_id, action_id, expires_at, hasty, account_id, token_expires_at, token_used_at
"""
KEEP_DISCOVERED = """
update oidc_discoveries set account_id = $2, token_hash = $3, token_expires_at = $4
where session_id = $1 and token_hash is null
returning session_id
"""
FIND_TOKEN = """
select account_id, token_expires_at, token_used_at from oidc_discoveries where token_hash = $1 and partner_id = $2
"""
USE_TOKEN = """
update oidc_discoveries set token_used_at = $3
where token_hash = $1 and partner_id = $2 and token_used_at is null and token_expires_at > $3
returning account_id
"""
FORGET_DISCOVERIES = "delete from oidc_discoveries where expires_at < $1 returning session_id"
COPY_DISCOVERED = """
select session_id, partner_id, action_id, account_id, created_at, expires_at, token_expires_at, token_used_at
from oidc_discoveries where account_id = $1 order by created_at, session_id
"""
FORGET_DISCOVERED = "delete from oidc_discoveries where account_id = $1 returning session_id"

BEGIN_REQUEST = """
insert into oidc_backchannel (request_hash, partner_id, action_id, created_at, expires_at, pause, polled_at, hasty)
values ($1, $2, $3, $4, $5, $6, 0, 0)
"""
# Whoever asks too early waits longer from then on (CIBA Core §11, RFC 8628 §3.5).
POLL_REQUEST = """
update oidc_backchannel set hasty = case when polled_at + pause > $3 then 1 else 0 end,
  pause = case when polled_at + pause > $3 then pause + $4 else pause end, polled_at = $3
where request_hash = $1 and partner_id = $2
returning action_id, expires_at, hasty
"""
FORGET_REQUESTS = "delete from oidc_backchannel where expires_at < $1 returning request_hash"

BEGIN_PING = """
insert into oidc_pings (action_id, partner_id, service_code, endpoint, sealed, state, tries, due_at, expires_at)
values ($1, $2, $3, $4, $5, 'waiting', 0, $6, $7)
"""
PING = """
select action_id, partner_id, service_code, endpoint, sealed, tries, due_at, expires_at
from oidc_pings where action_id = $1 and due_at is not null
"""
DUE_PINGS = """
select action_id, partner_id, service_code, endpoint, sealed, tries, due_at, expires_at
from oidc_pings where due_at <= $1 order by due_at limit 32
"""
# Of several processes that look at once, one moves the time on and acts.
TAKE_PING = """
update oidc_pings set due_at = $3, tries = tries + $4 where action_id = $1 and due_at = $2 returning action_id
"""
END_PING = "update oidc_pings set state = $2, due_at = null where action_id = $1 returning action_id"
FORGET_PINGS = "delete from oidc_pings where expires_at < $1 returning action_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """A discovery session as a poll finds it. Times in microseconds."""

    session_id: str
    action_id: str
    expires_at: int
    hasty: bool
    account_id: str | None
    token_expires_at: int
    token_used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A back-channel request as a poll finds it."""

    action_id: str
    expires_at: int
    hasty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """A notification that a partner waits for."""

    action_id: str
    partner_id: str
    service_code: str
    endpoint: str
    sealed: bytes
    tries: int
    due_at: int
    expires_at: int


async def poll_discovery(
    database: Database, session_id: str, partner_id: str, *, now: int, early: int
) -> Discovery | None:
    """Note a poll of this partner's session; one whose last poll came after `early` is hasty."""
    row = await database.row(POLL_DISCOVERY, session_id, partner_id, now, early)
    if row is None:
        return None
    return Discovery(
        session_id=row["session_id"],
        action_id=row["action_id"],
        expires_at=row["expires_at"],
        hasty=bool(row["hasty"]),
        account_id=row["account_id"],
        token_expires_at=row["token_expires_at"] or 0,
        token_used=row["token_used_at"] is not None,
    )


async def poll_request(
    database: Database, request_hash: bytes, partner_id: str, *, now: int, slower: int
) -> Pending | None:
    """Note a poll of this partner's request; a hasty one makes every later pause longer by `slower`."""
    row = await database.row(POLL_REQUEST, request_hash, partner_id, now, slower)
    if row is None:
        return None
    return Pending(action_id=row["action_id"], expires_at=row["expires_at"], hasty=bool(row["hasty"]))


def beginning(request: tuple[object, ...], ping: tuple[object, ...] | None) -> Transaction[None]:
    """Keep a request, and the notification its partner waits for, if it does."""
    yield from run(BEGIN_REQUEST, *request)
    if ping is not None:
        yield from run(BEGIN_PING, *ping)


async def forget(database: Database, before: int) -> int:
    """Forget what ended before; how many rows there were."""
    texts = (FORGET_DISCOVERIES, FORGET_REQUESTS, FORGET_PINGS)
    return sum([len(await database.rows(text, before)) for text in texts])


def read_ping(row: Row) -> Ping:
    """A row as a value."""
    return Ping(
        action_id=row["action_id"],
        partner_id=row["partner_id"],
        service_code=row["service_code"],
        endpoint=row["endpoint"],
        sealed=bytes(row["sealed"]),
        tries=row["tries"],
        due_at=row["due_at"],
        expires_at=row["expires_at"],
    )
