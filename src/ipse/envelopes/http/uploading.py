"""Files out of a form of ours."""

from __future__ import annotations

import hmac
from typing import Final

from starlette.requests import Request

from ipse.envelopes.errors import DocumentRefused
from ipse.envelopes.service import Brought
from ipse.kernel.ids import b64u, sha256
from ipse.kernel.settings import Papers
from ipse.web import cookies
from ipse.web.errors import CrossSiteForm, UploadTooLarge
from ipse.web.uploads import read_upload

MOST_AT_ONCE: Final = 3
"""A request carries at most so many files of the largest size; more come in further requests."""


async def files_of(request: Request, papers: Papers) -> list[Brought]:
    """The files of a form whose token is this browser's; none is read of one that says it is too large.

    Raises:
        DocumentRefused: all together are too large.
        CrossSiteForm, MalformedForm: it is no form of our page.
    """
    most = papers.most_bytes * MOST_AT_ONCE
    try:
        upload = await read_upload(
            request, most_bytes=papers.most_bytes, most_files=papers.most_files, most_together=most
        )
    except UploadTooLarge as error:
        raise DocumentRefused("larger than a request may be", why="together") from error
    known = cookies.read(request)
    expected = "" if known is None else b64u(sha256("ipse form token v1" + known))
    if known is None or not hmac.compare_digest(upload.fields.get("token", "").encode(), expected.encode()):
        raise CrossSiteForm("wrong form token")
    return [Brought(file.name, file.content) for file in upload.files]
