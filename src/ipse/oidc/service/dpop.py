"""DPoP proofs of requests: judged against the request, and each counted once (RFC 9449)."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ipse.kernel.clock import SECOND, Clock, seconds
from ipse.kernel.ids import b64u
from ipse.oidc.errors import InvalidDpopProof
from ipse.oidc.rules.dpop import ProofInUse, check_proof, usable_until
from ipse.partners.service.replays import Replays
from ipse.standards.dpop import DPoPError, Proof, read_proof

NONCE_SECONDS: Final = 300
"""A nonce counts from when it is given until the end of the window after its own: five to ten minutes."""
_NONCE_BYTES: Final = 18


@dataclass(frozen=True, slots=True)
class Proofs:
    """Reads and uses proofs. Nonces are MACs over the time: nothing is stored, and every process knows them all."""

    bases: tuple[str, ...]
    """What the issuer is called from outside: its address, and its alias for connections with a certificate."""
    key: bytes
    replays: Replays
    clock: Clock

    @property
    def nonce(self) -> str:
        """The nonce to use from now on (RFC 9449 §8)."""
        return self._nonce(self._window)

    def read(self, headers: Sequence[str], *, method: str, path: str, access_token: str | None = None) -> Proof | None:
        """The proof in the `DPoP` headers of a request to the address `path` behind the issuer; None without one.

        Its single use is taken apart, by `use`, once it is known to be worth remembering.

        Raises:
            InvalidDpopProof: two headers, or a proof that does not fit this request.
            UseDpopNonce: it fits, and lacks a nonce of ours.
        """
        if not headers:
            return None
        if len(headers) > 1:
            raise InvalidDpopProof("there is more than one DPoP header")
        try:
            proof = read_proof(headers[0])
        except DPoPError as error:
            raise InvalidDpopProof(f"The DPoP proof cannot be used: {error}") from error
        window = self._window
        check_proof(
            ProofInUse(
                proof=proof,
                method=method,
                addresses=tuple(base + path for base in self.bases),
                now=seconds(self.clock.now()),
                nonces=(self._nonce(window), self._nonce(window - 1)),
                access_token=access_token,
            )
        )
        return proof

    async def use(self, proof: Proof) -> None:
        """Take the single use of a proof, over all processes.

        Raises:
            InvalidDpopProof: it was used before.
        """
        if not await self.replays.first_use("dpop", proof.thumbprint, proof.identifier, usable_until(proof) * SECOND):
            raise InvalidDpopProof("jti of the DPoP proof was used before")

    @property
    def _window(self) -> int:
        return self.clock.now() // (NONCE_SECONDS * SECOND)

    def _nonce(self, window: int) -> str:
        return b64u(hmac.digest(self.key, f"dpop nonce v1 {window}".encode(), "sha256")[:_NONCE_BYTES])
