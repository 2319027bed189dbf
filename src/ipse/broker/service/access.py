"""Which partner calls: by an access token of the scope `broker`, or by a signed request."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from ipse.broker.errors import InsufficientScope, InvalidAccessToken, InvalidSignedRequest
from ipse.broker.model import SCOPE, Caller
from ipse.broker.rules.signed import TYP, SignedRequest, check_signed, usable_until
from ipse.kernel.clock import SECOND, Clock, seconds
from ipse.partners.model import Partner, PartnerToken
from ipse.partners.service import Partners
from ipse.partners.service.keys import PartnerKeys
from ipse.partners.service.log import RequestLog
from ipse.partners.service.replays import Replays
from ipse.partners.service.tokens import PartnerTokens
from ipse.standards import jose
from ipse.standards.dpop import Proof

_PARTNER_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_REPLAYS: Final = "broker_request"


class Proofs(Protocol):
    """Reads proofs of possession (RFC 9449), as the provider does; addresses begin with our origin."""

    @property
    def nonce(self) -> str:
        """The nonce to use from now on."""

    def read(self, headers: Sequence[str], *, method: str, path: str, access_token: str | None = None) -> Proof | None:
        """The proof in these `DPoP` headers, judged. Raises PlatformError."""

    async def use(self, proof: Proof) -> None:
        """Take its single use. Raises PlatformError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentToken:
    """An access token as it came, and what came with it to show whose it is."""

    scheme: str
    """`Bearer` or `DPoP`."""
    token: str
    method: str
    path: str
    proofs: Sequence[str] = ()
    """`DPoP` headers."""
    thumbprint: str = ""
    """Of the connection's certificate, SHA-256 as base64url; empty without one."""


@dataclass(frozen=True, slots=True)
class Access:
    """Proving partners at the REST API."""

    issuer: str
    origin: str
    """Public, without path: what `htu` begins with."""
    partners: Partners
    keys: PartnerKeys
    tokens: PartnerTokens
    replays: Replays
    proofs: Proofs
    refusals: RequestLog
    clock: Clock

    async def by_token(self, sent: SentToken) -> Caller:
        """The partner an access token was issued to.

        Raises:
            InvalidAccessToken: unknown, expired, bound to a key or certificate that was not proven, or its partner was
                stopped.
            InsufficientScope: issued for something else.
            PlatformError: the proof of possession is not right, or lacks a nonce.
        """
        known = await self.tokens.read(sent.token)
        if known is None:
            raise InvalidAccessToken("unknown or expired")
        if not await self._is_senders(sent, known):
            raise InvalidAccessToken("bound to a key or certificate that was not proven")
        if SCOPE not in known.scope.split():
            raise InsufficientScope
        partner = await self.partners.partner(known.partner_id)
        if partner is None or partner.state != "active":
            raise InvalidAccessToken("the partner was stopped")
        return Caller(partner, bound=bool(known.binding))

    async def by_signature(self, text: str, *, method: str, path: str) -> tuple[Caller, Any]:
        """The partner whose key has signed this request, and the `body` it has signed (None where it has none).

        Raises:
            InvalidSignedRequest: not signed by a partner's key, for another request, too old, or seen before.
        """
        try:
            token = jose.UnverifiedToken.parse(text)
            partner = await self._partner(token.unverified_claims().get("iss"))
        except jose.JoseError as error:
            raise InvalidSignedRequest(error.reason) from error
        try:
            body = await self._verified(token, partner, method, path)
            return Caller(partner, bound=True, signed=True, alg=str(token.unverified_header["alg"])), body
        except InvalidSignedRequest as refused:
            check = refused.check or "verify_signature"
            self.refusals.refused(partner.partner_id, "", path, check, refused.code, refused.detail)
            raise

    async def _verified(self, token: jose.UnverifiedToken, partner: Partner, method: str, path: str) -> Any:  # noqa: ANN401
        """The `body` that was signed."""
        kid = token.unverified_header.get("kid")
        try:
            keys = await self.keys.verification(partner, kid if isinstance(kid, str) else "")
            allowed = partner.algorithms.token_endpoint_auth_signing_alg
            claims = jose.verify(token, keys, algorithms=allowed, types=(TYP,)).claims
        except jose.JoseError as error:
            raise InvalidSignedRequest(error.reason) from error
        now = seconds(self.clock.now())
        url = self.origin + path
        signed = SignedRequest(
            claims=claims, partner_id=partner.partner_id, issuer=self.issuer, method=method, url=url, now=now
        )
        check_signed(signed)
        until = usable_until(signed) * SECOND
        if not await self.replays.first_use(_REPLAYS, partner.partner_id, claims["jti"], until):
            raise InvalidSignedRequest("jti was used before")
        return claims.get("body")

    async def _is_senders(self, sent: SentToken, known: PartnerToken) -> bool:
        kind, _, thumbprint = known.binding.partition(":")
        if kind == "jkt":
            return sent.scheme == "DPoP" and await self._proves(sent, thumbprint)
        if sent.scheme != "Bearer":
            return False
        return not kind or (kind == "x5t#S256" and hmac.compare_digest(sent.thumbprint, thumbprint))

    async def _proves(self, sent: SentToken, thumbprint: str) -> bool:
        proof = self.proofs.read(sent.proofs, method=sent.method, path=sent.path, access_token=sent.token)
        if proof is None or not hmac.compare_digest(proof.thumbprint, thumbprint):
            return False
        await self.proofs.use(proof)
        return True

    async def _partner(self, partner_id: object) -> Partner:
        if not isinstance(partner_id, str) or not _PARTNER_ID.fullmatch(partner_id):
            raise InvalidSignedRequest("iss is no client id")
        partner = await self.partners.partner(partner_id)
        if partner is None or partner.state != "active":
            raise InvalidSignedRequest("unknown partner")
        return partner
