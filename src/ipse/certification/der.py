"""Writing DER (X.690) from parts that are DER already: a time stamp is put together of few, often.

A library's tree of objects is written anew for each level above it, which took twenty times as long.
"""

from __future__ import annotations

from typing import Final

from asn1crypto import core

INTEGER: Final = 0x02
OCTETS: Final = 0x04
TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31
FIRST: Final = 0xA0
"""Context tag 0, constructed."""
NULL: Final = b"\x05\x00"


def wrap(tag: int, *parts: bytes) -> bytes:
    """A value of one tag around its parts."""
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes((tag, len(body))) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def set_of(tag: int, *parts: bytes) -> bytes:
    """Parts in the order that DER asks for in a SET OF (X.690 §11.6)."""
    return wrap(tag, *sorted(parts))


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE."""
    return wrap(SEQUENCE, *parts)


def integer(value: int) -> bytes:
    """An INTEGER."""
    return bytes(core.Integer(value).dump())


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    return bytes(core.ObjectIdentifier(dotted).dump())
