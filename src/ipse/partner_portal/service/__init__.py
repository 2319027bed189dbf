"""Use cases of the portal; `Portal` is all of them, built once by the composition root."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from ipse.kernel.settings import Environment
from ipse.partner_portal.clients import SimulatedPhone
from ipse.partner_portal.errors import FormRefused
from ipse.partner_portal.model import KEYS
from ipse.partner_portal.service.applications import Applications
from ipse.partner_portal.service.contacts import Contacts
from ipse.partner_portal.service.credentials import Credentials
from ipse.partner_portal.service.editing import Editing
from ipse.partner_portal.service.management import ManagementKeys
from ipse.partner_portal.service.organisations import Organisations, Standing
from ipse.partner_portal.service.trying import Trying
from ipse.partners.service import PartnerDesk
from ipse.web.languages import LANGUAGES

__all__ = ["Portal", "Standing"]

PERSONS: Final = {
    "gerda": ("Gerda Elfriede Pauquet", "bank-aurora"),
    "lucie": ("Lucie Fontaine-Bézier", "bank-lys"),
    "juergen": ("Jürgen Weiß", "bank-aurora"),
}
"""Whose phones are simulated, and at which bank of the sandbox: people whom visitors seldom play themselves."""


@dataclass(frozen=True, slots=True)
class Portal:
    """Everything behind the pages and the API."""

    desk: PartnerDesk
    organisations: Organisations
    credentials: Credentials
    editing: Editing
    management: ManagementKeys
    trying: Trying
    applications: Applications
    contacts: Contacts
    issuer: str
    environment: Environment

    async def change(self, standing: Standing, *, name: str, contacts: tuple[str, ...], actor: str) -> None:
        """Change an organisation's name and contacts; old and new contacts are told (T-26).

        Raises:
            FormRefused, PartnerRegistrationError: it cannot be.
        """
        partner = standing.partner
        if partner is not None and set(contacts) != set(partner.contacts):
            waiting = await self.applications.reviews.waiting()
            if any((one.kind, one.subject) == (KEYS, partner.partner_id) for one in waiting):
                raise FormRefused("contacts", public="other keys wait for a decision: until then the contacts stay")
        await self.organisations.change(standing, name=name, contacts=contacts, actor=actor)
        after = await self.desk.partners.fresh(standing.organisation_id)
        if partner is None or after is None or after.contacts == partner.contacts:
            return
        told = {"contacts": ", ".join(after.contacts) or "-"}
        every = msgspec.structs.replace(partner, contacts=tuple(dict.fromkeys((*partner.contacts, *after.contacts))))
        await self.contacts.tell(every, "contacts", "/organisation", dict.fromkeys(LANGUAGES, told))

    @classmethod
    def around(
        cls,
        desk: PartnerDesk,
        *,
        base: str,
        claims: Mapping[str, str],
        fallbacks: tuple[str, ...],
        phones: Path | None,
        applications: Applications,
        contacts: Contacts,
    ) -> Portal:
        """Build it; `claims` are attributes by their names on the wire, `phones` a folder for simulated ones."""
        environment, issuer, ids = desk.partners.environment, base + "/v2", contacts.staff.ids
        found = {
            person: SimulatedPhone(phones, base, bank, person, name)
            for person, (name, bank) in PERSONS.items()
            if phones is not None
        }
        return cls(
            desk=desk,
            organisations=Organisations(desk, ids),
            credentials=Credentials(desk, ids),
            editing=Editing(desk, ids, tuple(claims), fallbacks),
            management=ManagementKeys(desk.partners.database, desk.partners.clock, ids),
            trying=Trying(desk, ids, issuer, base, claims, found),
            applications=applications,
            contacts=contacts,
            issuer=issuer,
            environment=environment,
        )
