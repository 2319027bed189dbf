"""The way back from another computer to the phone: a code that moves in the page, and the short code to get there.

The page computes a frame each second from a secret that it was given for this one answer; the one-time value itself
never leaves the server. A frame names the enrolment and the seconds since the answer was kept, and counts for seconds
only: it cannot be read out on the telephone, and a picture of it is worthless a moment later.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final

from ipse.kernel.ids import b64u, b64u_decode

_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""What nobody confuses; five bits each."""
CODE_LENGTH: Final = 8
CODE_OCTETS: Final = 5
"""Random bytes in a code."""
_MAC_OCTETS: Final = 16
_EARLY: Final = 2
_MOST_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of the moving code."""

    enrolment_id: str
    elapsed: int
    """Seconds since the answer was kept."""
    mac: bytes


def new_code(octets: bytes) -> str:
    """A code of eight characters out of random bytes."""
    number = int.from_bytes(octets, "big")
    return "".join(_ALPHABET[(number >> 5 * place) & 31] for place in range(CODE_LENGTH))


def typed_code(text: str) -> str:
    """What was typed, as the code was made: in capital letters, without spaces and dashes."""
    return "".join(letter for letter in text.upper() if letter in _ALPHABET)[:64]


def secret(value: str) -> str:
    """What the page computes frames with, for the answer of this one-time value."""
    return b64u(hmac.digest(value.encode(), b"ipse return frames v1", "sha256"))


def build_frame(key: str, enrolment_id: str, elapsed: int) -> str:
    """The text of a frame, as the page writes it: `<enrolment>.<seconds>.<mac>`."""
    signed = f"{enrolment_id}.{elapsed}"
    return f"{signed}.{b64u(_mac(key, signed))}"


def read_frame(text: str) -> Frame | None:
    """Take a frame apart; None if it is none (a one-time value has no dots)."""
    parts = text.split(".")
    if len(parts) != 3 or not parts[0]:
        return None
    enrolment_id, moment, mac = parts
    try:
        octets = b64u_decode(mac)
    except ValueError:
        return None
    if not (moment.isascii() and moment.isdigit() and len(moment) <= _MOST_DIGITS and len(octets) == _MAC_OCTETS):
        return None
    return Frame(enrolment_id, int(moment), octets)


def is_of(frame: Frame, value: str) -> bool:
    """Whether the frame was made with the secret of this value."""
    return hmac.compare_digest(_mac(secret(value), f"{frame.enrolment_id}.{frame.elapsed}"), frame.mac)


def is_fresh(frame: Frame, *, elapsed: int, seconds: int) -> bool:
    """Whether a frame may count now, `elapsed` seconds after the answer was kept."""
    return -_EARLY <= elapsed - frame.elapsed <= seconds


def _mac(key: str, signed: str) -> bytes:
    return hmac.digest(b64u_decode(key), signed.encode(), "sha256")[:_MAC_OCTETS]
