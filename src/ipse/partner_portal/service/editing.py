"""Services of a partner: written, changed, stopped, removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from ipse.kernel.ids import Ids
from ipse.partner_portal.errors import FormRefused, UnknownService
from ipse.partner_portal.rules import forms, names
from ipse.partner_portal.service.credentials import ready
from ipse.partner_portal.service.organisations import Standing
from ipse.partners.model import Service
from ipse.partners.service import PartnerDesk


@dataclass(frozen=True, slots=True)
class Editing:
    """Changes services; the rules are those of partners."""

    desk: PartnerDesk
    ids: Ids
    attributes: tuple[str, ...]
    """All that may be asked, in the order in which they are shown."""
    fallbacks: tuple[str, ...]

    def found(self, standing: Standing, code: str) -> Service:
        """A service of the organisation.

        Raises:
            UnknownService: it has none of that code.
        """
        service = standing.service(code)
        if service is None:
            raise UnknownService
        return service

    def read(self, standing: Standing, fields: Mapping[str, str], old: Service | None) -> Service:
        """The service that a form describes, not saved; a new one gets the code that was typed, or one of ours.

        Raises:
            NotReady: the organisation has neither keys nor a secret.
            FormRefused: names a field and what is wrong with it.
        """
        partner = ready(standing)
        begun = old or forms.new_service(partner.partner_id, "")
        service = forms.read_service(
            fields,
            begun,
            environment=self.desk.partners.environment,
            attributes=self.attributes,
            fallbacks=self.fallbacks,
        )
        if old is not None:
            return service
        typed = fields.get("code", "").strip()
        code = names.read_code(typed) if typed else names.service_code(service.name["en"], self.ids)
        return msgspec.structs.replace(service, code=code)

    async def save(self, standing: Standing, service: Service, *, actor: str, old: Service | None) -> None:
        """Register it, new or instead of the `old` one that was read.

        Raises:
            FormRefused: its code is taken.
            PartnerRegistrationError: names what is wrong.
        """
        if old is None and await self.desk.partners.registered(service.code) is not None:
            raise FormRefused("code", "code_taken", code=service.code)
        await self.desk.partners.register_service(service, actor=actor, instead_of=old, of_partner=standing.partner)

    async def set_state(self, service: Service, state: str, *, actor: str) -> None:
        """Stop or start it.

        Raises:
            PartnerRegistrationError: another state.
        """
        changed = msgspec.structs.replace(service, state=state)
        await self.desk.partners.register_service(changed, actor=actor, instead_of=service)

    async def remove(self, service: Service, *, actor: str) -> None:
        """Remove it with its grants."""
        await self.desk.partners.remove_service(service, actor=actor)
