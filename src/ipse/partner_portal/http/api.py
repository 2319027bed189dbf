"""The portal for programs: `/partners/api/v1`, JSON, refusals as problem documents (RFC 9457).

A program shows a management key that was made in the portal, or an access token that its own client authentication got
for the scope `partner.manage`. What a second person decides is asked for by a person, in the portal.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel import clock as times
from ipse.kernel import references
from ipse.kernel.clock import SECOND
from ipse.kernel.errors import PlatformError
from ipse.partner_portal.errors import ApiBodyRefused, ApiTokenRefused, FormRefused
from ipse.partner_portal.http.desk import Desk
from ipse.partner_portal.http.openapi import DOCUMENT
from ipse.partner_portal.model import ManagementKey
from ipse.partner_portal.rules import bodies, keys
from ipse.partner_portal.rules.bodies import FinalPartnerBody, KeysBody, NewServiceBody, OrganisationBody, ServiceBody
from ipse.partner_portal.service.credentials import ready
from ipse.partner_portal.service.organisations import Standing
from ipse.staff.errors import UnknownMember
from ipse.staff.model import MemberState, Organisation, Role
from ipse.statistics.service import Statistics
from ipse.web.forms import read_body
from ipse.web.problems import problem, refer

SCOPE: Final = "partner.manage"
_BEARER: Final = re.compile(r"Bearer ([A-Za-z0-9_-]{20,200})")
_DIGITS: Final = re.compile(r"[0-9]{1,4}")
_MOST_LINES: Final = 1000
_WEEK: Final = 7 * 86_400 * SECOND
_YEAR: Final = 366 * 86_400 * SECOND


@dataclass(frozen=True, slots=True)
class Program:
    """Who asks: a partner's program."""

    standing: Standing
    actor: str


