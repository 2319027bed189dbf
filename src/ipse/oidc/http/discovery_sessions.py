"""User discovery sessions: a moving QR for partners that have a screen but no browser (protocol, section 1.12)."""

from __future__ import annotations

import asyncio
import io
import re
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import segno
from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.errors import PlatformError
from ipse.oidc.errors import UnknownSession
from ipse.oidc.http.backchannel import backchannel_refusal
from ipse.oidc.http.clients import note_refusal, prove
from ipse.oidc.http.errors import json_answer, read_parameters
from ipse.oidc.rules.client_proofs import ClientProof, Endpoint
from ipse.oidc.rules.discovery_sessions import INTERVAL, Discovered, Waiting
from ipse.oidc.service import Provider

_SESSION: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_SCALE: Final = 6
_QUIET_ZONE: Final = 4
"""Modules of light ground around the code (ISO/IEC 18004)."""


class UserDiscoveryEndpoints:
    """Begin a session, and ask what has become of it."""

    def __init__(self, provider: Provider) -> None:
        self._authentication = provider.authentication
        self._sessions = provider.discovery_sessions
        self._log = provider.request_log

    async def begin(self, request: Request) -> Response:
        """A new session with its first frame."""
        return await self._answer(request, self._sessions.begin)

    async def poll(self, request: Request) -> Response:
        """The session as it is now."""

        async def poll(client: ClientProof) -> Waiting | Discovered:
            session_id = request.path_params["session_id"]
            if not _SESSION.fullmatch(session_id):
                raise UnknownSession
            return await self._sessions.poll(client, session_id)

        return await self._answer(request, poll)

    async def _answer(
        self, request: Request, ask: Callable[[ClientProof], Awaitable[Waiting | Discovered]]
    ) -> Response:
        client: ClientProof | None = None
        try:
            form = await read_parameters(request)
            client = await prove(self._authentication, request, form, at=Endpoint.DISCOVERY)
            session = await ask(client)
        except PlatformError as error:
            note_refusal(self._log, error, client, at=Endpoint.DISCOVERY)
            return backchannel_refusal(error)
        return json_answer(msgspec.json.encode(await _described(session)))


async def _described(session: Waiting | Discovered) -> dict[str, object]:
    if isinstance(session, Discovered):
        return {
            "user_discovery_session_id": session.session_id,
            "status": "USER_DISCOVERED",
            "user_identifier_token": session.identifier_token,
            "expires_in": session.expires_in,
        }
    return {
        "user_discovery_session_id": session.session_id,
        "status": "PENDING_USER_DISCOVERY",
        "user_discovery_token": {
            "qr_code": b64encode(await asyncio.to_thread(_drawn, session.qr)).decode(),
            "expires_at": session.expires_at,
            "digits": session.digits,
        },
        "interval": INTERVAL,
    }


def _drawn(content: str) -> bytes:
    out = io.BytesIO()
    code = segno.make(content, error="m", micro=False, boost_error=False)
    code.save(out, kind="png", scale=_SCALE, border=_QUIET_ZONE, dark="#07140f", light="#fff")
    return out.getvalue()
