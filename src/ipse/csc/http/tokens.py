"""Token, revocation and pushed requests: where partners' servers prove themselves."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ipse.csc.http.answers import Answers, answer, empty
from ipse.csc.model import Version
from ipse.csc.rules.reading import MOST_BYTES, body
from ipse.csc.service import Csc
from ipse.csc.service.pushed import SECONDS
from ipse.kernel.errors import PlatformError
from ipse.partners.model import Partner
from ipse.web.forms import read_body, read_form


class TokenEndpoints:
    """Endpoints of one version."""

    def __init__(self, csc: Csc, version: Version, answers: Answers) -> None:
        self._csc = csc
        self._version = version
        self._answers = answers

    async def redeem(self, request: Request) -> Response:
        """A code for a token."""
        partner: Partner | None = None
        try:
            form = await self._read(request)
            partner = await self._prove(request, form)
            return answer(await self._csc.tokens.redeem(partner, form, self._version))
        except PlatformError as error:
            return self._refused(request, error, partner)

    async def revoke(self, request: Request) -> Response:
        """A token is not wanted any more: 204, for unknown ones too."""
        partner: Partner | None = None
        try:
            form = await self._read(request)
            partner = await self._prove(request, form)
            await self._csc.tokens.revoke(form, partner.partner_id)
        except PlatformError as error:
            return self._refused(request, error, partner)
        return empty()

    async def push(self, request: Request) -> Response:
        """A request that its browser will only name (RFC 9126 §2)."""
        partner: Partner | None = None
        try:
            form = {name: str(value) for name, value in (await self._read(request)).items()}
            partner = await self._prove(request, form)
            given = {**form, "client_id": partner.partner_id}
            await self._csc.rounds.check(given, partner, self._version)
            uri = await self._csc.pushed.keep(given, partner.partner_id)
        except PlatformError as error:
            return self._refused(request, error, partner)
        return answer({"request_uri": uri, "expires_in": SECONDS}, status=201)

    async def _read(self, request: Request) -> dict[str, Any]:
        """The parameters; in version 1 also as JSON."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if self._version is Version.ONE and kind == "application/json":
            return body(await read_body(request, most=MOST_BYTES))
        return {name: value for name, value in (await read_form(request)).items() if value}

    async def _prove(self, request: Request, form: dict[str, Any]) -> Partner:
        header = request.headers.get("authorization")
        return await self._csc.authentication.prove(form, header, self._version)

    def _refused(self, request: Request, error: PlatformError, partner: Partner | None) -> Response:
        return self._answers.refused(request, error, partner.partner_id if partner else "")
