"""The museum's own program: opens results that the desk only carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
import msgspec

from ipse.kernel.clock import SECOND, Clock
from ipse.sandbox import jose
from ipse.sandbox.desk.model import DESK, MUSEUM
from ipse.sandbox.partner.errors import LoginFailedError

_TYP: Final = "ipse-broker-result+jwt"
_TECHNICAL: Final = {"iss", "aud", "sub", "exp", "iat", "jti", "auth_time", "acr", "loa", "broker", "service"}


@dataclass(frozen=True, slots=True)
class MuseumProgram:
    """Holds the museum's key."""

    issuer: str
    key: Mapping[str, Any]
    http: httpx.AsyncClient
    clock: Clock

    async def open(self, token: str) -> tuple[str, dict[str, Any]]:
        """The subject and what it shared, once everything about the token is right.

        Raises:
            LoginFailedError: it is for somebody else, not from the scheme, or cannot be opened.
        """
        try:
            signed = jose.decrypt(token, self.key, algorithm="ECDH-ES", encryption="A256GCM")
            typ = jose.unverified_header(signed).get("typ")
            claims = jose.verify(signed, await self._keys(), algorithms=["ES256"])
        except jose.BadTokenError as error:
            raise LoginFailedError("suspicious", f"the result cannot be trusted: {error}") from error
        expected = (self.issuer, MUSEUM.id, DESK.id)
        if typ != _TYP or (claims.get("iss"), claims.get("aud"), claims.get("broker")) != expected:
            raise LoginFailedError("suspicious", "the result is from or for somebody else")
        if not isinstance(claims.get("exp"), int) or claims["exp"] * SECOND <= self.clock.now():
            raise LoginFailedError("suspicious", "the result has expired")
        shared = {name: value for name, value in claims.items() if name not in _TECHNICAL}
        return str(claims["sub"]), shared

    async def _keys(self) -> list[dict[str, Any]]:
        try:
            answer = await self.http.get(f"{self.issuer}/jwkSet")
            return msgspec.json.decode(answer.content, type=dict[str, list[dict[str, Any]]])["keys"]
        except (httpx.TransportError, msgspec.MsgspecError, KeyError) as error:
            raise LoginFailedError("away", f"the scheme's keys: {error!r}") from error
