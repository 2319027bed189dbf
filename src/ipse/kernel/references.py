"""Short references that people read out on the telephone: eight characters, none of which looks like another.

The alphabet is Crockford's base 32: no I, L, O or U; who hears or types an I, L or O is understood all the same.
"""

from __future__ import annotations

from typing import Final

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_HEARD: Final = str.maketrans("ILO", "110")
_CHARACTERS: Final = 8
OCTETS: Final = 5
"""How many random octets a reference stands for."""


def written(octets: bytes) -> str:
    """Five octets as `7QK2-M4PX`."""
    number = int.from_bytes(octets[:OCTETS], "big")
    text = "".join(_ALPHABET[(number >> shift) & 31] for shift in range(5 * (_CHARACTERS - 1), -1, -5))
    return f"{text[:4]}-{text[4:]}"


def read(typed: str) -> str | None:
    """A reference as somebody typed or heard it, in its one form; None where it is none."""
    text = "".join(character for character in typed.upper() if character.isalnum()).translate(_HEARD)
    if len(text) != _CHARACTERS or any(character not in _ALPHABET for character in text):
        return None
    return f"{text[:4]}-{text[4:]}"
