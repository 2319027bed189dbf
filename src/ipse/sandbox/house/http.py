"""The screen of the house. Works without JavaScript: waiting pages ask for themselves again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, Router

from ipse.kernel.clock import Clock
from ipse.kernel.ids import Ids
from ipse.sandbox.house.client import Approved, HouseClient, Screen
from ipse.sandbox.house.model import DEEDS, HOUSE
from ipse.sandbox.house.rooms import KEY_SECONDS, HouseMemory, Key, Waiting
from ipse.sandbox.moods import How, Moods
from ipse.sandbox.partner.errors import LoginFailedError
from ipse.sandbox.sight import Sight
from ipse.sandbox.visitors import VisitorCookie
from ipse.web.errors import MalformedForm
from ipse.web.forms import read_form

_NO_STORE: Final = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class HousePages:
    """The house over HTTP."""

    client: HouseClient
    memory: HouseMemory
    sight: Sight
    moods: Moods
    clock: Clock
    ids: Ids
    secure: bool

    def router(self) -> Router:
        """The routes, relative to the house's path."""
        return Router(
            [
                Route("/", self.front),
                Route("/pair", self.pair, methods=["POST"]),
                Route("/ask", self.ask, methods=["POST"]),
                Route("/wait", self.wait),
                Route("/forget", self.forget, methods=["POST"]),
            ]
        )

    @property
    def path(self) -> str:
        """Where the house stands in the world."""
        return f"/{HOUSE.id}"

    async def front(self, request: Request) -> Response:
        """The house, with its buttons once a phone is paired."""
        visitor = self._cookie.read(request)
        rooms = self.memory.rooms_of(visitor)
        if rooms.said:
            self.memory.keep_rooms(visitor, msgspec.structs.replace(rooms, said=""))
        deeds = {name: DEEDS[name] for name in _possible(rooms.door, rooms.heating)}
        return self._page("front.html", key=self.memory.key(visitor), rooms=rooms, deeds=deeds)

    async def pair(self, request: Request) -> Response:
        """Show a code to scan."""
        visitor = self._cookie.read(request) or self.ids.secret()
        try:
            self._check_mood()
            screen = await self.client.discover()
        except LoginFailedError as error:
            return self._failed(error)
        self.memory.wait(visitor, Waiting(polled_at=self.clock.now(), screen=screen))
        return self._to("/wait", visitor)

    async def ask(self, request: Request) -> Response:
        """Ask the paired phone to approve a deed."""
        visitor = self._cookie.read(request)
        key = self.memory.key(visitor)
        try:
            name = (await read_form(request)).get("deed", "")
        except MalformedForm:
            name = ""
        if key is None or name not in DEEDS:
            return self._to("/", visitor)
        try:
            self._check_mood()
            asked = await self.client.ask_to_act(key.subject, DEEDS[name])
        except LoginFailedError as error:
            return self._failed(error)
        self.memory.wait(visitor, Waiting(polled_at=self.clock.now(), asked=asked, deed=name))
        return self._to("/wait", visitor)

    async def wait(self, request: Request) -> Response:
        """What this screen waits for; looks again by itself."""
        visitor = self._cookie.read(request)
        waiting = self.memory.awaited(visitor)
        if waiting is None:
            return self._to("/", visitor)
        try:
            if waiting.is_due(self.clock.now()):
                waiting = await self._look(visitor, waiting)
        except LoginFailedError as error:
            self.memory.forget(visitor)
            return self._failed(error)
        if waiting is None:
            return self._to("/", visitor)
        if waiting.screen is not None:
            return self._page("pair.html", screen=waiting.screen, again=waiting.screen.interval)
        return self._page("wait.html", asked=waiting.asked, deed=DEEDS.get(waiting.deed), again=3)

    async def forget(self, request: Request) -> Response:
        """Unpair the phone."""
        self.memory.forget(self._cookie.read(request), key=True)
        return self._to("/", "")

    async def _look(self, visitor: str, waiting: Waiting) -> Waiting | None:
        """Ask the scheme; None when there is nothing to wait for any more."""
        now = self.clock.now()
        if waiting.screen is not None:
            found = await self.client.look(waiting.screen.session)
            if isinstance(found, Screen):
                waiting = Waiting(polled_at=now, screen=found)
            else:
                waiting = Waiting(polled_at=now, asked=await self.client.ask_to_pair(found))
            self.memory.wait(visitor, waiting)
            return waiting
        if waiting.asked is None:
            return None
        answer = await self.client.fetch(waiting.asked)
        if answer == "waiting":
            waiting = msgspec.structs.replace(waiting, polled_at=now)
            self.memory.wait(visitor, waiting)
            return waiting
        self._done(visitor, waiting, answer)
        return None

    def _done(self, visitor: str, waiting: Waiting, approved: Approved) -> None:
        deed = DEEDS.get(waiting.deed)
        rooms = self.memory.rooms_of(visitor)
        if deed is None:
            self.memory.keep_key(visitor, Key(approved.subject, approved.name))
            rooms = msgspec.structs.replace(rooms, said="This phone is a key of the house now.")
        elif list(approved.confirmed) == [deed.described()]:
            rooms = rooms.after(deed)
        else:
            raise LoginFailedError("suspicious", "something else was confirmed than was asked")
        self.memory.keep_rooms(visitor, rooms)
        self.memory.forget(visitor)

    def _check_mood(self) -> None:
        if self.moods.of(HOUSE.id).how is How.REFUSE:
            raise LoginFailedError("turned_away", "the house refuses everybody, as asked on the world page")

    def _failed(self, error: LoginFailedError) -> Response:
        return self._page("failed.html", status=error.status, kind=error.kind, detail=error.detail)

    def _page(self, template: str, *, status: int = 200, **context: object) -> Response:
        return self.sight.page(f"house/{template}", status=status, house=HOUSE, path=self.path, **context)

    @property
    def _cookie(self) -> VisitorCookie:
        return VisitorCookie(HOUSE.id, self.path, KEY_SECONDS, self.secure)

    def _to(self, place: str, visitor: str) -> Response:
        response = RedirectResponse(self.path + place, 303, headers=_NO_STORE)
        if visitor:
            self._cookie.set(response, visitor)
        return response


def _possible(door: str, heating: str) -> list[str]:
    return ["unlock" if door == "locked" else "lock", "warm" if heating == "off" else "cool"]
