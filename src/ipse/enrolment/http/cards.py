"""The card's page: it asks the browser's card on our own origin, and takes what the card brings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from ipse.enrolment.errors import (
    CardRefusedError,
    EnrolmentEndedError,
    ForeignReturnError,
    ReturnUsedError,
    UnknownReturnError,
    UnknownStartError,
)
from ipse.enrolment.http.pages import EnrolmentPages
from ipse.enrolment.service.cards import Asking, CardSteps, Showing
from ipse.enrolment.service.rows import Back
from ipse.kernel.ids import Ids
from ipse.standards.strict_json import JsonError, parse_object
from ipse.web import cookies, languages
from ipse.web.errors import MalformedForm
from ipse.web.forms import read_body, read_own_form
from ipse.web.pages import Pages, form_source, language_of

PATH: Final = "/enrolment/card"
_MOST_BYTES: Final = 131_072
_MOST_DEPTH: Final = 6
_NO_STORE: Final = {"Cache-Control": "no-store"}
_TOLD: Final = (EnrolmentEndedError, ForeignReturnError, ReturnUsedError, UnknownReturnError)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPages:
    """Endpoints."""

    steps: CardSteps
    pages: Pages
    app_origin: str
    reader: str
    """Where the person's own computer reads the card's files."""
    enrolment: EnrolmentPages

    async def typed(self, request: Request) -> Response:
        """`GET /enrolment/card`: where the short code of the phone is typed at another computer."""
        return self._code_page(request, wrong=False)

    async def begin(self, request: Request) -> Response:
        """`POST /enrolment/card`: the short code, once; it binds the enrolment to this browser."""
        form = await read_own_form(request)
        try:
            handle = await self.steps.begin_elsewhere(form.get("code", ""), cookies.browser_hash(request, self._ids))
        except UnknownStartError:
            return self._code_page(request, wrong=True)
        response = RedirectResponse(f"{PATH}/{handle}?lang={language_of(request)}", 303)
        cookies.ensure(request, response, self._ids)
        return response

    async def page(self, request: Request) -> Response:
        """`GET /enrolment/card/{handle}`: ask the card, or show the way back to the phone, or go back to the app."""
        handle = request.path_params["handle"]
        try:
            found = await self.steps.page(handle, cookies.known_hash(request))
        except _TOLD as error:
            return self.enrolment.told(request, error)
        if isinstance(found, Back) and found.number is not None:
            return RedirectResponse(f"{self.enrolment.address(found)}?card={handle}", 303)
        if isinstance(found, Back):
            return self.enrolment.back_to_app(found)
        asked = request.query_params.get("lang")
        language = asked if asked in languages.LANGUAGES else found.language
        if isinstance(found, Showing):
            return self._way_back(found, handle, language)
        return self._asking(found, handle, language)

    async def take(self, request: Request) -> Response:
        """`POST /enrolment/card/{handle}`: what the card brought, as JSON; the answer says where the page goes."""
        try:
            content = parse_object(
                await read_body(request, most=_MOST_BYTES), max_bytes=_MOST_BYTES, max_depth=_MOST_DEPTH
            )
        except JsonError as error:
            raise MalformedForm(f"not JSON as it should be: {error}") from error
        nonce, token = content.get("nonce"), content.get("token")
        if not isinstance(nonce, str) or not isinstance(token, str):
            raise MalformedForm("nonce and token are texts")
        handle = request.path_params["handle"]
        try:
            found = await self.steps.take(
                handle, cookies.known_hash(request), nonce=nonce, token=token, files=content.get("files")
            )
        except CardRefusedError as error:
            self.steps.note(error)
            return _json({"refused": error.why}, error.status)
        except _TOLD as error:
            return _json({"refused": "stopped", "to": f"{PATH}/{handle}"}, error.status)
        if isinstance(found, Back) and found.number is not None:
            return _json({"to": f"{self.enrolment.address(found)}?card={handle}"}, 200)
        if isinstance(found, Back) and found.ended is not None:
            return _json({"refused": found.ended, "to": self.enrolment.address(found)}, 410)
        return _json({"to": self.enrolment.address(found) if isinstance(found, Back) else f"{PATH}/{handle}"}, 200)

    async def state(self, request: Request) -> Response:
        """`GET /enrolment/card/{handle}/state`: whether the phone has read the moving code."""
        try:
            found = await self.steps.state(request.path_params["handle"], cookies.known_hash(request))
        except _TOLD:
            return _json({"state": "over"}, 200)
        return _json({"state": found}, 200)

    def _code_page(self, request: Request, *, wrong: bool) -> Response:
        response = self.pages.render(
            "enrolment/card_code.html",
            language_of(request),
            status=422 if wrong else 200,
            wrong=wrong,
            address=PATH,
            form_token=cookies.form_token(request, self._ids),
        )
        cookies.ensure(request, response, self._ids)
        return response

    def _asking(self, asking: Asking, handle: str, language: str) -> Response:
        return self.pages.render(
            "enrolment/card.html",
            language,
            connect=form_source(self.reader) if self.reader else "",
            address=f"{PATH}/{handle}",
            asking=asking,
            reader=self.reader,
            reasons=REASONS,
        )

    def _way_back(self, showing: Showing, handle: str, language: str) -> Response:
        return self.pages.render(
            "enrolment/card_back.html",
            language,
            address=f"{PATH}/{handle}",
            showing=showing,
            app=self.app_origin,
        )

    @property
    def _ids(self) -> Ids:
        return self.steps.rows.ids


REASONS: Final = (
    *("no_extension", "no_native", "no_reader_program", "no_reader", "no_card", "unknown_card", "reader_failed"),
    *("cancelled", "wrong_pin", "blocked_pin", "card_failed", "no_answer"),
    *("try_later", "again", "revoked", "expired", "not_accepted", "no_files", "two_cards", "files_refused", "stopped"),
    *("under_age", "minors_elsewhere", "unacceptable_identity", "registrar_stopped", "registrar_error"),
    *("foreign_return", "another_person", "other"),
)
"""Everything the page may have to say; `other` for what is not here."""


def _json(content: dict[str, Any], status: int) -> Response:
    return JSONResponse(content, status, headers=_NO_STORE)
