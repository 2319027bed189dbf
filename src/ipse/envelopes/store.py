"""Tables `envelopes_…`, and the frozen values they hold once opened with the envelope's key."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from ipse.envelopes.model import (
    About,
    Asked,
    Attempt,
    AttemptKind,
    AttemptState,
    Document,
    Envelope,
    EnvelopeState,
    Paper,
    Party,
    SignedDetails,
    Signer,
    SignerState,
    Step,
    StepKind,
)
from ipse.kernel.sealing import UnsealError, seal, unseal
from ipse.storage.statement import Row

_ENVELOPE: Final = """
envelope_id, account_id, state, sealed_key, sealed_about, in_order, same_email, created_at, deadline, ended_at,
delete_at, pen, pen_until
"""

# --- envelopes ---

CREATE = """
insert into envelopes_envelopes (envelope_id, account_id, state, sealed_key, sealed_about, in_order, same_email,
  created_at, delete_at)
values ($1, $2, 'draft', $3, $4, 0, 0, $5, $6)
"""
COUNT_OPEN = """
select count(*) as found from envelopes_envelopes where account_id = $1 and state in ('draft', 'open')
"""
READ = "select " + _ENVELOPE + " from envelopes_envelopes where envelope_id = $1"  # noqa: S608 - columns
OF_PERSON = """
select envelope_id, account_id, state, sealed_key, sealed_about, in_order, same_email, created_at, deadline, ended_at,
delete_at, pen, pen_until from envelopes_envelopes
where account_id = $1 or envelope_id in (select envelope_id from envelopes_signers where account_id = $1)
order by created_at desc limit 100
"""
# Keeps a draft, or an open envelope, as it is until the transaction ends.
HOLD = """
update envelopes_envelopes set delete_at = delete_at where envelope_id = $1 and state = $2 returning envelope_id
"""
CHANGE = """
update envelopes_envelopes set sealed_about = $2, in_order = $3, same_email = $4, deadline = $5, delete_at = $6
where envelope_id = $1 and state = 'draft' returning envelope_id
"""
OPEN = """
update envelopes_envelopes set state = 'open', sealed_about = $2, in_order = $3, same_email = $4, deadline = $5,
  delete_at = $6
