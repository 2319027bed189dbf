"""The browser's part of an enrolment, the keys that banks verify us with, and the documents people accept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from ipse.enrolment.errors import (
    EnrolmentEndedError,
    ForeignReturnError,
    ReturnUsedError,
    UnknownReturnError,
    UnknownStartError,
)
from ipse.enrolment.model import PublishedDocument
from ipse.enrolment.service import Enrolments, document
from ipse.enrolment.service.enrolments import Back
from ipse.kernel.errors import PlatformError
from ipse.standards.jose import public_jwk
from ipse.web import cookies, languages
from ipse.web.errors import NotFound
from ipse.web.pages import Pages, language_of
from ipse.web.routes import Caller, Route

_PARAMETERS = ("state", "code", "iss", "error")
_LONGEST = 2048
_TOLD = (
    EnrolmentEndedError,
    ForeignReturnError,
    ReturnUsedError,
    UnknownReturnError,
    UnknownStartError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentPages:
    """Endpoints."""

    enrolments: Enrolments
    pages: Pages
    app_origin: str

    async def start(self, request: Request) -> Response:
        """`GET /enrolment/start?ticket=…`: bind the enrolment to this browser and send it to the registrar."""
        ids = self.enrolments.ids
        try:
            there = await self.enrolments.start(
                request.query_params.get("ticket", ""), cookies.browser_hash(request, ids), self._activation_text
            )
        except _TOLD as error:
            return self._told(request, error)
        response = self._back(there) if isinstance(there, Back) else RedirectResponse(there, 303)
        cookies.ensure(request, response, ids)
        return response

    async def back(self, request: Request) -> Response:
        """`GET /enrolment/return`: the registrar's answer, in the browser that began or not at all."""
        query = request.query_params
        given = {name: query.getlist(name) for name in _PARAMETERS}
        parameters = {
            name: values[0] for name, values in given.items() if len(values) == 1 and len(values[0]) <= _LONGEST
        }
        if any(len(values) > 1 for values in given.values()):
            return self._told(request, UnknownReturnError("a parameter appears twice"))
        try:
            return self._back(await self.enrolments.take_return(parameters, cookies.known_hash(request)))
        except _TOLD as error:
            return self._told(request, error)

    async def jwks(self, _: Request) -> Response:
        """`GET /enrolment/jwks`: the keys that our client assertions are signed with."""
        held = self.enrolments.keystore.held_keys("registrar")
        keys = [public_jwk(jwk) for jwk in held.published]
        return JSONResponse({"keys": keys}, headers={"Cache-Control": f"max-age={min(300, held.kept)}"})

    async def published(self, request: Request) -> Response:
        """`GET /enrolment/documents/{kind}?language=…`: a page, or with `format=text` the exact text that is hashed."""
        language = languages.choose(request.query_params.get("language"), language_of(request))
        found = document(request.path_params["kind"], language)
        if found is None:
            raise NotFound
        if request.query_params.get("format") == "text":
            headers = {
                "Access-Control-Allow-Origin": self.app_origin,
                "Cross-Origin-Resource-Policy": "cross-origin",
                "Content-Language": language,
                "Cache-Control": "max-age=300",
            }
            return PlainTextResponse(found.text, headers=headers)
        title, *blocks = _blocks(found)
        return self.pages.render(
            "enrolment/document.html",
            language,
            title=title[1],
            blocks=blocks,
            document=found,
            address=request.url.path,
        )

    def _activation_text(self, language: str, digits: str) -> str:
        return self.pages.text(language, "enrolment.activation", scheme=self.enrolments.settings.name, digits=digits)

    def _back(self, back: Back) -> Response:
        """To the app; the value travels in the fragment, which no server and no referrer sees."""
        if back.value is not None:
            return RedirectResponse(f"{self.app_origin}/#return={back.value}", 303)
        if back.ended is not None:
            return RedirectResponse(f"{self.app_origin}/#ended={back.ended}", 303)
        return self.pages.render("enrolment/wait.html", back.language)

    def _told(self, request: Request, error: PlatformError) -> Response:
        return self.pages.render(
            "enrolment/stopped.html", language_of(request), status=error.status, code=error.code, app=self.app_origin
        )


def _blocks(found: PublishedDocument) -> list[tuple[str, Any]]:
    """The text as title, headings, paragraphs and lists, in order."""
    blocks: list[tuple[str, Any]] = []
    for line in found.text.splitlines():
        if line.startswith("# "):
            blocks.append(("title", line[2:]))
        elif line.startswith("## "):
            blocks.append(("heading", line[3:]))
        elif line.startswith("- "):
            if not blocks or blocks[-1][0] != "list":
                blocks.append(("list", []))
            blocks[-1][1].append(line[2:])
        elif line.strip():
            blocks.append(("text", line))
    return blocks


def routes(enrolments: Enrolments, pages: Pages) -> list[Route]:
    """Return the routes of the browser's part."""
    here = EnrolmentPages(enrolments=enrolments, pages=pages, app_origin=enrolments.settings.app_origin)
    return [
        Route("/enrolment/start", here.start, caller=Caller.BROWSER, limit="enrolment"),
        Route("/enrolment/return", here.back, caller=Caller.REGISTRAR, limit="enrolment"),
        Route("/enrolment/jwks", here.jwks, caller=Caller.REGISTRAR, limit="partner"),
        Route("/enrolment/documents/{kind}", here.published, caller=Caller.BROWSER, limit="page"),
    ]
