"""Grants: who allowed a service to ask for a protected attribute, on which ground, and until when (T-10)."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.audit.service import auditing
from ipse.kernel.ids import Ids
from ipse.kernel.settings import Environment
from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import Grant, Service
from ipse.partners.rules.contracts import check_grant, granted_contract
from ipse.partners.service.registry import Partners
from ipse.partners.store import grants as store
from ipse.partners.store import registrations
from ipse.storage.statement import Transaction, one


@dataclass(frozen=True)
class GrantRequest:
    """What is recorded. Times are microseconds UTC; `starts_at` None means now."""

    service_code: str
    attribute: str
    ground: str
    purpose: str
    approver: str
    ends_at: int
    starts_at: int | None = None


@dataclass(frozen=True)
class Lapse:
    """A protected attribute that a service cannot ask for, or not for long."""

    service_code: str
    attribute: str
    ends_at: int
    """Microseconds UTC; 0 if no grant holds."""


@dataclass(frozen=True)
class Grants:
    """Records and revokes grants; each change writes an audit line. Only production asks for them."""

    partners: Partners
    ids: Ids

    async def record(self, wanted: GrantRequest, *, actor: str) -> Grant:
        """Record a grant.

        Raises:
            PartnerRegistrationError: names what is wrong.
        """
        grant = self._granted(wanted, actor)
        await self.partners.database.transact(lambda: self._recording(grant, actor))
        self.partners.forget_service(grant.service_code)
        return grant

    def recording(self, wanted: GrantRequest, *, actor: str) -> Transaction[Grant]:
        """As `record`, inside a transaction: afterwards call `Partners.forget_service`."""
        grant = self._granted(wanted, actor)
        yield from self._recording(grant, actor)
        return grant

    def _granted(self, wanted: GrantRequest, actor: str) -> Grant:
        now = self.partners.clock.now()
        return Grant(
            grant_id=self.ids.identifier(),
            service_code=wanted.service_code,
            attribute=wanted.attribute,
            ground=wanted.ground,
            purpose=wanted.purpose,
            approver=wanted.approver,
            starts_at=now if wanted.starts_at is None else wanted.starts_at,
            ends_at=wanted.ends_at,
            recorded_by=actor,
            recorded_at=now,
        )

    async def of_service(self, code: str) -> list[Grant]:
        """All grants of a service, ended and revoked ones too, oldest first."""
        rows = await self.partners.database.rows(store.OF_SERVICE, code)
        return [store.read_grant(row) for row in rows]

    async def missing(self, service: Service) -> list[str]:
        """Attributes of a service's contract that cannot be asked for now, in production, for want of a grant."""
        if self.partners.environment is not Environment.PRODUCTION:
            return []
        now = self.partners.clock.now()
        granted = {grant.attribute for grant in await self.of_service(service.code) if grant.holds(now)}
        possible = granted_contract(service.contract, granted, self.partners.catalogue)
        return [name for name in service.contract if name not in possible]

    async def ending(self, within: int) -> list[Lapse]:
        """Protected attributes of active services without a grant, or with one that ends within so many microseconds.

        In production only: nothing else asks for grants.
        """
        if self.partners.environment is not Environment.PRODUCTION:
            return []
        found = []
        for partner in await self.partners.partners():
            for service in await self.partners.services(partner.partner_id):
                if partner.state == service.state == "active":
                    found += await self._ending(service, within)
        return found

    async def _ending(self, service: Service, within: int) -> list[Lapse]:
        now, grants = self.partners.clock.now(), await self.of_service(service.code)
        lapses = []
        for name in filter(self.partners.catalogue.needs_grant, service.contract):
            ends_at = max(
                (grant.ends_at for grant in grants if grant.attribute == name and grant.holds(now)), default=0
            )
            if ends_at <= now + within:
                lapses.append(Lapse(service.code, name, ends_at))
        return lapses

    async def revoke(self, grant_id: str, *, actor: str) -> bool:
        """End a grant now; says whether it was there and not revoked yet."""
        code = await self.partners.database.transact(lambda: self._revoking(grant_id, actor))
        if code is not None:
            self.partners.forget_service(code)
        return code is not None

    def _recording(self, grant: Grant, actor: str) -> Transaction[None]:
        row = yield from one(registrations.REGISTERED, grant.service_code)
        if row is None:
            message = f"there is no service {grant.service_code}"
            raise PartnerRegistrationError(message, public=message)
        service = registrations.read_service(row)
        check_grant(grant, service.contract, self.partners.catalogue)
        yield store.saving(grant)
        details = {
            "grant": grant.grant_id,
            "attribute": grant.attribute,
            "ground": grant.ground,
            "purpose": grant.purpose,
            "approver": grant.approver,
            "starts_at": grant.starts_at,
            "ends_at": grant.ends_at,
        }
        yield from auditing(grant.recorded_at, actor=actor, act="grant.record", subject=service.code, details=details)

    def _revoking(self, grant_id: str, actor: str) -> Transaction[str | None]:
        now = self.partners.clock.now()
        row = yield from one(store.REVOKE, grant_id, now)
        if row is None:
            return None
        details = {"grant": grant_id, "attribute": row["attribute"]}
        yield from auditing(now, actor=actor, act="grant.revoke", subject=row["service_code"], details=details)
        code: str = row["service_code"]
        return code
