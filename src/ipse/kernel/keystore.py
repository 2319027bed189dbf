"""Where the installation's keys come from: one working key per use, released once at start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

FIRST_WORKING_KEY_USES = (
    "person",
    "code",
    "phone",
    "phone_mac",
    "partner",
    "start",
    "enrolment",
    "identity",
    "phone_number",
    "nonce",
)
"""Made by every release: a keystore without one of them is damaged."""
LATER_WORKING_KEY_USES = (
    "request",
    "signing_key",
    "notice",
    "operator",
    "panic",
    "fallback",
    "browser",
    "push",
    "passkey",
    "signing",
    "csc",
    "session",
    "envelope",
    "staff",
    "staff_email",
)
"""Not made by every release: `ipse keys complete` adds them."""
WORKING_KEY_USES = FIRST_WORKING_KEY_USES + LATER_WORKING_KEY_USES
"""Each use has a key of its own; none is derived from another."""

SIGNING_KEY_ALGORITHMS = {
    "oidc": ("ES256", "RS256", "RSA-OAEP-256"),
    "registrar": ("ES256",),
    "phone_channel": ("ECDH-ES",),
}
"""One key for each, in the first generation of a set and in every later one."""

SIGNING_KEY_USES = tuple(SIGNING_KEY_ALGORITHMS)
"""Sets of private JWKs. Phone-channel keys are never in the partners' key set."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldKeys:
    """The private JWKs of one set at this moment: the same object for as long as nothing changes."""

    current: tuple[Mapping[str, str], ...]
    """One for each algorithm: sign with these."""
    published: tuple[Mapping[str, str], ...]
    """Whose public halves others may see, current ones first, then announced, then retired ones."""
    held: tuple[Mapping[str, str], ...]
    """All that open what was encrypted to them, current ones first."""
    kept: int = 1800
    """Seconds for which others may keep the published ones without asking again: no longer than a key is announced."""


def unchanging(jwks: Iterable[Mapping[str, str]]) -> HeldKeys:
    """Keys of a set that never changes: the first of each algorithm is in use."""
    keys = tuple(jwks)
    current: dict[str, Mapping[str, str]] = {}
    for key in keys:
        current.setdefault(key.get("alg", ""), key)
    return HeldKeys(tuple(current.values()), keys, keys)


class Keystore(Protocol):
    """Releases keys; no call to a security module happens for a login."""

    def working_key(self, use: str) -> bytes:
        """The 32-byte key of one of `WORKING_KEY_USES`.

        Raises:
            KeyError: the keystore has no such key.
        """

    def signing_keys(self, use: str) -> Sequence[Mapping[str, str]]:
        """Private JWKs (`kid`, `alg`, `use` set) of one of `SIGNING_KEY_USES`, the current one first."""

    def held_keys(self, use: str) -> HeldKeys:
        """What is to be done with the keys of one of `SIGNING_KEY_USES` at this moment. Ask again each time."""
