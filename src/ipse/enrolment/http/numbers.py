"""The pages of the number step: to the operator and back, or the digits of a text message."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ipse.enrolment.errors import EnrolmentEndedError, ForeignReturnError, ReturnUsedError, UnknownReturnError
from ipse.enrolment.http.pages import EnrolmentPages
from ipse.enrolment.service.numbers import NumberPage, NumberSteps
from ipse.enrolment.service.rows import Back
from ipse.sim.errors import UnknownProofError
from ipse.sim.model import StepKind
from ipse.sim.service.possession import Message
from ipse.standards.camara import CODE_LABEL
from ipse.web import cookies
from ipse.web.forms import read_own_form
from ipse.web.pages import Pages, language_of

PATH: Final = "/enrolment/number"
_TOLD: Final = (EnrolmentEndedError, ForeignReturnError, ReturnUsedError, UnknownReturnError, UnknownProofError)
_PARAMETERS: Final = ("state", "code", "iss", "error")
_LONGEST: Final = 2048
_DIGITS: Final = re.compile(r"[A-Za-z0-9]{3,10}")
_FILLERS: Final = re.compile(r"[\s\-.]")


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberPages:
    """Endpoints."""

    steps: NumberSteps
    pages: Pages
    enrolment: EnrolmentPages

    async def look(self, request: Request) -> Response:
        """`GET /enrolment/number/{handle}`: the next step."""
        handle, browser = request.path_params["handle"], cookies.known_hash(request)
        try:
            return self._answer(request, await self.steps.look(handle, browser, message=self._message(request)))
        except _TOLD as error:
            return self.enrolment.told(request, error)

    async def back(self, request: Request) -> Response:
        """`GET /enrolment/number/return`: what the operator recognised, in the browser that began or not at all."""
        query = request.query_params
        given = {name: query.getlist(name) for name in _PARAMETERS}
        if any(len(values) > 1 or any(len(value) > _LONGEST for value in values) for values in given.values()):
            return self.enrolment.told(request, UnknownReturnError("a parameter appears twice or is too long"))
        parameters = {name: values[0] for name, values in given.items() if values}
        browser = cookies.known_hash(request)
        try:
            return self._answer(request, await self.steps.returned(parameters, browser, message=self._message(request)))
        except _TOLD as error:
            return self.enrolment.told(request, error)

    async def take(self, request: Request) -> Response:
        """`POST /enrolment/number/{handle}`: the digits, another code, or going on without."""
        form = await read_own_form(request)
        handle, browser = request.path_params["handle"], cookies.known_hash(request)
        wanted = form.get("do", "code")
        try:
            if wanted == "resend":
                found = await self.steps.another_code(handle, browser, message=self._message(request))
            elif wanted == "without":
                found = await self.steps.without(handle, browser)
            else:
                found = await self._typed(handle, browser, form.get("code", ""), request)
            return self._answer(request, found)
        except _TOLD as error:
            return self.enrolment.told(request, error)

    async def _typed(self, handle: str, browser: bytes | None, text: str, request: Request) -> NumberPage | Back:
        digits = _FILLERS.sub("", text)
        if not _DIGITS.fullmatch(digits):
            return await self.steps.look(handle, browser, message=self._message(request))
        return await self.steps.typed(handle, browser, digits)

    def _message(self, request: Request) -> Message:
        """The text message, in the language of the page."""
        scheme = self.enrolment.enrolments.rows.settings.name
        language = language_of(request)
        return lambda: self.pages.text(language, "enrolment.number.sms", scheme=scheme, digits=CODE_LABEL)

    def _answer(self, request: Request, found: NumberPage | Back) -> Response:
        card = request.query_params.get("card", "")
        if isinstance(found, Back):
            if found.value is not None and card:
                return RedirectResponse(f"/enrolment/card/{card}", 303)
            return self.enrolment.back_to_app(found)
        if found.step.kind is StepKind.GO:
            return RedirectResponse(found.step.address, 303)
        return self.pages.render(
            "enrolment/number.html",
            found.language,
            status=503 if found.step.kind is StepKind.DOWN else 200,
            form_action=self.enrolment.app_origin,
            form_token=cookies.form_token(request, self.enrolment.enrolments.rows.ids),
            address=f"{PATH}/{found.enrolment_id}" + (f"?card={card}" if card else ""),
            page=found,
            step=found.step,
        )
