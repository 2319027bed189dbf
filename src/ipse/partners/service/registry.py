"""Registering partners and services, and finding them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from ipse.audit.service import auditing
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import seal, unseal
from ipse.kernel.settings import Environment
from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import NO_CATALOGUE, Catalogue, Partner, Service
from ipse.partners.rules import contracts as contract_rules
from ipse.partners.rules import fetching
from ipse.partners.rules import registration as rules
from ipse.partners.store import grants as grants_store
from ipse.partners.store import keys as keys_store
from ipse.partners.store import registrations as store
from ipse.storage.database import Database
from ipse.storage.statement import Transaction, one, run

_T = TypeVar("_T")
_FRESH_SECONDS = 2


@dataclass
class Partners:
    """Use cases of partners. What it finds is at most two seconds old."""

    database: Database
    keystore: Keystore
    clock: Clock
    environment: Environment
    catalogue: Catalogue = NO_CATALOGUE
    """What is known of attributes, to judge contracts by."""
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

    async def fresh(self, partner_id: str) -> Partner | None:
        """The partner as it is now, whatever other processes have just changed."""
        row = await self.database.row(store.PARTNER, partner_id)
        return store.read_partner(row) if row else None

    async def service(self, code: str) -> Service | None:
        """The service as requests are judged by it, whatever its state; None when there is none.

        In production its contract holds only attributes that are granted now (T-10).
        """
        found = self._services.get(code)
        if found is not None and self._fresh(found[1]):
            return found[0]
        rows = store.read_granted(await self.database.rows(store.SERVICE, code, self.clock.now()))
        service = self._judged(*rows) if rows else None
        _keep(self._services, code, (service, self.clock.now()))
        return service

    async def registered(self, code: str) -> Service | None:
        """The service as it was registered, read anew; None when there is none."""
        row = await self.database.row(store.REGISTERED, code)
        return store.read_service(row) if row else None

    def forget_service(self, code: str) -> None:
        """Read a service anew at the next request: something about it has changed."""
        self._services.pop(code, None)

    async def partners(self) -> list[Partner]:
        """All partners."""
        return [store.read_partner(row) for row in await self.database.rows(store.PARTNERS)]

    async def services(self, partner_id: str) -> list[Service]:
        """All services of a partner, as they were registered."""
        return [store.read_service(row) for row in await self.database.rows(store.SERVICES, partner_id)]

    async def all_services(self) -> list[Service]:
        """All services of all partners, as they were registered."""
        return [store.read_service(row) for row in await self.database.rows(store.ALL_SERVICES)]

    async def unfit(self) -> list[tuple[Service, str]]:
        """Services that this environment would not accept if they were registered now, and why."""
        found = []
        for partner in await self.partners():
            for service in await self.services(partner.partner_id):
                try:
                    rules.check_service(service, partner, self.environment)
                    contract_rules.check_contract(service.contract, self.catalogue)
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

    async def register_partner(
        self,
        partner: Partner,
        *,
        secret: str | None,
        actor: str,
        published: Mapping[str, Any] | None = None,
        instead_of: Partner | UnsetType | None = UNSET,
    ) -> None:
        """Register or replace a partner, whose state stays if it is there; writes an audit line.

        `published` is the key set that stands at its `jwks_uri`, if it has one: judged, and kept as the first good one.
        `instead_of` is the partner as it was read, or None for one that is new: a change meanwhile is not overwritten.

        Raises:
            PartnerRegistrationError: names what is wrong.
        """
        await self.database.transact(
            lambda: self.registering(partner, secret=secret, actor=actor, published=published, instead_of=instead_of)
        )
        self.forget_partner(partner.partner_id)

    def registering(
        self,
        partner: Partner,
        *,
        secret: str | None,
        actor: str,
        published: Mapping[str, Any] | None = None,
        instead_of: Partner | UnsetType | None = UNSET,
    ) -> Transaction[None]:
        """As `register_partner`, inside a transaction: afterwards call `forget_partner`."""
        rules.check_partner(partner, self.environment, secret=secret, published=published)
        sealed = None if secret is None else self._sealed(partner.partner_id, secret)
        if not isinstance(instead_of, UnsetType):
            _check_unchanged((yield from self.reading(partner.partner_id)), instead_of)
        yield from self._saving_partner(partner, sealed, published, actor, new=instead_of is None)

    def reading(self, partner_id: str) -> Transaction[Partner | None]:
        """The partner as it stands inside a transaction; nobody else changes it before that ends."""
        row = yield from one(store.HOLD_PARTNER, partner_id)
        return store.read_partner(row) if row else None

    async def register_service(
        self,
        service: Service,
        *,
        actor: str,
        instead_of: Service | UnsetType | None = UNSET,
        of_partner: Partner | None = None,
    ) -> None:
        """Register or replace a service of a known partner; writes an audit line.

        `instead_of` is the service as it was read, or None for one that is new, and `of_partner` its partner as it was
        read: a change of either meanwhile is not overwritten.

        Raises:
            PartnerRegistrationError: names what is wrong.
        """
        await self.database.transact(
            lambda: self.registering_service(service, actor=actor, instead_of=instead_of, of_partner=of_partner)
        )
        self.forget_service(service.code)

    def registering_service(
        self,
        service: Service,
        *,
        actor: str,
        instead_of: Service | UnsetType | None = UNSET,
        of_partner: Partner | None = None,
    ) -> Transaction[None]:
        """As `register_service`, inside a transaction: afterwards call `forget_service`."""
        rules.check_service_texts(service)
        contract_rules.check_contract(service.contract, self.catalogue)
        if of_partner is not None:
            _check_unchanged((yield from self.reading(service.partner_id)), of_partner)
        if not isinstance(instead_of, UnsetType):
            _check_unchanged((yield from self.reading_service(service.code)), instead_of)
        yield from self._saving_service(service, actor, new=instead_of is None)

    def reading_service(self, code: str) -> Transaction[Service | None]:
        """The service as it was registered, inside a transaction; nobody else changes it before that ends."""
        row = yield from one(store.HOLD_SERVICE, code)
        return store.read_service(row) if row else None

    def reading_services(self, partner_id: str) -> Transaction[list[Service]]:
        """All services of a partner, as they were registered, inside a transaction."""
        return [store.read_service(row) for row in (yield from run(store.SERVICES, partner_id))]

    async def remove_service(self, service: Service, *, actor: str) -> bool:
        """Remove a service; its grants are revoked. Writes an audit line. Says whether there was one."""
        removed = await self.database.transact(lambda: self._removing_service(service, actor))
        self._services.pop(service.code, None)
        return removed

    async def set_state(self, partner_id: str, state: str, *, actor: str) -> bool:
        """Stop (`stopped`) or start (`active`) a partner; writes an audit line. Says whether anything changed.

        Raises:
            PartnerRegistrationError: another state.
        """
        rules.check_state(state)
        changed = await self.database.transact(lambda: self.setting_state(partner_id, state, actor=actor))
        self.forget_partner(partner_id)
        return changed

    def forget_partner(self, partner_id: str) -> None:
        """Read a partner anew at the next request: something about it has changed."""
        self._partners.pop(partner_id, None)

    def setting_state(self, partner_id: str, state: str, *, actor: str) -> Transaction[bool]:
        """As `set_state`, inside a transaction; call `forget_partner` afterwards."""
        rules.check_state(state)
        now = self.clock.now()
        changed = yield from one(store.SET_PARTNER_STATE, partner_id, state, now)
        if changed is not None:
            yield from auditing(now, actor=actor, act=f"partner.{state}", subject=partner_id)
        return changed is not None

    def _judged(self, service: Service, granted: frozenset[str]) -> Service:
        """What may be asked here and now."""
        if self.environment is not Environment.PRODUCTION:
            return service
        contract = contract_rules.granted_contract(service.contract, granted, self.catalogue)
        return msgspec.structs.replace(service, contract=contract)

    def _fresh(self, at: int) -> bool:
        return 0 <= self.clock.now() - at < _FRESH_SECONDS * SECOND

    def _sealed(self, partner_id: str, secret: str) -> bytes:
        return seal(
            self.keystore.working_key("partner"),
            secret.encode(),
            table="partners_partners",
            row=partner_id,
            column="sealed_secret",
        )

    def _saving_partner(
        self, partner: Partner, sealed: bytes | None, published: Mapping[str, Any] | None, actor: str, *, new: bool
    ) -> Transaction[None]:
        now = self.clock.now()
        if partner.registered_by:
            broker = yield from one(store.PARTNER, partner.registered_by)
            rules.check_broker(store.read_partner(broker) if broker else None, partner.registered_by)
        for row in (yield from run(store.SERVICES, partner.partner_id)):
            rules.check_service(store.read_service(row), partner, self.environment)
        if not (yield store.saving_partner(partner, sealed, now, new=new)):
            raise _changed_meanwhile()
        if partner.jwks_uri and published is not None:
            fresh_until = now + fetching.FRESH_SECONDS.start * SECOND
            jwks = msgspec.json.encode(published).decode()
            yield from one(keys_store.KEEP, partner.partner_id, partner.jwks_uri, now, jwks, fresh_until)
        details = {"auth_method": partner.auth_method, "algorithms": partner.algorithms, "jwks_uri": partner.jwks_uri}
        yield from auditing(now, actor=actor, act="partner.register", subject=partner.partner_id, details=details)

    def _saving_service(self, service: Service, actor: str, *, new: bool) -> Transaction[None]:
        now = self.clock.now()
        row = yield from one(store.PARTNER, service.partner_id)
        if row is None:
            message = f"there is no partner {service.partner_id}"
            raise PartnerRegistrationError(message, public=message)
        rules.check_service(service, store.read_partner(row), self.environment)
        if service.final_partner:
            final = yield from one(store.PARTNER, service.final_partner)
            rules.check_final_partner(service, store.read_partner(final) if final else None)
        if not (yield store.saving_service(service, now, new=new)):
            message = f"service code {service.code} belongs to another partner"
            raise PartnerRegistrationError(message, public=message, field="code")
        details = {
            "type": service.type,
            "profile": service.profile,
            "redirect_uris": service.redirect_uris,
            "contract": service.contract,
        }
        yield from auditing(now, actor=actor, act="service.register", subject=service.code, details=details)

    def _removing_service(self, service: Service, actor: str) -> Transaction[bool]:
        now = self.clock.now()
        removed = yield from one(store.REMOVE_SERVICE, service.code, service.partner_id)
        if removed is None:
            return False
        yield from run(grants_store.REVOKE_OF_SERVICE, service.code, now)
        yield from auditing(now, actor=actor, act="service.remove", subject=service.code)
        return True


def _check_unchanged(found: Partner | Service | None, read: Partner | Service | None) -> None:
    if found != read:
        raise _changed_meanwhile()


def _changed_meanwhile() -> PartnerRegistrationError:
    message = "somebody has changed it meanwhile; read it again"
    return PartnerRegistrationError(message, public=message)


def _keep(kept: dict[str, _T], key: str, value: _T) -> None:
    if len(kept) >= 10_000:
        kept.clear()
    kept[key] = value
