"""What each partner has of a person, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from ipse.portal.http.desk import Desk
from ipse.portal.model import HOME, Act, WithdrawalKind
from ipse.web.forms import read_own_form

PAGE: Final = HOME + "/partners"


@dataclass(frozen=True, slots=True)
class Partners:
    """`/portal/partners`."""

    desk: Desk

    async def page(self, request: Request) -> Response:
        """All of them."""
        session = await self.desk.who(request)
        relations = await self.desk.portal.relations.all(session.account_id)
        return await self.desk.render(request, "partners", "partners", relations=relations)

    async def one(self, request: Request) -> Response:
        """One of them: what it was given last, what it may do, what was taken back."""
        session = await self.desk.who(request)
        relation = await self.desk.portal.relations.one(session.account_id, request.path_params["partner"])
        address = await self.desk.portal.relations.desk.events.of(relation.partner_id)
        return await self.desk.render(request, "partner", "partners", relation=relation, hears=bool(address))

    async def withdraw(self, request: Request) -> Response:
        """Take back what it may still do; or, with the code, the link to the person as well."""
        session, partner_id = await self.desk.who(request), request.path_params["partner"]
        fields = await read_own_form(request)
        relation = await self.desk.portal.relations.one(session.account_id, partner_id)
        if fields.get("do") == "unlink":
            return await self.desk.ask(request, session, Act.UNLINK, about=partner_id, named=relation.name)
        await self.desk.portal.relations.withdraw(session.account_id, partner_id, WithdrawalKind.PERMISSIONS)
        return self.desk.to(request, f"{PAGE}/{partner_id}", done="withdrawn")
