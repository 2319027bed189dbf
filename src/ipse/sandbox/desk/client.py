"""The desk's back end: a token by client credentials (RFC 6749 §4.4), then plain REST calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import msgspec

from ipse.kernel.clock import SECOND, Clock
from ipse.sandbox.desk.model import FinalPartner
from ipse.sandbox.partner.errors import LoginFailedError

_EARLY: Final = 30
"""Seconds before its end at which a token is replaced."""


@dataclass(slots=True)
class DeskClient:
    """Calls the scheme."""

    scheme: str
    """Its origin."""
    client_id: str
    secret: str
    callbacks: dict[str, str]
    http: httpx.AsyncClient
    clock: Clock
    _token: str = field(default="", repr=False)
    _until: int = 0

    async def begin(self, final: FinalPartner, *, language: str) -> dict[str, Any]:
        """A session for a browser: send it to `authenticationUrl`.

        Raises:
            LoginFailedError: refused, or the scheme cannot be reached.
        """
        return await self._create(final, {"callbackUrls": self.callbacks, "language": language})

    async def begin_here(self, final: FinalPartner, *, language: str) -> dict[str, Any]:
        """A session without a browser of the scheme's: show its `qr`. Raises as `begin`."""
        return await self._create(final, {"flow": "headless", "language": language})

    async def read(self, session_id: str, result_token: str = "") -> dict[str, Any]:
        """A session as it is now; with what the browser brought back also its result. Raises as `begin`."""
        headers = {"Result-Token": result_token} if result_token else {}
        return await self._call("GET", f"/sessions/{session_id}", headers)

    async def _create(self, final: FinalPartner, more: dict[str, Any]) -> dict[str, Any]:
        body = {
            "service": final.service,
            "finalPartner": final.id,
            "requestedAttributes": list(final.asks),
            "encryptResult": final.encrypted,
            **more,
        }
        return await self._call("POST", "/sessions", {}, body)

    async def _call(
        self, method: str, path: str, headers: dict[str, str], body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        bearer = {"Authorization": f"Bearer {await self._access_token()}", **headers}
        url = f"{self.scheme}/broker/v1{path}"
        return await self._send(self.http.build_request(method, url, headers=bearer, json=body))

    async def _access_token(self) -> str:
        if self.clock.now() >= self._until:
            form = {
                "grant_type": "client_credentials",
                "scope": "broker",
                "client_id": self.client_id,
                "client_secret": self.secret,
            }
            answer = await self._send(self.http.build_request("POST", f"{self.scheme}/v2/token", data=form))
            self._token = str(answer["access_token"])
            self._until = self.clock.now() + (int(answer["expires_in"]) - _EARLY) * SECOND
        return self._token

    async def _send(self, request: httpx.Request) -> dict[str, Any]:
        try:
            answer = await self.http.send(request)
        except httpx.TransportError as error:
            raise LoginFailedError("away", f"the scheme does not answer: {error!r}") from error
        try:
            document = msgspec.json.decode(answer.content, type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise LoginFailedError("broken", f"{answer.status_code} without JSON") from error
        if answer.is_error:
            code = document.get("code") or document.get("error")
            raise LoginFailedError("broken", f"{answer.status_code} {code}: {document.get('detail', '')}")
        return document
