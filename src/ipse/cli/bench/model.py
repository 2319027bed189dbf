"""What the parts of a measurement tell each other, as files of JSON."""

from __future__ import annotations

from typing import Any

import msgspec

CODE = "13579"


class Handset(msgspec.Struct):
    """A phone that was seeded; `chain` moves on with each message."""

    phone: str
    d: str
    code_key_id: str
    salt: str
    chain: str
    code: str = CODE


class BenchPartner(msgspec.Struct, frozen=True):
    """A partner with its private keys."""

    client_id: str
    preset: str
    """`new` and `migrating` of the default profile, or `fapi2`."""
    service: str
    redirect_uri: str
    signing_key: dict[str, Any]
    encryption_key: dict[str, Any]


class Seeded(msgspec.Struct, frozen=True):
    """What a seeded database holds."""

    handsets: list[Handset]
    partners: list[BenchPartner]
