"""What people take home: documents, all of them at once, the record; and pictures of pages."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ipse.envelopes.errors import UnknownEnvelope
from ipse.envelopes.http.desk import Desk
from ipse.envelopes.model import Full


@dataclass(frozen=True, slots=True)
class Files:
    """Downloads."""

    desk: Desk

    async def file(self, request: Request) -> Response:
        """One document as it is now."""
        full = await self._full(request)
        document, content = await self.desk.envelopes.reading.file(full, request.path_params["document"])
        return _download(content, "application/pdf", document.paper.name)

    async def all(self, request: Request) -> Response:
        """All documents and the record."""
        full = await self._full(request)
        response = StreamingResponse(self.desk.envelopes.reading.archive(full), media_type="application/zip")
        return _named(response, f"{full.envelope.about.title or 'documents'}.zip")

    async def record(self, request: Request) -> Response:
        """Who did what, and when, for people."""
        full = await self._full(request)
        return self.desk.render(
            request,
            "record",
            full=full,
            envelope=full.envelope,
            record=await self.desk.envelopes.reading.record.of(full),
        )

    async def record_data(self, request: Request) -> Response:
        """The same for programs."""
        full = await self._full(request)
        content = msgspec.json.format(msgspec.json.encode(await self.desk.envelopes.reading.record.of(full)))
        return _download(content, "application/json", "record.json")

    async def picture(self, request: Request) -> Response:
        """One page."""
        full, parameters = await self._full(request), request.path_params
        page, width = parameters["page"], parameters["width"].removesuffix(".png")
        if not (page.isdecimal() and width.isdecimal() and len(page) < 6 and len(width) < 6):
            raise UnknownEnvelope
        content = await self.desk.envelopes.reading.picture(full, parameters["document"], int(page), int(width))
        return Response(content, media_type="image/png")

    async def _full(self, request: Request) -> Full:
        session = await self.desk.who(request)
        return await self.desk.envelopes.reading.full(request.path_params["envelope"], session.account_id)


def _download(content: bytes, media_type: str, name: str) -> Response:
    return _named(Response(content, media_type=media_type), name)


def _named(response: Response, name: str) -> Response:
    plain = "".join(sign if sign.isascii() and sign.isprintable() and sign not in '"\\;' else "_" for sign in name)
    response.headers["content-disposition"] = (
        f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    )
    return response
