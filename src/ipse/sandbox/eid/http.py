"""The card slot's page, and what certificates point at: responder, revocation lists, authorities."""

from __future__ import annotations

import asyncio
import io
import zipfile
from base64 import b64decode
from dataclasses import dataclass
from importlib.resources import files
from typing import Final
from urllib.parse import unquote

from cryptography.hazmat.primitives.serialization import Encoding
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route, Router

from ipse.sandbox.eid.api import SlotApi
from ipse.sandbox.eid.authorities import ISSUING, ROOTS
from ipse.sandbox.eid.responder import RESPONSE_TYPE, Mood, Responder
from ipse.sandbox.eid.slot import PIN, NoCardError, Slot
from ipse.sandbox.places import Places
from ipse.sandbox.sight import Sight
from ipse.web.errors import MalformedForm
from ipse.web.forms import read_body, read_form

PATH: Final = "/eid"
_NO_STORE: Final = {"Cache-Control": "no-store"}
_MOST_REQUEST: Final = 4096
_LONGEST_IN_ADDRESS: Final = 1024
_EXTENSION_FILES: Final = (
    "manifest.json",
    "background.js",
    "content.js",
    "answering.js",
    "pin.html",
    "pin.js",
    "pin.css",
)


@dataclass(frozen=True, slots=True)
class EidPages:
    """`/eid/…`."""

    slot: Slot
    responder: Responder
    sight: Sight
    places: Places

    def router(self) -> Router:
        """The routes, relative to `PATH`."""
        api = SlotApi(self.slot, self.responder, self.places)
        return Router(
            [
                Route("/", self.front),
                Route("/insert", self.insert, methods=["POST"]),
                Route("/remove", self.remove, methods=["POST"]),
                Route("/renew", self.renew, methods=["POST"]),
                Route("/revoke", self.revoke, methods=["POST"]),
                Route("/responder", self.behave, methods=["POST"]),
                Route("/ocsp", self.ocsp, methods=["POST"]),
                Route("/ocsp/{request:path}", self.ocsp_by_address),
                Route("/crl/{name:str}.crl", self.revocations),
                Route("/certificates/{name:str}.crt", self.certificate),
                Route("/extension.zip", self.extension),
                Mount("/api", routes=api.routes(), middleware=api.middleware()),
            ]
        )

    async def front(self, _: Request) -> Response:
        """The reader, the cards beside it, and the responder's mood."""
        people = self.slot.holders()
        return self.sight.page(
            "eid/front.html",
            people=people,
            inserted=next((one for one in people if one.id == self.slot.inserted), None),
            tries={one.id: self.slot.tries_left(one.id) for one in people},
            revoked=self.responder.revoked,
            mood=self.responder.mood,
            moods=list(Mood),
            pin=PIN,
            places=self.places,
        )

    async def insert(self, request: Request) -> Response:
        """Put in the card of `person`."""
        return await self._acted(request, "insert")

    async def remove(self, request: Request) -> Response:
        """Take the card out."""
        return await self._acted(request, "remove")

    async def renew(self, request: Request) -> Response:
        """All tries again for the card of `person`, and no longer reported lost."""
        return await self._acted(request, "renew")

    async def revoke(self, request: Request) -> Response:
        """Report the card of `person` lost."""
        return await self._acted(request, "revoke")

    async def behave(self, request: Request) -> Response:
        """The responder's `mood`."""
        return await self._acted(request, "behave")

    async def _acted(self, request: Request, what: str) -> Response:
        if request.headers.get("origin", self.places.world) != self.places.world:
            return Response("Only from this page.\n", 403, media_type="text/plain")
        try:
            form = await read_form(request)
            await asyncio.to_thread(self._act, what, form.get("person", ""), form.get("mood", ""))
        except (MalformedForm, NoCardError, ValueError) as error:
            return Response(f"{error}\n", 400, media_type="text/plain")
        return RedirectResponse(f"{PATH}/{'#responder' if what == 'behave' else ''}", 303, headers=_NO_STORE)

    def _act(self, what: str, person: str, mood: str) -> None:
        if what == "insert":
            self.slot.insert(person)
        elif what == "remove":
            self.slot.remove()
        elif what == "renew":
            self.slot.renew(person)
            self.responder.revoked.discard(person)
        elif what == "revoke":
            with self.slot.card(person):
                self.responder.revoked.add(person)
        else:
            self.responder.mood = Mood(mood)

    async def ocsp(self, request: Request) -> Response:
        """An OCSP question in the body (RFC 6960 appendix A.1)."""
        try:
            asked = await read_body(request, most=_MOST_REQUEST)
        except MalformedForm:
            return Response(status_code=413)
        return await self._answered(asked)

    async def ocsp_by_address(self, request: Request) -> Response:
        """An OCSP question as base64 in the address."""
        text = unquote(request.path_params["request"])
        try:
            asked = b64decode(text, validate=True) if len(text) <= _LONGEST_IN_ADDRESS else b""
        except ValueError:
            asked = b""
        return await self._answered(asked)

    async def _answered(self, asked: bytes) -> Response:
        if self.responder.mood is Mood.DOWN:
            return Response("Out of order, as asked on the card page.\n", 503, media_type="text/plain")
        if self.responder.mood is Mood.SLOW:
            await asyncio.sleep(self.responder.seconds)
        answer = await asyncio.to_thread(self.responder.answer, asked)
        return Response(answer, media_type=RESPONSE_TYPE, headers=_NO_STORE)

    async def revocations(self, request: Request) -> Response:
        """A revocation list."""
        try:
            content = await asyncio.to_thread(self.responder.revocation_list, request.path_params["name"])
        except LookupError:
            return Response(status_code=404)
        return Response(content, media_type="application/pkix-crl", headers=_NO_STORE)

    async def certificate(self, request: Request) -> Response:
        """An authority's certificate, DER."""
        name = request.path_params["name"]
        if name not in (*ROOTS, *ISSUING):
            return Response(status_code=404)
        content = self.slot.authorities.pairs[name].certificate.public_bytes(Encoding.DER)
        return Response(content, media_type="application/pkix-cert", headers=_NO_STORE)

    async def extension(self, _: Request) -> Response:
        """The browser extension, to unpack and load."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in _EXTENSION_FILES:
                content = files("ipse.sandbox.eid").joinpath("extension", name).read_bytes()
                archive.writestr(f"ipse-sandbox-card/{name}", content)
        headers = {"Content-Disposition": 'attachment; filename="ipse-sandbox-card.zip"', **_NO_STORE}
        return Response(packed.getvalue(), media_type="application/zip", headers=headers)
