"""What a DPoP proof has to say for the request it comes with (RFC 9449 §4.3, points 8 to 12; R-33).

`DPOP_CHECKS` is the visible list. Signature, type, algorithm and key were judged before, by `standards.dpop`; the
single use of `jti` is decided after, by the database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from ipse.oidc.errors import InvalidDpopProof, UseDpopNonce
from ipse.oidc.rules.running import run_checks
from ipse.standards.dpop import Proof, fits_token, same_address

SKEW_SECONDS: Final = 60
"""How far `iat` may be from our clock, either way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofInUse:
    """A proof and the request it came with."""

    proof: Proof
    method: str
    addresses: Collection[str]
    """What the addressed endpoint is called from outside."""
    now: int
    """Seconds UTC."""
    nonces: Collection[str]
    """Ours that count now."""
    access_token: str | None = None
    """The token it was sent with, where one was."""


def check_method(use: ProofInUse) -> None:
    """`htm` is the method of this request, exactly."""
    if use.proof.method != use.method:
        raise InvalidDpopProof("htm is not the method of this request")


def check_address(use: ProofInUse) -> None:
    """`htu` is the address of this endpoint, without query and fragment."""
    if not any(same_address(use.proof.address, address) for address in use.addresses):
        raise InvalidDpopProof("htu is not the address of this endpoint")


def check_time(use: ProofInUse) -> None:
    """`iat` is now, give or take a minute."""
    if abs(use.proof.issued_at - use.now) > SKEW_SECONDS:
        raise InvalidDpopProof("iat is more than a minute away from now")


def check_token(use: ProofInUse) -> None:
    """`ath` is the hash of the access token that came with it; without a token there is none."""
    if use.access_token is not None and not fits_token(use.proof, use.access_token):
        raise InvalidDpopProof("ath is not the hash of the access token")


def check_nonce(use: ProofInUse) -> None:
    """`nonce` is one that we gave lately: a proof made in advance, or elsewhere, is of no use (RFC 9449 §8)."""
    if use.proof.nonce is None:
        raise UseDpopNonce
    if use.proof.nonce not in use.nonces:
        raise UseDpopNonce("the nonce of the DPoP proof is not, or no longer, one of ours")


DPOP_CHECKS: Final[tuple[Callable[[ProofInUse], None], ...]] = (
    check_method,
    check_address,
    check_time,
    check_token,
    check_nonce,
)


def check_proof(use: ProofInUse) -> None:
    """Run `DPOP_CHECKS`.

    Raises:
        InvalidDpopProof, UseDpopNonce: the first that fails.
    """
    run_checks(DPOP_CHECKS, use)


def usable_until(proof: Proof) -> int:
    """The second from which the proof is refused as too old: how long its `jti` has to be remembered."""
    return int(proof.issued_at) + SKEW_SECONDS + 1
