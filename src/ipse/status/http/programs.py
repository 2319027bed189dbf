"""What programs get: JSON, the same signed, keys, a feed, and whether this process is well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.clock import SECOND
from ipse.status.service.documents import Documents
from ipse.status.service.feed import atom, entries
from ipse.status.service.watch import Watch
from ipse.web.pages import Pages, language_of
from ipse.web.routes import Caller, Route

_LATE_SECONDS = 60
"""After so long without a look something is wrong with this process."""
_ANYBODY: Mapping[str, str] = {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "cache-control": "public, max-age=5",
}
"""Public, for every page and program."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Answers to programs."""

    watch: Watch
    documents: Documents
    pages: Pages

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/status.json", self.plain, caller=Caller.PUBLIC, limit="static"),
            Route("/status.jwt", self.signed, caller=Caller.PUBLIC, limit="static"),
            Route("/jwks.json", self.keys, caller=Caller.PUBLIC, limit="static"),
            Route("/feed.atom", self.feed, caller=Caller.PUBLIC, limit="static"),
            Route("/healthz", self.health, caller=Caller.PUBLIC, limit="static"),
        ]

    async def plain(self, _: Request) -> Response:
        """The board."""
        return _json(self.documents.document(self.watch.board))

    async def signed(self, _: Request) -> Response:
        """The board as a signed token."""
        token = self.documents.signed(self.watch.board)
        return Response(token, media_type="application/jwt", headers=dict(_ANYBODY))

    async def keys(self, _: Request) -> Response:
        """What it is verified with."""
        return _json(self.documents.signer.published)

    async def feed(self, request: Request) -> Response:
        """The feed, in the language that the address or the reader asks for."""
        language, board = language_of(request), self.watch.board
        address = self.watch.settings.address

        def words(text: str, /, **values: object) -> str:
            return self.pages.text(language, text, **values)

        found = entries(board, self.watch.history.newest(50), address, language, words)
        title = words("status.feed.title", scheme=self.pages.scheme)
        document = atom(found, title=title, address=address, language=language, at=board.at)
        return Response(document, media_type="application/atom+xml", headers=dict(_ANYBODY))

    async def health(self, _: Request) -> Response:
        """Whether this process looks."""
        late = self.watch.clock.now() // SECOND - self.watch.board.at > _LATE_SECONDS
        return Response("late\n" if late else "ok\n", 503 if late else 200, media_type="text/plain")


def _json(document: object) -> Response:
    return Response(msgspec.json.encode(document), media_type="application/json", headers=dict(_ANYBODY))
