"""SQL of the facts and their evidence. Values are sealed before they get here."""

from __future__ import annotations

from ipse.storage.database import Database
from ipse.storage.statement import Row, Transaction, run

_KEEP_DOCUMENT = """
insert into attributes_documents (account_id, sealed, updated_at)
values ($1, $2, $3)
on conflict (account_id) do update set sealed = excluded.sealed, updated_at = excluded.updated_at
returning account_id
"""

_DOCUMENT = """
select sealed from attributes_documents where account_id = $1
"""

_KEEP_EVIDENCE = """
insert into attributes_evidence
    (evidence_id, account_id, registrar, kind, assurance, sealed, verified_at, expires_at, kept_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
returning evidence_id
"""

_EVIDENCE_OF = """
select evidence_id, registrar, sealed from attributes_evidence where account_id = $1 order by kept_at, evidence_id
"""

_ROUTE = """
select kind from attributes_evidence where account_id = $1 order by kept_at desc, evidence_id desc limit 1
"""

_BORN_FROM = """
select account_id, min(kept_at) as since from attributes_evidence
where registrar = $1 and kept_at >= $2
group by account_id
order by since, account_id
"""


def keep_document(account_id: str, sealed: bytes, now: int) -> Transaction[None]:
    """Keep the facts of an account, in place of older ones."""
    yield from run(_KEEP_DOCUMENT, account_id, sealed, now)


async def document(db: Database, account_id: str) -> bytes | None:
    """Return the sealed facts of an account."""
    row = await db.row(_DOCUMENT, account_id)
    return None if row is None else bytes(row["sealed"])


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


async def evidence_of(db: Database, account_id: str) -> list[Row]:
    """Return id, registrar and sealed record of all evidence of an account, oldest first."""
    return list(await db.rows(_EVIDENCE_OF, account_id))


async def route(db: Database, account_id: str) -> str | None:
    """Return the route of the latest evidence of an account."""
    row = await db.row(_ROUTE, account_id)
    return None if row is None else str(row["kind"])


async def born_from(db: Database, registrar: str, since: int) -> list[str]:
    """Return the accounts with evidence of a registrar received since then."""
    return [str(row["account_id"]) for row in await db.rows(_BORN_FROM, registrar, since)]
