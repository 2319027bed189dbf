"""How an answer travels through the browser: in the query, in a form, or as a signed token (JARM).

OAuth 2.0 Multiple Response Types, OAuth 2.0 Form Post Response Mode, JWT Secured Authorization Response Mode (JARM).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ipse.kernel.clock import Clock, seconds
from ipse.oidc.errors import InvalidRequest, OAuthError, TemporarilyUnavailable, TemporaryUnavailable, UnknownClient
from ipse.oidc.model import SIGNED_MODES
from ipse.oidc.service.keys import ProviderKeys
from ipse.partners.model import Partner, Preset
from ipse.partners.service import PartnerDesk
from ipse.signin.model import WayBack
from ipse.standards import jose
from ipse.standards.oauth import with_parameters

_JARM_SECONDS = 300
"""A signed answer is good for as long as an ID token; JARM §2.1 recommends ten minutes at most."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom an answer goes to, and how."""

    redirect_uri: str
    mode: str
    state: str | None
    partner: Partner | None
    """None where nothing about it is needed: for an answer that is not signed."""


@dataclass(frozen=True, slots=True)
class Responses:
    """Sends answers back to partners. Each says who it is from (RFC 9207, R-32)."""

    issuer: str
    keys: ProviderKeys
    desk: PartnerDesk
    clock: Clock

    async def code(self, to: Recipient, code: str) -> WayBack:
        """The way back with a code (RFC 6749 §4.1.2)."""
        return await self._answer(to, {"code": code, "state": to.state})

    async def refusal(self, to: Recipient, error: OAuthError) -> WayBack:
        """The way back with an error (RFC 6749 §4.1.2.1)."""
        if isinstance(error, TemporarilyUnavailable) and to.partner and to.partner.preset is Preset.MIGRATING:
            error = TemporaryUnavailable()
        return await self._answer(to, {"error": error.code, "error_description": error.public, "state": to.state})

    async def _answer(self, to: Recipient, members: Mapping[str, str | None]) -> WayBack:
        said = {name: value for name, value in members.items() if value is not None} | {"iss": self.issuer}
        if to.mode in SIGNED_MODES:
            return WayBack(with_parameters(to.redirect_uri, {"response": await self._signed(to.partner, said)}))
        if to.mode == "form_post":
            return WayBack(to.redirect_uri, said)
        return WayBack(with_parameters(to.redirect_uri, said))

    async def _signed(self, partner: Partner | None, members: Mapping[str, str]) -> str:
        """The answer as a token for this partner alone (JARM §2.1, §2.2).

        Raises:
            UnknownClient: the partner is gone.
            InvalidRequest: it has no key to encrypt to as agreed. The answer stays here: nothing goes out open.
        """
        if partner is None:
            raise UnknownClient
        try:
            return await self._protected(partner, members)
        except jose.JoseError as error:
            told = InvalidRequest(f"The keys of this partner do not allow an answer: {error.reason}")
            self.desk.log.refused(partner.partner_id, "", "authorization", "sign_answer", told.code, told.public)
            raise told from error

    async def _protected(self, partner: Partner, members: Mapping[str, str]) -> str:
        agreed = partner.algorithms
        alg = agreed.authorization_signed_response_alg or agreed.id_token_signed_response_alg
        claims = {**members, "aud": partner.partner_id, "exp": seconds(self.clock.now()) + _JARM_SECONDS}
        signing, receiver = self.keys.signing[alg], await self._receiver(partner)
        if signing.slow:
            return await asyncio.to_thread(_protect, claims, signing, alg, receiver, partner)
        return _protect(claims, signing, alg, receiver, partner)

    async def _receiver(self, partner: Partner) -> jose.PublicKey | jose.SharedKey | None:
        alg = partner.algorithms.authorization_encrypted_response_alg
        if not alg:
            return None
        if alg == "dir":
            return jose.shared_key(self.desk.partners.secret(partner))
        return await self.desk.keys.encryption(partner, alg)


def _protect(
    claims: Mapping[str, Any],
    signing: jose.PrivateKey,
    alg: str,
    receiver: jose.PublicKey | jose.SharedKey | None,
    partner: Partner,
) -> str:
    if receiver is None:
        return jose.sign(claims, signing, alg=alg)
    agreed = partner.algorithms
    return jose.sign_then_encrypt(
        claims,
        signing,
        receiver,
        signing_alg=alg,
        alg=agreed.authorization_encrypted_response_alg,
        enc=agreed.authorization_encrypted_response_enc,
    )
