"""Writing and proving the audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from ipse.audit import store
from ipse.audit.model import FIRST, Head, Line, line_digest
from ipse.storage.database import Database
from ipse.storage.statement import Transaction

_PAGE = 500


def auditing(now: int, *, actor: str, act: str, subject: str, details: object = None) -> Transaction[None]:
    """Write one line inside the transaction of a privileged change.

    `actor` is who acted (`operator:<login>`, `system`), `act` what (`partner.register`), `subject` on what (an id,
    never personal data).
    """
    return store.append(now, actor=actor, act=act, subject=subject, details=details or {})


@dataclass(frozen=True)
class Audit:
    """Reads the log."""

    database: Database

    async def lines(self, after: int = 0) -> AsyncIterator[Line]:
        """All lines after `after`, in order."""
        while True:
            rows = await self.database.rows(store.LINES, after, _PAGE)
            for row in rows:
                yield store.read_line(row)
            if len(rows) < _PAGE:
                return
            after = rows[-1]["seq"]

    async def head(self) -> Head:
        """The last line's number and digest: kept elsewhere, it proves later that nothing was cut off."""
        row = await self.database.row(store.LAST)  # of the lines themselves, not what `audit_head` claims
        return Head(row["seq"], bytes(row["digest"])) if row else Head(0, FIRST)

    async def first_broken(self, kept: Head | None = None) -> int | None:
        """The number of the first line that does not fit the chain, or None when all do.

        The database alone cannot tell that its last lines were cut off with care, or that all of it was written anew:
        `kept`, a head of earlier, does.
        """
        previous, expected = FIRST, 1
        async for line in self.lines():
            words = (line.actor, line.act, line.subject, line.details)
            digest = line_digest(line.seq, line.at, words=words, previous=previous)
            if line.seq != expected or line.previous != previous or line.digest != digest:
                return line.seq
            if kept is not None and line.seq == kept.seq and line.digest != kept.digest:
                return line.seq
            previous, expected = line.digest, expected + 1
        row = await self.database.row(store.HEAD)
        claimed = Head(row["seq"], bytes(row["digest"])) if row else Head(0, FIRST)
        lines = Head(expected - 1, previous)
        return expected if claimed != lines or (kept is not None and lines.seq < kept.seq) else None
