"""Frames, links, tickets and digits: how a phone comes to an action.

All are MACs under the keystore's `start` key over values that have nothing to do with the page's handle or the
browser's cookie. Nothing is stored; waiting browsers cost nothing.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

import msgspec

from ipse.actions.errors import RequestTaken, StaleFrame, UnknownStart
from ipse.actions.model import Start
from ipse.kernel.clock import SECOND
from ipse.kernel.ids import alphanumerics, b64u, b64u_decode

_MAC_SIZE = 16


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """The 60 seconds in which an opened frame or link can be claimed (`expires_at` in seconds)."""

    action_id: str
    start: Start
    digits: bool
    expires_at: int


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of the moving QR: seconds since the action began, and whether the server drew it."""

    frame_id: str
    elapsed: int
    drawn: bool
    signed: str
    mac: bytes


def frame_secret(key: bytes, action_id: str) -> bytes:
    """The one-time secret the page computes its frames with, 32 bytes."""
    return hmac.digest(key, b"frame\x00" + action_id.encode(), "sha256")


def digits(secret: bytes) -> str:
    """The two digits shown beside the QR."""
    return f"{int.from_bytes(hmac.digest(secret, b'digits', 'sha256')[:8]) % 100:02d}"


def build_frame(secret: bytes, frame_id: str, elapsed: int, *, drawn: bool) -> str:
    """The text of a frame: `<frame id>.<seconds>.<mac>`, with `d` before the seconds when the server drew it."""
    signed = f"{frame_id}.{'d' if drawn else ''}{elapsed}"
    return f"{signed}.{b64u(_frame_mac(secret, signed))}"


def read_frame(text: str) -> Frame:
    """Take a frame apart.

    Raises:
        UnknownStart: not a frame.
    """
    signed, _, mac = text.rpartition(".")
    frame_id, _, moment = signed.partition(".")
    drawn = moment.startswith("d")
    number = moment.removeprefix("d")
    try:
        octets = b64u_decode(mac)
    except ValueError as error:
        raise UnknownStart from error
    if not (frame_id and number.isascii() and number.isdigit() and len(number) <= 6 and len(octets) == _MAC_SIZE):
        raise UnknownStart
    return Frame(frame_id, int(number), drawn, signed, octets)


def check_frame(frame: Frame, secret: bytes, *, elapsed: int, fresh: int, fresh_drawn: int) -> None:
    """Judge a frame by its age when it first reaches us; all in seconds.

    Raises:
        UnknownStart: not made with this action's secret.
        StaleFrame: too old, or from the future.
    """
    if not hmac.compare_digest(_frame_mac(secret, frame.signed), frame.mac):
        raise UnknownStart
    age = elapsed - frame.elapsed
    if not -2 <= age <= (fresh_drawn if frame.drawn else fresh):
        raise StaleFrame


def build_link(key: bytes, frame_id: str, action_id: str) -> str:
    """The text of an app link: `<frame id>.<mac>`; a token of its own, unrelated to any frame."""
    return f"{frame_id}.{b64u(_link_mac(key, action_id))}"


def check_link(key: bytes, action_id: str, mac: str) -> None:
    """Raise UnknownStart unless the link is this action's."""
    try:
        octets = b64u_decode(mac)
    except ValueError as error:
        raise UnknownStart from error
    if not hmac.compare_digest(_link_mac(key, action_id), octets):
        raise UnknownStart


def build_ticket(key: bytes, ticket: Ticket) -> str:
    """A claim ticket as text."""
    body = b64u(msgspec.json.encode(ticket))
    return f"{body}.{b64u(hmac.digest(key, b'ticket' + bytes(1) + body.encode(), 'sha256'))}"


def read_ticket(key: bytes, text: str, *, now: int) -> Ticket:
    """A claim ticket that is ours and not too old (`now` in microseconds).

    Raises:
        UnknownStart: not ours.
        StaleFrame: its 60 seconds are over.
    """
    body, _, mac = text.partition(".")
    expected = b64u(hmac.digest(key, b"ticket" + bytes(1) + body.encode(), "sha256"))
    if not text.isascii() or not hmac.compare_digest(expected, mac):
        raise UnknownStart
    ticket = msgspec.json.decode(b64u_decode(body), type=Ticket)
    if ticket.expires_at * SECOND < now:
        raise StaleFrame
    return ticket


def meant(key: bytes, action_id: str, account_id: str) -> str:
    """How an action says whom it is for without naming them."""
    return b64u(hmac.digest(key, f"meant\x00{action_id}\x00{account_id}".encode(), "sha256"))


def check_meant(key: bytes, said: str, action_id: str, account_id: str) -> None:
    """Raise RequestTaken unless an action is for everybody, or for this account."""
    if said and not hmac.compare_digest(said.encode(), meant(key, action_id, account_id).encode()):
        raise RequestTaken


def collection_code(key: bytes, handle: str) -> str:
    """The 36-character code of an action. Always the same, so that a browser whose answer was lost gets it again."""
    return alphanumerics(hmac.digest(key, b"code\x00" + handle.encode(), "sha256"), 36)


def _frame_mac(secret: bytes, signed: str) -> bytes:
    return hmac.digest(secret, signed.encode(), "sha256")[:_MAC_SIZE]


def _link_mac(key: bytes, action_id: str) -> bytes:
    return hmac.digest(key, b"link\x00" + action_id.encode(), "sha256")
