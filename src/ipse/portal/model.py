"""What somebody types to block an identity."""

from __future__ import annotations

from typing import Final

import msgspec

PAGE: Final = "/block"


class Wish(msgspec.Struct, frozen=True):
    """A phone number as `+32 485694175`, and a birth date as `YYYY-MM-DD`."""

    number: str
    birthdate: str
    network: str = ""
    """Where it was typed: looks are counted for each network."""
