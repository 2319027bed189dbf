"""Partners prove who they are: by a signed assertion, a secret, or the certificate of their connection.

Whatever is wrong, the answer is the same words, and an unknown partner costs the same work as a wrong signature (R-35).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ipse.kernel.clock import SECOND, Clock, seconds
from ipse.oidc.errors import InvalidClient, InvalidRequest
from ipse.oidc.rules.assertions import TYPES, Assertion, audiences, check_assertion, usable_until
from ipse.oidc.rules.client_proofs import ClientProof, Endpoint
from ipse.oidc.rules.provider import ASSERTION_ALGORITHMS
from ipse.oidc.service.keys import ProviderKeys
from ipse.partners.model import AuthMethod, Partner
from ipse.partners.service import PartnerDesk
from ipse.partners.service.certificates import BY_CERTIFICATE, prove_by_certificate
from ipse.standards import jose
from ipse.standards.client_certificates import CertificateError, ClientCertificate
from ipse.standards.oauth import ASSERTION_TYPE, OAuthFormError, basic_credentials

_PARTNER_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def _refused(detail: str, partner: Partner | None) -> InvalidClient:
    """A refusal that the log of the partner whom the request names will hold."""
    error = InvalidClient(detail)
    error.partner_id = partner.partner_id if partner else ""
    return error


@dataclass(frozen=True, slots=True)
class PartnerAuthentication:
    """Proving partners at the token endpoint and its neighbours."""

    issuer: str
    keys: ProviderKeys
    desk: PartnerDesk
    clock: Clock

    async def prove(
        self,
        form: Mapping[str, str],
        *,
        at: Endpoint,
        authorization: str | None = None,
        certificate: ClientCertificate | None = None,
    ) -> ClientProof:
        """Prove a partner by the body of a request and its connection; at revocation by HTTP Basic as well.

        Whether the profile of a service takes this proof is judged apart, by `rules.client_proofs.check_client`.

        Raises:
            InvalidRequest: two ways at once.
            InvalidClient: no way, or not proven.
        """
        if authorization is None:
            return await self._by_body(form, at, certificate)
        if form.keys() & {"client_secret", "client_assertion"}:
            raise InvalidRequest("more than one way of client authentication")
        try:
            client_id, secret = basic_credentials(authorization) or ("", "")
            if at is not Endpoint.REVOCATION:
                partner = await self._find(client_id, frozenset(AuthMethod))
                raise _refused("an Authorization header; credentials belong into the body", partner)
            return await self._by_secret(client_id, secret, certificate)
        except OAuthFormError as error:
            raise InvalidClient(str(error), basic=True) from error
        except InvalidClient as error:
            error.basic = True
            raise

    async def asserted(self, form: Mapping[str, str], *, audience: str) -> Partner:
        """Prove a partner by its assertion at another front door, which `aud` must name alone. Raises InvalidClient."""
        # As for pushed requests: one audience, no other address.
        return (await replace(self, issuer=audience).prove(form, at=Endpoint.PUSHED)).partner

    async def claimed(self, form: Mapping[str, str]) -> str:
        """The partner in whose name a request comes, unproven: for the request log alone; empty for unknown ones."""
        name: object = form.get("client_id")
        try:
            name = name or jose.UnverifiedToken.parse(form.get("client_assertion", "")).unverified_claims().get("sub")
        except jose.JoseError:
            return ""
        partner = await self._find(name, tuple(AuthMethod))
        return partner.partner_id if partner else ""

    async def _by_body(
        self, form: Mapping[str, str], at: Endpoint, certificate: ClientCertificate | None
    ) -> ClientProof:
        secret, assertion = form.get("client_secret"), form.get("client_assertion")
        if secret is not None and (assertion is not None or "client_assertion_type" in form):
            raise InvalidRequest("more than one way of client authentication")
        if assertion is not None:
            return await self._by_assertion(form, assertion, at, certificate)
        if secret is not None:
            return await self._by_secret(form.get("client_id", ""), secret, certificate)
        if certificate is not None:
            return await self._by_certificate(form.get("client_id"), certificate)
        raise InvalidClient("no client authentication")

    async def _by_secret(self, client_id: str, secret: str, certificate: ClientCertificate | None) -> ClientProof:
        partner = await self._find(client_id, (AuthMethod.CLIENT_SECRET_POST,))
        expected = self.desk.partners.secret(partner) if partner else ""
        if not hmac.compare_digest(secret.encode(), expected.encode()) or partner is None or not expected:
            raise _refused("unknown partner or wrong secret", partner)
        self.desk.uses.used(partner.partner_id, "")
        return self._proof(partner, certificate)

    async def _by_certificate(self, client_id: str | None, certificate: ClientCertificate) -> ClientProof:
        partner = await self._find(client_id, BY_CERTIFICATE)
        if partner is None:
            raise InvalidClient("unknown partner, or not one with a certificate")
        try:
            kid = await prove_by_certificate(self.desk, partner, certificate)
        except CertificateError as error:
            raise InvalidClient(f"certificate: {error}") from error
        self.desk.uses.used(partner.partner_id, kid or "")
        return replace(self._proof(partner, certificate), kid=kid)

    async def _by_assertion(
        self, form: Mapping[str, str], text: str, at: Endpoint, certificate: ClientCertificate | None
    ) -> ClientProof:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise InvalidClient("client_assertion_type is not the one of RFC 7523")
        try:
            token = jose.UnverifiedToken.parse(await self.keys.open(text) if text.count(".") == 4 else text)
            client_id = token.unverified_claims().get("sub")
        except jose.JoseError as error:
            raise InvalidClient(f"assertion: {error.reason}") from error
        partner = await self._find(client_id, (AuthMethod.PRIVATE_KEY_JWT,))
        try:
            proof = await self._asserted(token, partner, at, form.get("client_id"))
        except InvalidClient as error:
            error.partner_id, kid = partner.partner_id if partner else "", token.unverified_header.get("kid")
            error.kid = kid if isinstance(kid, str) else ""
            raise
        return replace(proof, thumbprint=certificate.thumbprint) if certificate else proof

    async def _asserted(
        self, token: jose.UnverifiedToken, partner: Partner | None, at: Endpoint, client_id: str | None
    ) -> ClientProof:
        try:
            verified = await self._verified(token, partner)
            claims = verified.claims
        except jose.JoseError as error:
            raise InvalidClient(f"assertion: {error.reason}") from error
        if partner is None or client_id not in {None, partner.partner_id}:
            raise InvalidClient("unknown partner, or client_id of another")
        assertion = Assertion(
            claims=claims,
            partner_id=partner.partner_id,
            audiences=audiences(self.issuer, at),
            now=seconds(self.clock.now()),
        )
        check_assertion(assertion)
        until = round(usable_until(assertion)) * SECOND
        if not await self.desk.replays.first_use("assertion", partner.partner_id, claims["jti"], until):
            raise InvalidClient("assertion: jti was used before")
        self.desk.uses.used(partner.partner_id, verified.key.kid, legacy=claims["aud"] != self.issuer)
        signed = self._proof(partner, None)
        return replace(signed, alg=verified.header["alg"], audience=claims["aud"], kid=verified.key.kid)

    async def _verified(self, token: jose.UnverifiedToken, partner: Partner | None) -> jose.VerifiedToken:
        """The token, once a registered key has signed it with an agreed algorithm."""
        header = token.unverified_header
        kid = header.get("kid")
        keys = await self.desk.keys.verification(partner, kid) if partner is not None else None
        allowed = frozenset(partner.algorithms.token_endpoint_auth_signing_alg if partner else ASSERTION_ALGORITHMS)
        known = keys is not None and any(key.kid == kid for key in keys.keys)
        stand_in = None if known else self.keys.stand_in(kid, header.get("alg"))
        try:
            verified = jose.verify(
                token,
                stand_in or keys or jose.KeySet(()),
                algorithms=allowed & frozenset(ASSERTION_ALGORITHMS),
                types=TYPES,
            )
        except jose.JoseError as error:
            if known or partner is None:
                raise
            raise jose.JoseError("no registered key with this kid") from error
        if not known:
            raise jose.JoseError("no registered key with this kid")
        return verified

    def _proof(self, partner: Partner, certificate: ClientCertificate | None) -> ClientProof:
        return ClientProof(
            partner=partner,
            method=partner.auth_method,
            issuer=self.issuer,
            thumbprint=certificate.thumbprint if certificate else None,
        )

    async def _find(self, partner_id: object, methods: Collection[AuthMethod]) -> Partner | None:
        if not isinstance(partner_id, str) or not _PARTNER_ID.fullmatch(partner_id):
            return None
        partner = await self.desk.partners.partner(partner_id)
        usable = partner is not None and partner.state == "active" and partner.auth_method in methods
        return partner if usable else None
