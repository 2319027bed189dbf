"""Banks and mobile operators: what they see of themselves, and what the scheme sees of them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ipse.console import rules
from ipse.console.errors import NothingFound
from ipse.console.http.desk import Desk, route
from ipse.console.model import What
from ipse.kernel.clock import read
from ipse.kernel.errors import PlatformError
from ipse.sim.errors import UnknownOperatorError
from ipse.staff.model import Member, Organisation
from ipse.web.routes import Route


def routes(desk: Desk) -> list[Route]:
    """Their addresses."""
    on, what = _Endpoints(desk), What.READ_SWITCHES
    return [
        route("/own", desk.reading(on.own, None)),
        route("/institutions", desk.reading(on.every, what)),
        route("/institutions/bank/{institution}", desk.reading(on.bank, what)),
        route("/institutions/mobile-operator/{institution}", desk.reading(on.operator, what)),
    ]


@dataclass(frozen=True, slots=True)
class _Endpoints:
    desk: Desk

    async def own(self, request: Request, member: Member, problem: PlatformError | None) -> Response:
        """What a bank or a mobile operator sees: its own, and nobody else's."""
        which = member.organisation_id
        if member.organisation is Organisation.REGISTRAR:
            return await self._bank(request, member, problem, which, section="/own")
        return await self._operator(request, member, problem, which, section="/own")

    async def every(self, request: Request, member: Member, problem: PlatformError | None) -> Response:
        """All of them."""
        institutions = self.desk.console.institutions
        return await self.desk.show(
            request, member, "institutions", section="/institutions", problem=problem,
            banks=await institutions.registrars.all(), operators=await institutions.sims.operators.all(),
        )  # fmt: skip

    async def bank(self, request: Request, member: Member, problem: PlatformError | None) -> Response:
        """One bank, and for security the identities that were born from it (T-12)."""
        return await self._bank(request, member, problem, request.path_params["institution"], section="/institutions")

    async def operator(self, request: Request, member: Member, problem: PlatformError | None) -> Response:
        """One mobile operator."""
        return await self._operator(
            request, member, problem, request.path_params["institution"], section="/institutions"
        )

    async def _bank(
        self, request: Request, member: Member, problem: PlatformError | None, which: str, *, section: str
    ) -> Response:
        institutions = self.desk.console.institutions
        registrar = await institutions.registrar(which)
        if registrar is None:
            raise NothingFound
        more: dict[str, Any] = {"born": None, "since": ""}
        if section != "/own" and rules.may(member, What.TURN_SWITCH):
            more = await self._born(which, request.query_params.get("since", ""))
        return await self.desk.show(
            request, member, "bank", section=section, problem=problem, registrar=registrar,
            enrolments=await institutions.enrolments(which), days=await institutions.identities(which), **more,
        )  # fmt: skip

    async def _born(self, which: str, since: str) -> dict[str, Any]:
        with suppress(ValueError):
            found = await self.desk.console.institutions.born_since(which, read(since[:30])) if since else None
            return {"born": found, "since": since[:10]}
        return {"born": None, "since": ""}

    async def _operator(
        self, request: Request, member: Member, problem: PlatformError | None, which: str, *, section: str
    ) -> Response:
        institutions = self.desk.console.institutions
        try:
            operator = await institutions.operator(which)
        except UnknownOperatorError as error:
            raise NothingFound from error
        answers = await institutions.answers(which)
        words: dict[str, int] = {}
        for each in answers:
            words[each.word] = words.get(each.word, 0) + each.times
        return await self.desk.show(
            request, member, "mobile_operator", section=section, problem=problem, operator=operator, answers=answers,
            words=words, holdings=await institutions.holdings(which),
            total=sum(words.values()), taken=sum(each.mean_seconds * each.times for each in answers),
        )  # fmt: skip
