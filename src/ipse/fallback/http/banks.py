"""The page that lists banks, and a browser's way to one and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response

from ipse.actions.errors import EvidenceExpired
from ipse.actions.model import Action, Method
from ipse.fallback.errors import BankRefused, FallbackRefused, TooManyTries
from ipse.fallback.http.pages import address_of, browser_of, handle_of, language_for, to_consent
from ipse.fallback.service.banks import BankProofs
from ipse.fallback.service.visits import PATH
from ipse.kernel.errors import PlatformError
from ipse.web import cookies
from ipse.web.forms import read_own_form
from ipse.web.pages import Pages

log = structlog.get_logger("ipse.fallback")
_PARAMETERS: Final = ("state", "code", "iss", "error")
_LONGEST: Final = 2048


@dataclass(frozen=True)
class BankProofPages:
    """Endpoints."""

    proofs: BankProofs
    pages: Pages
    scheme: str

    async def page(self, request: Request) -> Response:
        """`GET …/other/bank`: the banks."""
        action = await self.proofs.visits.chosen(handle_of(request), browser_of(request), Method.BANK)
        return await self._list(request, action)

    async def leave(self, request: Request) -> Response:
        """`POST …/other/bank`: to the chosen bank."""
        browser = browser_of(request)
        action = await self.proofs.visits.allowed(handle_of(request), browser, Method.BANK)
        form = await read_own_form(request)
        language = language_for(request, action)
        text = self.pages.text(language, "fallback.bank.text", partner=action.request.partner_name, scheme=self.scheme)
        try:
            await self.proofs.visits.admit(address_of(request))
            url = await self.proofs.leave(action, browser, form.get("bank", "")[:64], language=language, text=text)
        except (BankRefused, TooManyTries) as error:
            return await self._list(request, action, refused=error)
        title = self.pages.text(language, "fallback.onward.bank")
        return self.pages.render("fallback/onward.html", language, title=title, to=url)

    async def back(self, request: Request) -> Response:
        """`GET /v2/sign-in/other/bank`: the bank's return, in the browser that left."""
        query = request.query_params
        given = {name: query[name] for name in _PARAMETERS if name in query and len(query[name]) <= _LONGEST}
        browser = browser_of(request)
        try:
            action, proven = await self.proofs.come_back(given, browser)
        except BankRefused as error:
            log.info("bank_refused", detail=str(error))
            if error.action is None:
                raise
            return await self._list(request, error.action, refused=error)
        try:
            await self.proofs.visits.prove(action, browser, proven, address=address_of(request))
        except (FallbackRefused, EvidenceExpired) as error:
            return await self._list(request, action, refused=error)
        return to_consent(request, action)

    async def _list(self, request: Request, action: Action, *, refused: PlatformError | None = None) -> Response:
        return self.pages.render(
            "fallback/bank.html",
            language_for(request, action),
            status=200 if refused is None else refused.status,
            here=f"{PATH}/{action.handle}",
            partner=action.request.partner_name,
            banks=await self.proofs.banks(),
            refused="" if refused is None else refused.code,
            form_token=cookies.form_token(request, self.proofs.visits.actions.ids),
        )
