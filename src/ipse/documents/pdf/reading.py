"""Opens a PDF strictly, and finds its signatures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfDecodeLimitError, PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY
from pyhanko.sign.fields import MDPPerm, enumerate_sig_fields
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from ipse.documents.errors import DocumentTooLarge, DocumentUnreadable, place
from ipse.documents.model import Certifying

_FAULTS: Final = (
    PdfError,
    SigningError,
    SignatureValidationError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    RecursionError,
    OSError,
)
"""What a damaged file makes its reader raise."""
CERTIFYING: Final = {
    MDPPerm.NO_CHANGES: Certifying.NOTHING,
    MDPPerm.FILL_FORMS: Certifying.FORMS,
    MDPPerm.ANNOTATE: Certifying.COMMENTS,
}


@contextmanager
def careful() -> Iterator[None]:
    """Around everything that reads a file.

    Raises:
        DocumentUnreadable, DocumentTooLarge: instead of what the reader raises.
    """
    try:
        yield
    except PdfDecodeLimitError as error:
        raise DocumentTooLarge("a stream unfolds too far") from error
    except _FAULTS as error:
        raise DocumentUnreadable(place(error)) from error


def opened(pdf: bytes) -> PdfFileReader:
    """A PDF that keeps to its format.

    Raises:
        DocumentUnreadable, DocumentTooLarge: it is not one that can be read.
    """
    with careful():
        return PdfFileReader(BytesIO(pdf), strict=True)


def signatures(reader: PdfFileReader) -> list[EmbeddedPdfSignature]:
    """Signatures and document time stamps, in the order they were made; those without a value are left out."""
    found = []
    for name, value, reference in enumerate_sig_fields(reader, filled_status=True):
        field = reference.get_object()
        if isinstance(value, generic.PdfObject) and _holds(value):
            found.append(EmbeddedPdfSignature(reader, field, name))
    found.sort(key=lambda one: one.signed_revision)
    return found


def is_timestamp(signature: EmbeddedPdfSignature) -> bool:
    """Whether it is a document time stamp."""
    return bool(signature.sig_object_type == "/DocTimeStamp")


def is_intact(signature: EmbeddedPdfSignature) -> bool:
    """Whether its bytes are as signed, by the certificate it carries, and later changes are none that it forbids."""
    try:
        signature.compute_integrity_info(diff_policy=DEFAULT_DIFF_POLICY)
        summary = signature.summarise_integrity_info()
        content_type = "tst_info" if is_timestamp(signature) else "data"
        unchanged, valid = validate_sig_integrity(
            signature.signer_info, signature.signer_cert, content_type, _signed_digest(signature)
        )
    except _FAULTS:
        return False
    covered = summary["coverage"] >= SignatureCoverageLevel.ENTIRE_REVISION
    return bool(covered and summary["docmdp_ok"] and unchanged and valid and _stamps_this(signature))


def certifying(signature: EmbeddedPdfSignature) -> Certifying | None:
    """What it lets others change, if it is a certifying one."""
    references = entry(signature.sig_object, "/Reference")
    listed = references if isinstance(references, generic.ArrayObject) else ()
    methods = {entry(reference.get_object(), "/TransformMethod") for reference in listed}
    level = signature.docmdp_level
    return CERTIFYING.get(level) if level is not None and "/DocMDP" in methods else None


def entry(dictionary: object, key: str) -> object:
    """What a dictionary says, wherever in the file that lies; None: nothing."""
    return dictionary[key] if isinstance(dictionary, generic.DictionaryObject) and key in dictionary else None


def text(value: object) -> str:
    """A text of a PDF, shortened, without control characters."""
    return "".join(letter for letter in str(value if value is not None else "")[:200] if letter.isprintable()).strip()


def _holds(value: generic.PdfObject) -> bool:
    contents = entry(value.get_object(), "/Contents")
    return isinstance(contents, bytes | generic.TextStringObject) and any(_octets(contents))


def _octets(value: bytes | generic.TextStringObject) -> bytes:
    return value if isinstance(value, bytes) else bytes(value.original_bytes)


def _signed_digest(signature: EmbeddedPdfSignature) -> bytes:
    if not is_timestamp(signature):
        return bytes(signature.compute_digest())
    content = bytes(signature.signed_data["encap_content_info"]["content"])
    return _hashed(content, signature.md_algorithm)


def _hashed(content: bytes, algorithm: str) -> bytes:
    return hashlib.new(algorithm, content).digest()


def _stamps_this(signature: EmbeddedPdfSignature) -> bool:
    """Whether a document time stamp is over this document."""
    if not is_timestamp(signature):
        return True
    imprint = signature.signed_data["encap_content_info"]["content"].parsed["message_imprint"]
    return bool(imprint["hashed_message"].native == signature.compute_digest())
