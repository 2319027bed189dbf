"""One-time codes: of an app (RFC 6238) and of a printed sheet, and the name typed beside them."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

from ipse.kernel.ids import b64u

STEP_SECONDS: Final = 30
DIGITS: Final = 6
KEY_BYTES: Final = 20
SHEET_CODES: Final = 10
SHEET_DIGITS: Final = 8
NAME_LETTERS: Final = 8
TICKET_LETTERS: Final = 12
_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 signs that nobody mistakes for one another on paper."""


def new_name(octets: bytes) -> str:
    """A name of 40 bits, as `K7QF-92MD`; `octets` are 8 random bytes."""
    text = "".join(_ALPHABET[octet % 32] for octet in octets[:NAME_LETTERS])
    return f"{text[:4]}-{text[4:]}"


def plain_name(typed: str) -> str:
    """A name as it was given out, however it was typed."""
    text = "".join(sign for sign in typed.upper() if sign in _ALPHABET)
    return f"{text[:4]}-{text[4:NAME_LETTERS]}"


def new_ticket(octets: bytes) -> str:
    """A ticket of 60 bits, as `K7QF-92MD-4XWT`, to be typed at another computer; `octets` are 12 random bytes."""
    text = "".join(_ALPHABET[octet % 32] for octet in octets[:TICKET_LETTERS])
    return "-".join((text[:4], text[4:8], text[8:]))


def plain_ticket(typed: str) -> str:
    """A ticket as it was given out, however it was typed."""
    text = "".join(sign for sign in typed.upper()[:40] if sign in _ALPHABET)
    return "-".join((text[:4], text[4:8], text[8:TICKET_LETTERS]))


def new_codes(octets: bytes) -> tuple[str, ...]:
    """The codes of a sheet, eight digits each; `octets` are 8 random bytes for each code."""
    chunks = [octets[place : place + 8] for place in range(0, 8 * SHEET_CODES, 8)]
    return tuple(f"{int.from_bytes(chunk) % 10**SHEET_DIGITS:0{SHEET_DIGITS}d}" for chunk in chunks)


def hashed_code(key: bytes, setup_id: str, code: str) -> str:
    """What is kept of a sheet's code: HMAC-SHA-256 bound to its sheet, base64url."""
    return b64u(hmac.digest(key, f"sheet\x00{setup_id}\x00{code}".encode(), "sha256"))


def which_code(kept: Sequence[str], given: str) -> int | None:
    """The place of a code on its sheet; every one is compared, whatever the others said."""
    found = None
    for place, code in enumerate(kept):
        if hmac.compare_digest(code.encode(), given.encode()):
            found = place
    return found


def step_of(key: bytes, given: str, *, now_seconds: int) -> int | None:
    """The time step whose code this is: now, or one before or after (RFC 6238 §5.2); None when it is of none."""
    app = HOTP(key, DIGITS, SHA1(), enforce_key_length=False)  # noqa: S303 - what every such app computes
    step, found = now_seconds // STEP_SECONDS, None
    for near in (step - 1, step, step + 1):
        if hmac.compare_digest(app.generate(near), given.encode()):
            found = near
    return found


def digits_only(typed: str) -> str:
    """The digits of what was typed, without the spaces people put in."""
    return "".join(sign for sign in typed if sign in "0123456789")
