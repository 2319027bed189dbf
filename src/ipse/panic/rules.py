"""The form of panic codes: digits only, because they are dialled, with two that catch slips.

The check digits are those of ISO/IEC 7064, MOD 97-10: they find every single wrong digit and every swap of two. They
are computed from the code alone, so that a slip costs no guess and tells nothing.
"""

from __future__ import annotations

import re

CODE_DIGITS = 12
CHECK_DIGITS = 2
_SEPARATORS = re.compile(r"[\s.\-–/]")
_WHOLE = re.compile(rf"[0-9]{{{CODE_DIGITS + CHECK_DIGITS}}}")
_MODULUS = 97


def code_of(octets: bytes) -> str:
    """Twelve digits out of sixteen random bytes."""
    return f"{int.from_bytes(octets) % 10**CODE_DIGITS:0{CODE_DIGITS}}"


def check_digits(code: str) -> str:
    """The two check digits of twelve digits."""
    return f"{98 - int(code) * 100 % _MODULUS:02}"


def whole(code: str) -> str:
    """The code with its check digits, as it is printed and typed."""
    return code + check_digits(code)


def groups(printed: str) -> str:
    """`1234 5678 9012 34`: as people read and dial it."""
    return " ".join(printed[at : at + 4] for at in range(0, len(printed), 4))


def read(typed: str) -> str | None:
    """The twelve digits of what somebody typed or dialled; None when it has another form or a slip."""
    digits = _SEPARATORS.sub("", typed)
    if not _WHOLE.fullmatch(digits) or not digits.isascii():
        return None
    code, check = digits[:CODE_DIGITS], digits[CODE_DIGITS:]
    return code if check_digits(code) == check else None
