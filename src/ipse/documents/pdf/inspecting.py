"""Looks at a PDF before anybody signs it: what it is, who has signed it, and what in it could deceive."""

from __future__ import annotations

from typing import Any, Final

import pypdfium2 as pdfium
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields

from ipse.documents.errors import DocumentTooLarge, DocumentUnreadable
from ipse.documents.model import Box, Certifying, Existing, Field, Inspected, Page, Problem
from ipse.documents.pdf.pages import page_of, rectangle_of, shown_box
from ipse.documents.pdf.reading import careful, certifying, entry, is_intact, is_timestamp, opened, signatures, text
from ipse.documents.requests import Inspect
from ipse.documents.worker.asking import Asking
from ipse.kernel.clock import SECOND

_MOST_OBJECTS: Final = 400_000
_SCRIPTS: Final = frozenset({"/JavaScript", "/Rendition"})
_LAUNCHES: Final = frozenset({"/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE"})
_MEDIA: Final = frozenset({"/Movie", "/Sound", "/Screen", "/RichMedia", "/3D"})


def inspect(request: Inspect, ask: Asking) -> Inspected:  # noqa: ARG001 - every job is given whom it may ask
    """The job."""
    return inspected(request.pdf, request.most_pages)


def inspected(pdf: bytes, most_pages: int) -> Inspected:
    """What a PDF is.

    Raises:
        DocumentUnreadable, DocumentTooLarge: it is none that can be read.
    """
    if not pdf.lstrip()[:5] == b"%PDF-":
        raise DocumentUnreadable("this is no PDF")
    reader = opened(pdf)
    if reader.encrypted:
        return Inspected(problems=(Problem.ENCRYPTED,))
    with careful():
        problems = _dangers(reader)
    pages, counted = _pages(pdf, most_pages)
    if counted > most_pages:
        return Inspected(problems=(Problem.TOO_MANY_PAGES,))
    with careful():
        if counted != _count(reader):
            problems.add(Problem.DAMAGED)
        existing = tuple(_existing(reader))
        fields = tuple(_empty(reader))
        title = text(entry(entry(reader.trailer_view, "/Info"), "/Title"))
    if not pages:
        problems.add(Problem.NO_PAGES)
    if any(one.certifying is Certifying.NOTHING for one in existing):
        problems.add(Problem.CERTIFIED_FINAL)
    if not all(one.intact for one in existing):
        problems.add(Problem.CHANGED_AFTER_SIGNATURE)
    ordered = tuple(problem for problem in Problem if problem in problems)
    return Inspected(pages=pages, title=title, signatures=existing, fields=fields, problems=ordered)


def _pages(pdf: bytes, most_pages: int) -> tuple[tuple[Page, ...], int]:
    """How the pages are shown, by the program that draws them."""
    try:
        document = pdfium.PdfDocument(pdf)
    except pdfium.PdfiumError as error:
        raise DocumentUnreadable("it cannot be drawn") from error
    counted = len(document)
    if counted > most_pages:
        return (), counted
    return tuple(Page(*map(_rounded, document.get_page_size(number))) for number in range(counted)), counted


def _rounded(points: float) -> float:
    return round(points, 2)


def _count(reader: PdfFileReader) -> int:
    return int(reader.root["/Pages"]["/Count"])


def _dangers(reader: PdfFileReader) -> set[Problem]:
    """What lies in the file that a reader could reach, without unfolding what is drawn."""
    found: set[Problem] = set()
    if reader.xrefs.hybrid_xrefs_present:
        found.add(Problem.HYBRID_REFERENCES)
    seen: set[tuple[int, int]] = set()
    waiting: list[Any] = [reader.trailer_view]
    looked = 0
    while waiting:
        looked += 1
        if looked > _MOST_OBJECTS:
            raise DocumentTooLarge("too many objects")
        thing = waiting.pop()
        if isinstance(thing, generic.IndirectObject):
            place = (thing.idnum, thing.generation)
            if place in seen:
                continue
            seen.add(place)
            thing = thing.get_object()
        if isinstance(thing, generic.DictionaryObject):
            found |= _dangers_of(thing)
            waiting.extend(thing.raw_get(key) for key in thing)
        elif isinstance(thing, generic.ArrayObject):
            waiting.extend(thing.raw_get(number) for number in range(len(thing)))
    return found


def _dangers_of(thing: generic.DictionaryObject) -> set[Problem]:
    found: set[Problem] = set()
    action, kind = _name(thing, "/S"), _name(thing, "/Subtype")
    if action in _SCRIPTS or "/JS" in thing:
        found.add(Problem.SCRIPTS)
    if action in _LAUNCHES:
        found.add(Problem.LAUNCHES)
    if "/XFA" in thing:
        found.add(Problem.XFA)
    if kind in _MEDIA and "/Rect" in thing:
        found.add(Problem.MEDIA)
    if "/EmbeddedFiles" in thing or (kind == "/FileAttachment" and "/Rect" in thing) or "/EF" in thing:
        found.add(Problem.ATTACHMENTS)
    if "/OCGs" in thing and "/D" in thing:
        found.add(Problem.HIDDEN_LAYERS)
    if isinstance(thing, generic.StreamObject) and ("/F" in thing or "/OPI" in thing or "/Ref" in thing):
        found.add(Problem.EXTERNAL_CONTENT)
    if _name(thing, "/FT") in {"/Tx", "/Btn", "/Ch"} and not _whole(entry(thing, "/Ff")) & 1:
        found.add(Problem.FORM)
    return found


def _name(thing: generic.DictionaryObject, key: str) -> str:
    value = entry(thing, key)
    return str(value) if isinstance(value, generic.NameObject) else ""


def _whole(value: object) -> int:
    return int(value) if isinstance(value, generic.NumberObject) else 0


def _existing(reader: PdfFileReader) -> list[Existing]:
    found = []
    for signature in signatures(reader):
        claimed = signature.self_reported_timestamp
        name = entry(signature.sig_object, "/Name") or signature.signer_cert.subject.native.get("common_name", "")
        found.append(
            Existing(
                field=str(signature.fq_name),
                timestamp=is_timestamp(signature),
                name=text(name),
                claimed_at=round(claimed.timestamp() * SECOND) if claimed else None,
                certifying=certifying(signature),
                intact=is_intact(signature),
            )
        )
    return found


def _empty(reader: PdfFileReader) -> list[Field]:
    return [
        Field(name=str(name), box=_box(reader, reference.get_object()))
        for name, _, reference in enumerate_sig_fields(reader, filled_status=False)
    ]


def _box(reader: PdfFileReader, field: generic.DictionaryObject) -> Box | None:
    if "/Rect" not in field or "/P" not in field:
        return None
    rectangle = rectangle_of(field["/Rect"])
    number = page_of(reader, field.raw_get("/P"))
    if number is None or rectangle is None or rectangle[0] == rectangle[2] or rectangle[1] == rectangle[3]:
        return None
    return shown_box(reader, number, rectangle)
