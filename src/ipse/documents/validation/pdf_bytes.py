"""Which bytes of a PDF a signature covers: all of its revision but the signature value itself, or it is refused.

This is where signatures over a part of a file, over several ranges, or around bytes of somebody else are found.
"""

from __future__ import annotations

from typing import Final

from pyhanko.sign.validation import EmbeddedPdfSignature

_HEX: Final = frozenset(b"0123456789abcdefABCDEF")
_END: Final = b"%%EOF"
_SPACE: Final = b"\r\n\t\0 "


def signed_end(file: bytes, embedded: EmbeddedPdfSignature) -> int | None:
    """Where the signed bytes end; None where they leave out anything but the signature value (ISO 32000-2 §12.8.1)."""
    ranges = [part for part in embedded.byte_range if isinstance(part, int) and not isinstance(part, bool)]
    if len(ranges) != 4 or len(embedded.byte_range) != 4:
        return None
    start, length, resumed, rest = (int(part) for part in ranges)
    if start != 0 or length <= 0 or rest <= 0 or resumed <= length or resumed + rest > len(file):
        return None
    gap = file[length:resumed]
    if gap[:1] != b"<" or gap[-1:] != b">" or not _HEX.issuperset(gap[1:-1]) or len(gap) % 2:
        return None
    if bytes.fromhex(gap[1:-1].decode()) != embedded.pkcs7_content:
        return None
    return resumed + rest


def ends_cleanly(file: bytes) -> bool:
    """Whether nothing but white space follows the last end-of-file mark."""
    place = file.rfind(_END)
    return place >= 0 and not file[place + len(_END) :].strip(_SPACE)


def ends_at_mark(file: bytes, end: int) -> bool:
    """Whether the signed bytes end with an end-of-file mark, as a whole revision does."""
    return file[:end].rstrip(_SPACE).endswith(_END)
