"""Tags, lengths and values of the identity and address files, in both readings of a length.

A length below 128 is one byte in every reading. The card specification lets a length of 255 and more go on in further
bytes after each 255; an older implementation reads seven bits a byte, the highest bit saying that another follows. A
file is taken in the first reading in which it comes out even. Both were signed by the register, so that nobody else
gains anything by the ambiguity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ipse.standards.eid_card.errors import TlvError

_CHAINED: Final = 0xFF
_MORE: Final = 0x80
_HIGHEST_TAG: Final = 63

Length = Callable[[bytes, int], tuple[int, int]]
"""Reads a length at a place: the length, and the place behind it."""


def read(octets: bytes) -> Mapping[int, bytes]:
    """The values of a file by their tags.

    Raises:
        TlvError: it does not come out even in either reading, or holds a tag twice.
    """
    try:
        return _fields(octets, _chained)
    except TlvError:
        return _fields(octets, _seven_bits)


def _fields(octets: bytes, length_at: Length) -> Mapping[int, bytes]:
    found: dict[int, bytes] = {}
    place = 0
    while place < len(octets) and not (found and _is_padding(octets, place)):
        tag = octets[place]
        length, place = length_at(octets, place + 1)
        if tag in found or tag > _HIGHEST_TAG or place + length > len(octets):
            raise TlvError("a file of the card does not come out even")
        found[tag] = octets[place : place + length]
        place += length
    if not found:
        raise TlvError("a file of the card is empty")
    return found


def _is_padding(octets: bytes, place: int) -> bool:
    """Tag 0 stands at the beginning; zero bytes to the end are the room that a file leaves on the card."""
    return not any(octets[place:])


def _chained(octets: bytes, place: int) -> tuple[int, int]:
    length = 0
    while True:
        byte = _byte(octets, place)
        length, place = length + byte, place + 1
        if byte != _CHAINED:
            return length, place


def _seven_bits(octets: bytes, place: int) -> tuple[int, int]:
    length = 0
    while True:
        byte = _byte(octets, place)
        length, place = length << 7 | byte & ~_MORE, place + 1
        if not byte & _MORE:
            return length, place


def _byte(octets: bytes, place: int) -> int:
    if place >= len(octets):
        raise TlvError("a file of the card ends inside a length")
    return octets[place]
