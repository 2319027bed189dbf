"""Table `audit_lines`: append only."""

from __future__ import annotations

import msgspec

from ipse.audit.model import FIRST, Line, line_digest
from ipse.storage.statement import Row, Transaction, one, run

LAST = "select seq, digest from audit_lines order by seq desc limit 1"
APPEND = """
insert into audit_lines (seq, at, actor, act, subject, details, previous, digest)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
LINES = """
select seq, at, actor, act, subject, details, previous, digest
from audit_lines where seq > $1 order by seq limit $2
"""


def append(now: int, *, actor: str, act: str, subject: str, details: object) -> Transaction[None]:
    """Write the next line; two writers at once collide on `seq` and one of them starts over."""
    last = yield from one(LAST)
    seq, previous = (last["seq"] + 1, bytes(last["digest"])) if last else (1, FIRST)
    words = (actor, act, subject, msgspec.json.encode(details).decode())
    digest = line_digest(seq, now, words=words, previous=previous)
    yield from run(APPEND, seq, now, *words, previous, digest)


def read_line(row: Row) -> Line:
    """A row as a value."""
    return Line(
        seq=row["seq"],
        at=row["at"],
        actor=row["actor"],
        act=row["act"],
        subject=row["subject"],
        details=row["details"],
        previous=bytes(row["previous"]),
        digest=bytes(row["digest"]),
    )
