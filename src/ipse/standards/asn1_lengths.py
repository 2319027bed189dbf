"""Mends a fault of asn1crypto 1.5.1, the newest there is: it looks at the last octet of a length alone.

Where that is 0x80, as of one value in 256, it takes the length for an indefinite one and writes the value again: each
level of nesting twice, so that a time stamp or certificate takes minutes, and what is not DER becomes other bytes than
those that were signed.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from asn1crypto import core

_LAST: Final = slice(-1, None, None)
_INDEFINITE: Final = b"\x80"
_LONG_TAG: Final = 0x1F
_MORE: Final = 0x80


class _Definite(bytes):
    """Tags and lengths in front of a value, none of them indefinite; the one question that the library asks says so."""

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401 - as bytes have it
        return b"" if place == _LAST else super().__getitem__(place)


def is_indefinite(header: bytes) -> bool:
    """Whether the last length of tags and lengths is an indefinite one (X.690 §8.1.3.6)."""
    place, indefinite = 0, False
    while place < len(header):
        many = header[place] & _LONG_TAG == _LONG_TAG
        place += 1
        while many and place < len(header):
            many = bool(header[place] & _MORE)
            place += 1
        length = header[place] if place < len(header) else 0
        indefinite = length == _MORE
        place += 1 + (length & ~_MORE if length > _MORE else 0)
    return indefinite


@cache
def mend() -> None:
    """Have the library read lengths to their end, from now on."""
    build, dump_header = core._build, core._dump_header  # noqa: SLF001 - there is no other place

    def built(*values: Any, **more: Any) -> Any:  # noqa: ANN401 - the library has no types
        value = build(*values, **more)
        header = getattr(value, "_header", None)
        if header and header[_LAST] == _INDEFINITE and not is_indefinite(header):
            value._header = _Definite(header)  # noqa: SLF001 - there is no other place
        return value

    def dumped(*values: Any) -> bytes:  # noqa: ANN401 - the library has no types
        return _Definite(dump_header(*values))  # what it writes is always definite

    core._build, core._dump_header = built, dumped  # noqa: SLF001 - there is no other place
