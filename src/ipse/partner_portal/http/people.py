"""Colleagues, and what people read of the organisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from ipse.partner_portal.http.desk import Desk, Refused, Visit
from ipse.staff.errors import StaffRefused, UnknownMember
from ipse.staff.model import Invitee, Member, MemberState, Organisation, Role
from ipse.web.forms import read_own_form
from ipse.web.pages import language_of


@dataclass(frozen=True, slots=True)
class PeoplePages:
    """`/partners/team` and `/partners/organisation`."""

    desk: Desk

    async def team(self, request: Request) -> Response:
        """Everybody who may come in."""
        return await self._team(request, await self.desk.visit(request))

    async def change_team(self, request: Request) -> Response:
        """Invite, invite again, change a role, let go."""
        visit = await self.desk.manager(request)
        fields = await read_own_form(request)
        do, _, member_id = fields.get("do", "").partition(":")
        staff, actor, where = self.desk.staff, visit.member.actor, visit.standing.name
        try:
            if do == "invite":
                role = Role.MANAGER if fields.get("role") == Role.MANAGER else Role.MEMBER
                invitee = Invitee(fields.get("name", ""), fields.get("email", ""), (role,), language_of(request))
                place = visit.standing.organisation_id
                await staff.invite(Organisation.PARTNER, place, invitee, actor=actor, where=where)
                return self.desk.to(request, "/team", done="invited")
            member = await self._colleague(visit, member_id)
            if do == "again":
                await staff.invite_again(member.member_id, actor=actor, where=where)
            elif do in {Role.MANAGER, Role.MEMBER}:
                await self._keep_a_manager(visit, member, losing=do == Role.MEMBER)
                await staff.set_roles(member.member_id, (do,), actor=actor)
            elif do == "remove":
                await self._keep_a_manager(visit, member, losing=True)
                await staff.remove(member.member_id, actor=actor)
        except (*Refused, UnknownMember) as error:
            return await self._team(request, visit, self.desk.problem(request, error), fields)
        return self.desk.to(request, "/team", done=do)

    async def organisation(self, request: Request) -> Response:
        """Name and contacts."""
        visit = await self.desk.visit(request)
        return self.desk.render(
            request, "organisation", visit, section="/partners/organisation", typed=_typed(visit),
            done=request.query_params.get("done", ""),
        )  # fmt: skip

    async def change_organisation(self, request: Request) -> Response:
        """Change them."""
        visit = await self.desk.manager(request)
        fields = await read_own_form(request)
        contacts = tuple(line.strip() for line in fields.get("contacts", "").splitlines() if line.strip())
        try:
            await self.desk.portal.change(
                visit.standing, name=fields.get("name", ""), contacts=contacts, actor=visit.member.actor
            )
        except Refused as error:
            return self.desk.render(
                request, "organisation", visit, section="/partners/organisation", status=422, typed=fields,
                problem=self.desk.problem(request, error), done="",
            )  # fmt: skip
        return self.desk.to(request, "/organisation", done="saved")

    async def _colleague(self, visit: Visit, member_id: str) -> Member:
        """A member of the same organisation; nobody else's is touched."""
        member = await self.desk.staff.member(member_id)
        if not member.works_for(Organisation.PARTNER, visit.standing.organisation_id):
            raise UnknownMember
        return member

    async def _keep_a_manager(self, visit: Visit, member: Member, *, losing: bool) -> None:
        """Somebody who may change things must remain."""
        if not losing or not member.has(Role.MANAGER):
            return
        every = await self.desk.staff.members(Organisation.PARTNER, visit.standing.organisation_id)
        others = [one for one in every if one.member_id != member.member_id and one.state is MemberState.ACTIVE]
        if not any(one.has(Role.MANAGER) for one in others):
            raise StaffRefused("the last manager", public="somebody must remain with the role manager", field="team")

    async def _team(
        self,
        request: Request,
        visit: Visit,
        problem: Mapping[str, str] | None = None,
        typed: Mapping[str, str] | None = None,
    ) -> Response:
        members = await self.desk.staff.members(Organisation.PARTNER, visit.standing.organisation_id)
        return self.desk.render(
            request,
            "team",
            visit,
            section="/partners/team",
            status=422 if problem else 200,
            problem=problem,
            typed=dict(typed or {}),
            members=members,
            until=await self.desk.staff.invited_until(),
            done=request.query_params.get("done", ""),
        )


def _typed(visit: Visit) -> dict[str, str]:
    partner = visit.standing.partner
    contacts = "\n".join(partner.contacts) if partner is not None else ""
    return {"name": visit.standing.name, "contacts": contacts}
