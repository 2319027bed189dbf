"""Members of a request, judged by type; the words are those of the specification's tables."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any, Final

from ipse.csc.errors import InvalidRequest
from ipse.standards.strict_json import JsonError, parse_object

MOST_BYTES: Final = 65_536
"""Of a body without documents."""
_LONGEST: Final = 4096
_STANDARD: Final = str.maketrans("-_", "+/")


def body(octets: bytes, *, most: int = MOST_BYTES) -> dict[str, Any]:
    """The members of a JSON body; no body at all is an empty object.

    Raises:
        InvalidRequest: it is no JSON object, or too large.
    """
    if not octets.strip():
        return {}
    try:
        return parse_object(octets, max_bytes=most)
    except JsonError as error:
        raise InvalidRequest(detail=f"body: {error}") from error


def text(members: Mapping[str, Any], name: str, *, longest: int = _LONGEST) -> str:
    """A text that must be there.

    Raises:
        InvalidRequest: it is missing, empty, or no text of sensible length.
    """
    value = members.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise InvalidRequest(f"Missing (or invalid type) string parameter {name}")
    return value


def maybe_text(members: Mapping[str, Any], name: str, *, longest: int = _LONGEST) -> str:
    """A text that may be there; empty without one.

    Raises:
        InvalidRequest: it is something else.
    """
    value = members.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest:
        raise InvalidRequest(f"Missing (or invalid type) string parameter {name}")
    return value


def flag(members: Mapping[str, Any], name: str) -> bool:
    """A switch, off where it is not there.

    Raises:
        InvalidRequest: neither true nor false.
    """
    value = members.get(name)
    if value not in {None, True, False} or isinstance(value, int) is not isinstance(value, bool):
        raise InvalidRequest(f"Invalid parameter {name}")
    return bool(value)


def number(members: Mapping[str, Any], name: str) -> int | None:
    """A whole number, also written as a text of digits; None where it is not there.

    Raises:
        InvalidRequest: something else.
    """
    value = members.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        return int(value)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise InvalidRequest(f"Missing (or invalid type) integer parameter {name}")
    return value


def octets(written: str) -> bytes | None:
    """base64 or base64url, with or without padding; None for anything else.

    The partner protocol writes digests both ways (sections 2.1 and 6).
    """
    bare = written.rstrip("=")
    if len(written) - len(bare) > 2 or not bare:
        return None
    try:
        return b64decode(bare.translate(_STANDARD) + "=" * (-len(bare) % 4), validate=True)
    except (Base64Error, ValueError):
        return None
