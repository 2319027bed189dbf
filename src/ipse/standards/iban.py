"""International bank account numbers: ISO 13616, with the lengths of SWIFT's registry (release 99 of 2024)."""

from __future__ import annotations

import re
from typing import Final

_LENGTHS: Final = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24
FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32
LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24
RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
"""
LENGTHS: Final[dict[str, int]] = {entry[:2]: int(entry[2:]) for entry in _LENGTHS.split()}
"""How many characters an account number has, by ISO 3166-1 alpha-2 country."""
_FORM: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")


def compact(text: str) -> str:
    """The number without the spaces it is printed with."""
    return text.replace(" ", "")


def is_iban(text: str) -> bool:
    """Whether a compact number in capitals has the length of its country and right check digits (ISO 7064 mod 97-10).

    Check digits 00, 01 and 99 pass the sum but are never given out.
    """
    if not _FORM.fullmatch(text) or LENGTHS.get(text[:2]) != len(text):
        return False
    if not 2 <= int(text[2:4]) <= 98:
        return False
    return int("".join(str(int(character, 36)) for character in text[4:] + text[:4])) % 97 == 1
