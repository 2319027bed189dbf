"""Canonical JSON (RFC 8785) of the values that have one text only: strings, integers, booleans, arrays, objects.

Fractions and `null` are refused: nothing here uses them, and so nobody has to agree on how a fraction is written.
"""

from __future__ import annotations

import hashlib
import json
from typing import Final

from ipse.kernel.ids import b64u

_LARGEST: Final = 2**53 - 1
"""Beyond this, JSON numbers are not the same everywhere (RFC 7493 §2.2)."""


class CanonicalJsonError(ValueError):
    """The value has no canonical form here. The text repeats nothing of it."""


def canonical(value: object) -> bytes:
    """The canonical UTF-8 bytes of a JSON value (RFC 8785 §3.2).

    Raises:
        CanonicalJsonError: it holds a fraction, `null`, a large integer, a lone surrogate or no JSON at all.
    """
    try:
        return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError as error:
        raise CanonicalJsonError("a lone surrogate") from error


def digest(value: object) -> str:
    """SHA-256 of the canonical bytes, base64url without padding. Raises as `canonical`."""
    return b64u(hashlib.sha256(canonical(value)).digest())


def _ordered(value: object) -> object:
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            raise CanonicalJsonError("a name that is no string")
        return {name: _ordered(value[name]) for name in sorted(value, key=_by_code_units)}
    if isinstance(value, list | tuple):
        return [_ordered(each) for each in value]
    if isinstance(value, str | bool) or (isinstance(value, int) and abs(value) <= _LARGEST):
        return value
    raise CanonicalJsonError("a value other than string, integer, boolean, array or object")


def _by_code_units(name: str) -> bytes:
    """Names are sorted by UTF-16 code units, as ECMAScript does (RFC 8785 §3.2.3)."""
    return name.encode("utf-16-be", errors="surrogatepass")
