"""Partners prove who they are: `private_key_jwt`, `client_secret_post`, and Basic where a standard wants it.

Whatever is wrong, the answer is the same words, and an unknown partner costs the same work as a wrong signature (R-35).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ipse.kernel.clock import SECOND, Clock, seconds
from ipse.kernel.ids import sha256
from ipse.oidc import store
from ipse.oidc.errors import InvalidClient, InvalidRequest
from ipse.oidc.rules.assertions import TYPES, Assertion, check_assertion, usable_until
from ipse.oidc.rules.provider import ASSERTION_ALGORITHMS
from ipse.oidc.service.keys import ProviderKeys
from ipse.partners.model import AuthMethod, Partner
from ipse.partners.service import Partners
from ipse.standards import jose
from ipse.standards.oauth import ASSERTION_TYPE, OAuthFormError, basic_credentials
from ipse.storage.database import Database

_PARTNER_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class PartnerAuthentication:
    """Proving partners at the token endpoint and its neighbours."""

    issuer: str
    token_endpoint: str
    keys: ProviderKeys
    partners: Partners
    database: Database
    clock: Clock

    async def at_token_endpoint(self, form: Mapping[str, str], authorization: str | None) -> Partner:
        """Prove a partner by the body of a token request.

        Raises:
            InvalidRequest: two ways at once.
            InvalidClient: no way, or not proven.
        """
        if authorization is not None:
            if form.keys() & {"client_secret", "client_assertion"}:
                raise InvalidRequest("more than one way of client authentication")
            raise InvalidClient("Authorization header at the token endpoint", basic=True)
        return await self._by_body(form, frozenset({self.issuer, self.token_endpoint}))

    async def at_revocation(self, form: Mapping[str, str], authorization: str | None) -> Partner:
        """Prove a partner by the body of a revocation request, or by HTTP Basic. Raises as `at_token_endpoint`."""
        try:
            basic = basic_credentials(authorization)
        except OAuthFormError as error:
            raise InvalidClient(str(error), basic=True) from error
        if basic is None:
            return await self._by_body(form, frozenset({self.issuer}))
        if form.keys() & {"client_secret", "client_assertion"}:
            raise InvalidRequest("more than one way of client authentication")
        try:
            return await self._by_secret(*basic)
        except InvalidClient as error:
            raise InvalidClient(error.detail, basic=True) from error

    async def _by_body(self, form: Mapping[str, str], audiences: frozenset[str]) -> Partner:
        secret, assertion = form.get("client_secret"), form.get("client_assertion")
        if secret is not None and (assertion is not None or "client_assertion_type" in form):
            raise InvalidRequest("more than one way of client authentication")
        if assertion is not None:
            return await self._by_assertion(form, assertion, audiences)
        if secret is not None:
            return await self._by_secret(form.get("client_id", ""), secret)
        raise InvalidClient("no client authentication")

    async def _by_secret(self, client_id: str, secret: str) -> Partner:
        partner = await self._find(client_id, AuthMethod.CLIENT_SECRET_POST)
        expected = self.partners.secret(partner) if partner else ""
        if not hmac.compare_digest(secret.encode(), expected.encode()) or partner is None or not expected:
            raise InvalidClient("unknown partner or wrong secret")
        return partner

    async def _by_assertion(self, form: Mapping[str, str], text: str, audiences: frozenset[str]) -> Partner:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise InvalidClient("client_assertion_type is not the one of RFC 7523")
        try:
            token = jose.UnverifiedToken.parse(await self.keys.open(text) if text.count(".") == 4 else text)
            client_id = token.unverified_claims().get("sub")
            partner = await self._find(client_id, AuthMethod.PRIVATE_KEY_JWT)
            claims = self._verified(token, partner)
        except jose.JoseError as error:
            raise InvalidClient(f"assertion: {error.reason}") from error
        if partner is None or form.get("client_id", partner.partner_id) != partner.partner_id:
            raise InvalidClient("unknown partner, or client_id of another")
        now = self.clock.now()
        assertion = Assertion(claims=claims, partner_id=partner.partner_id, audiences=audiences, now=seconds(now))
        check_assertion(assertion)
        digest = sha256(f"{partner.partner_id}\x00{claims['jti']}")
        if not await store.use_assertion(self.database, digest, round(usable_until(assertion)) * SECOND):
            raise InvalidClient("assertion: jti was used before")
        return partner

    def _verified(self, token: jose.UnverifiedToken, partner: Partner | None) -> dict[str, Any]:
        """The claims, once a registered key has signed them with an agreed algorithm."""
        header = token.unverified_header
        keys = jose.public_keys(partner.jwks) if partner is not None and partner.jwks else None
        allowed = frozenset(partner.algorithms.token_endpoint_auth_signing_alg if partner else ASSERTION_ALGORITHMS)
        known = keys is not None and any(key.kid == header.get("kid") for key in keys.keys)
        stand_in = None if known else self.keys.stand_in(header.get("kid"), header.get("alg"))
        verified = jose.verify(
            token,
            stand_in or keys or jose.KeySet(()),
            algorithms=allowed & frozenset(ASSERTION_ALGORITHMS),
            types=TYPES,
        )
        if not known:
            raise jose.JoseError("no registered key")
        return verified.claims

    async def _find(self, partner_id: object, method: AuthMethod) -> Partner | None:
        if not isinstance(partner_id, str) or not _PARTNER_ID.fullmatch(partner_id):
            return None
        partner = await self.partners.partner(partner_id)
        usable = partner is not None and partner.state == "active" and partner.auth_method is method
        return partner if usable else None


async def forget_used_assertions(database: Database, clock: Clock) -> int:
    """Forget assertions that would be refused as expired by now; how many there were. To be run now and then."""
    return await store.forget_assertions(database, clock.now())
