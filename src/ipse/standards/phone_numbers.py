"""Phone numbers (ITU-T E.164) in the one form the partner protocol uses: `+CC number`, with one space."""

from __future__ import annotations

import re
from typing import Final

_FILLERS: Final = re.compile(r"[\s().\-/]")
_DIGITS: Final = re.compile(r"\+[1-9][0-9]{6,14}")

# ITU-T E.164 assigns country codes of one, two and three digits; those not named here have three.
_COUNTRY: Final = re.compile(
    r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[2-9][0-9][0-9]",
)
# There the zero belongs to the number itself and is dialled from abroad too (Italy, San Marino, Vatican).
_ZERO_STAYS: Final = frozenset({"39", "378", "379"})


def normalised(text: str) -> str:
    """Return `+CC number` of a number in international form, whatever its spaces, dots and brackets.

    A trunk zero written out ("+32 (0)485…") is dropped. Raises ValueError for anything else.
    """
    compact = _FILLERS.sub("", text.strip())
    if compact.startswith("00"):
        compact = "+" + compact[2:]
    if not _DIGITS.fullmatch(compact) or not compact.isascii():
        raise ValueError("not a phone number with a country code")
    digits = compact[1:]
    country = next(code for code in (digits[:1], digits[:2], digits[:3]) if _COUNTRY.fullmatch(code))
    national = digits[len(country) :]
    if country not in _ZERO_STAYS:
        national = national.removeprefix("0")
    if not 4 <= len(national) <= 14 or (national.startswith("0") and country not in _ZERO_STAYS):
        raise ValueError("not a phone number with a country code")
    return f"+{country} {national}"
