"""What a partner asks the scheme for, and what becomes of it when a second person agrees.

Production, protected attributes, and other keys for a partner that asks people already (T-10, T-26). In a sandbox an
approval of the first says that the partner is ready, and the registration can be taken along as a signed file; in
production it lets the partner's requests in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ipse.audit.service import auditing
from ipse.kernel import clock as times
from ipse.kernel.clock import SECOND
from ipse.kernel.settings import Environment
from ipse.partner_portal import store
from ipse.partner_portal.errors import FormRefused, NotReady
from ipse.partner_portal.model import GRANT, KEYS, PRODUCTION, SERVICE
from ipse.partner_portal.rules import names
from ipse.partner_portal.service.credentials import ready
from ipse.partner_portal.service.organisations import Standing
from ipse.partners.errors import KeysNotFetched, PartnerRegistrationError
from ipse.partners.model import Grant, Partner, Service, algorithms_anew, encryption_key_type
from ipse.partners.service import PartnerDesk
from ipse.partners.service.grants import GrantRequest
from ipse.partners.service.transfer import Arrival, Taken, Transfer
from ipse.staff.errors import ReviewRefused
from ipse.staff.model import Member, Review, Role
from ipse.staff.service import Act, Reviews
from ipse.standards import jose
from ipse.storage.statement import Transaction, one

FILE_TYPE: Final = "ipse-partner-registration+jws"
"""The `typ` of a registration that is taken along."""
KEYS_WAIT: Final = 3600 * SECOND
"""How long other keys wait at least, so that the old contacts can object (T-26)."""
_LONGEST: Final = 1000
_LONGEST_SPAN: Final = 5 * 366 * 86_400 * SECOND
SigningKeys = Callable[[], Mapping[str, jose.PrivateKey]]


@dataclass(frozen=True, slots=True)
class Protected:
    """A protected attribute of a service, and how it stands."""

    service: Service
    attribute: str
    grant: Grant | None
    """The one that holds now, if there is one."""


@dataclass(frozen=True, slots=True)
class Applications:
    """Asks for what a second person decides, and does it when one has."""

    desk: PartnerDesk
    reviews: Reviews
    issuer: str
    signing: SigningKeys

    def acts(self) -> list[Act]:
        """For `Reviews.register`."""
        manager, reviewer = frozenset({Role.MANAGER}), frozenset({Role.REVIEWER})
        return [
            Act(PRODUCTION, manager, reviewer, self._admitting, after=self._changed),
            Act(GRANT, manager, reviewer, self._granting, check=self._check_grant, parts=True, after=self._granted),
            Act(KEYS, manager, frozenset({Role.SECURITY}), self._replacing, after=self._changed),
            Act(SERVICE, manager, reviewer, self._registering, after=self._granted),
        ]

    async def ask_production(self, standing: Standing, fields: Mapping[str, str], member: Member) -> None:
        """Ask to be let into production.

        Raises:
            NotReady: without keys or services there is nothing to look at.
            FormRefused, ReviewRefused: something is missing, or it was asked already.
        """
        partner = ready(standing)
        if not standing.services:
            raise NotReady("service")
        wanted = {
            name: names.read_name(fields.get(name, ""), field=name, longest=_LONGEST)
            for name in ("legal_name", "company_number", "use")
        }
        services = [f"{service.code} ({service.type}): {_asked(service)}" for service in standing.services]
        parameters = {
            "partner": partner.name,
            "client_id": partner.partner_id,
            **wanted,
            "services": "; ".join(services),
            "digest": _digest(partner, standing.services),
        }
        await self.reviews.ask(PRODUCTION, partner.partner_id, parameters, reason=wanted["use"][:300], member=member)

    async def ask_grant(self, standing: Standing, fields: Mapping[str, str], member: Member) -> None:
        """Ask for a protected attribute of a service, with purpose and legal ground.

        Raises:
            FormRefused, ReviewRefused: something is missing, or it was asked already.
        """
        code, _, attribute = fields.get("for", "").partition(" ")
        if not any(one.service.code == code and one.attribute == attribute for one in await self.protected(standing)):
            raise FormRefused("for", "choose")
        ground = names.read_name(fields.get("ground", ""), field="ground", longest=_LONGEST)
        purpose = names.read_name(fields.get("purpose", ""), field="purpose", longest=_LONGEST)
        until = self._until(fields.get("until", ""))
        parameters = {
            "client_id": standing.organisation_id,
            "service": code,
            "attribute": attribute,
            "ground": ground,
            "purpose": purpose,
            "until": until,
        }
        await self.reviews.ask(GRANT, code, parameters, reason=purpose[:300], member=member)

    async def ask_service(self, service: Service, member: Member) -> None:
        """Ask for a service to be registered as it is here; until then it stays as it was, or is not there.

        Raises:
            FormRefused: its code is another partner's.
            ReviewRefused: the same is waiting already.
        """
        there = await self.desk.partners.registered(service.code)
        if there is not None and there.partner_id != service.partner_id:
            raise FormRefused("code", "code_taken", code=service.code)
        parameters = {
            "client_id": service.partner_id,
            "service": service.code,
            "name": "; ".join(service.name.values()),
            "purpose": "; ".join(service.purpose.values()),
            "redirect_uris": list(service.redirect_uris),
            "asked": _asked(service),
            "final_partner": service.final_partner,
            "definition": msgspec.json.encode(service).decode(),
        }
        await self.reviews.ask(SERVICE, service.code, parameters, reason=f"service {service.code}", member=member)

    async def protected(self, standing: Standing) -> list[Protected]:
        """The protected attributes of all its services."""
        partners, now, found = self.desk.partners, self.desk.partners.clock.now(), []
        for service in standing.services:
            grants = {
                grant.attribute: grant for grant in await self.desk.grants.of_service(service.code) if grant.holds(now)
            }
            found += [
                Protected(service, name, grants.get(name))
                for name in service.contract
                if partners.catalogue.needs_grant(name)
            ]
        return found

    async def cleared_at(self, standing: Standing) -> int | None:
        """When a sandbox's reviewers found the partner ready; None: not yet, or this is production."""
        if self.desk.partners.environment is Environment.PRODUCTION:
            return None
        row = await self.desk.partners.database.row(store.CLEARED, standing.organisation_id)
        return None if row is None else row["cleared_at"]

    async def file(self, standing: Standing) -> str:
        """The registration to take along, signed by this installation: no secret and no grant is in it.

        Raises:
            NotReady: nobody has found the partner ready yet.
        """
        if await self.cleared_at(standing) is None:
            raise NotReady("cleared")
        document = await Transfer(self.desk.partners, self.issuer).export(standing.organisation_id)
        keys = self.signing()
        alg = "ES256" if "ES256" in keys else next(iter(keys))
        return jose.sign(document, keys[alg], alg=alg, typ=FILE_TYPE)

    async def take(self, standing: Standing, text: str, *, old: str, new: str, actor: str) -> Taken:
        """Register the services of such a file here, for a partner that has keys of its own already.

        The signature is verified with the keys that the file's issuer publishes; whoever signed decides nothing here.

        Raises:
            FormRefused: it is no such file, or its issuer did not sign it.
            PartnerRegistrationError: names what cannot stand here.
        """
        partner = ready(standing)
        if standing.waits:
            raise FormRefused("file", "file_in_production")
        try:
            token = jose.UnverifiedToken.parse(text.strip(), max_bytes=200_000)
            issuer = str(token.unverified_claims().get("issuer"))
            published = await self.desk.keys.fetch(issuer + "/jwkSet")
            verified = jose.verify(token, jose.public_keys(published), algorithms={"ES256", "RS256"}, types={FILE_TYPE})
            there = str(verified.claims["partner"]["partner_id"])
        except (jose.JoseError, KeysNotFetched, KeyError, TypeError) as error:
            raise FormRefused("file", "not_a_registration") from error
        moves = [(old.strip(), new.strip())] if old.strip() else []
        arrival = Arrival(client_id=partner.partner_id, replace=moves, known=partner)
        document = msgspec.json.encode(verified.claims)
        taken = await Transfer(self.desk.partners, self.issuer).take(document, arrival, actor=actor)
        counterpart = msgspec.structs.replace(partner, counterpart=there)
        secret = self.desk.partners.secret(partner) if partner.sealed_secret is not None else None
        await self.desk.partners.register_partner(counterpart, secret=secret, actor=actor, instead_of=partner)
        return taken

    def _until(self, text: str) -> str:
        try:
            until = times.read(text.strip())
        except ValueError as error:
            raise FormRefused("until", "day") from error
        now = self.desk.partners.clock.now()
        if not now < until < now + _LONGEST_SPAN:
            raise FormRefused("until", "day")
        return times.text(until)[:10]

    def _admitting(self, review: Review, member: Member) -> Transaction[object]:
        partners, now = self.desk.partners, self.desk.partners.clock.now()
        partner = yield from partners.reading(review.subject)
        services = yield from partners.reading_services(review.subject)
        if partner is None or _digest(partner, services) != review.parameters.get("digest"):
            raise ReviewRefused("changed", public="the registration was changed since this was asked: ask anew")
        # In production it says for ever that the partner was admitted, also while it is stopped.
        yield from one(store.CLEAR, review.subject, review.review_id, now)
        if partners.environment is Environment.PRODUCTION:
            yield from partners.setting_state(review.subject, "active", actor=member.actor)
            return review.subject
        yield from auditing(now, actor=member.actor, act="partner.clear", subject=review.subject)
        return review.subject

    async def _check_grant(self, review: Review) -> None:
        service = await self.desk.partners.registered(review.subject)
        self._check_contract(service, review)

    @staticmethod
    def _check_contract(service: Service | None, review: Review) -> None:
        own = service is not None and service.partner_id == review.organisation_id
        if service is None or not own or review.parameters["attribute"] not in service.contract:
            raise ReviewRefused("contract", public="the service does not ask for this attribute any more")

    def _granting(self, review: Review, member: Member) -> Transaction[object]:
        wanted = review.parameters
        self._check_contract((yield from self.desk.partners.reading_service(wanted["service"])), review)
        request = GrantRequest(
            service_code=wanted["service"],
            attribute=wanted["attribute"],
            ground=wanted["ground"],
            purpose=wanted["purpose"],
            approver=f"{member.actor}, review {review.review_id}",
            ends_at=times.read(wanted["until"]),
        )
        return (yield from self.desk.grants.recording(request, actor=member.actor))

    def _replacing(self, review: Review, member: Member) -> Transaction[object]:
        now = self.desk.partners.clock.now()
        if now - review.asked_at < KEYS_WAIT:
            raise ReviewRefused("too early", public="other keys wait an hour, so that the old contacts can object")
        partner = yield from self.desk.partners.reading(review.subject)
        if partner is None:
            raise ReviewRefused("no partner", public="there is no such partner any more")
        changed, published = with_keys(partner, review.parameters)
        yield from self.desk.partners.registering(changed, secret=None, actor=member.actor, published=published)
        return review.subject

    def _registering(self, review: Review, member: Member) -> Transaction[object]:
        service = msgspec.json.decode(review.parameters["definition"], type=Service)
        try:
            there = yield from self.desk.partners.reading_service(service.code)
            if there is not None:
                # Its partner may have stopped it meanwhile.
                service = msgspec.structs.replace(service, state=there.state)
            yield from self.desk.partners.registering_service(service, actor=member.actor)
        except PartnerRegistrationError as error:
            raise ReviewRefused("not registrable", public=error.public) from error
        return review.subject

    async def _changed(self, review: Review, _done: object) -> None:
        self.desk.partners.forget_partner(review.subject)

    async def _granted(self, review: Review, _done: object) -> None:
        self.desk.partners.forget_service(review.subject)


