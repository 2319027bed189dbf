"""Fetching request objects from addresses that partners have registered (RFC 9101 §5.2.3, R-31)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ipse.oidc.errors import InvalidRequestUri
from ipse.web.outgoing import Outgoing, OutgoingError, Turns

MOST_BYTES = 65_536
SECONDS = 5.0
_AT_ONCE, _AT_ONCE_OF_HOST = 16, 4
"""Anybody can make us fetch a registered address: not too often at a time, and a slow host takes a part of it only."""


@dataclass(frozen=True, slots=True)
class RequestUriClient:
    """Fetches each time it is asked: what a partner puts there may be for one request."""

    outgoing: Outgoing
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))
    _turns: Turns = field(default_factory=lambda: Turns(_AT_ONCE_OF_HOST))

    async def fetch(self, url: str) -> str:
        """The request object at a registered address, whatever its media type: what counts is its signature.

        Raises:
            InvalidRequestUri: no answer in five seconds and 64 kB, another status than 200, or no text.
        """
        try:
            async with asyncio.timeout(SECONDS), self._turns.of(urlsplit(url).netloc), self._places:
                fetched = await self.outgoing.fetch(url, most_bytes=MOST_BYTES, seconds=SECONDS)
        except OutgoingError as error:
            raise InvalidRequestUri(f"request_uri could not be fetched: {error.reason}") from error
        except TimeoutError as error:
            raise InvalidRequestUri("request_uri could not be fetched: no answer in time") from error
        if fetched.status != 200:
            raise InvalidRequestUri(f"request_uri could not be fetched: it answered {fetched.status}")
        try:
            return fetched.body.decode("ascii").strip()
        except UnicodeDecodeError as error:
            raise InvalidRequestUri("request_uri gives no compact token") from error
