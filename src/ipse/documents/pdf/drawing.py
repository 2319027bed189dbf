"""Draws a page, so that people see what they sign before they sign it."""

from __future__ import annotations

from io import BytesIO
from typing import Final

import pypdfium2 as pdfium
from PIL import Image, PngImagePlugin

from ipse.documents.errors import DocumentNotSignable, DocumentTooLarge, DocumentUnreadable
from ipse.documents.requests import Draw, Drawn
from ipse.documents.worker.asking import Asking

MOST_PIXELS: Final = 6_000_000
WIDEST: Final = 3000

Image.preinit()
_ = PngImagePlugin


def draw(request: Draw, ask: Asking) -> Drawn:  # noqa: ARG001 - every job is given whom it may ask
    """The job: one page, with its forms and signatures as they are printed.

    Raises:
        DocumentUnreadable: the file, or the page.
        DocumentTooLarge: more pages than allowed.
        DocumentNotSignable: there is no such page.
    """
    try:
        document = pdfium.PdfDocument(request.pdf)
        if len(document) > request.most_pages:
            raise DocumentTooLarge("too many pages")
        if not 1 <= request.number <= len(document):
            raise DocumentNotSignable("there is no such page")
        document.init_forms()
        page = document[request.number - 1]
        across, up = page.get_size()
        if across <= 0 or up <= 0:
            raise DocumentUnreadable("a page without size")
        width = max(1, min(request.width, WIDEST))
        scale = min(width / across, (MOST_PIXELS / (across * up)) ** 0.5)
        picture = page.render(scale=scale, may_draw_forms=True, draw_annots=True).to_pil()
    except pdfium.PdfiumError as error:
        raise DocumentUnreadable("it cannot be drawn") from error
    png = BytesIO()
    picture.convert("RGB").save(png, "PNG", compress_level=6)
    return Drawn(png.getvalue())
