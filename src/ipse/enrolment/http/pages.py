"""The browser's part of an enrolment, and the keys that banks verify us with."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from ipse.enrolment.errors import (
    EnrolmentEndedError,
    ForeignReturnError,
    ReturnUsedError,
    UnknownReturnError,
    UnknownStartError,
)
from ipse.enrolment.service import Back, Enrolments
from ipse.enrolment.service.bank_logins import STATE_PREFIX
from ipse.kernel.errors import PlatformError
from ipse.standards.jose import public_jwk
from ipse.web import cookies
from ipse.web.pages import Pages, language_of

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
        ids = self.enrolments.rows.ids
        try:
            there = await self.enrolments.beginnings.start(
                request.query_params.get("ticket", ""), cookies.browser_hash(request, ids), self._activation_text
            )
        except _TOLD as error:
            return self.told(request, error)
        response = self.back_to_app(there) if isinstance(there, Back) else RedirectResponse(there, 303)
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
            return self.told(request, UnknownReturnError("a parameter appears twice"))
        if parameters.get("state", "").startswith(STATE_PREFIX):
            # Not an activation but a log-in that somebody else began: banks know one return address of ours.
            return RedirectResponse(f"/v2/sign-in/other/bank?{urlencode(parameters)}", 303)
        try:
            return self.back_to_app(await self.enrolments.returns.take_return(parameters, cookies.known_hash(request)))
        except _TOLD as error:
            return self.told(request, error)

    async def jwks(self, _: Request) -> Response:
        """`GET /enrolment/jwks`: the keys that our client assertions are signed with."""
        held = self.enrolments.rows.keystore.held_keys("registrar")
        keys = [public_jwk(jwk) for jwk in held.published]
        return JSONResponse({"keys": keys}, headers={"Cache-Control": f"max-age={min(300, held.kept)}"})

    def _activation_text(self, language: str, digits: str) -> str:
        return self.pages.text(
            language, "enrolment.activation", scheme=self.enrolments.rows.settings.name, digits=digits
        )

    def back_to_app(self, back: Back) -> Response:
        """To the app, or the page that waits for the registrar's answer."""
        there = self.address(back)
        return RedirectResponse(there, 303) if there else self.pages.render("enrolment/wait.html", back.language)

    def address(self, back: Back) -> str | None:
        """Where a step leads: the number step, or the app with the value in the fragment, which no server sees."""
        if back.number is not None:
            return f"/enrolment/number/{back.number}"
        if back.value is not None:
            return f"{self.app_origin}/#return={back.value}"
        return None if back.ended is None else f"{self.app_origin}/#ended={back.ended}"

    def told(self, request: Request, error: PlatformError) -> Response:
        """A page that says why nothing goes on here."""
        return self.pages.render(
            "enrolment/stopped.html", language_of(request), status=error.status, code=error.code, app=self.app_origin
        )
