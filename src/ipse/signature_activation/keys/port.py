"""What a key store does, whichever it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

KINDS: Final = ("RSA-2048", "P-256")


class KeysUnavailable(Exception):
    """The keys cannot be reached now; nothing was made or signed."""


class MadeKey(NamedTuple):
    """A new key."""

    wrapped: bytes
    """The private key, as only this key store opens it."""
    public: bytes
    """DER SubjectPublicKeyInfo."""


class Keys(Protocol):
    """Makes keys that live outside, wrapped, and uses them. Blocks: call it in threads."""

    def make(self, kind: str) -> MadeKey:
        """A new key of one of `KINDS`.

        Raises:
            KeysUnavailable: there is no module to make it.
        """

    def sign(self, wrapped: bytes, kind: str, hash_name: str, digests: Sequence[bytes]) -> tuple[bytes, ...]:
        """PKCS #1 v1.5 values, or ECDSA ones in DER, of digests made by `SHA-256`, `SHA-384` or `SHA-512`.

        Raises:
            KeysUnavailable: there is no module to sign, or it does not know this key.
        """

    def check(self) -> None:
        """See whether keys can be used now.

        Raises:
            KeysUnavailable: they cannot.
        """

    def close(self) -> None:
        """Let go."""
