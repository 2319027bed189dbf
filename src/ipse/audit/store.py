"""Tables `audit_lines`, append only, and `audit_head`, one row."""

from __future__ import annotations

import msgspec

from ipse.audit.model import FIRST, Line, line_digest
from ipse.storage.statement import Row, Transaction, one, run

TAKE = """
insert into audit_head (name, seq, digest) values ('head', 1, $1)
on conflict (name) do update set seq = audit_head.seq + 1
returning seq, digest
"""
KEEP = "update audit_head set digest = $1 where name = 'head' returning seq"
HEAD = "select seq, digest from audit_head where name = 'head'"
LAST = "select seq, digest from audit_lines order by seq desc limit 1"
APPEND = """
insert into audit_lines (seq, at, actor, act, subject, details, previous, digest)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
# What happened to one subject.
OF_SUBJECT = "select seq, at, actor, act, subject, details from audit_lines where subject = $1 order by seq"
LINES = """
select seq, at, actor, act, subject, details, previous, digest
from audit_lines where seq > $1 order by seq limit $2
"""

# Newest first. $4 to $6 are empty where anything will do; $5 is the beginning of an act.
FIND = """
select seq, at, actor, act, subject, details, previous, digest
from audit_lines
where seq < $1 and at >= $2 and at < $3
  and (cast($4 as text) = '' or actor = cast($4 as text))
  and substr(act, 1, length(cast($5 as text))) = cast($5 as text)
  and (cast($6 as text) = '' or subject = cast($6 as text))
order by seq desc limit $7
"""


def append(now: int, *, actor: str, act: str, subject: str, details: object) -> Transaction[None]:
    """Write the next line. Updating the head comes first: another writer waits until this transaction is over."""
    taken = yield from one(TAKE, FIRST)
    if taken is None:  # pragma: no cover - written above
        raise LookupError
    seq, previous = taken["seq"], bytes(taken["digest"])
    words = (actor, act, subject, msgspec.json.encode(details).decode())
    digest = line_digest(seq, now, words=words, previous=previous)
    yield from run(APPEND, seq, now, *words, previous, digest)
    yield from run(KEEP, digest)


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