where envelope_id = $1 and state = 'draft' returning envelope_id
"""
# By its owner, a signer who declines, or time. Whoever holds the pen has lost it.
END = """
update envelopes_envelopes set state = $2, ended_at = $3, delete_at = $4, pen = null, pen_until = null
where envelope_id = $1 and state = 'open' returning envelope_id
"""
EXPIRE = """
update envelopes_envelopes set state = 'expired', ended_at = $2, delete_at = $3, pen = null, pen_until = null
where envelope_id = $1 and state = 'open' and deadline <= $2 and (pen is null or pen_until <= $2)
returning envelope_id
"""
PAST_DEADLINE = """
select envelope_id from envelopes_envelopes
where state = 'open' and deadline <= $1 and (pen is null or pen_until <= $1) limit 50
"""
TO_DELETE = "select envelope_id from envelopes_envelopes where delete_at <= $1 limit 20"
OWNED = "select envelope_id from envelopes_envelopes where account_id = $1"
# A draft, or one that has ended: an open one is withdrawn first.
DELETE = "delete from envelopes_envelopes where envelope_id = $1 and state <> 'open' returning envelope_id"
DELETE_ANY = "delete from envelopes_envelopes where envelope_id = $1 returning envelope_id"
DELETE_OF_PERSON = "delete from envelopes_envelopes where account_id = $1 returning envelope_id"

# --- the pen ---

TAKE_PEN = """
update envelopes_envelopes set pen = $2, pen_until = $3
where envelope_id = $1 and state in ('open', 'finished') and pen is null returning envelope_id
"""
HOLD_PEN = """
update envelopes_envelopes set pen_until = $3 where envelope_id = $1 and pen = $2 and state = 'open'
returning envelope_id
"""
# Of somebody who took it and stopped before anything was asked.
LAY_LOST_PEN = """
update envelopes_envelopes set pen = null, pen_until = null
where envelope_id = $1 and pen = $2 and pen_until <= $3 returning envelope_id
"""
LAY_PEN = """
update envelopes_envelopes set pen = null, pen_until = null where envelope_id = $1 and pen = $2 returning envelope_id
"""
# The one that decides: only who holds the pen still may change the documents, and only while the envelope is open.
FINISH_WITH_PEN = """
update envelopes_envelopes set pen = null, pen_until = null
where envelope_id = $1 and pen = $2 and state = 'open' returning envelope_id
"""
COMPLETE = """
update envelopes_envelopes set state = 'finished', ended_at = $2, delete_at = $3
where envelope_id = $1 and state = 'open' returning envelope_id
"""

# --- documents ---

ADD_DOCUMENT = """
insert into envelopes_documents (document_id, envelope_id, place, sealed_about, blob_id, level)
values ($1, $2, $3, $4, $5, '')
"""
COUNT_DOCUMENTS = """
select count(*) as found, coalesce(max(place), 0) as last from envelopes_documents where envelope_id = $1
"""
DOCUMENTS = """
select document_id, place, sealed_about, blob_id, level from envelopes_documents where envelope_id = $1 order by place
"""
REMOVE_DOCUMENT = """
delete from envelopes_documents where document_id = $1 and envelope_id = $2 returning blob_id
"""
REPLACE = """
update envelopes_documents set blob_id = $3, level = $4, raised_at = $5 where document_id = $1 and blob_id = $2
returning document_id
"""
TO_RAISE = """
select document_id, envelope_id from envelopes_documents
where level <> '' and level <> $1 and raised_at is not null and raised_at <= $2 order by raised_at limit 10
"""
TRIED_TO_RAISE = "update envelopes_documents set raised_at = $2 where document_id = $1 returning document_id"
DELETE_DOCUMENTS = "delete from envelopes_documents where envelope_id = $1 returning document_id"

# --- files ---

ADD_BLOB = (
    "insert into envelopes_blobs (blob_id, envelope_id, attempt_id, bytes, created_at) values ($1, $2, $3, $4, $5)"
)
ADD_PIECE = "insert into envelopes_pieces (blob_id, place, sealed) values ($1, $2, $3)"
BLOB = "select bytes from envelopes_blobs where blob_id = $1"
PIECE = "select sealed from envelopes_pieces where blob_id = $1 and place = $2"
DROP_PIECES = "delete from envelopes_pieces where blob_id = $1 returning place"
DROP_BLOB = "delete from envelopes_blobs where blob_id = $1 returning blob_id"
BLOBS_OF_ATTEMPT = "select blob_id from envelopes_blobs where attempt_id = $1"
BLOBS_OF_ENVELOPE = "select blob_id from envelopes_blobs where envelope_id = $1"
HELD_BYTES = """
select coalesce(sum(b.bytes), 0) as held from envelopes_blobs b
where b.envelope_id in (select e.envelope_id from envelopes_envelopes e where e.account_id = $1)
"""
# Nobody names them: an upload that broke off, a file that was replaced, what an attempt that has ended had prepared.
ORPHANS = """
select blob_id from envelopes_blobs
where created_at <= $1
  and not exists (select 1 from envelopes_documents d where d.blob_id = envelopes_blobs.blob_id)
  and not exists (select 1 from envelopes_attempts a
    where a.attempt_id = envelopes_blobs.attempt_id and a.state = 'asked')
