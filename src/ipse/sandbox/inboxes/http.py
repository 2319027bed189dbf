"""The SMS gateway, the pages on which people read their messages, and the same for programs."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ipse.kernel.clock import SECOND, Clock, day
from ipse.sandbox.inboxes.model import LONGEST, Inboxes, Message, address_key
from ipse.sandbox.inboxes.smtp import PARTY
from ipse.sandbox.moods import How, Moods
from ipse.sandbox.persons import Person, persons
from ipse.sandbox.sight import Sight
from ipse.web.errors import MalformedForm
from ipse.web.forms import read_body

_NO_STORE = {"Cache-Control": "no-store"}


class _Sms(msgspec.Struct, frozen=True):
    to: str
    text: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as the page shows it."""

    message: Message
    person: Person | None

    @property
    def at(self) -> str:
        """When it came, UTC."""
        return datetime.fromtimestamp(self.message.at // SECOND, UTC).strftime("%d %b %H:%M:%S")


@dataclass(frozen=True, slots=True)
class InboxPages:
    """`/inboxes/…`."""

    inboxes: Inboxes
    moods: Moods
    sight: Sight
    clock: Clock
    token: str
    """What the scheme shows to send text messages."""

    def routes(self) -> list[BaseRoute]:
        """All addresses; they are not mounted, so that the gateway can misbehave while the pages stay readable."""
        return [
            Route("/inboxes/", self.front),
            Route("/inboxes/api", self.api),
            Route("/inboxes/sms", self.gateway, methods=["POST"]),
            Route("/inboxes/{person:str}", self.one),
        ]

    async def front(self, _request: Request) -> Response:
        """Everybody's newest messages, and who has some."""
        people = persons(day(self.clock.now()))
        letters = [self._letter(message, people) for message in self.inboxes.all()[:60]]
        counted = [(person, len(self.inboxes.of(person.phone_number, person.email))) for person in people]
        return self.sight.page("inboxes/front.html", letters=letters, people=counted, chosen=None)

    async def one(self, request: Request) -> Response:
        """One person's messages."""
        people = persons(day(self.clock.now()))
        chosen = next((person for person in people if person.id == request.path_params["person"]), None)
        if chosen is None:
            return Response("There is nobody of that name.", 404, media_type="text/plain")
        found = self.inboxes.of(chosen.phone_number, chosen.bank_phone_number, chosen.email)
        letters = [Letter(message, chosen) for message in found]
        counted = [(person, len(self.inboxes.of(person.phone_number, person.email))) for person in people]
        return self.sight.page("inboxes/front.html", letters=letters, people=counted, chosen=chosen)

    async def api(self, request: Request) -> Response:
        """`?to=` an address or number (several may be given); without it all messages. Newest first."""
        wanted = request.query_params.getlist("to")
        # A browser, and many a program, writes the plus of a number as a space.
        wanted += [f"+{to.strip()}" for to in wanted if to.strip()[:1].isdigit()]
        found = self.inboxes.of(*wanted) if wanted else self.inboxes.all()[:200]
        return JSONResponse({"messages": [msgspec.to_builtins(message) for message in found]}, headers=_NO_STORE)

    async def gateway(self, request: Request) -> Response:
        """Take a text message: `{"to", "text"}` with a bearer token."""
        mood = self.moods.of(PARTY)
        await self.moods.wait(mood)
        if mood.how is How.ERROR:
            return _answer(500, error="the gateway is broken, as asked on the world page")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.encode(), self.token.encode()):
            return _answer(401, error="a bearer token is needed")
        try:
            sms = msgspec.json.decode(await read_body(request), type=_Sms)
        except (msgspec.DecodeError, MalformedForm):
            return _answer(400, error='the body must be {"to": "+32…", "text": "…"}')
        number = address_key(sms.to)
        if not (number.startswith("+") and number[1:].isdigit()) or not 1 <= len(sms.text) <= LONGEST:
            return _answer(422, error="not a number, or no text")
        if mood.how is How.REFUSE:
            return _answer(422, error="the number takes no messages, as asked on the world page")
        self.inboxes.deliver("sms", sms.to, "", sms.text)
        return _answer(202, accepted=True)

    @staticmethod
    def _letter(message: Message, people: tuple[Person, ...] | list[Person]) -> Letter:
        key = address_key(message.to)
        mine = (
            person
            for person in people
            if key in {address_key(person.phone_number), address_key(person.bank_phone_number), person.email.lower()}
        )
        return Letter(message, next(mine, None))


def _answer(status: int, **members: Any) -> Response:  # noqa: ANN401 - JSON
    return JSONResponse(members, status, headers=_NO_STORE)
