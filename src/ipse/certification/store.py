"""Tables `certification_certificates`, `certification_lists`, and `certification_lines` with its head: an audit log."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import msgspec

from ipse.standards.certification import Status
from ipse.storage.database import Database
from ipse.storage.statement import Row, Transaction, one, run

FIRST: Final = b"\x00" * 32
"""The digest before the first line."""

RESERVE = """
insert into certification_certificates
(serial, kind, key_digest, request_digest, asked_by, not_before, not_after, certificate, status, reason, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, null, 'good', '', $8)
on conflict (key_digest) do nothing
returning serial, kind, request_digest, not_before, not_after, certificate, status, reason, changed_at
"""
BY_KEY = """
select serial, kind, request_digest, not_before, not_after, certificate, status, reason, changed_at
from certification_certificates where key_digest = $1
"""
BY_SERIAL = """
select serial, kind, request_digest, not_before, not_after, certificate, status, reason, changed_at
from certification_certificates where serial = $1
"""
NEWEST = """
select serial, kind, request_digest, not_before, not_after, certificate, status, reason, changed_at
from certification_certificates
where kind = $1 and asked_by = $2 and certificate is not null order by not_after desc limit 1
"""
CERTIFY = """
update certification_certificates set certificate = $1 where serial = $2 and certificate is null returning serial
"""
CHANGE = """
update certification_certificates set status = $1, reason = $2, changed_at = $3
where serial = $4 and status <> 'revoked' and status <> $1 and certificate is not null
returning serial, kind, request_digest, not_before, not_after, certificate, status, reason, changed_at
"""
NOT_GOOD = """
select serial, status, reason, changed_at from certification_certificates
where status in ('on_hold', 'revoked') order by serial
"""
COUNT = "select kind, status, count(*) as number from certification_certificates group by kind, status"
LAST_LIST = "select number, made_at, next_at, list from certification_lists order by number desc limit 1"
KEEP_LIST = """
insert into certification_lists (number, made_at, next_at, list) values ($1, $2, $3, $4)
on conflict (number) do nothing returning number
"""
TAKE = """
insert into certification_head (name, seq, digest) values ('head', 1, $1)
on conflict (name) do update set seq = certification_head.seq + 1
returning seq, digest
"""
KEEP = "update certification_head set digest = $1 where name = 'head' returning seq"
APPEND = """
insert into certification_lines (seq, at, actor, act, subject, details, previous, digest)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
LINES = """
select seq, at, actor, act, subject, details, previous, digest
from certification_lines where seq > $1 order by seq limit $2
"""
HEAD = "select seq, digest from certification_head where name = 'head'"


@dataclass(frozen=True, slots=True)
class Certified:
    """A row: a certificate, or one that is about to be signed. Times in microseconds."""

    serial: str
    """Hexadecimal, without leading zeros."""
    kind: str
    """`person`, `short_term`, `responder` or `timestamps`."""
    request_digest: str
    not_before: int
    not_after: int
    certificate: bytes | None
    status: Status
    reason: str
    changed_at: int


@dataclass(frozen=True, slots=True)
class Ended:
    """An entry of a list."""

    serial: int
    status: Status
    reason: str
    changed_at: int


@dataclass(frozen=True, slots=True)
class MadeList:
    """A list as it was signed."""

    number: int
    made_at: int
    next_at: int
    octets: bytes


@dataclass(frozen=True, slots=True)
class Reserved:
    """What is decided before anything is signed."""

    serial: str
    kind: str
    key_digest: str | None
    """Unique; None for the service's own, whose key may have several."""
    request_digest: str
    asked_by: str
    not_before: int
    not_after: int


def reserving(new: Reserved, now: int) -> Transaction[Certified]:
    """Keep serial number and times of a certificate; another for the same key is given instead."""
    values = (new.serial, new.kind, new.key_digest, new.request_digest, new.asked_by, new.not_before, new.not_after)
    row = yield from one(RESERVE, *values, now)
    if row is not None:
        details = {"kind": new.kind, "request": new.request_digest}
        yield from _line(now, actor=new.asked_by, act="certificate.reserve", subject=new.serial, details=details)
        return _certified(row)
    found = yield from one(BY_KEY, new.key_digest)
    if found is None:  # pragma: no cover - nothing is ever deleted
        raise LookupError(new.serial)
    return _certified(found)


