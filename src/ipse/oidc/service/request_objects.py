"""Request objects: opened, verified with the partner's registered keys, judged (RFC 9101, OpenID Connect Core §6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ipse.kernel.clock import SECOND, Clock, seconds
from ipse.oidc.clients import RequestUriClient
from ipse.oidc.errors import InvalidRequestObject, InvalidRequestUri, OAuthError
from ipse.oidc.model import DEFAULT, Profile, profile_of
from ipse.oidc.rules.authorization import read_service_code
from ipse.oidc.rules.request_objects import TYPES, RequestObject, check_request_object
from ipse.oidc.rules.running import step
from ipse.oidc.service.keys import ProviderKeys
from ipse.partners.model import Partner
from ipse.partners.service import PartnerDesk
from ipse.standards import jose

SERVICE_CODE: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """What a good request object asks."""

    parameters: Mapping[str, str]
    jti: str | None
    until: int
    """When it expires, clock skew included; microseconds UTC."""


@dataclass(frozen=True, slots=True)
class RequestObjects:
    """Reads request objects by value and by reference."""

    issuer: str
    authorization_endpoint: str
    keys: ProviderKeys
    desk: PartnerDesk
    client: RequestUriClient
    clock: Clock

    async def by_value(self, text: str, partner: Partner) -> Believed:
        """A signed object, or one that is signed and then encrypted to us.

        Raises:
            InvalidRequestObject: not signed by a registered key of this partner, or a check refuses it.
        """
        with step("read_request_object"):
            verified, claims = await self._verified(text, partner)
        judged = RequestObject(
            claims=claims,
            alg=verified.header["alg"],
            partner_id=partner.partner_id,
            profile=await self._profile(claims.get("scope"), partner),
            issuer=self.issuer,
            authorization_endpoint=self.authorization_endpoint,
            now=seconds(self.clock.now()),
        )
        parameters = check_request_object(judged)
        return Believed(parameters=parameters, jti=claims.get("jti"), until=round(judged.usable_until) * SECOND)

    async def by_reference(self, request_uri: str, scope: str | None, partner: Partner) -> Believed:
        """The object at an address that a service of this partner has registered, character by character.

        Where `scope` names a service, it is that one's. The object must then be for a service that has registered it.

        Raises:
            InvalidRequestUri: not registered, or nothing to be fetched there.
            InvalidRequestObject: as `by_value`.
        """
        named = _service_code(scope)
        services = [
            service
            for service in await self.desk.partners.services(partner.partner_id)
            if request_uri in service.request_uris and service.state == "active" and named in {None, service.code}
        ]
        with step("fetch_request_uri"):
            if not services:
                raise InvalidRequestUri("request_uri is not registered for this service")
            text = await self.client.fetch(request_uri)
        believed = await self.by_value(text, partner)
        if _service_code(believed.parameters.get("scope")) not in {service.code for service in services}:
            with step("fetch_request_uri"):
                raise InvalidRequestUri("request_uri is not registered for the service of its request object")
        return believed

    async def use(self, believed: Believed, partner_id: str) -> bool:
        """Take the single use of an object that names itself, over all endpoints; False if it was taken before."""
        if believed.jti is None:
            return True
        return await self.desk.replays.first_use("request", partner_id, believed.jti, believed.until)

    async def _verified(self, text: str, partner: Partner) -> tuple[jose.VerifiedToken, dict[str, Any]]:
        try:
            token = jose.UnverifiedToken.parse(await self.keys.open(text) if text.count(".") == 4 else text)
            keys = await self.desk.keys.verification(partner, token.unverified_header.get("kid"))
            verified = jose.verify(token, keys, algorithms=partner.algorithms.request_object_algorithms, types=TYPES)
            return verified, verified.claims
        except jose.JoseError as error:
            raise InvalidRequestObject(f"request object: {error.reason}") from error

    async def _profile(self, scope: object, partner: Partner) -> Profile:
        """The profile of the service that is asked for; a service that is not there is judged later."""
        code = _service_code(scope)
        service = await self.desk.partners.service(code) if code else None
        return profile_of(service) if service and service.partner_id == partner.partner_id else DEFAULT


def _service_code(scope: object) -> str | None:
    try:
        code = read_service_code({"scope": scope}) if isinstance(scope, str) else None
    except OAuthError:
        return None
    return code if code and SERVICE_CODE.fullmatch(code) else None
