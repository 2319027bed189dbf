"""Where the installation's keys come from: one working key per use, released once at start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

WORKING_KEY_USES = (
    "person",
    "code",
    "phone",
    "phone_mac",
    "partner",
    "start",
    "enrolment",
    "identity",
    "phone_number",
    "request",
)
"""Each use has a key of its own; none is derived from another."""

SIGNING_KEY_USES = ("oidc", "registrar", "phone_channel")
"""Sets of private JWKs. Phone-channel keys are never in the partners' key set."""


class Keystore(Protocol):
    """Releases keys at start; no call happens for a login."""

    def working_key(self, use: str) -> bytes:
        """The 32-byte key of one of `WORKING_KEY_USES`.

        Raises:
            KeyError: the keystore has no such key.
        """

    def signing_keys(self, use: str) -> Sequence[Mapping[str, str]]:
        """Private JWKs (`kid`, `alg`, `use` set) of one of `SIGNING_KEY_USES`, the current one first."""