def with_keys(partner: Partner, parameters: Mapping[str, Any]) -> tuple[Partner, Mapping[str, Any] | None]:
    """A partner with the keys of a review, and what stood at its address then."""
    jwks = msgspec.json.decode(parameters["jwks"]) if parameters.get("jwks") else None
    published = msgspec.json.decode(parameters["published"]) if parameters.get("published") else None
    kind = encryption_key_type(jwks or published)
    algorithms = algorithms_anew(partner.algorithms, partner.preset, partner.auth_method, encryption_key_type=kind)
    changed = msgspec.structs.replace(
        partner, jwks=jwks, jwks_uri=parameters.get("jwks_uri") or None, algorithms=algorithms
    )
    return changed, published


def _digest(partner: Partner, services: Sequence[Service]) -> str:
    """What a reviewer of production has looked at: everything but the contacts."""
    looked_at = msgspec.structs.replace(partner, state="", contacts=())
    by_code = sorted(services, key=lambda service: service.code)
    return hashlib.sha256(msgspec.json.encode((looked_at, by_code), order="deterministic")).hexdigest()


def _asked(service: Service) -> str:
    return ", ".join(f"{name} {demand}" for name, demand in service.contract.items()) or "-"


def kinds() -> Sequence[str]:
    """The reviews of the portal."""
    return (PRODUCTION, GRANT, KEYS, SERVICE)