limit 50
"""

# --- signers ---

ADD_SIGNER = """
insert into envelopes_signers (signer_id, envelope_id, place, account_id, serial, sealed_about, state)
values ($1, $2, $3, $4, 1, $5, 'waiting')
"""
COUNT_SIGNERS = """
select count(*) as found, coalesce(max(place), 0) as last from envelopes_signers where envelope_id = $1
"""
_SIGNER: Final = "signer_id, place, account_id, serial, sealed_about, state, invited_at, opened_at, decided_at"
SIGNERS = "select " + _SIGNER + " from envelopes_signers where envelope_id = $1 order by place, signer_id"  # noqa: S608 - columns
SIGNER_BY_LINK = "select signer_id, envelope_id, account_id, state from envelopes_signers where link_hash = $1"
ENVELOPE_OF_SIGNER = "select envelope_id from envelopes_signers where signer_id = $1"
CHANGE_SIGNER = """
update envelopes_signers set sealed_about = $3 where signer_id = $1 and envelope_id = $2 and state = 'waiting'
returning signer_id
"""
PLACE_SIGNER = "update envelopes_signers set place = $3 where signer_id = $1 and envelope_id = $2 returning signer_id"
REMOVE_SIGNER = "delete from envelopes_signers where signer_id = $1 and envelope_id = $2 returning signer_id"
LINK = "update envelopes_signers set link_hash = $2 where signer_id = $1 returning signer_id"
INVITED = """
update envelopes_signers set invited_at = $2 where signer_id = $1 and (invited_at is null or invited_at <= $3)
returning signer_id
"""
# The first person who comes has it; nobody has two parts in one envelope.
TAKE_PART = """
update envelopes_signers set account_id = $2, opened_at = $3
where signer_id = $1 and account_id is null and state = 'waiting'
  and not exists (select 1 from envelopes_signers o
    where o.envelope_id = envelopes_signers.envelope_id and o.account_id = $2)
returning signer_id
"""
DECIDE = """
update envelopes_signers set state = $2, decided_at = $3, sealed_about = $4 where signer_id = $1 and state = 'waiting'
returning signer_id
"""
SIGNED = """
update envelopes_signers set state = 'signed', decided_at = $2, sealed_about = $3
where signer_id = $1 and state = 'waiting' returning signer_id
"""
LEFT = "select signer_id from envelopes_signers where envelope_id = $1 and state <> 'signed'"
LEAVE = "update envelopes_signers set account_id = null where account_id = $1 returning envelope_id"
DELETE_SIGNERS = "delete from envelopes_signers where envelope_id = $1 returning signer_id"

# --- attempts ---

_ATTEMPT: Final = """
attempt_id, envelope_id, signer_id, kind, state, why, action_id, sealed_asked, created_at, ended_at
"""
BEGIN_ATTEMPT = """
insert into envelopes_attempts (attempt_id, envelope_id, signer_id, kind, state, action_id, sealed_asked, created_at)
values ($1, $2, $3, $4, 'asked', $5, $6, $7)
"""
NEWEST_ATTEMPT = """
select attempt_id, envelope_id, signer_id, kind, state, why, action_id, sealed_asked, created_at, ended_at
from envelopes_attempts where envelope_id = $1 and signer_id = $2 order by created_at desc, attempt_id limit 1
"""
ATTEMPT = "select " + _ATTEMPT + " from envelopes_attempts where attempt_id = $1"  # noqa: S608 - columns
ATTEMPT_OF_ACTION = "select " + _ATTEMPT + " from envelopes_attempts where action_id = $1"  # noqa: S608 - columns
OPEN_ATTEMPTS = """
select attempt_id from envelopes_attempts where state = 'asked' and created_at <= $1 order by created_at limit 50
"""
END_ATTEMPT = """
update envelopes_attempts set state = $2, why = $3, ended_at = $4 where attempt_id = $1 and state = 'asked'
returning attempt_id
"""
DELETE_ATTEMPTS = "delete from envelopes_attempts where envelope_id = $1 returning attempt_id"

COPY_ATTEMPTS = "select " + _ATTEMPT + " from envelopes_attempts where envelope_id = $1 order by created_at"  # noqa: S608 - columns

# --- the record ---

ADD_STEP = """
insert into envelopes_steps (step_id, envelope_id, signer_id, kind, at, sealed_details) values ($1, $2, $3, $4, $5, $6)
"""
STEPS = """
select step_id, signer_id, kind, at, sealed_details from envelopes_steps where envelope_id = $1
order by at, case when kind = 'finished' then 1 else 0 end, step_id
"""
DELETE_STEPS = "delete from envelopes_steps where envelope_id = $1 returning step_id"


def sealed(key: bytes, table: str, row: str, value: msgspec.Struct) -> bytes:
    """Seal what a row says under its envelope's key."""
    return seal(key, msgspec.json.encode(value), table=f"envelopes_{table}", row=row, column="sealed")


