"""Tables `credentials`, `approvals` and `audit_lines`, which grows only."""

from __future__ import annotations

from ipse.signature_activation.lines import Line
from ipse.storage.statement import Row, Transaction, run

ERASING = "pragma secure_delete = on"
"""What is replaced or deleted is overwritten in the file: a destroyed key lies nowhere."""
CREDENTIAL = "select sealed from credentials where credential = $1"
CREDENTIALS = "select credential, sealed from credentials where credential > $1 order by credential limit $2"
COUNTS = "select state, count(*) as count from credentials group by state order by state"
KEEP = """
insert into credentials (credential, state, sealed, changed_at) values ($1, $2, $3, $4)
on conflict (credential) do update
set state = excluded.state, sealed = excluded.sealed, changed_at = excluded.changed_at
"""
APPROVALS = "select approval, sealed, judged_at from approvals where approval = $1 or action = $2"
JUDGED = "insert into approvals (approval, action, sealed, judged_at) values ($1, $2, $3, $4)"
FORGET = "delete from approvals where judged_at < $1"
APPEND = "insert into audit_lines (seq, at, act, subject, details, digest) values ($1, $2, $3, $4, $5, $6)"
LINES = "select seq, at, act, subject, details, digest from audit_lines where seq > $1 order by seq limit $2"


class Sealed:
    """A row of `credentials`, ready to be kept."""

    def __init__(self, credential: str, state: str, octets: bytes) -> None:
        self.credential = credential
        self.state = state
        self.octets = octets


class Judged:
    """A row of `approvals`; `action` only where it has signed."""

    def __init__(self, approval: bytes, action: bytes | None, octets: bytes) -> None:
        self.approval = approval
        self.action = action
        self.octets = octets


def keep(line: Line, row: Sealed, judged: Judged | None) -> Transaction[None]:
    """A credential as it is now, what became of an approval, and the line that says so: all or nothing."""
    yield from run(APPEND, line.seq, line.at, line.act, line.subject, line.details, line.digest)
    yield from run(KEEP, row.credential, row.state, row.octets, line.at)
    if judged is not None:
        yield from run(JUDGED, judged.approval, judged.action, judged.octets, line.at)


def read_line(row: Row) -> Line:
    """A row as a value."""
    return Line(row["seq"], row["at"], row["act"], row["subject"], row["details"], bytes(row["digest"]))
