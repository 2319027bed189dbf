"""The card slot for programs: what the page does by hand, what a reader's program and Web eID's native program do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ipse.kernel.ids import b64u_decode
from ipse.sandbox.eid.responder import Mood, Responder
from ipse.sandbox.eid.slot import NoCardError, Slot
from ipse.sandbox.eid.web_eid import BadRequestError, WebEid
from ipse.sandbox.places import Places
from ipse.standards.eid_apdu import CardTalkError, PinBlockedError, WrongPinError, as_json
from ipse.standards.eid_card import CHALLENGE_BYTES
from ipse.web.errors import MalformedForm
from ipse.web.forms import read_body

_NO_STORE: Final = {"Cache-Control": "no-store"}
_SLOWEST: Final = 120.0
_EXTENSIONS: Final = ("chrome-extension://", "moz-extension://")

Wanted = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SlotApi:
    """`/eid/api/…`, for programs, the browser extension, and the scheme's page (by CORS)."""

    slot: Slot
    responder: Responder
    places: Places

    def routes(self) -> list[BaseRoute]:
        """Relative to `/eid/api`."""
        return [
            Route("/slot", self.see),
            Route("/slot", self._told(self._insert), methods=["POST"]),
            Route("/slot", self._told(self._remove), methods=["DELETE"]),
            Route("/renew", self._told(self._renew), methods=["POST"]),
            Route("/revoke", self._told(self._revoke), methods=["POST"]),
            Route("/responder", self._told(self._responder), methods=["POST"]),
            Route("/authenticate", self._told(self._authenticate), methods=["POST"]),
            Route("/certificate", self._told(self._certificate), methods=["POST"]),
            Route("/sign", self._told(self._sign), methods=["POST"]),
            Route("/card", self.files),
        ]

    def middleware(self) -> list[Middleware]:
        """What lets the scheme's page, and nobody else's, read the answers."""
        allowed = [self.places.scheme, self.places.world]
        methods, headers = ["GET", "POST", "DELETE"], ["Content-Type"]
        return [Middleware(CORSMiddleware, allow_origins=allowed, allow_methods=methods, allow_headers=headers)]

    async def see(self, _: Request) -> Response:
        """Which card is in, how its PIN stands, and how the responder behaves."""
        return JSONResponse(self.state(), headers=_NO_STORE)

    def state(self) -> dict[str, Any]:
        """The slot as programs see it."""
        holder = next((one for one in self.slot.holders() if one.id == self.slot.inserted), None)
        card = None
        if holder is not None and holder.card is not None:
            tries = self.slot.tries_left(holder.id)
            card = {
                "person": holder.id,
                "name": holder.name,
                "applet": holder.card.applet,
                "tries_left": tries,
                "blocked": tries == 0,
                "revoked": holder.id in self.responder.revoked,
            }
        return {"card": card, "responder": self.responder.mood.value}

    async def files(self, request: Request) -> Response:
        """`GET /card?challenge=…`, as the reader's program answers it (`standards.eid_card`); `person` is ours."""
        query = request.query_params
        if (refused := self._refusal(request)) is not None:
            return refused
        try:
            challenge = _challenge(query.get("challenge"))
            return JSONResponse(await asyncio.to_thread(self._files, query.get("person"), challenge), headers=_NO_STORE)
        except BadRequestError as error:
            return _problem("bad_request", 400, detail=str(error))
        except NoCardError:
            return _problem("no_card", 409)
        except CardTalkError:
            return _problem("reader_failed", 503)

    def _files(self, person: str | None, challenge: bytes | None) -> dict[str, str]:
        with self.slot.card(person) as card:
            return dict(as_json(card.files(challenge)))

    def _told(self, act: Callable[[Wanted], dict[str, Any]]) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint that reads a JSON object, does `act` in a thread, and tells what went wrong."""

        async def endpoint(request: Request) -> Response:
            if (refused := self._refusal(request)) is not None:
                return refused
            try:
                wanted = await _json(request)
                self._check_origin(request, wanted)
                return JSONResponse(await asyncio.to_thread(act, wanted), headers=_NO_STORE)
            except (NoCardError, CardTalkError, MalformedForm, ValueError, msgspec.DecodeError) as error:
                return _told_wrong(error)

        return endpoint

    def _refusal(self, request: Request) -> Response | None:
        """Pages of others have no business here, though all of it is play."""
        origin = request.headers.get("origin", "")
        if origin and origin not in (self.places.scheme, self.places.world) and not origin.startswith(_EXTENSIONS):
            return _problem("forbidden", 403, detail="only from this sandbox's own pages, its extension, or a program")
        return None

    def _check_origin(self, request: Request, wanted: Wanted) -> None:
        """A page signs in at itself: what a real extension takes from the browser is taken from the header here."""
        origin = request.headers.get("origin", "")
        if "origin" in wanted and origin.startswith("http") and wanted["origin"] != origin:
            raise BadRequestError("origin is not the page's")

    def _insert(self, wanted: Wanted) -> dict[str, Any]:
        person = wanted.get("person")
        if person is None:
            self.slot.remove()
        else:
            self.slot.insert(str(person))
        return self.state()

    def _remove(self, _: Wanted) -> dict[str, Any]:
        self.slot.remove()
        return self.state()

    def _renew(self, wanted: Wanted) -> dict[str, Any]:
        person = str(wanted.get("person"))
        self.slot.renew(person)
        self.responder.revoked.discard(person)
        return self.state()

    def _revoke(self, wanted: Wanted) -> dict[str, Any]:
        person = str(wanted.get("person"))
        with self.slot.card(person):
            self.responder.revoked.add(person)
        return self.state()

    def _responder(self, wanted: Wanted) -> dict[str, Any]:
        seconds = float(wanted.get("seconds", 5.0))
        if not 0 <= seconds <= _SLOWEST:
            raise BadRequestError(f"seconds must be between 0 and {_SLOWEST:.0f}")
        try:
            self.responder.mood = Mood(str(wanted.get("mood")))
        except ValueError as error:
            raise BadRequestError(f"mood must be one of {', '.join(Mood)}") from error
        self.responder.seconds = seconds
        return self.state()

    def _authenticate(self, wanted: Wanted) -> dict[str, Any]:
        origin, nonce, pin = _text(wanted, "origin"), _text(wanted, "challengeNonce"), _text(wanted, "pin")
        with self.slot.card(wanted.get("person")) as card:
            newest = wanted.get("format") == "web-eid:1.1"
            return WebEid(card).authenticate(origin=origin, nonce=nonce, pin=pin, newest=newest)

    def _certificate(self, wanted: Wanted) -> dict[str, Any]:
        with self.slot.card(wanted.get("person")) as card:
            return WebEid(card).signing_certificate()

    def _sign(self, wanted: Wanted) -> dict[str, Any]:
        digest, function, pin = _text(wanted, "hash"), _text(wanted, "hashFunction"), _text(wanted, "pin")
        with self.slot.card(wanted.get("person")) as card:
            return WebEid(card).sign(digest=digest, function=function, pin=pin)


def _text(wanted: Wanted, name: str) -> str:
    value = wanted.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequestError(f"{name} is missing")
    if name == "pin" and not (value.isascii() and value.isdigit() and 4 <= len(value) <= 12):
        raise BadRequestError("a PIN has 4 to 12 digits")
    return value


def _challenge(text: str | None) -> bytes | None:
    try:
        challenge = b64u_decode(text) if text is not None else None
    except ValueError:
        challenge = b""
    if challenge is not None and len(challenge) != CHALLENGE_BYTES:
        raise BadRequestError("the challenge is 48 bytes as base64url")
    return challenge


def _told_wrong(error: Exception) -> Response:
    if isinstance(error, NoCardError):
        return _problem("no_card", 409, detail=str(error))
    if isinstance(error, WrongPinError):
        return _problem("wrong_pin", 403, tries_left=error.tries_left)
    if isinstance(error, PinBlockedError):
        return _problem("blocked", 403, tries_left=0)
    if isinstance(error, CardTalkError):
        return _problem("card_refused", 502, detail=str(error))
    return _problem("bad_request", 400, detail=str(error))


def _problem(code: str, status: int, **more: object) -> Response:
    return JSONResponse({"error": code, **more}, status_code=status, headers=_NO_STORE)


async def _json(request: Request) -> dict[str, Any]:
    body = await read_body(request)
    if not body:
        return {}
    if not request.headers.get("content-type", "").startswith("application/json"):
        # Other types need no preflight, so that any page could send them.
        raise BadRequestError("the body must be application/json")
    return msgspec.json.decode(body, type=dict[str, Any])
