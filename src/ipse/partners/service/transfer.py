"""Moving a registration between installations: what a partner tried in a sandbox, it registers in production.

The file holds no secret and no grant. In an installation of another environment the partner gets a client id of its own
and brings keys of its own: what stood on a developer's machine opens nothing in production.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import msgspec

from ipse.kernel.clock import text
from ipse.kernel.settings import Environment
from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import AuthMethod, Partner, Service, algorithms_anew, encryption_key_type
from ipse.partners.rules import contracts
from ipse.partners.rules import registration as rules
from ipse.partners.service.registry import Partners

FORMAT: Final = "ipse partner registration 1"


class Registration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A partner with its services, as a file."""

    format: str
    environment: Environment
    issuer: str
    exported_at: str
    partner: Partner
    services: tuple[Service, ...]


@dataclass(frozen=True)
class Arrival:
    """How a registration is to stand here."""

    client_id: str
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str | None = None
    published: Mapping[str, Any] | None = None
    """What stands at `jwks_uri`."""
    secret: str | None = None
    replace: Sequence[tuple[str, str]] = ()
    """Beginnings of addresses, and what to write instead."""
    known: Partner | None = None
    """The partner as it was read here, where it takes services of a file whatever its counterpart was so far."""


@dataclass(frozen=True)
class Taken:
    """What was registered."""

    partner: Partner
    services: Sequence[Service]
    left_out: Sequence[Service]
    """Services whose final partner was not imported yet."""
    is_new: bool
    """Whether the partner itself was registered just now."""


@dataclass(frozen=True)
class Transfer:
    """Writes and reads such files."""

    partners: Partners
    issuer: str

    async def export(self, partner_id: str) -> bytes:
        """A partner and its services as JSON.

        Raises:
            PartnerRegistrationError: there is no such partner.
        """
        partner = await self.partners.partner(partner_id)
        if partner is None:
            _refuse(f"there is no partner {partner_id}")
        registration = Registration(
            format=FORMAT,
            environment=self.partners.environment,
            issuer=self.issuer,
            exported_at=text(self.partners.clock.now()),
            partner=msgspec.structs.replace(partner, sealed_secret=None),
            services=tuple(await self.partners.services(partner_id)),
        )
        return msgspec.json.format(msgspec.json.encode(registration), indent=2) + b"\n"

    async def take(self, document: bytes, arrival: Arrival, *, actor: str) -> Taken:
        """Register what a file says, under the client id and with the keys of `arrival`.

        Once more for the same client id, it adds the services that are not here yet.

        Raises:
            PartnerRegistrationError: names what is wrong; nothing was registered.
        """
        came = read_registration(document)
        known = await self._known(came, arrival)
        partner = known or await self._partner(came.partner, arrival)
        services, left_out = await self._services(came, partner, arrival)
        environment = self.partners.environment
        if known is None:
            rules.check_partner(partner, environment, secret=arrival.secret, published=arrival.published)
        for service in services:
            rules.check_service_texts(service)
            rules.check_service(service, partner, environment)
            contracts.check_contract(service.contract, self.partners.catalogue)
        if known is None:
            await self.partners.register_partner(
                partner, secret=arrival.secret, actor=actor, published=arrival.published
            )
        for service in services:
            await self.partners.register_service(service, actor=actor, instead_of=None, of_partner=arrival.known)
        return Taken(partner, services, left_out, is_new=known is None)

    async def _known(self, came: Registration, arrival: Arrival) -> Partner | None:
        """The partner, if it was imported before."""
        if came.issuer == self.issuer:
            _refuse("this file was exported here; change the registration with: ipse partner update")
        if arrival.client_id == came.partner.partner_id:
            here, there = self.partners.environment, came.environment
            _refuse(f"a {here} installation takes no {there} registration as it is: choose a client id of its own")
        if arrival.known is not None:
            return arrival.known
        known = await self.partners.partner(arrival.client_id)
        if known is not None and known.counterpart != came.partner.partner_id:
            _refuse(f"{arrival.client_id} is registered already; choose another client id")
        return known

    async def _partner(self, there: Partner, arrival: Arrival) -> Partner:
        if arrival.jwks and arrival.jwks == there.jwks:
            _refuse("these are the keys of the other installation; bring keys of your own")
        method, algorithms = there.auth_method, there.algorithms
        if arrival.jwks or arrival.jwks_uri:
            if method is AuthMethod.CLIENT_SECRET_POST:
                method = AuthMethod.PRIVATE_KEY_JWT
            key_type = encryption_key_type(arrival.jwks or arrival.published)
            algorithms = algorithms_anew(algorithms, there.preset, method, encryption_key_type=key_type)
        registered_by = await self._here(there.registered_by)
        if registered_by is None:
            _refuse(f"the broker {there.registered_by} was not imported yet: import it first")
        return msgspec.structs.replace(
            there,
            partner_id=arrival.client_id,
            state="active",
            auth_method=method,
            algorithms=algorithms,
            jwks=arrival.jwks,
            jwks_uri=arrival.jwks_uri,
            sealed_secret=None,
            logo=_moved(there.logo, arrival.replace),
            registered_by=registered_by,
            counterpart=there.partner_id,
        )

    async def _services(
        self, came: Registration, partner: Partner, arrival: Arrival
    ) -> tuple[list[Service], list[Service]]:
        """Services to register, and those whose final partner is not here yet."""
        wanted, left_out = [], []
        for service in came.services:
            there = await self.partners.registered(service.code)
            if there is not None and there.partner_id != partner.partner_id:
                _refuse(f"service code {service.code} belongs to another partner")
            final = await self._here(service.final_partner)
            if final is None:
                left_out.append(service)
            elif there is None:
                wanted.append(_moved_service(service, partner.partner_id, final, arrival.replace))
        return wanted, left_out

    async def _here(self, there: str) -> str | None:
        """The client id in this installation of a partner of the other one; None if it was not imported yet."""
        if not there:
            return ""
        known = {partner.counterpart: partner.partner_id for partner in await self.partners.partners()}
        return known.get(there)


def read_registration(document: bytes) -> Registration:
    """A file as a value.

    Raises:
        PartnerRegistrationError: it is none.
    """
    try:
        came = msgspec.json.decode(document, type=Registration)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"this is no exported registration: {error}"
        raise PartnerRegistrationError(message, public=message) from error
    if came.format != FORMAT:
        _refuse(f"this is a file of the format {came.format!r}, and {FORMAT!r} is read")
    return came


def _moved_service(service: Service, partner_id: str, final: str, moves: Sequence[tuple[str, str]]) -> Service:
    return msgspec.structs.replace(
        service,
        partner_id=partner_id,
        redirect_uris=tuple(_moved(uri, moves) for uri in service.redirect_uris),
        request_uris=tuple(_moved(uri, moves) for uri in service.request_uris),
        callback_urls=tuple(_moved(url, moves) for url in service.callback_urls),
        notification_endpoint=_moved(service.notification_endpoint, moves),
        final_partner=final,
    )


def _moved(address: str, moves: Sequence[tuple[str, str]]) -> str:
    for old, new in moves:
        if address.startswith(old):
            return new + address.removeprefix(old)
    return address


def _refuse(message: str) -> NoReturn:
    raise PartnerRegistrationError(message, public=message)