Operation = Callable[[Request, Program], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Api:
    """Its operations."""

    desk: Desk
    statistics: Statistics

    def told(self, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
        """An operation for programs that prove whose they are."""

        async def answer(request: Request) -> Response:
            try:
                return await operation(request, await self._program(request))
            except PlatformError as error:
                return self._refusal(request, error)

        return answer

    async def document(self, _request: Request) -> Response:
        """The OpenAPI document."""
        return _json(DOCUMENT)

    async def organisation(self, _request: Request, program: Program) -> Response:
        """The organisation as it stands."""
        standing, partner = program.standing, program.standing.partner
        return _json(
            {
                "client_id": standing.organisation_id,
                "name": standing.name,
                "state": partner.state if partner else "new",
                "auth_method": partner.auth_method if partner else None,
                "contacts": partner.contacts if partner else (),
                "broker": bool(partner and partner.broker),
                "issuer": self.desk.portal.issuer,
            }
        )

    async def change_organisation(self, request: Request, program: Program) -> Response:
        """Change its name and contacts."""
        body: OrganisationBody = await _body(request, OrganisationBody)
        await self.desk.portal.change(program.standing, name=body.name, contacts=body.contacts, actor=program.actor)
        return Response(status_code=204)

    async def services(self, _request: Request, program: Program) -> Response:
        """All services."""
        return _json({"services": [bodies.told(service) for service in program.standing.services]})

    async def create(self, request: Request, program: Program) -> Response:
        """Register a service."""
        body: NewServiceBody = await _body(request, NewServiceBody)
        partner = ready(program.standing)
        members = msgspec.structs.asdict(body)
        code = members.pop("code")
        service = bodies.service_of(ServiceBody(**members), partner.partner_id, code)
        self._check_alone(program)
        await self.desk.portal.editing.save(program.standing, service, actor=program.actor, old=None)
        return _json(bodies.told(service), 201)

    async def service(self, request: Request, program: Program) -> Response:
        """One service."""
        return _json(bodies.told(self.desk.portal.editing.found(program.standing, request.path_params["code"])))

    async def replace(self, request: Request, program: Program) -> Response:
        """Replace a service."""
        old = self.desk.portal.editing.found(program.standing, request.path_params["code"])
        service = bodies.service_of(await _body(request, ServiceBody), old.partner_id, old.code)
        self._check_alone(program)
        await self.desk.portal.editing.save(program.standing, service, actor=program.actor, old=old)
        return _json(bodies.told(service))

    def _check_alone(self, program: Program) -> None:
        if program.standing.waits:
            raise FormRefused("service", public="in production a service is changed by a person, in the portal")

    async def remove(self, request: Request, program: Program) -> Response:
        """Remove a service with its grants."""
        service = self.desk.portal.editing.found(program.standing, request.path_params["code"])
        await self.desk.portal.editing.remove(service, actor=program.actor)
        return Response(status_code=204)

    async def keys(self, _request: Request, program: Program) -> Response:
        """The public keys, each with its last use."""
        found = [
            {
                "kid": line.kid,
                "use": line.use,
                "type": line.strength,
                "last_used_at": times.text(line.use_of.used_at) if line.use_of else None,
            }
            for line in await self.desk.portal.credentials.keys(program.standing)
        ]
        partner = program.standing.partner
        return _json({"keys": found, "jwks_uri": partner.jwks_uri if partner else None})

    async def replace_keys(self, request: Request, program: Program) -> Response:
        """Replace the keys; for the overlap of a rotation send old and new together."""
        body: KeysBody = await _body(request, KeysBody)
        credentials, standing = self.desk.portal.credentials, program.standing
        if standing.waits:
            raise FormRefused("jwks", public="in production other keys are asked for by a person, in the portal")
        if body.jwks_uri and not body.jwks:
            change = await credentials.at_address(standing, body.jwks_uri, email="")
        elif body.jwks and not body.jwks_uri:
            brought = keys.read_keys(msgspec.json.encode(body.jwks).decode())
            change = await credentials.bring(standing, brought, email="", instead=True)
        else:
            raise ApiBodyRefused("one of jwks and jwks_uri", public="give jwks or jwks_uri, one of them")
        await credentials.save(change, actor=program.actor)
        return Response(status_code=204)

    async def try_keys(self, request: Request, _program: Program) -> Response:
        """Fetch the keys at an address, as a login would."""
        body: KeysBody = await _body(request, KeysBody)
        found = await self.desk.portal.credentials.fetched(body.jwks_uri or "")
        usable = [
            {"kid": jwk["kid"], "use": jwk.get("use", "sig"), "type": keys.strength(jwk)} for jwk in found["keys"]
        ]
        return _json({"keys": usable})

    async def requests(self, request: Request, program: Program) -> Response:
        """Why requests were refused, newest first."""
        query = request.query_params
        log, partner_id = self.desk.portal.desk.log, program.standing.organisation_id
        if "reference" in query:
            found = await log.referred(partner_id, references.read(query["reference"][:20]) or "-")
        else:
            limit = query.get("limit", "100")
            if not _DIGITS.fullmatch(limit) or not 1 <= int(limit) <= _MOST_LINES:
                raise ApiBodyRefused("limit", public=f"limit is 1 to {_MOST_LINES}")
            found = await log.lines(partner_id, after=_time(query.get("since"), 0), most=int(limit))
        lines = [{**msgspec.to_builtins(line), "at": times.text(line.at)} for line in found]
        return _json({"refusals": [{name: line[name] for name in line if name != "partner_id"} for line in lines]})

    async def figures(self, request: Request, program: Program) -> Response:
        """Requests by how they ended, in all and for each service."""
        now = self.desk.portal.desk.partners.clock.now()
        since, until = (
            _time(request.query_params.get("since"), now - _WEEK),
            _time(request.query_params.get("until"), now),
        )
        if not 0 < until - since <= _YEAR:
            raise ApiBodyRefused("span", public="since lies before until, a year at most")
        found = await self.statistics.of_partner(program.standing.organisation_id, since, until)
        services = [
            {"code": one.service_code, "outcomes": one.totals.outcomes, "median_seconds": one.median_seconds}
            for one in found.services
        ]
        return _json(
            {
                "since": times.text(found.since),
                "until": times.text(found.until),
                "outcomes": found.totals.outcomes,
                "median_seconds": found.median_seconds,
                "services": services,
                "alerts": [{"service": one.service_code, "kind": one.kind, "value": one.value} for one in found.alerts],
            }
        )

    async def applications(self, _request: Request, program: Program) -> Response:
        """What was asked for, and what became of it."""
        place = program.standing.organisation_id
        every = await self.desk.reviews.of_organisation(Organisation.PARTNER, place)
        return _json(
            {
                "applications": [
                    {
                        "id": one.review_id,
                        "kind": one.kind,
                        "subject": one.subject,
                        "state": one.state,
                        "asked_at": times.text(one.asked_at),
                        "decided_at": times.text(one.decided_at) if one.decided_at else None,
                        "answer": one.answer,
                    }
                    for one in every
                ]
            }
        )

    async def final_partners(self, _request: Request, program: Program) -> Response:
        """For whom a broker asks."""
        every = await self.desk.portal.organisations.final_partners(program.standing)
        return _json({"final_partners": [{"client_id": one.partner_id, "name": one.name} for one in every]})

    async def add_final_partner(self, request: Request, program: Program) -> Response:
        """Register a final partner of this broker."""
        body: FinalPartnerBody = await _body(request, FinalPartnerBody)
        jwks = keys.read_keys(msgspec.json.encode(body.jwks).decode()) if body.jwks else []
        await self.desk.portal.organisations.add_final_partner(
            program.standing, body.client_id, body.name, jwks, actor=program.actor
        )
        return _json({"client_id": body.client_id, "name": body.name}, 201)

    async def _check_maker(self, key: ManagementKey) -> None:
        """A key opens nothing once whoever made it is no manager of its organisation any more."""
        try:
            maker = await self.desk.staff.member(key.created_by.removeprefix("staff:"))
        except UnknownMember as error:
            raise ApiTokenRefused("its maker is gone") from error
        place = Organisation.PARTNER, key.organisation_id
        if maker.state is not MemberState.ACTIVE or not (maker.works_for(*place) and maker.has(Role.MANAGER)):
            raise ApiTokenRefused("its maker is no manager any more")

    async def _program(self, request: Request) -> Program:
        sent = _BEARER.fullmatch(request.headers.get("authorization", ""))
        if sent is None:
            raise ApiTokenRefused("no bearer value")
        portal = self.desk.portal
        key = await portal.management.read(sent[1])
        if key is not None:
            await self._check_maker(key)
            organisation_id, actor = key.organisation_id, f"management_key:{key.key_id}"
        else:
            token = await portal.desk.tokens.read(sent[1])
            if token is None or SCOPE not in token.scope.split() or token.binding:
                raise ApiTokenRefused("unknown, expired, bound, or for another scope")
            organisation_id, actor = token.partner_id, f"partner:{token.partner_id}"
        standing = await portal.organisations.standing(organisation_id)
        if standing is None:
            raise ApiTokenRefused("its organisation is gone")
        return Program(standing, actor)

    def _refusal(self, request: Request, error: PlatformError) -> Response:
        if isinstance(error, FormRefused) and error.why:
            error.public = self.desk.sentence(error, "en")
        response = problem(error, refer(request, error))
        if isinstance(error, ApiTokenRefused):
            response.headers["WWW-Authenticate"] = 'Bearer realm="ipse"'
        return response


async def _body(request: Request, kind: type[Any]) -> Any:  # noqa: ANN401 - a value of `kind`
    return bodies.decoded(await read_body(request), kind)


def _json(document: object, status: int = 200) -> Response:
    body = msgspec.json.encode(document)
    return Response(body, status, media_type="application/json", headers={"Cache-Control": "no-store"})


def _time(text: str | None, default: int) -> int:
    if text is None:
        return default
    try:
        return times.read(text)
    except ValueError as error:
        raise ApiBodyRefused("time", public="a time is written 2026-11-22T12:00:00Z, or a day 2026-11-22") from error
