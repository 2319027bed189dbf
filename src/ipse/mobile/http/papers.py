"""Addresses of documents that people read in the app before they sign them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from ipse.mobile.errors import DocumentTokenRefused, UnknownDocument
from ipse.mobile.service.papers import PaperMessages

Endpoint = Callable[[Request], Awaitable[Response]]
_PRIVATE = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
_MOST_DIGITS = 5


def paper_reading(papers: PaperMessages) -> dict[str, Endpoint]:
    """What is got with a document's token, by path under the prefix."""

    async def file(request: Request) -> Response:
        paper = await papers.file(_token(request))
        # Whatever it is, no browser makes anything of it: the app shows it.
        headers = {**_PRIVATE, "content-disposition": "attachment"}
        return Response(paper.octets, media_type=paper.media_type, headers=headers)

    async def page(request: Request) -> Response:
        number = request.path_params["number"]
        if not (number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS):
            raise UnknownDocument
        return Response(await papers.page(_token(request), int(number)), media_type="image/png", headers=_PRIVATE)

    return {"/documents/file": file, "/documents/pages/{number}": page}


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise DocumentTokenRefused
    return token