def certifying(serial: str, certificate: bytes, actor: str, now: int) -> Transaction[bytes]:
    """Keep a signed certificate, unless another process was quicker: then its."""
    if (yield from one(CERTIFY, certificate, serial)) is not None:
        digest = hashlib.sha256(certificate).hexdigest()
        yield from _line(now, actor=actor, act="certificate.issue", subject=serial, details={"certificate": digest})
        return certificate
    row = yield from one(BY_SERIAL, serial)
    if row is None:  # pragma: no cover - it was reserved
        raise LookupError(serial)
    return bytes(row["certificate"])


def changing(serial: str, status: Status, reason: str, actor: str, now: int) -> Transaction[Certified | None]:
    """Change the status of one that is not revoked and has another status; None where nothing changed."""
    row = yield from one(CHANGE, status, reason, now, serial)
    if row is None:
        return None
    details = {"status": status, "reason": reason}
    yield from _line(now, actor=actor, act="certificate.status", subject=serial, details=details)
    return _certified(row)


def keeping(made: MadeList, now: int) -> Transaction[bool]:
    """Keep a list; whether its number was free."""
    kept = yield from one(KEEP_LIST, made.number, made.made_at, made.next_at, made.octets)
    if kept is None:
        return False
    digest = hashlib.sha256(made.octets).hexdigest()
    yield from _line(now, actor="system", act="list.issue", subject=str(made.number), details={"list": digest})
    return True


async def certificate(database: Database, serial: str) -> Certified | None:
    """By serial number."""
    row = await database.row(BY_SERIAL, serial)
    return None if row is None else _certified(row)


async def newest(database: Database, kind: str, key_digest: str) -> Certified | None:
    """The newest of the service's own for a key."""
    row = await database.row(NEWEST, kind, f"own:{key_digest}")
    return None if row is None else _certified(row)


async def ended(database: Database) -> list[Ended]:
    """All on hold or revoked."""
    rows = await database.rows(NOT_GOOD)
    return [Ended(int(row["serial"], 16), row["status"], row["reason"], row["changed_at"]) for row in rows]


async def last_list(database: Database) -> MadeList | None:
    """The newest list."""
    row = await database.row(LAST_LIST)
    return None if row is None else MadeList(row["number"], row["made_at"], row["next_at"], bytes(row["list"]))


async def counts(database: Database) -> dict[tuple[str, str], int]:
    """Certificates by kind and status."""
    return {(row["kind"], row["status"]): row["number"] for row in await database.rows(COUNT)}


async def first_broken(database: Database) -> int | None:
    """The number of the first audit line that does not fit the chain; None when all do."""
    previous, expected = FIRST, 1
    while rows := await database.rows(LINES, expected - 1, 500):
        for row in rows:
            words = (row["actor"], row["act"], row["subject"], row["details"])
            digest = _digest(row["seq"], row["at"], words, previous)
            if row["seq"] != expected or bytes(row["previous"]) != previous or bytes(row["digest"]) != digest:
                return expected
            previous, expected = digest, expected + 1
    head = await database.row(HEAD)
    claimed = (head["seq"], bytes(head["digest"])) if head else (0, FIRST)
    return None if claimed == (expected - 1, previous) else expected


def _line(now: int, *, actor: str, act: str, subject: str, details: object) -> Transaction[None]:
    """Write the next line. Updating the head comes first: another writer waits until this transaction is over."""
    taken = yield from one(TAKE, FIRST)
    if taken is None:  # pragma: no cover - written above
        raise LookupError
    seq, previous = taken["seq"], bytes(taken["digest"])
    words = (actor, act, subject, msgspec.json.encode(details).decode())
    digest = _digest(seq, now, words, previous)
    yield from run(APPEND, seq, now, *words, previous, digest)
    yield from run(KEEP, digest)


def _digest(seq: int, at: int, words: tuple[str, str, str, str], previous: bytes) -> bytes:
    return hashlib.sha256(previous + msgspec.json.encode([seq, at, *words])).digest()


def _certified(row: Row) -> Certified:
    return Certified(
        serial=row["serial"],
        kind=row["kind"],
        request_digest=row["request_digest"],
        not_before=row["not_before"],
        not_after=row["not_after"],
        certificate=None if row["certificate"] is None else bytes(row["certificate"]),
        status=row["status"],
        reason=row["reason"],
        changed_at=row["changed_at"],
    )
