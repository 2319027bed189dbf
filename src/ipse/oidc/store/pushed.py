"""Table `oidc_pushed`: requests that belong to the first browser that opens them."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.storage.database import Database

KEEP = """
insert into oidc_pushed (digest, partner_id, sealed_parameters, signed, expires_at, keep_until)
values ($1, $2, $3, $4, $5, $6)
"""
# The first browser takes it while it is fresh; the same browser finds it again, later only with what it has begun.
OPEN = """
update oidc_pushed set browser_hash = $3
where digest = $1 and partner_id = $2 and (browser_hash is null or browser_hash = $3)
  and (expires_at > $4 or handle is not null)
returning sealed_parameters, signed, handle
"""
TAKE = """
insert into oidc_pushed (digest, partner_id, signed, expires_at, keep_until, browser_hash)
values ($1, $2, 1, $3, $3, $4)
on conflict (digest) do nothing returning digest
"""
ATTACH = """
update oidc_pushed set handle = $2 where digest = $1 and handle is null returning handle
"""
ATTACHED = """
select handle from oidc_pushed where digest = $1
"""
FORGET = """
delete from oidc_pushed where keep_until < $1 returning digest
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A request in the hands of its browser."""

    sealed_parameters: bytes | None
    signed: bool
    handle: str | None
    """The action it began; None before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A pushed request to keep. Times in microseconds UTC."""

    digest: bytes
    partner_id: str
    sealed_parameters: bytes
    signed: bool
    expires_at: int
    keep_until: int


async def keep(database: Database, pushed: Kept) -> None:
    """Keep a pushed request."""
    await database.rows(
        KEEP, pushed.digest, pushed.partner_id, pushed.sealed_parameters, int(pushed.signed), pushed.expires_at,
        pushed.keep_until,
    )  # fmt: skip


async def open_for(
    database: Database, digest: bytes, partner_id: str, *, browser_hash: bytes, now: int
) -> Opened | None:
    """Give a request to this browser; None for none, one that is too old, another partner's or another browser's."""
    row = await database.row(OPEN, digest, partner_id, browser_hash, now)
    if row is None:
        return None
    return Opened(sealed_parameters=row["sealed_parameters"], signed=bool(row["signed"]), handle=row["handle"])


async def take(database: Database, digest: bytes, partner_id: str, *, browser_hash: bytes, keep_until: int) -> bool:
    """Note that a request object is this browser's; False if it has come before."""
    return await database.row(TAKE, digest, partner_id, keep_until, browser_hash) is not None


async def attach(database: Database, digest: bytes, handle: str) -> str | None:
    """Remember the action that a request began, and return the one that is: another load may have been faster."""
    if await database.row(ATTACH, digest, handle) is not None:
        return handle
    return await attached(database, digest)


async def attached(database: Database, digest: bytes) -> str | None:
    """The action a request has begun, if any."""
    row = await database.row(ATTACHED, digest)
    return row["handle"] if row else None


async def forget(database: Database, before: int) -> int:
    """Forget requests that can neither be opened nor found again; how many there were."""
    return len(await database.rows(FORGET, before))
