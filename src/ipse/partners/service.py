"""Registering partners and services, and finding them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from ipse.audit.service import auditing
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import seal, unseal
from ipse.kernel.settings import Environment
from ipse.partners import rules, store
from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import AuthMethod, Partner, Service
from ipse.storage.database import Database
from ipse.storage.statement import Transaction, one

_T = TypeVar("_T")
_FRESH_SECONDS = 2
_SECRET_CHARACTERS = 32


@dataclass
class Partners:
    """Use cases of partners. What it finds is at most two seconds old."""

    database: Database
    keystore: Keystore
    clock: Clock
    environment: Environment
    _partners: dict[str, tuple[Partner | None, int]] = field(default_factory=dict)
    _services: dict[str, tuple[Service | None, int]] = field(default_factory=dict)

    async def partner(self, partner_id: str) -> Partner | None:
        """The partner, whatever its state; None when there is none."""
        found = self._partners.get(partner_id)
        if found is not None and self._fresh(found[1]):
            return found[0]
        row = await self.database.row(store.PARTNER, partner_id)
        partner = store.read_partner(row) if row else None
        _keep(self._partners, partner_id, (partner, self.clock.now()))
        return partner

    async def service(self, code: str) -> Service | None:
        """The service, whatever its state; None when there is none."""
        found = self._services.get(code)
        if found is not None and self._fresh(found[1]):
            return found[0]
        row = await self.database.row(store.SERVICE, code)
        service = store.read_service(row) if row else None
        _keep(self._services, code, (service, self.clock.now()))
        return service

    async def partners(self) -> list[Partner]:
        """All partners."""
        return [store.read_partner(row) for row in await self.database.rows(store.PARTNERS)]

    async def services(self, partner_id: str) -> list[Service]:
        """All services of a partner."""
        return [store.read_service(row) for row in await self.database.rows(store.SERVICES, partner_id)]

    async def unfit(self) -> list[tuple[Service, str]]:
        """Services that this environment would not accept if they were registered now, and why."""
        found = []
        for partner in await self.partners():
            for service in await self.services(partner.partner_id):
                try:
                    for uri in service.redirect_uris:
                        rules.check_redirect_uri(uri, self.environment)
                except PartnerRegistrationError as error:
                    found.append((service, error.public))
        return found

    def secret(self, partner: Partner) -> str:
        """The client secret of a secret partner.

        Raises:
            PartnerRegistrationError: it has none.
        """
        if partner.sealed_secret is None:
            message = f"{partner.partner_id} has no secret"
            raise PartnerRegistrationError(message, public=message)
        return unseal(
            self.keystore.working_key("partner"),
            partner.sealed_secret,
            table="partners_partners",
            row=partner.partner_id,
            column="sealed_secret",
        ).decode()

    async def register_partner(self, partner: Partner, *, secret: str | None, actor: str) -> None:
        """Register or replace a partner; writes an audit line.

        Raises:
            PartnerRegistrationError: names what is wrong.
        """
        rules.check_partner_id(partner.partner_id)
        sealed = None
        if partner.auth_method is AuthMethod.PRIVATE_KEY_JWT:
            rules.check_jwks(partner.jwks or {})
        elif secret is None or len(secret) < _SECRET_CHARACTERS:
            message = f"a client secret has at least {_SECRET_CHARACTERS} characters"
            raise PartnerRegistrationError(message, public=message)
        else:
            sealed = seal(
                self.keystore.working_key("partner"),
                secret.encode(),
                table="partners_partners",
                row=partner.partner_id,
                column="sealed_secret",
            )
        rules.check_algorithms(partner)
        await self.database.transact(lambda: self._saving_partner(partner, sealed, actor))
        self._partners.pop(partner.partner_id, None)

    async def register_service(self, service: Service, *, actor: str) -> None:
        """Register or replace a service of a known partner; writes an audit line.

        Raises:
            PartnerRegistrationError: names what is wrong.
        """
        rules.check_service_code(service.code)
        rules.check_contract(service.contract)
        for uri in service.redirect_uris:
            rules.check_redirect_uri(uri, self.environment)
        for name in rules.LANGUAGES:
            if name not in service.name:
                message = f"service {service.code} needs a name in {', '.join(rules.LANGUAGES)}"
                raise PartnerRegistrationError(message, public=message)
        await self.database.transact(lambda: self._saving_service(service, actor))
        self._services.pop(service.code, None)

    async def set_state(self, partner_id: str, state: str, *, actor: str) -> bool:
        """Stop (`stopped`) or start (`active`) a partner; writes an audit line. Says whether anything changed."""
        return await self.database.transact(lambda: self._setting_state(partner_id, state, actor))

    def _fresh(self, at: int) -> bool:
        return 0 <= self.clock.now() - at < _FRESH_SECONDS * SECOND

    def _saving_partner(self, partner: Partner, sealed: bytes | None, actor: str) -> Transaction[None]:
        now = self.clock.now()
        yield from one(
            store.SAVE_PARTNER, partner.partner_id, partner.name, partner.state, partner.auth_method, sealed,
            _json(partner.jwks) if partner.jwks else None, _json(partner.algorithms), now,
        )  # fmt: skip
        details = {"auth_method": partner.auth_method, "algorithms": partner.algorithms}
        yield from auditing(now, actor=actor, act="partner.register", subject=partner.partner_id, details=details)

    def _saving_service(self, service: Service, actor: str) -> Transaction[None]:
        now = self.clock.now()
        if (yield from one(store.PARTNER, service.partner_id)) is None:
            message = f"there is no partner {service.partner_id}"
            raise PartnerRegistrationError(message, public=message)
        saved = yield from one(
            store.SAVE_SERVICE, service.code, service.partner_id, service.type, service.state, _json(service.name),
            _json(service.purpose), _json(service.redirect_uris), _json(service.contract),
            int(service.pkce_required), now,
        )  # fmt: skip
        if saved is None:
            message = f"service code {service.code} belongs to another partner"
            raise PartnerRegistrationError(message, public=message)
        details = {"redirect_uris": service.redirect_uris, "contract": service.contract}
        yield from auditing(now, actor=actor, act="service.register", subject=service.code, details=details)

    def _setting_state(self, partner_id: str, state: str, actor: str) -> Transaction[bool]:
        now = self.clock.now()
        changed = yield from one(store.SET_PARTNER_STATE, partner_id, state, now)
        if changed is not None:
            yield from auditing(now, actor=actor, act=f"partner.{state}", subject=partner_id)
        return changed is not None


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _keep(kept: dict[str, _T], key: str, value: _T) -> None:
    if len(kept) >= 10_000:
        kept.clear()
    kept[key] = value
