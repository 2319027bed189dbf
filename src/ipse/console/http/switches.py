"""Switches (B-72): where each stands, and asking for it to be turned."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from ipse.console import rules
from ipse.console.http.desk import Desk, route
from ipse.console.model import HOME, SwitchKind, What
from ipse.console.service.acts import SWITCH_OFF, SWITCH_ON
from ipse.kernel.errors import PlatformError
from ipse.staff.model import Member
from ipse.switches.errors import SwitchRefused
from ipse.switches.model import phone_model
from ipse.web.routes import Route

_TYPED = (SwitchKind.PHONE_MODEL, SwitchKind.APP_VERSION, SwitchKind.SIGNING_KEY)
"""What can be named before any phone has it."""


def routes(desk: Desk) -> list[Route]:
    """Their addresses."""
    on = _Endpoints(desk)
    return [
        route("/switches", desk.reading(on.page, What.READ_SWITCHES)),
        route("/switches", desk.changing(on.ask, on.page, What.TURN_SWITCH), "POST"),
    ]


@dataclass(frozen=True, slots=True)
class _Endpoints:
    desk: Desk

    async def page(self, request: Request, member: Member, problem: PlatformError | None) -> Response:
        """All switches."""
        console = self.desk.console
        waiting = {
            each.subject: each.review_id
            for each in await console.reviews.waiting()
            if each.kind in {SWITCH_OFF, SWITCH_ON}
        }
        return await self.desk.show(
            request, member, "switches", section="/switches", problem=problem, waiting=waiting, typed=_TYPED,
            board=await console.board.all(), chosen=request.query_params.get("kind", ""),
        )  # fmt: skip

    async def ask(self, _request: Request, member: Member, fields: dict[str, str]) -> str:
        """Ask for a switch to be turned: a second person does it."""
        kind = rules.switch_kind(fields.get("kind", ""))
        name = fields.get("name", "").strip()[:120]
        if kind is None or kind is SwitchKind.PERSON or not name:
            raise SwitchRefused(public="choose what is to be switched")
        if kind is SwitchKind.PHONE_MODEL:
            name = phone_model(name)
        act = SWITCH_ON if fields.get("do") == "on" else SWITCH_OFF
        review = await self.desk.console.reviews.ask(
            act, f"{kind}:{name}", {"kind": kind, "name": name}, reason=fields.get("reason", ""), member=member
        )
        return f"{HOME}/reviews/{review.review_id}"
