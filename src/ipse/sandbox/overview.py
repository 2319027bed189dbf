"""The page that explains the world, and the same for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ipse.kernel.clock import Clock, day
from ipse.sandbox.bank import BANKS
from ipse.sandbox.desk import DESK
from ipse.sandbox.house import HOUSE
from ipse.sandbox.inboxes.smtp import PARTY as INBOXES
from ipse.sandbox.moods import EVERYBODY, Moods
from ipse.sandbox.notary import NOTARY
from ipse.sandbox.partner import PORTAL, SHOP
from ipse.sandbox.persons import persons, portrait
from ipse.sandbox.sight import Sight
from ipse.sandbox.world import World
from ipse.web.errors import MalformedForm
from ipse.web.forms import read_body, read_form

_SLOW_SECONDS = 5.0


_ANYWHERE = ("/world.json", "/misbehave", "/banks/", "/inboxes/api", "/inboxes/sms", "/operators/")


@dataclass(frozen=True, slots=True)
class OneName:
    """ASGI middleware: people's pages live under one name only.

    On `localhost` their cookies would meet the scheme's, and a login that began there could not end on `127.0.0.1`.
    """

    app: ASGIApp
    world: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or lead to the right name."""
        if scope["type"] == "http" and not scope["path"].startswith(_ANYWHERE):
            request = Request(scope)
            if request.headers.get("host") != self.world.partition("//")[2]:
                query = f"?{request.url.query}" if request.url.query else ""
                await RedirectResponse(f"{self.world}{scope['path']}{query}", 307)(scope, receive, send)
                return
        await self.app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Overview:
    """`/`, `/world.json`, `/misbehave` and what they show."""

    world: World
    clock: Clock
    moods: Moods
    sight: Sight

    def routes(self) -> list[BaseRoute]:
        """The routes of the world itself."""
        return [
            Route("/", self.front),
            Route("/world.json", self.description),
            Route("/misbehave", self.misbehave, methods=["POST"]),
            Route("/persons/{person}.jpg", self.picture),
        ]

    async def front(self, _: Request) -> Response:
        """What there is, and what to do first."""
        people = persons(day(self.clock.now()))
        parties = [
            *((bank.id, bank.name) for bank in BANKS),
            (SHOP.id, SHOP.name),
            (PORTAL.id, PORTAL.name),
            (HOUSE.id, HOUSE.name),
            (DESK.id, DESK.name),
            (NOTARY.id, NOTARY.name),
            (INBOXES, "Mail and text messages"),
        ]
        return self.sight.page(
            "world/front.html",
            places=self.world.places,
            banks={bank.id: bank for bank in BANKS},
            shop=SHOP,
            portal=PORTAL,
            house=HOUSE,
            desk=DESK,
            notary=NOTARY,
            people=people,
            today=day(self.clock.now()),
            parties=[(party, name, self.moods.of(party)) for party, name in parties],
            hows=list(EVERYBODY),
        )

    async def description(self, _: Request) -> Response:
        """All of it for programs, secrets included: this is a sandbox."""
        return JSONResponse(self.world.description(self.clock), headers={"Cache-Control": "no-store"})

    async def misbehave(self, request: Request) -> Response:
        """`{"party", "how", "seconds"}` as JSON or form. A form is led back to the page."""
        from_page = not request.headers.get("content-type", "").startswith("application/json")
        if request.headers.get("origin", self.world.places.world) != self.world.places.world:
            return JSONResponse({"error": "only from the world's own page, or a program"}, status_code=403)
        try:
            wanted = await read_form(request) if from_page else await _json(request)
            how = str(wanted.get("how", "ok"))
            seconds = float(wanted.get("seconds") or _SLOW_SECONDS)
            mood = self.moods.change(str(wanted.get("party")), how, seconds)
        except (ValueError, TypeError, MalformedForm) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        if from_page:
            return RedirectResponse("/operators/" if wanted.get("from") else "/#misbehave", 303)
        return JSONResponse({"party": wanted["party"], "how": mood.how, "seconds": mood.seconds})

    async def picture(self, request: Request) -> Response:
        """A portrait."""
        try:
            content = portrait(_known(request.path_params["person"]))
        except LookupError:
            return Response(status_code=404)
        return Response(content, media_type="image/jpeg", headers={"Cache-Control": "max-age=3600"})


def _known(person_id: str) -> str:
    if not person_id.isascii() or not person_id.isalpha():
        raise LookupError(person_id)
    try:
        portrait(person_id)
    except FileNotFoundError as error:
        raise LookupError(person_id) from error
    return person_id


async def _json(request: Request) -> dict[str, Any]:
    try:
        return msgspec.json.decode(await read_body(request), type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise ValueError("the body must be a JSON object") from error
