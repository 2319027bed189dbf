"""Writing and proving the audit log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ipse.audit import rules, store
from ipse.audit.model import FIRST, Broken, Fault, Head, Line, Wanted, line_digest
from ipse.kernel.clock import Clock, SystemClock, text
from ipse.storage.copies import copied
from ipse.storage.database import Database
from ipse.storage.statement import Transaction

_PAGE: Final = 500
_MOST_SEEN: Final = 500
_OTHERS: Final = ("staff:", "operator:")
_ALL: Final = 2**62


def auditing(now: int, *, actor: str, act: str, subject: str, details: object = None) -> Transaction[None]:
    """Write one line inside the transaction of a privileged change.

    `actor` is who acted (`operator:<login>`, `staff:<member id>`, `system`), `act` what (`partner.register`),
    `subject` on what (an id, never personal data).
    """
    return store.append(now, actor=actor, act=act, subject=subject, details=details or {})


@dataclass(frozen=True)
class Audit:
    """Reads the log."""

    database: Database
    clock: Clock = field(default_factory=SystemClock)

    async def lines(self, after: int = 0) -> AsyncIterator[Line]:
        """All lines after `after`, in order."""
        while True:
            rows = await self.database.rows(store.LINES, after, _PAGE)
            for row in rows:
                yield store.read_line(row)
            if len(rows) < _PAGE:
                return
            after = rows[-1]["seq"]

    async def find(self, wanted: Wanted, *, before: int | None = None, most: int = 100) -> list[Line]:
        """Lines that fit, newest first; those before number `before` for the next page."""
        rows = await self.database.rows(
            store.FIND, _ALL if before is None else before, wanted.since or 0, wanted.until or _ALL,
            wanted.actor, wanted.act, wanted.subject, most,
        )  # fmt: skip
        return [store.read_line(row) for row in rows]

    async def export(self, since: int, until: int) -> AsyncIterator[dict[str, Any]]:
        """What an auditor samples of a period (B-17): what the log is worth now, then each line with its digests."""
        broken = await self.first_broken()
        yield {
            "format": "ipse audit export 1",
            "since": text(since),
            "until": text(until),
            "exported_at": text(self.clock.now()),
            "head": str(await self.head()),
            "verified": broken is None,
            **({} if broken is None else {"broken": str(broken)}),
        }
        async for line in self.lines():
            if since <= line.at < until:
                yield {
                    "seq": line.seq,
                    "at": line.at,
                    "time": text(line.at),
                    "actor": line.actor,
                    "act": line.act,
                    "subject": line.subject,
                    "details": line.details,
                    "previous": line.previous.hex(),
                    "digest": line.digest.hex(),
                }

    async def by_others(self, subject: str, *, most: int = 50) -> list[Line]:
        """What staff and operators did about one subject, looking included, newest first."""
        found = await self.find(Wanted(subject=subject), most=_MOST_SEEN)
        told = (line for line in found if not rules.is_forced(line.act, line.details))
        return [line for line in told if line.actor.startswith(_OTHERS)][:most]

    async def copy(self, subject: str) -> list[dict[str, Any]]:
        """The lines about one subject, to take along; without a block that whoever forces a person must not see."""
        rows = await self.database.rows(store.OF_SUBJECT, subject)
        return copied(row for row in rows if not rules.is_forced(row["act"], row["details"]))

    async def head(self) -> Head:
        """The last line's number and digest: kept elsewhere, it proves later that nothing was cut off."""
        row = await self.database.row(store.LAST)  # of the lines themselves, not what `audit_head` claims
        return Head(row["seq"], bytes(row["digest"])) if row else Head(0, FIRST)

    async def first_broken(self, kept: Sequence[Head] = ()) -> Broken | None:
        """The first line that does not fit the chain, or None when all do.

        The database alone cannot tell that its last lines were cut off with care, or that all of it was written anew:
        `kept`, heads of earlier, do.
        """
        previous, expected = FIRST, 1
        known = {head.seq: head.digest for head in kept if head.seq}
        async for line in self.lines():
            if line.seq != expected:
                return Broken(expected, Fault.MISSING)
            words = (line.actor, line.act, line.subject, line.details)
            if line.previous != previous or line.digest != line_digest(
                line.seq, line.at, words=words, previous=previous
            ):
                return Broken(line.seq, Fault.CHANGED)
            if known.get(line.seq, line.digest) != line.digest:
                return Broken(line.seq, Fault.REWRITTEN)
            previous, expected = line.digest, expected + 1
        row = await self.database.row(store.HEAD)
        claimed = Head(row["seq"], bytes(row["digest"])) if row else Head(0, FIRST)
        cut = claimed != Head(expected - 1, previous) or max(known, default=0) >= expected
        return Broken(expected, Fault.CUT) if cut else None


def read_period(written: str) -> tuple[int, int]:
    """As `rules.period`: the first moment of a period and the first after it. Raises UnknownPeriod."""
    return rules.period(written)


async def kept_heads(path: str) -> list[Head]:
    """The heads that a file outside the database holds; none where there is no file.

    Raises:
        ValueError: the file holds something else.
    """
    return await asyncio.to_thread(_read_heads, Path(path))


def _read_heads(path: Path) -> list[Head]:
    if not path.exists():
        return []
    return [Head.read(line.rpartition(" ")[2]) for line in path.read_text(encoding="ascii").splitlines() if line]
