"""Whether whoever sends an access token is the one it was given to (RFC 9449 §7, RFC 8705 §3).

A token is bound to a DPoP key, to a certificate, or to nobody. `SENDER_CHECKS` is the visible list.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from ipse.oidc.errors import InvalidToken
from ipse.oidc.rules.running import run_checks
from ipse.standards.dpop import Proof

Scheme = Literal["Bearer", "DPoP"]
KEY: Final = "jkt:"
CERTIFICATE: Final = "x5t#S256:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """What a request says of its sender."""

    scheme: Scheme = "Bearer"
    proof: Proof | None = None
    """Judged against the request; its single use is not taken yet."""
    thumbprint: str | None = None
    """Of the certificate of its connection, SHA-256 as base64url."""

    @property
    def binding(self) -> str:
        """What a token given to this sender is bound to: its proven key, else its certificate, else nothing."""
        if self.proof is not None:
            return KEY + self.proof.thumbprint
        return "" if self.thumbprint is None else CERTIFICATE + self.thumbprint


@dataclass(frozen=True, slots=True)
class SentToken:
    """A good token's binding, and who sends the token."""

    binding: str
    sender: Sender


def check_scheme(sent: SentToken) -> None:
    """A token bound to a key comes as `DPoP`, every other as `Bearer` (RFC 9449 §7.1, §7.2)."""
    if sent.binding.startswith(KEY) and sent.sender.scheme != "DPoP":
        raise InvalidToken("This access token is bound to a key and comes with the DPoP scheme", scheme="DPoP")
    if not sent.binding.startswith(KEY) and sent.sender.scheme == "DPoP":
        raise InvalidToken("This access token is not bound to a key and comes with the Bearer scheme", scheme="DPoP")


def check_key(sent: SentToken) -> None:
    """The proof was made with the key that the token is bound to."""
    if not sent.binding.startswith(KEY):
        return
    proof = sent.sender.proof
    if proof is None or not _same(KEY + proof.thumbprint, sent.binding):
        raise InvalidToken("This access token is bound to another key", scheme="DPoP")


def check_certificate(sent: SentToken) -> None:
    """The connection's certificate is the one that the token is bound to."""
    if not sent.binding.startswith(CERTIFICATE):
        return
    thumbprint = sent.sender.thumbprint
    if thumbprint is None or not _same(CERTIFICATE + thumbprint, sent.binding):
        raise InvalidToken("This access token is bound to the certificate of another connection")


SENDER_CHECKS: Final[tuple[Callable[[SentToken], None], ...]] = (check_scheme, check_key, check_certificate)


def check_sender(binding: str, sender: Sender) -> None:
    """Run `SENDER_CHECKS`.

    Raises:
        InvalidToken: the first that fails.
    """
    run_checks(SENDER_CHECKS, SentToken(binding, sender))


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
