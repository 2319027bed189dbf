"""Pure reading of what phones send, and watch tokens."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec

from ipse.enrolment.model import Wait
from ipse.kernel.clock import SECOND, seconds
from ipse.kernel.ids import b64u, b64u_decode
from ipse.mobile.errors import DocumentTokenRefused, WatchRefused
from ipse.phones.errors import MalformedMessageError

T = TypeVar("T")
_PAIRING_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRING_LENGTH = 12
_ALIKE = str.maketrans("OIL", "011")
_SYSTEMS = ("Android", "iOS", "iPadOS", "Windows", "macOS", "Linux", "ChromeOS")
_CODE_KEY_SIZE = 32
_IDENTIFIER_SIZE = 16


class Watch(msgspec.Struct, frozen=True, array_like=True):
    """What a watch token allows (`expires_at` in seconds)."""

    account_id: str
    phone_id: str
    expires_at: int


class CodeKeyHandover(NamedTuple):
    """A code key as a phone hands it over, once."""

    code_key_id: str
    code_key: bytes


class DuressWish(msgspec.Struct, frozen=True):
    """What the second slot of a phone is for."""

    kind: Literal["duress", "spare"]
    told: bool = False
    """Whether the second channel is told when the duress code is used."""


WAITING_SEES = frozenset(
    {"account", "waits_until", "challenge", "watch", "watch_expires_in", "incident", "language", "open", "name"}
)
"""What `home` tells a phone that does not carry the identity yet."""


def waiting_body(until: int) -> dict[str, Any]:
    """What a phone is told that waits; `until` in microseconds."""
    return {
        "account": {"state": "waiting", "why": "objection_period"},
        "waits_until": seconds(until),
        "open": [],
        "name": "",
    }


def elsewhere_entry(wait: Wait) -> dict[str, Any]:
    """An activation on another phone, as the phone that has the identity shows it."""
    return {
        "enrolment": wait.enrolment_id,
        "registrar": wait.registrar,
        "since": seconds(wait.since),
        "until": seconds(wait.until),
    }


class PairApp(msgspec.Struct, frozen=True):
    """What the app says it is."""

    name: str
    version: str


class PairWish(msgspec.Struct, frozen=True):
    """What a new phone says when it asks for a code."""

    app: PairApp
    device: dict[str, Any] = {}


def pairing_code(octets: bytes) -> str:
    """The code that a new phone shows: twelve characters, 60 bits (B-6 asks 40); `octets` are 8 random ones."""
    number = int.from_bytes(octets, "big")
    drawn = [_PAIRING_ALPHABET[number >> (5 * at) & 31] for at in range(_PAIRING_LENGTH)]
    return "-".join("".join(drawn[at : at + 4]) for at in range(0, _PAIRING_LENGTH, 4))


def read_pairing_code(typed: str) -> str:
    """A code as somebody typed it, with the letters that look like digits read as such.

    Raises:
        MalformedMessageError: it cannot be one.
    """
    code = "".join(typed.upper().split()).replace("-", "").translate(_ALIKE)
    if len(code) != _PAIRING_LENGTH or any(letter not in _PAIRING_ALPHABET for letter in code):
        raise MalformedMessageError(public="code is not one of a new phone")
    return "-".join(code[at : at + 4] for at in range(0, _PAIRING_LENGTH, 4))


def about_phone(device: Mapping[str, Any]) -> dict[str, str]:
    """What the old phone shows of the new one: a system known by name. Free text would be the caller's to write."""
    system = device.get("os")
    return {"os": system} if system in _SYSTEMS else {}


def convert(members: Mapping[str, Any], kind: type[T]) -> T:
    """Read members into a type.

    Raises:
        MalformedMessageError: names the member that is wrong.
    """
    try:
        return msgspec.convert(members, kind)
    except msgspec.ValidationError as error:
        raise MalformedMessageError(str(error), public=str(error)) from error


def text(members: Mapping[str, Any], name: str) -> str:
    """A member that must be a text that is not empty."""
    value = members.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedMessageError(public=f"{name} is missing")
    return value


def slot_id(members: Mapping[str, Any], name: str) -> str:
    """The id of a code slot, 16 random bytes chosen by the phone.

    Raises:
        MalformedMessageError: it is not one.
    """
    identifier = text(members, name)
    try:
        octets = b64u_decode(identifier)
    except ValueError as error:
        raise MalformedMessageError(public=f"{name} must be base64url") from error
    if len(octets) != _IDENTIFIER_SIZE:
        raise MalformedMessageError(public=f"{name} is 16 bytes")
    return identifier


def handover(members: Mapping[str, Any], *, prefix: str = "") -> CodeKeyHandover:
    """The code key of an activation or change.

    Raises:
        MalformedMessageError: a member is missing or of the wrong size.
    """
    code_key_id = text(members, f"{prefix}code_key_id")
    try:
        identifier, key = b64u_decode(code_key_id), b64u_decode(text(members, f"{prefix}code_key"))
    except ValueError as error:
        raise MalformedMessageError(public=f"{prefix}code_key and its id must be base64url") from error
    if len(identifier) != 16 or len(key) != _CODE_KEY_SIZE:
        raise MalformedMessageError(public=f"{prefix}code_key is 32 bytes and its id 16")
    return CodeKeyHandover(code_key_id, key)


def build_watch(key: bytes, watch: Watch) -> str:
    """A watch token: a MAC over what it allows; nothing is stored."""
    return _with_mac(key, b"watch", watch)


def read_watch(key: bytes, token: str, *, now: int) -> Watch:
    """What the token allows (`now` in microseconds).

    Raises:
        WatchRefused: not ours, or too old.
    """
    body = _without_mac(key, b"watch", token)
    watch = None if body is None else msgspec.json.decode(body, type=Watch)
    if watch is None or watch.expires_at * SECOND < now:
        raise WatchRefused
    return watch


class PaperToken(msgspec.Struct, frozen=True, array_like=True):
    """What a document's token allows (`expires_at` in seconds)."""

    door: str
    action_id: str
    document: str
    expires_at: int


def build_paper_token(key: bytes, token: PaperToken) -> str:
    """A token for one document: a MAC over what it allows; nothing is stored."""
    return _with_mac(key, b"paper", token)


def read_paper_token(key: bytes, token: str, *, now: int) -> PaperToken:
    """What the token allows (`now` in microseconds).

    Raises:
        DocumentTokenRefused: not ours, or too old.
    """
    body = _without_mac(key, b"paper", token)
    read = None if body is None else msgspec.json.decode(body, type=PaperToken)
    if read is None or read.expires_at * SECOND < now:
        raise DocumentTokenRefused
    return read


def _with_mac(key: bytes, use: bytes, allowed: Watch | PaperToken) -> str:
    body = b64u(msgspec.json.encode(allowed))
    return f"{body}.{b64u(_mac(key, use, body))}"


def _without_mac(key: bytes, use: bytes, token: str) -> bytes | None:
    """What a token of ours for this use holds; None for any other."""
    body, _, mac = token.partition(".")
    if not token.isascii() or not hmac.compare_digest(b64u(_mac(key, use, body)), mac):
        return None
    return b64u_decode(body)


def _mac(key: bytes, use: bytes, body: str) -> bytes:
    return hmac.digest(key, use + bytes(1) + body.encode(), "sha256")


def is_older(version: str, minimum: str) -> bool:
    """Whether an app's version comes before another; one that is no row of numbers is older than all."""
    return _numbers(version) < _numbers(minimum)


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        return ()
    numbers = [int(part) for part in parts]
    return tuple(numbers + [0] * (4 - len(numbers)))