def _opened(key: bytes, table: str, row: str, octets: Any) -> bytes:  # noqa: ANN401 - the engines' own types
    return unseal(key, bytes(octets), table=f"envelopes_{table}", row=row, column="sealed")


def read_envelope(row: Row, key: bytes) -> Envelope:
    """An envelope."""
    about = _opened(key, "envelopes", row["envelope_id"], row["sealed_about"])
    return Envelope(
        envelope_id=row["envelope_id"],
        account_id=row["account_id"],
        state=EnvelopeState(row["state"]),
        about=msgspec.json.decode(about, type=About),
        in_order=bool(row["in_order"]),
        same_email=bool(row["same_email"]),
        created_at=row["created_at"],
        deadline=row["deadline"],
        ended_at=row["ended_at"],
        delete_at=row["delete_at"],
        pen=row["pen"],
        pen_until=row["pen_until"],
    )


def read_document(row: Row, key: bytes) -> Document:
    """A document."""
    about = _opened(key, "documents", row["document_id"], row["sealed_about"])
    return Document(
        document_id=row["document_id"],
        place=row["place"],
        paper=msgspec.json.decode(about, type=Paper),
        blob_id=row["blob_id"],
        level=row["level"],
    )


def read_signer(row: Row, key: bytes) -> Signer:
    """A signer."""
    about = _opened(key, "signers", row["signer_id"], row["sealed_about"])
    return Signer(
        signer_id=row["signer_id"],
        place=row["place"],
        account_id=row["account_id"],
        serial=row["serial"],
        party=msgspec.json.decode(about, type=Party),
        state=SignerState(row["state"]),
        invited_at=row["invited_at"],
        opened_at=row["opened_at"],
        decided_at=row["decided_at"],
    )


def read_attempt(row: Row, key: bytes) -> Attempt:
    """An attempt."""
    asked = _opened(key, "attempts", row["attempt_id"], row["sealed_asked"])
    return Attempt(
        attempt_id=row["attempt_id"],
        envelope_id=row["envelope_id"],
        signer_id=row["signer_id"],
        kind=AttemptKind(row["kind"]),
        state=AttemptState(row["state"]),
        why=row["why"],
        action_id=row["action_id"],
        asked=msgspec.json.decode(asked, type=Asked),
        created_at=row["created_at"],
        ended_at=row["ended_at"],
    )


class Details(msgspec.Struct, frozen=True):
    """What a line of the record holds, sealed; with what its columns say, so that nobody else can change those."""

    signed: SignedDetails | None = None
    columns: tuple[str, int, str | None] | None = None
    """Kind, time and signer; None: a line of before this was written."""


def read_step(row: Row, key: bytes) -> Step:
    """A line of the record.

    Raises:
        UnsealError: it is not as it was written.
    """
    details = msgspec.json.decode(_opened(key, "steps", row["step_id"], row["sealed_details"]), type=Details)
    columns = (row["kind"], row["at"], row["signer_id"])
    if details.columns not in {None, columns}:
        message = "envelopes_steps does not say what was sealed"
        raise UnsealError(message)
    return Step(kind=StepKind(row["kind"]), at=row["at"], signer_id=row["signer_id"], signed=details.signed)
