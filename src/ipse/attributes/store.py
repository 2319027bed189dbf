"""SQL of the facts and their evidence. Values are sealed before they get here."""

from __future__ import annotations

from ipse.storage.database import Database
from ipse.storage.statement import Row, Transaction, one, run

_KEEP_DOCUMENT = """
insert into attributes_documents (account_id, sealed, updated_at)
values ($1, $2, $3)
on conflict (account_id) do update set sealed = excluded.sealed, updated_at = excluded.updated_at
returning account_id
"""

_DOCUMENT = """
select sealed from attributes_documents where account_id = $1
"""

_FORGET_DOCUMENT = "delete from attributes_documents where account_id = $1 returning account_id"
_FORGET_EVIDENCE = "delete from attributes_evidence where account_id = $1 returning evidence_id"

_KEEP_EVIDENCE = """
insert into attributes_evidence
    (evidence_id, account_id, registrar, kind, assurance, sealed, verified_at, expires_at, kept_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
returning evidence_id
"""

_REPLACE_EVIDENCE = """
update attributes_evidence set replaced_at = $3
where account_id = $1 and evidence_id <> $2 and replaced_at is null
returning evidence_id
"""

# One notice for each moment that has come; the one statement decides which process writes it. $1 is now, $2 and $3 are
# the last moments that are told early and late.
_DUE = """
select evidence_id, account_id, expires_at from attributes_evidence
where replaced_at is null and expires_at < $2 and (
  (told_early_at is null and expires_at >= $3)
  or (told_late_at is null and expires_at < $3 and expires_at >= $1)
  or (told_ended_at is null and expires_at < $1))
order by expires_at limit $4
"""

_TELL_EARLY = """
update attributes_evidence set told_early_at = $2
where evidence_id = $1 and replaced_at is null and told_early_at is null
returning evidence_id
"""

_TELL_LATE = """
update attributes_evidence set told_early_at = $2, told_late_at = $2
where evidence_id = $1 and replaced_at is null and told_late_at is null
returning evidence_id
"""

_TELL_ENDED = """
update attributes_evidence set told_early_at = $2, told_late_at = $2, told_ended_at = $2
where evidence_id = $1 and replaced_at is null and told_ended_at is null
returning evidence_id
"""

_EVIDENCE_OF = """
select evidence_id, registrar, sealed from attributes_evidence where account_id = $1 order by kept_at, evidence_id
"""

_COPY_DOCUMENT = "select updated_at from attributes_documents where account_id = $1"
_COPY_EVIDENCE = """
select evidence_id, registrar, kind, assurance, verified_at, expires_at, kept_at, told_early_at, told_late_at,
  told_ended_at, replaced_at
from attributes_evidence where account_id = $1 order by kept_at, evidence_id
"""

_ROUTE = """
select kind from attributes_evidence where account_id = $1 order by kept_at desc, evidence_id desc limit 1
"""

_BORN_FROM = """
select account_id, kept_at, assurance from attributes_evidence
where registrar = $1 and kept_at >= $2
order by kept_at, account_id
"""


def keep_document(account_id: str, sealed: bytes, now: int) -> Transaction[None]:
    """Keep the facts of an account, in place of older ones."""
    yield from run(_KEEP_DOCUMENT, account_id, sealed, now)


async def document(db: Database, account_id: str) -> bytes | None:
    """Return the sealed facts of an account."""
    row = await db.row(_DOCUMENT, account_id)
    return None if row is None else bytes(row["sealed"])


def sealed_document(account_id: str) -> Transaction[bytes | None]:
    """Return the sealed facts of an account inside a transaction."""
    row = yield from one(_DOCUMENT, account_id)
    return None if row is None else bytes(row["sealed"])


def forget(account_id: str) -> Transaction[None]:
    """Delete facts and evidence of an account."""
    yield from run(_FORGET_DOCUMENT, account_id)
    yield from run(_FORGET_EVIDENCE, account_id)


def keep_evidence(
    evidence_id: str,
    account_id: str,
    sealed: bytes,
    *,
    registrar: str,
    kind: str,
    assurance: str,
    times: tuple[int, int | None, int],
) -> Transaction[None]:
    """Keep one piece of evidence; `times` are verified at, expires at, kept at."""
    yield from run(_KEEP_EVIDENCE, evidence_id, account_id, registrar, kind, assurance, sealed, *times)
    yield from run(_REPLACE_EVIDENCE, account_id, evidence_id, times[2])


async def due(db: Database, now: int, early: int, late: int, *, most: int) -> list[Row]:
    """Return evidence whose person has to be told of its end; `early` and `late` are the last moments told of."""
    return list(await db.rows(_DUE, now, early, late, most))


def tell(evidence_id: str, which: str, now: int) -> Transaction[bool]:
    """Take one telling (`early`, `late` or `ended`); False when another process has it."""
    text = {"early": _TELL_EARLY, "late": _TELL_LATE, "ended": _TELL_ENDED}[which]
    return (yield from one(text, evidence_id, now)) is not None


async def evidence_of(db: Database, account_id: str) -> list[Row]:
    """Return id, registrar and sealed record of all evidence of an account, oldest first."""
    return list(await db.rows(_EVIDENCE_OF, account_id))


async def copy_of(db: Database, account_id: str) -> tuple[list[Row], list[Row]]:
    """Return what stands beside the sealed facts, and beside each sealed record of evidence."""
    return list(await db.rows(_COPY_DOCUMENT, account_id)), list(await db.rows(_COPY_EVIDENCE, account_id))


async def route(db: Database, account_id: str) -> str | None:
    """Return the route of the latest evidence of an account."""
    row = await db.row(_ROUTE, account_id)
    return None if row is None else str(row["kind"])


async def born_from(db: Database, registrar: str, since: int) -> list[Row]:
    """Return account, moment and level of the evidence of a registrar received since then."""
    return list(await db.rows(_BORN_FROM, registrar, since))
