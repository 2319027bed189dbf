"""What pages reach: `GET /card` on this computer, for named origins alone, each time after the person said yes.

The answer is described in `standards.eid_card`. Whoever asks from elsewhere is told nothing: another site in the
browser (`Origin`), and a name that was made to lead here (`Host`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from ipse.cli.card.errors import ReaderError
from ipse.kernel.ids import b64u_decode
from ipse.kernel.settings import SettingsError
from ipse.standards.eid_apdu import CardTalkError, EidCard, Transmit, UnknownCardError, as_json
from ipse.standards.eid_card import CHALLENGE_BYTES, CardFiles

DEFAULT_PORT: Final = 35960
_LOOPBACK: Final = ("localhost", "127.0.0.1")
_STATUS: Final = {"no_card": 409, "unknown_card": 409}


@dataclass(frozen=True, slots=True)
class Service:
    """One reader behind one address."""

    origins: tuple[str, ...]
    port: int
    transmitting: Callable[[], AbstractContextManager[Transmit]]
    allowed: Callable[[str], bool]
    """Asks the person whether that origin may read; may take as long as they do."""
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as an ASGI application with this one address."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        acts = {"GET": self.card, "OPTIONS": self.preflight}
        act = acts.get(request.method) if request.url.path == "/card" else None
        response = await act(request) if act else Response(status_code=404)
        await response(scope, receive, send)

    async def preflight(self, request: Request) -> Response:
        """Before a page of the network may ask this computer (Fetch; Private Network Access)."""
        origin = self._origin(request)
        if origin is None:
            return Response(status_code=403)
        headers = _shared(origin) | {"Access-Control-Allow-Methods": "GET"}
        if request.headers.get("access-control-request-private-network") == "true":
            headers["Access-Control-Allow-Private-Network"] = "true"
        return Response(status_code=204, headers=headers)

    async def card(self, request: Request) -> Response:
        """The files of the card, if the person lets this page read them."""
        origin = self._origin(request)
        if origin is None:
            return JSONResponse({"error": "forbidden"}, 403)
        try:
            challenge = _challenge(request.query_params.get("challenge"))
        except ValueError:
            return _answer({"error": "bad_challenge"}, 400, origin)
        if self.busy.locked():
            return _answer({"error": "busy"}, 429, origin)
        async with self.busy:
            content, status = await asyncio.to_thread(self._asked, origin, challenge)
        return _answer(content, status, origin)

    def _origin(self, request: Request) -> str | None:
        """Who asks, if they may."""
        named = {f"{host}:{self.port}" for host in _LOOPBACK}
        origin = request.headers.get("origin")
        return origin if request.headers.get("host") in named and origin in self.origins else None

    def _asked(self, origin: str, challenge: bytes | None) -> tuple[dict[str, str], int]:
        if not self.allowed(origin):
            return {"error": "refused"}, 403
        try:
            return dict(as_json(self._read(challenge))), 200
        except ReaderError as error:
            return {"error": error.code}, _STATUS.get(error.code, 503)
        except UnknownCardError:
            return {"error": "unknown_card"}, 409
        except CardTalkError:
            return {"error": "reader_failed"}, 503

    def _read(self, challenge: bytes | None) -> CardFiles:
        with self.transmitting() as transmit:
            return EidCard.found(transmit).files(challenge)


def check_origin(origin: str) -> None:
    """Refuse what no browser sends as an origin.

    Raises:
        SettingsError: not `https://host[:port]`; http only for this computer.
    """
    parts = urlsplit(origin)
    is_secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not is_secure or not parts.hostname or origin != f"{parts.scheme}://{parts.netloc}" or "@" in origin:
        raise SettingsError(f"{origin!r} is no origin: write https://host, without a slash at the end")


async def serve(service: Service, port: int) -> None:
    """Answer pages until the person stops it.

    Raises:
        SettingsError: the port is taken.
    """
    config = uvicorn.Config(
        service,
        host="127.0.0.1",
        port=port,
        access_log=False,
        log_level="warning",
        server_header=False,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    try:
        await server.serve()
    except SystemExit as error:
        raise SettingsError(f"port {port} is taken; name another with --port, and in the scheme's settings") from error


def _challenge(text: str | None) -> bytes | None:
    challenge = b64u_decode(text) if text is not None else None
    if challenge is not None and len(challenge) != CHALLENGE_BYTES:
        raise ValueError("a challenge has 48 bytes")
    return challenge


def _shared(origin: str) -> dict[str, str]:
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin", "Cache-Control": "no-store"}


def _answer(content: dict[str, str], status: int, origin: str) -> Response:
    return JSONResponse(content, status, headers=_shared(origin))
