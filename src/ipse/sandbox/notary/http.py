"""The notary's pages. They work without JavaScript."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, Router

from ipse.kernel.ids import Ids
from ipse.sandbox.forms import fields
from ipse.sandbox.moods import How, Moods
from ipse.sandbox.notary import deeds
from ipse.sandbox.notary.client import NotaryClient
from ipse.sandbox.notary.model import CALLBACK, NOTARY, Case, Signed
from ipse.sandbox.notary.visits import VISIT_SECONDS, NotaryVisits, Shelf, Sitting
from ipse.sandbox.partner.errors import LoginFailedError
from ipse.sandbox.sight import Sight
from ipse.sandbox.visitors import VisitorCookie
from ipse.web import languages
from ipse.web.errors import MalformedForm
from ipse.web.forms import read_form

_NO_STORE: Final = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class NotaryPages:
    """The notary over HTTP."""

    client: NotaryClient
    visits: NotaryVisits
    sight: Sight
    moods: Moods
    ids: Ids
    secure: bool

    def router(self) -> Router:
        """The routes, relative to the notary's path."""
        return Router(
            [
                Route("/", self.front),
                Route("/sign", self.sign, methods=["POST"]),
                Route(CALLBACK, self.callback),
                Route("/signed", self.signed),
                Route("/signed/{number:int}.pdf", self.deed),
            ]
        )

    @property
    def path(self) -> str:
        """Where the office stands in the world."""
        return f"/{NOTARY.id}"

    async def front(self, _: Request) -> Response:
        """Choose a case."""
        return self._page("front.html")

    async def sign(self, request: Request) -> Response:
        """Begin the first round."""
        try:
            form = await read_form(request)
        except MalformedForm:
            form = {}
        case = NOTARY.case(form.get("case", ""))
        if case is None:
            return RedirectResponse(f"{self.path}/", 303, headers=_NO_STORE)
        if self.moods.of(NOTARY.id).how is How.REFUSE:
            return self._failed(LoginFailedError("turned_away", "the notary refuses everybody, as the world page says"))
        visitor = self._cookie.read(request) or self.ids.secret()
        sitting = Sitting(case=case.id, state=self.ids.secret())
        self.visits.sit(visitor, sitting)
        response = self._to(self.client.first_round(visitor, sitting.state, self._language(request)))
        self._cookie.set(response, visitor)
        return response

    async def callback(self, request: Request) -> Response:
        """Either round ends here."""
        visitor = self._cookie.read(request)
        try:
            answer = fields(request.url.query)
            sitting, case = self._mine(visitor, answer)
            token = await self.client.redeem(answer["code"])
            if not sitting.token:
                return await self._second_round(request, visitor, case, token)
            await self._finish(visitor, sitting, token)
        except MalformedForm as error:
            return self._failed(LoginFailedError("suspicious", str(error)))
        except LoginFailedError as error:
            return self._failed(error)
        return self._to(f"{self.path}/signed")

    async def signed(self, request: Request) -> Response:
        """The signed deeds."""
        shelf = self.visits.shelf(self._cookie.read(request))
        if shelf is None:
            return self._to(f"{self.path}/")
        return self._page("signed.html", shelf=shelf, case=NOTARY.case(shelf.case))

    async def deed(self, request: Request) -> Response:
        """One of them as a file."""
        shelf = self.visits.shelf(self._cookie.read(request))
        number = int(request.path_params["number"])
        if shelf is None or not 1 <= number <= len(shelf.deeds):
            return Response(status_code=404)
        name = f"{shelf.case}-{number:02}.pdf"
        headers = _NO_STORE | {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(shelf.deeds[number - 1].content, media_type="application/pdf", headers=headers)

    def _mine(self, visitor: str, answer: dict[str, str]) -> tuple[Sitting, Case]:
        """The case of this browser, when the answer belongs to it and brings a code."""
        sitting = self.visits.rise(visitor)
        case = NOTARY.case(sitting.case) if sitting else None
        if sitting is None or case is None or answer.get("state") != sitting.state:
            raise LoginFailedError("not_here", "this browser waits for no answer with that state")
        if "code" not in answer:
            kind = "refused" if answer.get("error") == "access_denied" else "broken"
            raise LoginFailedError(kind, f"{answer.get('error')}: {answer.get('error_description', '')}")
        return sitting, case

    async def _second_round(self, request: Request, visitor: str, case: Case, token: str) -> Response:
        """Draw the deeds for the client's certificate, and have their digests approved."""
        credential = await self.client.credential(token)
        drawn = tuple([await deeds.prepare(title, credential) for title in case.deeds])
        sitting = Sitting(case=case.id, state=self.ids.secret(), token=token, credential=credential, deeds=drawn)
        self.visits.sit(visitor, sitting)
        address = self.client.second_round(
            visitor,
            sitting.state,
            self._language(request),
            credential=credential.credential_id,
            digests=[deed.digest for deed in drawn],
            description=case.title,
        )
        return self._to(address)

    async def _finish(self, visitor: str, sitting: Sitting, activation: str) -> None:
        credential = sitting.credential
        if credential is None:  # pragma: no cover - the notary wrote it itself
            raise LoginFailedError("broken", "no credential")
        digests = [deed.digest for deed in sitting.deeds]
        values = await self.client.sign(sitting.token, activation, credential.credential_id, digests)
        finished: tuple[Signed, ...] = tuple(
            [await deeds.finish(deed, value, credential) for deed, value in zip(sitting.deeds, values, strict=True)]
        )
        self.visits.shelve(visitor, Shelf(case=sitting.case, subject=credential.subject, deeds=finished))

    def _language(self, request: Request) -> str:
        return languages.choose(None, request.headers.get("accept-language"))

    def _to(self, address: str) -> RedirectResponse:
        return RedirectResponse(address, 303, headers=_NO_STORE)

    def _failed(self, error: LoginFailedError) -> Response:
        return self._page("failed.html", status=error.status, kind=error.kind, detail=error.detail)

    def _page(self, template: str, *, status: int = 200, **context: object) -> Response:
        return self.sight.page(f"notary/{template}", status=status, notary=NOTARY, path=self.path, **context)

    @property
    def _cookie(self) -> VisitorCookie:
        return VisitorCookie(NOTARY.id, self.path, VISIT_SECONDS, self.secure)
