"""Members of the scheme, and of banks and mobile operators: invited, given roles, let go."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from ipse.console import rules
from ipse.console.errors import NothingFound
from ipse.console.http.desk import OWN_PAGES, Desk, route
from ipse.console.model import HOME, What
from ipse.console.service.acts import REMOVE, ROLES
from ipse.kernel.errors import PlatformError
from ipse.staff.errors import NotAllowed, StaffRefused
from ipse.staff.model import OF_SCHEME, Invitation, Invitee, Member, Organisation, Role
from ipse.web.languages import LANGUAGES
from ipse.web.pages import language_of
from ipse.web.routes import Route


def routes(desk: Desk) -> list[Route]:
    """Their addresses."""
    on = _Endpoints(desk)
    return [
        route("/staff", desk.reading(on.page, What.READ_STAFF)),
        route("/staff", desk.changing(on.change, on.page, What.CHANGE_STAFF), "POST"),
        route("/institutions/{kind}/{institution}/staff", desk.reading(on.of_institution, What.READ_STAFF)),
        route(
            "/institutions/{kind}/{institution}/staff",
            desk.changing(on.change_institution, on.of_institution, What.CHANGE_STAFF),
            "POST",
        ),
        route("/own/staff", desk.reading(on.own, None)),
        route("/own/staff", desk.changing(on.change_own, on.own, None), "POST"),
    ]


@dataclass(frozen=True, slots=True)
class _Endpoints:
    desk: Desk

    async def page(
        self, request: Request, member: Member, problem: PlatformError | None, invited: Invitation | None = None
    ) -> Response:
        """The scheme's members."""
        whose = _Whose(Organisation.SCHEME, "", "/staff", HOME + "/staff")
        return await self._members(request, member, problem, whose, invited)

    async def change(self, request: Request, member: Member, fields: dict[str, str]) -> str | Response:
        """Invite, or change one; what gives or takes the power to decide asks for a second person."""
        console = self.desk.console
        do, _, which = fields.get("do", "").partition(":")
        if do == "invite":
            return await self._invite(request, member, fields)
        subject = await console.staff.member(which)
        if subject.organisation is not Organisation.SCHEME:
            raise NothingFound
        wanted = console.staff.judged_roles(Organisation.SCHEME, _roles(fields)) if do == "roles" else frozenset()
        if do == "again":
            # Whoever can read a powerful member's invitation becomes that member.
            invited = await console.staff.invite_again(which, actor=member.actor, never=rules.POWERFUL)
            return await self.page(request, member, None, invited)
        if do == "roles" and wanted - subject.roles <= OF_SCHEME - rules.POWERFUL and not subject.roles & rules.KEPT:
            await console.staff.set_roles(which, wanted, actor=member.actor)
        elif do == "remove" and not subject.roles & rules.KEPT:
            await console.staff.remove(which, actor=member.actor)
        elif do in {"roles", "remove"}:
            kind, parameters = (ROLES, {"roles": sorted(wanted)}) if do == "roles" else (REMOVE, {})
            review = await console.reviews.ask(kind, which, parameters, reason=fields.get("reason", ""), member=member)
            return f"{HOME}/reviews/{review.review_id}"
        else:
            raise StaffRefused("unknown", public="choose what is to be done")
        return f"{HOME}/staff"

    async def of_institution(
        self, request: Request, member: Member, problem: PlatformError | None, invited: Invitation | None = None
    ) -> Response:
        """Members of a bank or mobile operator, for the administrator who invites their first manager."""
        organisation, which = _institution(request)
        whose = _Whose(organisation, which, "/institutions", request.url.path)
        return await self._members(request, member, problem, whose, invited)

    async def change_institution(self, request: Request, member: Member, fields: dict[str, str]) -> str | Response:
        """Invite a member of an institution, or let one go."""
        organisation, which = _institution(request)
        invited = await self._change_others(member, fields, organisation, which)
        return request.url.path if invited is None else await self.of_institution(request, member, None, invited)

    async def own(
        self, request: Request, member: Member, problem: PlatformError | None, invited: Invitation | None = None
    ) -> Response:
        """Colleagues of a bank's or mobile operator's manager."""
        if not member.has(Role.MANAGER):
            raise NotAllowed(public="this needs the role manager")
        whose = _Whose(member.organisation, member.organisation_id, "/own/staff", HOME + "/own/staff")
        return await self._members(request, member, problem, whose, invited)

    async def change_own(self, request: Request, member: Member, fields: dict[str, str]) -> str | Response:
        """Invite a colleague, or let one go."""
        if not member.has(Role.MANAGER):
            raise NotAllowed(public="this needs the role manager")
        invited = await self._change_others(member, fields, member.organisation, member.organisation_id)
        return f"{HOME}/own/staff" if invited is None else await self.own(request, member, None, invited)

    async def _invite(self, request: Request, member: Member, fields: dict[str, str]) -> Response:
        """Somebody new, never with a role that decides: a second person gives it to whoever has joined.

        The address of the invitation is not shown to who invites, or both persons could be one.
        """
        console = self.desk.console
        wanted = console.staff.judged_roles(Organisation.SCHEME, _roles(fields))
        if wanted & rules.POWERFUL:
            public = "invite them as support, and ask for this role once they have joined; or: ipse operator invite"
            raise StaffRefused("power", public=public, field="roles")
        invitee = _invitee(fields, sorted(wanted))
        invited = await console.staff.invite(Organisation.SCHEME, "", invitee, actor=member.actor)
        return await self.page(request, member, None, invited)

    async def _change_others(
        self, member: Member, fields: dict[str, str], organisation: Organisation, which: str
    ) -> Invitation | None:
        staff = self.desk.console.staff
        do, _, member_id = fields.get("do", "").partition(":")
        if do == "invite":
            invitee = _invitee(fields, _roles(fields))
            return await staff.invite(organisation, which, invitee, actor=member.actor, where=await self._called(which))
        subject = await staff.member(member_id)
        if not subject.works_for(organisation, which):
            raise NothingFound
        if do == "again":
            return await staff.invite_again(member_id, actor=member.actor, where=await self._called(which))
        if do == "remove":
            await staff.remove(member_id, actor=member.actor)
        return None

    async def _called(self, which: str) -> str:
        institutions = self.desk.console.institutions
        registrar = await institutions.registrar(which)
        if registrar is not None:
            return registrar.name
        return next((each.name for each in await institutions.sims.operators.all() if each.operator_id == which), "")

    async def _members(
        self,
        request: Request,
        member: Member,
        problem: PlatformError | None,
        whose: _Whose,
        invited: Invitation | None,
    ) -> Response:
        organisation, which = whose.organisation, whose.organisation_id
        staff = self.desk.console.staff
        scheme = organisation is Organisation.SCHEME
        changes = rules.may(member, What.CHANGE_STAFF) or (not scheme and member.organisation in OWN_PAGES)
        return await self.desk.show(
            request, member, "staff", section=whose.section, problem=problem, here=whose.here, invited=invited,
            members=await staff.members(organisation, which), until=await staff.invited_until(), of_scheme=scheme,
            roles=sorted(OF_SCHEME) if scheme else [Role.MANAGER, Role.MEMBER], changes=changes,
            called="" if scheme else await self._called(which), powerful=rules.POWERFUL,
            tongue=language_of(request),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Whose:
    """Whose members a page shows, and where it is."""

    organisation: Organisation
    organisation_id: str
    section: str
    here: str


def _roles(fields: dict[str, str]) -> list[str]:
    """The roles whose boxes are ticked: `role.support` and so on."""
    return [name.removeprefix("role.") for name, value in fields.items() if name.startswith("role.") and value]


def _invitee(fields: dict[str, str], roles: list[str] | list[Role]) -> Invitee:
    language = fields.get("language", "")
    return Invitee(
        fields.get("name", "")[:200],
        fields.get("email", "")[:200],
        tuple(roles),
        language if language in LANGUAGES else "en",
    )


def _institution(request: Request) -> tuple[Organisation, str]:
    found = {"bank": Organisation.REGISTRAR, "mobile-operator": Organisation.MOBILE_OPERATOR}
    kind = request.path_params["kind"]
    if kind not in found:
        raise NothingFound
    return found[kind], request.path_params["institution"]
