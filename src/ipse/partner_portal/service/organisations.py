"""Organisations that register themselves, and how each stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ipse.audit.service import auditing
from ipse.kernel.clock import SECOND
from ipse.kernel.ids import Ids
from ipse.kernel.settings import Environment
from ipse.partner_portal import store
from ipse.partner_portal.errors import FormRefused
from ipse.partner_portal.model import Organisation, Step
from ipse.partner_portal.rules import names
from ipse.partners.model import AuthMethod, Partner, Preset, Service, encryption_key_type, preset_algorithms
from ipse.partners.service import PartnerDesk
from ipse.storage.statement import Transaction, one

_KEPT_SECONDS: Final = 14 * 86_400
"""How long an organisation is kept whose invitation nobody uses."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An organisation as its members see it."""

    organisation_id: str
    name: str
    partner: Partner | None
    """None until it has keys, or a secret."""
    services: tuple[Service, ...] = ()
    waits: bool = False
    """Whether what people rely on waits for a second person: in production once it was ever admitted, also while it is
    stopped, because what is changed then is live when it is started again (T-10, T-26)."""

    @property
    def active(self) -> bool:
        """Whether its requests are taken."""
        return self.partner is not None and self.partner.state == "active"

    @property
    def next_step(self) -> Step:
        """What to do next, from what is there."""
        if self.partner is None:
            return Step.KEYS
        return Step.SERVICE if not self.services else Step.TRY

    def service(self, code: str) -> Service | None:
        """Its service of that code."""
        return next((service for service in self.services if service.code == code), None)


@dataclass(frozen=True, slots=True)
class Organisations:
    """Registers them, and says how they stand."""

    desk: PartnerDesk
    ids: Ids

    async def register(self, name: str) -> Organisation:
        """Note a new organisation; its first member is invited by mail.

        Raises:
            FormRefused: the name cannot be.
        """
        name = names.read_name(name, field="organisation")
        organisation = Organisation(names.client_id(name, self.ids), name, self._now)
        await self.desk.partners.database.row(
            store.ADD, organisation.organisation_id, organisation.name, organisation.created_at
        )
        return organisation

    async def standing(self, organisation_id: str) -> Standing | None:
        """How an organisation stands; None where nobody knows it."""
        partner = await self.desk.partners.fresh(organisation_id)
        if partner is not None:
            services = await self.desk.partners.services(organisation_id)
            return Standing(organisation_id, partner.name, partner, tuple(services), await self._waits(partner))
        row = await self.desk.partners.database.row(store.READ, organisation_id)
        return None if row is None else Standing(organisation_id, row["name"], None)

    async def arrived(self, organisation_id: str) -> None:
        """Somebody of it has come in: it is kept."""
        await self.desk.partners.database.row(store.JOINED, organisation_id, self._now)

    async def change(self, standing: Standing, *, name: str, contacts: tuple[str, ...], actor: str) -> None:
        """Change what people read of it, and who is told of what goes wrong.

        Raises:
            FormRefused, PartnerRegistrationError: it cannot be.
        """
        name = names.read_name(name)
        contacts = tuple(dict.fromkeys(names.read_email(contact, field="contacts") for contact in contacts))
        partner = standing.partner
        if partner is None:
            await self.desk.partners.database.transact(lambda: self._renaming(standing.organisation_id, name, actor))
            return
        if name != partner.name and standing.waits:
            raise FormRefused("name", "name_in_production")
        secret = self.desk.partners.secret(partner) if partner.sealed_secret is not None else None
        changed = msgspec.structs.replace(partner, name=name, contacts=contacts)
        await self.desk.partners.register_partner(changed, secret=secret, actor=actor, instead_of=partner)

    async def final_partners(self, standing: Standing) -> list[Partner]:
        """For whom a broker asks."""
        own = standing.organisation_id
        return [partner for partner in await self.desk.partners.partners() if partner.registered_by == own]

    async def add_final_partner(
        self, standing: Standing, client_id: str, name: str, jwks: Sequence[Mapping[str, Any]], *, actor: str
    ) -> None:
        """Register a final partner of a broker; with keys, results can be sealed for it alone.

        Raises:
            FormRefused: the client id is taken.
            PartnerRegistrationError: it is no broker, or something cannot stand.
        """
        if self.desk.partners.environment is Environment.PRODUCTION:
            raise FormRefused("client_id", public="in production the scheme itself registers final partners: ask it")
        organisation = await self.desk.partners.database.row(store.READ, client_id)
        if organisation is not None or await self.desk.partners.fresh(client_id) is not None:
            raise FormRefused("client_id", "code_taken", code=client_id)
        method, found = AuthMethod.PRIVATE_KEY_JWT, {"keys": [dict(jwk) for jwk in jwks]}
        kind = encryption_key_type(found)
        final = Partner(
            partner_id=client_id,
            name=names.read_name(name),
            state="active",
            auth_method=method,
            jwks=found if jwks else None,
            algorithms=preset_algorithms(Preset.NEW, method, encryption_key_type=kind),
            registered_by=standing.organisation_id,
        )
        await self.desk.partners.register_partner(final, secret=None, actor=actor, instead_of=None)

    async def forget(self) -> int:
        """Forget organisations that nobody came for; how many."""
        before = self._now - _KEPT_SECONDS * SECOND
        return len(await self.desk.partners.database.rows(store.FORGET, before))

    async def _waits(self, partner: Partner) -> bool:
        """Whether it was ever admitted to production; one that did not register itself here was so by command."""
        if self.desk.partners.environment is not Environment.PRODUCTION:
            return False
        if partner.state == "active":
            return True
        database, partner_id = self.desk.partners.database, partner.partner_id
        return (
            await database.row(store.CLEARED, partner_id) is not None
            or await database.row(store.READ, partner_id) is None
            or bool(await self.desk.uses.of_partner(partner_id))
        )

    def _renaming(self, organisation_id: str, name: str, actor: str) -> Transaction[None]:
        yield from one(store.RENAME, organisation_id, name)
        yield from auditing(self._now, actor=actor, act="organisation.rename", subject=organisation_id)

    @property
    def _now(self) -> int:
        return self.desk.partners.clock.now()
