"""Addresses: the page `/validate`, and `/validation/v1/validations` for programs."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from ipse.documents.errors import DocumentsUnavailable
from ipse.documents.validation.model import Validation
from ipse.validation import rules
from ipse.validation.errors import FileTooLarge, NoFile
from ipse.validation.service import Brought, Validations
from ipse.web.errors import UploadTooLarge
from ipse.web.pages import Pages, language_of
from ipse.web.routes import Caller, Route
from ipse.web.uploads import Upload, UploadedFile, read_limited, read_upload

PAGE: Final = "/validate"
API: Final = "/validation/v1/validations"
_FILES: Final = 2
_MOST_AT_ONCE: Final = 8
_SECONDS: Final = 120
"""For a file to arrive."""
_FILE, _CONTENT = "file", "content"
_XML: Final = "application/xml"


def routes(validations: Validations, pages: Pages) -> list[Route]:
    """All addresses."""
    on = _Endpoints(validations, pages)
    return [
        Route(PAGE, on.page, caller=Caller.BROWSER, limit="page"),
        Route(PAGE, on.judge, ("POST",), caller=Caller.BROWSER, limit="validation"),
        Route(API, on.call, ("POST",), caller=Caller.PUBLIC, limit="validation"),
    ]


@dataclass(frozen=True, slots=True)
class _Endpoints:
    validations: Validations
    pages: Pages
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_MOST_AT_ONCE))

    async def page(self, request: Request) -> Response:
        """`GET /validate`: choose a file."""
        return self._form(request)

    async def judge(self, request: Request) -> Response:
        """`POST /validate`: the verdict as a page. Nothing changes by it, so it needs no token."""
        try:
            validation = await self._judged(request)
        except (UploadTooLarge, FileTooLarge):
            return self._form(request, "too_large", FileTooLarge.status)
        except NoFile:
            return self._form(request, "no_file", NoFile.status)
        except DocumentsUnavailable:
            return self._form(request, "unavailable", DocumentsUnavailable.status)
        language = language_of(request)
        response = self.pages.render(
            "validation/result.html",
            language,
            here=PAGE,
            validation=validation,
            when=lambda moment: rules.shown_time(moment, lambda id_, **values: self._text(language, id_, **values)),
            commitments=rules.commitments,
            notes=rules.NOTES,
            iso=rules.iso,
            json_report=_data("application/json", rules.told_json(validation)),
            xml_report=_data(_XML, validation.report.encode()) if validation.report else "",
        )
        response.headers["cache-control"] = "no-store"
        return response

    async def call(self, request: Request) -> Response:
        """`POST /validation/v1/validations`: a form with `file` (and `content`), or the file itself as the body."""
        validation = await self._judged(request)
        headers = {"cache-control": "no-store"}
        if _XML in request.headers.get("accept", "") and validation.report:
            return Response(validation.report, media_type=_XML, headers=headers)
        return Response(rules.told_json(validation), media_type="application/json", headers=headers)

    async def _judged(self, request: Request) -> Validation:
        """Judge what came. Strangers' files lie in memory until then: so many at a time, and none that never ends.

        Raises:
            DocumentsUnavailable: too many are at it, or it came too slowly.
        """
        if self.places.locked():
            raise DocumentsUnavailable("too many files at once")
        async with self.places:
            try:
                async with asyncio.timeout(_SECONDS):
                    brought = await self._brought(request)
            except TimeoutError as error:
                raise DocumentsUnavailable("the file came too slowly") from error
            return await self.validations.judge(brought)

    async def _brought(self, request: Request) -> Brought:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        most = self.validations.papers.most_bytes
        if kind != "multipart/form-data":
            return Brought("", await read_limited(request, most))
        upload = await read_upload(request, most_bytes=most, most_files=_FILES)
        file, content = _of(upload, _FILE), _of(upload, _CONTENT)
        if file is None:
            raise NoFile
        if content is None:
            return Brought(file.name, file.content)
        return Brought(file.name, file.content, content.content, content.name)

    def _form(self, request: Request, problem: str = "", status: int = 200) -> Response:
        most = self.validations.papers.most_bytes
        return self.pages.render(
            "validation/page.html",
            language_of(request),
            status=status,
            here=PAGE,
            problem=problem,
            most=most // 1_000_000,
            most_bytes=most,
        )

    def _text(self, language: str, id_: str, **values: object) -> str:
        return self.pages.text(language, f"validation.{id_}", **values)


def _of(upload: Upload, field: str) -> UploadedFile | None:
    return next((each for each in upload.files if each.field == field and each.content), None)


def _data(kind: str, content: bytes) -> str:
    """The address of a report that travels in the page itself: nothing has to be kept for it."""
    return f"data:{kind};base64,{b64encode(content).decode()}"
