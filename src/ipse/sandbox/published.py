"""What the scheme publishes, as partners keep it: its configuration and its keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import msgspec

from ipse.kernel.clock import SECOND, Clock
from ipse.sandbox.partner.errors import LoginFailedError

_FRESH_SECONDS: Final = 300


@dataclass(slots=True)
class Published:
    """The scheme's documents, each kept for five minutes; `get` is how this partner calls."""

    issuer: str
    clock: Clock
    get: Callable[[str], Awaitable[httpx.Response]]
    _documents: dict[str, tuple[dict[str, Any], int]] = field(default_factory=dict)

    async def metadata(self) -> dict[str, Any]:
        """The configuration.

        Raises:
            LoginFailedError: the scheme does not answer, or it is another's.
        """
        metadata = await self._document(f"{self.issuer}/.well-known/openid-configuration")
        if metadata.get("issuer") != self.issuer:
            raise LoginFailedError("suspicious", f"the configuration is that of {metadata.get('issuer')}")
        return metadata

    async def keys(self, kid: object) -> list[dict[str, Any]]:
        """The scheme's keys; fetched again when `kid` is not among the ones we have."""
        address = str((await self.metadata())["jwks_uri"])
        keys: list[dict[str, Any]] = (await self._document(address))["keys"]
        if kid not in {key.get("kid") for key in keys}:
            self._documents.pop(address, None)
            keys = (await self._document(address))["keys"]
        return keys

    async def _document(self, address: str) -> dict[str, Any]:
        kept = self._documents.get(address)
        if kept is not None and self.clock.now() - kept[1] < _FRESH_SECONDS * SECOND:
            return kept[0]
        response = await self.get(address)
        if response.status_code != httpx.codes.OK:
            raise LoginFailedError("away", f"{address}: {response.status_code}")
        document = read_json(response)
        self._documents[address] = (document, self.clock.now())
        return document


def read_json(response: httpx.Response) -> dict[str, Any]:
    """The object that an answer holds.

    Raises:
        LoginFailedError: it holds none.
    """
    try:
        return msgspec.json.decode(response.content, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise LoginFailedError("broken", f"{response.url.path} did not answer JSON") from error
