"""The documents that people accept or can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from ipse.enrolment.model import PublishedDocument
from ipse.enrolment.service import document
from ipse.web import languages
from ipse.web.errors import NotFound
from ipse.web.pages import Pages, language_of


@dataclass(frozen=True, slots=True)
class DocumentPages:
    """Endpoints."""

    pages: Pages
    app_origin: str

    async def page(self, request: Request) -> Response:
        """`GET /enrolment/documents/{kind}?language=…`: a page, or with `format=text` the exact text that is hashed."""
        language = languages.choose(request.query_params.get("language"), language_of(request))
        found = document(request.path_params["kind"], language)
        if found is None:
            raise NotFound
        if request.query_params.get("format") == "text":
            headers = {
                "Access-Control-Allow-Origin": self.app_origin,
                "Cross-Origin-Resource-Policy": "cross-origin",
                "Content-Language": language,
                "Cache-Control": "max-age=300",
            }
            return PlainTextResponse(found.text, headers=headers)
        title, *blocks = _blocks(found)
        return self.pages.render(
            "enrolment/document.html",
            language,
            title=title[1],
            blocks=blocks,
            document=found,
            address=request.url.path,
        )


def _blocks(found: PublishedDocument) -> list[tuple[str, Any]]:
    """The text as title, headings, paragraphs and lists, in order."""
    blocks: list[tuple[str, Any]] = []
    for line in found.text.splitlines():
        if line.startswith("# "):
            blocks.append(("title", line[2:]))
        elif line.startswith("## "):
            blocks.append(("heading", line[3:]))
        elif line.startswith("- "):
            if not blocks or blocks[-1][0] != "list":
                blocks.append(("list", []))
            blocks[-1][1].append(line[2:])
        elif line.strip():
            blocks.append(("text", line))
    return blocks
