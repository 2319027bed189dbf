"""Results that only the final partner opens: signed with the provider's key, encrypted to the partner's (T-11)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ipse.broker.errors import EncryptionUnavailable
from ipse.broker.rules.results import TYP
from ipse.partners.model import Partner
from ipse.partners.service.keys import PartnerKeys
from ipse.standards import jose

SigningKeys: TypeAlias = Callable[[], Mapping[str, jose.PrivateKey]]
"""The provider's current signing key of each algorithm, asked each time because keys change while running."""


@dataclass(frozen=True, slots=True)
class Encryption:
    """Nested tokens for final partners, with the algorithms agreed for their ID tokens."""

    signing: SigningKeys
    keys: PartnerKeys

    async def can_reach(self, final: Partner) -> bool:
        """Whether a partner has a key to encrypt to: a shared secret is none, its broker may know it."""
        try:
            await self._receiver(final)
        except jose.JoseError:
            return False
        return True

    async def encrypted(self, final: Partner, claims: Mapping[str, Any]) -> str:
        """Sign, then encrypt.

        Raises:
            EncryptionUnavailable: the partner has no key any more.
        """
        agreed = final.algorithms
        try:
            receiver = await self._receiver(final)
        except jose.JoseError as error:
            raise EncryptionUnavailable(error.reason) from error
        signing = self.signing()[agreed.id_token_signed_response_alg]

        def apply() -> str:
            return jose.sign_then_encrypt(
                claims,
                signing,
                receiver,
                signing_alg=agreed.id_token_signed_response_alg,
                alg=agreed.id_token_encrypted_response_alg,
                enc=agreed.id_token_encrypted_response_enc,
                typ=TYP,
            )

        return await asyncio.to_thread(apply) if signing.slow else apply()

    async def _receiver(self, final: Partner) -> jose.PublicKey:
        alg = final.algorithms.id_token_encrypted_response_alg
        if alg == "dir":
            raise jose.JoseError("a shared secret is no key of the final partner's own")
        return await self.keys.encryption(final, alg)
