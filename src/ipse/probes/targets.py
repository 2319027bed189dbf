"""Who is asked: banks and mobile operators as the scheme publishes them, the rest as the settings say."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

NAME: Final = "targets.json"
_MOST_BYTES: Final = 1_000_000


class Target(msgspec.Struct, frozen=True):
    """A bank or a mobile operator."""

    id: str
    issuer: str
    """Its OpenID issuer."""


class Targets(msgspec.Struct, frozen=True, tag_field="format", tag="ipse-targets"):
    """`targets.json`."""

    version: int
    written_at: int
    banks: tuple[Target, ...] = ()
    mobile_operators: tuple[Target, ...] = ()
    cards: bool = False
    """Whether people can activate with a card."""
    signing: bool = False
    """Whether people can sign."""


def read(folder: Path) -> Targets | None:
    """What the scheme publishes; None where it is missing, or not understood."""
    try:
        octets = (folder / NAME).read_bytes()
        found = msgspec.json.decode(octets, type=Targets) if len(octets) <= _MOST_BYTES else None
    except (OSError, msgspec.DecodeError):
        return None
    return found if found is not None and found.version == 1 else None
