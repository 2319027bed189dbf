"""The SIMs of the world, for people to move and for programs to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from ipse.kernel.clock import SECOND
from ipse.sandbox.moods import How, Moods
from ipse.sandbox.operators.http import COOKIE, browser_of
from ipse.sandbox.operators.model import OPERATORS, operator
from ipse.sandbox.operators.network import Change, Happening, Network, NoSuchSimError, Sim, State
from ipse.sandbox.operators.subscriptions import Subscriptions
from ipse.sandbox.persons import Person
from ipse.sandbox.sight import Sight
from ipse.sandbox.visitors import VisitorCookie
from ipse.standards.camara import CamaraError, instant, timestamp
from ipse.web.errors import MalformedForm
from ipse.web.forms import read_body, read_form

_NO_STORE: Final = {"Cache-Control": "no-store"}
_COOKIE_SECONDS: Final = 365 * 86_400
_SWAP_AT: Final = "at"


@dataclass(frozen=True, slots=True)
class Card:
    """A person's SIM as the page shows it."""

    person: Person
    sim: Sim
    here: bool
    """Whether it was put into this browser."""
    elsewhere: bool
    """Whether it was put into another."""

    @property
    def operator_name(self) -> str:
        """Whose network it is in."""
        found = operator(self.sim.operator)
        return found.name if found else self.sim.operator

    @property
    def word(self) -> str:
        """What happened to it, in one word."""
        return self.sim.now_shown(self.person.id)

    @property
    def since(self) -> str:
        """The day of the last SIM change, UTC."""
        if self.sim.changed_at is None:
            return ""
        return datetime.fromtimestamp(self.sim.changed_at // SECOND, UTC).strftime("%d %b %Y, %H:%M")


@dataclass(frozen=True, slots=True)
class SimPages:
    """`/operators/` and `/operators/api/…`. Not mounted, so that they stay readable when an operator misbehaves."""

    network: Network
    subscriptions: Mapping[str, Subscriptions]
    moods: Moods
    sight: Sight
    world: str
    secure: bool

    def routes(self) -> list[BaseRoute]:
        """All addresses."""
        return [
            Route("/operators/", self.front),
            Route("/operators/sim", self.act, methods=["POST"]),
            Route("/operators/api/sims", self.sims),
            Route("/operators/api/sims/{number}", self.sim),
            Route("/operators/api/sims/{number}", self.change, methods=["POST"]),
        ]

    async def front(self, request: Request) -> Response:
        """Everybody's SIM, and the operators."""
        browser = browser_of(request)
        chosen = self.network.chosen(browser)
        cards = [self._card(person, sim, browser) for person, sim in self.network.people()]
        held = next((card for card in cards if card.here), None)
        return self.sight.page(
            "operators/front.html",
            cards=cards,
            held=held,
            lost=chosen is not None and held is None,
            operators=[(one, self.moods.of(one.id)) for one in OPERATORS],
            names={one.id: one.name for one in OPERATORS},
            hows=list(How),
        )

    async def act(self, request: Request) -> Response:
        """The forms of the page: `number` and `do`, with `to` for a port."""
        if request.headers.get("origin", self.world) != self.world:
            return _said(403, error="only from the world's own page")
        try:
            form = await read_form(request)
            return self._acted(request, form)
        except (NoSuchSimError, MalformedForm, ValueError) as error:
            return _said(400, error=str(error))

    async def sims(self, _: Request) -> Response:
        """Every person's SIM."""
        return _said(200, sims=[described(sim, person.id) for person, sim in self.network.people()])

    async def sim(self, request: Request) -> Response:
        """The SIM of a number."""
        sim = self.network.sim(_number(request))
        return _said(200, **described(sim)) if sim is not None else _said(404, error="nobody has this number")

    async def change(self, request: Request) -> Response:
        """`{"do": …}` as JSON, with `to` (an operator) for a port and `at` (RFC 3339) for a swap in the past."""
        try:
            wanted = msgspec.json.decode(await read_body(request), type=dict[str, str])
            at = instant(wanted[_SWAP_AT]) if _SWAP_AT in wanted else None
            change = self._change(_number(request), wanted.get("do", ""), wanted.get("to"), at)
        except (NoSuchSimError, MalformedForm, CamaraError, msgspec.MsgspecError, ValueError) as error:
            return _said(400, error=str(error))
        return _said(200, **described(change.after))

    def _acted(self, request: Request, form: Mapping[str, str]) -> Response:
        number, do = form.get("number", ""), form.get("do", "")
        response = RedirectResponse(f"/operators/#sim-{form.get('person', '')}", 303, headers=_NO_STORE)
        browser = browser_of(request)
        if do == "put":
            browser = browser or self.network.ids.secret()
            self.network.put(browser, number)
            VisitorCookie(COOKIE, "/operators", _COOKIE_SECONDS, self.secure).set(response, browser)
        elif do == "take":
            self.network.take_out(browser)
        else:
            self._change(number, do, form.get("to"), None)
        return response

    def _change(self, number: str, do: str, to: str | None, at: int | None) -> Change:
        change = self.network.change(number, Happening(do), to=to, at=at)
        for told in self.subscriptions.values():
            told.tell(change)
        return change

    def _card(self, person: Person, sim: Sim, browser: str) -> Card:
        placed = self.network.placed.look(sim.card)
        return Card(person, sim, placed is not None and placed["browser"] == browser, placed is not None)


def described(sim: Sim, person: str | None = None) -> dict[str, Any]:
    """A SIM for programs."""
    return {
        "number": sim.number,
        "operator": sim.operator,
        "state": str(sim.state),
        "shown": sim.now_shown(person or sim.holder),
        "holder": sim.holder,
        "card": sim.card,
        "changed_at": timestamp(sim.changed_at) if sim.changed_at is not None else None,
        "ready": sim.state is State.ACTIVE,
    }


def _number(request: Request) -> str:
    """The number of the path; browsers and programs may leave its plus out."""
    return "+" + str(request.path_params["number"]).strip().removeprefix("+")


def _said(status: int, **members: Any) -> Response:  # noqa: ANN401 - JSON
    return JSONResponse(members, status, headers=_NO_STORE)
