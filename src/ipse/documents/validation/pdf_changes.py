"""What was added to a PDF after a signature, and whether the signer had allowed it."""

from __future__ import annotations

import io
from typing import Final, cast

import pypdfium2
from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from ipse.documents.validation.model import Changes, Reason, Why
from ipse.documents.validation.pdf_bytes import ends_at_mark, ends_cleanly, signed_end

_LEAST_SIDE: Final = 0.5
"""Points: a field smaller than this shows nothing."""
_MOST_SIDE: Final = 20_000

Rectangle = tuple[float, float, float, float]


def changes_after(file: bytes, embedded: EmbeddedPdfSignature, *, last: bool) -> tuple[Changes, list[Reason]]:
    """What happened after a signature. `last`: no signature or time stamp follows it.

    The signature's integrity must have been computed.
    """
    end = signed_end(file, embedded)
    coverage = cast("SignatureCoverageLevel", embedded.coverage)
    if end is None or not ends_at_mark(file, end):
        return Changes.FORBIDDEN, [Reason(Why.BYTES_OUTSIDE)]
    if end == len(file) and coverage is SignatureCoverageLevel.ENTIRE_FILE:
        return Changes.NONE, []
    if coverage is not SignatureCoverageLevel.ENTIRE_REVISION:
        return Changes.FORBIDDEN, [Reason(Why.BYTES_OUTSIDE)]
    later = embedded.reader.xrefs.total_revisions - 1 - embedded.signed_revision
    if not ends_cleanly(file) or later <= 0:
        return Changes.FORBIDDEN, [Reason(Why.BYTES_AFTER)]
    result: object = cast("object", embedded.diff_result)
    if not isinstance(result, DiffResult) or not embedded.summarise_integrity_info()["docmdp_ok"]:
        return Changes.FORBIDDEN, [Reason(Why.FORBIDDEN_CHANGE)]
    return _weigh(file[:end], embedded, result, last=last)


def _weigh(
    revision: bytes, embedded: EmbeddedPdfSignature, result: DiffResult, *, last: bool
) -> tuple[Changes, list[Reason]]:
    """How much a permitted change means."""
    signed = {name for name, _value, _field in enumerate_sig_fields(embedded.reader, filled_status=True)}
    filled = sorted(result.changed_form_fields - signed)
    if filled or (last and result.modification_level > ModificationLevel.LTA_UPDATES):
        return Changes.PERMITTED, [Reason(Why.PERMITTED_CHANGE, str(name)) for name in filled or [""]]
    for name, page, rectangle in _new_fields(embedded):
        if page is None or not _is_blank(revision, page, rectangle):
            return Changes.PERMITTED, [Reason(Why.SIGNATURE_OVER_CONTENT, str(name))]
    if result.modification_level > ModificationLevel.LTA_UPDATES:
        return Changes.SIGNATURES, [Reason(Why.SIGNATURE_ADDED)]
    return Changes.EVIDENCE, [Reason(Why.EVIDENCE_ADDED)]


def _new_fields(embedded: EmbeddedPdfSignature) -> list[tuple[str, int | None, Rectangle]]:
    """Visible signature fields that were not there, or elsewhere, when this signature was made: name, page, place."""
    reader = embedded.reader
    before = {
        name: rectangle
        for name, _value, field in enumerate_sig_fields(reader.get_historical_resolver(embedded.signed_revision))
        if (rectangle := _rectangle(field.get_object())) is not None
    }
    found: list[tuple[str, int | None, Rectangle]] = []
    for name, _value, field in enumerate_sig_fields(reader):
        rectangle = _rectangle(field.get_object())
        if rectangle is not None and before.get(name) != rectangle:
            found.append((name, _page_of(reader, field), rectangle))
    return found


def _rectangle(field: generic.DictionaryObject) -> Rectangle | None:
    """Where a field shows; None: nowhere."""
    widgets = field.get("/Kids")
    if widgets is not None and "/Rect" not in field:
        widget = widgets[0].get_object() if len(widgets) else field
    else:
        widget = field
    try:
        left, bottom, right, top = (float(part) for part in widget["/Rect"])
    except (KeyError, ValueError, TypeError):
        return None
    left, right, bottom, top = min(left, right), max(left, right), min(bottom, top), max(bottom, top)
    if right - left < _LEAST_SIDE or top - bottom < _LEAST_SIDE:
        return None
    return left, bottom, right, top


def _page_of(reader: PdfFileReader, field: generic.PdfObject) -> int | None:
    reference = getattr(field, "reference", None)
    total = int(reader.root["/Pages"]["/Count"])
    for number in range(total):
        page = reader.find_page_for_modification(number)[0].get_object()
        try:
            annotations = page["/Annots"]
        except KeyError:
            continue
        for place in range(len(annotations)):
            entry = annotations.raw_get(place)
            if isinstance(entry, generic.IndirectObject) and entry.reference == reference:
                return number
    return None


def _is_blank(revision: bytes, number: int, rectangle: Rectangle) -> bool:
    """Whether nothing is drawn there in the revision that was signed. What cannot be told counts as drawn."""
    try:
        document = pypdfium2.PdfDocument(io.BytesIO(revision))
        try:
            document.init_forms()
            page = document[number]
            left, bottom, right, top = page.get_cropbox()
            if page.get_rotation() or not 0 < right - left <= _MOST_SIDE or not 0 < top - bottom <= _MOST_SIDE:
                return False
            crop = (
                max(rectangle[0] - left, 0.0),
                max(rectangle[1] - bottom, 0.0),
                max(right - rectangle[2], 0.0),
                max(top - rectangle[3], 0.0),
            )
            picture = page.render(scale=1.0, crop=crop, grayscale=True, may_draw_forms=True)
            shades = set(bytes(picture.buffer))
        finally:
            document.close()
    except (pypdfium2.PdfiumError, misc.PdfReadError, ValueError, IndexError, MemoryError):
        return False
    return len(shades) == 1 and min(shades) >= 0xFE
