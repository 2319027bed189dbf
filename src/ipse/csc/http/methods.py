"""The methods that an access token opens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from ipse.csc.http.answers import Answers, answer, empty
from ipse.csc.model import Bearer, Version
from ipse.csc.rules.reading import MOST_BYTES, body
from ipse.csc.service import Csc
from ipse.kernel.errors import PlatformError
from ipse.web.forms import read_body

_ROOM: Final = 2
"""How many of the largest files one call may bring, and a third more for base64."""


class Methods:
    """Methods of one version."""

    def __init__(self, csc: Csc, version: Version, answers: Answers) -> None:
        self._csc = csc
        self._version = version
        self._answers = answers
        signing = csc.ground.settings.signing
        self._most = signing.papers.most_bytes * _ROOM if signing is not None else MOST_BYTES

    async def listed(self, request: Request) -> Response:
        """`credentials/list`."""
        return await self._answered(request, self._csc.credentials.listed)

    async def info(self, request: Request) -> Response:
        """`credentials/info`."""
        return await self._answered(request, self._csc.credentials.info)

    async def sign_hash(self, request: Request) -> Response:
        """`signatures/signHash`."""
        return await self._answered(request, self._csc.signatures.sign_hash)

    async def polled(self, request: Request) -> Response:
        """`signatures/signPolling`."""
        return await self._answered(request, self._csc.responses.polled)

    async def prepare_doc(self, request: Request) -> Response:
        """`signatures/prepareDoc`, a method of our own."""
        return await self._answered(request, self._csc.documents.prepare, most=self._most)

    async def sign_doc(self, request: Request) -> Response:
        """`signatures/signDoc`."""
        return await self._answered(request, self._csc.documents.sign_doc, most=self._most)

    async def timestamp(self, request: Request) -> Response:
        """`signatures/timestamp`."""

        async def stamped(_: Bearer, members: dict[str, Any]) -> dict[str, Any]:
            return await self._csc.timestamps.timestamp(members)

        return await self._answered(request, stamped)

    async def revoke(self, request: Request) -> Response:
        """`auth/revoke`: 204."""

        async def revoked(bearer: Bearer, members: dict[str, Any]) -> None:
            token = bearer.token
            await self._csc.tokens.revoke(members, token.partner_id, account_id=token.account_id)

        return await self._answered(request, revoked)

    async def _answered(
        self,
        request: Request,
        work: Callable[[Bearer, dict[str, Any]], Awaitable[dict[str, Any] | None]],
        *,
        most: int = MOST_BYTES,
    ) -> Response:
        bearer: Bearer | None = None
        try:
            # The token first: nobody else may send us files.
            bearer = await self._csc.tokens.bearer(request.headers.get("authorization"), self._version)
            octets = await read_body(request, most=most)
            members = body(octets) if len(octets) <= MOST_BYTES else await asyncio.to_thread(body, octets, most=most)
            told = await work(bearer, members)
        except PlatformError as error:
            return self._answers.refused(request, error, bearer.token.partner_id if bearer else "")
        return empty() if told is None else answer(told)
