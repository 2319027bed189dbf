"""Puts everything but the signature value into a PDF, as one more revision after those it has."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final

import msgspec
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm, SigFieldSpec, SigSeedSubFilter, enumerate_sig_fields
from pyhanko.sign.signers import SignatureObject
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from ipse.documents.certificates import is_elliptic, read
from ipse.documents.cms import assembled, signed_attributes
from ipse.documents.errors import DocumentNotSignable
from ipse.documents.model import Existing, Hash, Inspected, Placing, Prepared, Problem, Statement
from ipse.documents.pdf.inspecting import inspected
from ipse.documents.pdf.pages import page_of, sheet
from ipse.documents.pdf.reading import CERTIFYING, careful, is_intact, opened
from ipse.documents.pdf.stamping import Drawing
from ipse.documents.requests import PreparePdf
from ipse.documents.states import sealed
from ipse.documents.worker.asking import Asking
from ipse.kernel.clock import SECOND

_FOR_TIMESTAMP: Final = 12_000
"""Bytes kept free for a time stamp with its certificates."""
_LONGEST_SIGNATURE: Final = 512
_OURS: Final = re.compile(r"Signature(\d+)")


class State(msgspec.Struct, frozen=True, kw_only=True, tag="pdf"):
    """Between prepare and finish."""

    pdf: bytes
    start: int
    end: int
    """Where in the file the signature goes."""
    attributes: bytes
    certificates: tuple[bytes, ...]
    hash: Hash

    @property
    def to_be_signed(self) -> bytes:
        """Over which the value is."""
        return self.attributes


def prepare(request: PreparePdf, ask: Asking) -> Prepared:  # noqa: ARG001 - every job is given whom it may ask
    """The job.

    Raises:
        DocumentUnreadable, DocumentTooLarge, DocumentNotSignable: by what is wrong with it.
    """
    statement = request.statement
    is_elliptic(read(statement.certificates)[0])
    found = inspected(request.pdf, request.most_pages)
    _allowed(found, statement)
    with careful():
        output, start, end, digest = _written(request.pdf, statement, request.placing)
    _keeps(output, found.signatures)
    attributes = signed_attributes(statement, digest, pades=True)
    return sealed(
        State(
            pdf=output,
            start=start,
            end=end,
            attributes=attributes,
            certificates=statement.certificates,
            hash=statement.hash,
        )
    )


def _allowed(found: Inspected, statement: Statement) -> None:
    if found.refused:
        raise DocumentNotSignable("the file forbids it", problems=found.refused)
    if statement.certifying is not None and found.signatures:
        raise DocumentNotSignable("only the first signature can certify")
    if statement.field and statement.field not in {field.name for field in found.fields}:
        raise DocumentNotSignable("there is no such empty field")


def _written(pdf: bytes, statement: Statement, placing: Placing | None) -> tuple[bytes, int, int, bytes]:
    """The file with an empty place for the signature, where that place is, and the digest of all around it."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf), strict=True)
    writer.register_extension(ESIC_EXTENSION_1)
    name = statement.field or _next_name(writer)
    turned = 0
    new_field = SigFieldSpec(name)
    if placing is not None and placing.box is not None:
        if statement.field:
            raise DocumentNotSignable("a field that exists has its own box")
        page = sheet(writer, placing.box.page)
        turned = page.turned
        box: Any = page.inside(placing.box)
        new_field = SigFieldSpec(name, box=box, on_page=placing.box.page - 1, readable_field_name=placing.stamp.name)
    embedding = PdfCMSEmbedder(new_field_spec=new_field).write_cms(
        name, writer, existing_fields_only=bool(statement.field)
    )
    field = next(embedding).get_object()
    if placing is not None and placing.box is None:
        number = page_of(writer, field.raw_get("/P")) if "/P" in field else None
        turned = sheet(writer, number).turned if number else 0
    drawing = Drawing(placing.stamp, turned) if placing is not None else None
    setup = SigObjSetup(
        sig_placeholder=_placeholder(statement),
        mdp_setup=_restrictions(statement, field),
        appearance_setup=drawing,  # type: ignore[arg-type] # only its `apply` is called
    )
    embedding.send(setup)
    prepared, output = embedding.send(SigIOSetup(md_algorithm=statement.hash.value))
    return output.getvalue(), prepared.reserved_region_start, prepared.reserved_region_end, prepared.document_digest


def _placeholder(statement: Statement) -> SignatureObject:
    """The signature's dictionary. A commitment takes the place of a reason (EN 319 142-1 §6.3)."""
    attributes = signed_attributes(statement, bytes(64), pades=True)
    empty = assembled(attributes, bytes(_LONGEST_SIGNATURE), statement.certificates, statement.hash)
    return SignatureObject(
        timestamp=datetime.fromtimestamp(statement.claimed_at // SECOND, UTC),
        subfilter=SigSeedSubFilter.PADES,
        reason=None if statement.commitment else statement.reason or None,
        location=statement.place or None,
        bytes_reserved=2 * (len(empty.dump()) + _FOR_TIMESTAMP),
    )


def _restrictions(statement: Statement, field: generic.DictionaryObject) -> SigMDPSetup:
    """What may be changed afterwards: as the signer certifies, or as the field was made to lock."""
    lock, permission = None, None
    if statement.certifying is not None:
        permission = next(level for level, meaning in CERTIFYING.items() if meaning is statement.certifying)
    if "/Lock" in field:
        lock = FieldMDPSpec.from_pdf_object(field["/Lock"])
        if permission is None and "/P" in field["/Lock"]:
            permission = MDPPerm(field["/Lock"]["/P"])
    return SigMDPSetup(
        md_algorithm=statement.hash.value,
        certify=statement.certifying is not None,
        field_lock=lock,
        docmdp_perms=permission,
    )


def _next_name(writer: IncrementalPdfFileWriter) -> str:
    taken = [_OURS.fullmatch(name) for name, _, _ in enumerate_sig_fields(writer)]
    return f"Signature{1 + max((int(match[1]) for match in taken if match and len(match[1]) < 6), default=0)}"


def _keeps(output: bytes, earlier: tuple[Existing, ...]) -> None:
    """See to it that every earlier signature holds with the new revision behind it.

    Raises:
        DocumentNotSignable: one forbids it.
    """
    if not earlier:
        return
    reader = opened(output)
    names = {signature.field for signature in earlier}
    for name, _, reference in enumerate_sig_fields(reader, filled_status=True):
        if name in names and not is_intact(EmbeddedPdfSignature(reader, reference.get_object(), name)):
            raise DocumentNotSignable("an earlier signature forbids it", problems=(Problem.CERTIFIED_FINAL,))
