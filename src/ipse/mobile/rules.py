"""Pure reading of what phones send, and watch tokens."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec

from ipse.kernel.clock import SECOND
from ipse.kernel.ids import b64u, b64u_decode
from ipse.mobile.errors import WatchRefused
from ipse.phones.errors import MalformedMessageError

T = TypeVar("T")
_CODE_KEY_SIZE = 32


class Watch(msgspec.Struct, frozen=True, array_like=True):
    """What a watch token allows (`expires_at` in seconds)."""

    account_id: str
    phone_id: str
    expires_at: int


class CodeKeyHandover(NamedTuple):
    """A code key as a phone hands it over, once."""

    code_key_id: str
    code_key: bytes


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
    body = b64u(msgspec.json.encode(watch))
    return f"{body}.{b64u(hmac.digest(key, b'watch' + bytes(1) + body.encode(), 'sha256'))}"


def read_watch(key: bytes, token: str, *, now: int) -> Watch:
    """What the token allows (`now` in microseconds).

    Raises:
        WatchRefused: not ours, or too old.
    """
    body, _, mac = token.partition(".")
    expected = b64u(hmac.digest(key, b"watch" + bytes(1) + body.encode(), "sha256"))
    if not token.isascii() or not hmac.compare_digest(expected, mac):
        raise WatchRefused
    watch = msgspec.json.decode(b64u_decode(body), type=Watch)
    if watch.expires_at * SECOND < now:
        raise WatchRefused
    return watch
