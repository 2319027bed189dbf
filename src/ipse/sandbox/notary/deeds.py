"""Deeds as PDF files: drawn, prepared for a signature made elsewhere, and finished with it (PAdES B-B).

The library that does it is imported when the first deed is drawn: the world starts without it.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ipse.sandbox.notary.model import Credential, Signed, Unsigned

if TYPE_CHECKING:
    from pyhanko.sign.signers.pdf_cms import ExternalSigner

_SIGNATURE_BYTES: Final = 256
_FIELD: Final = "Signature"
_A4: Final = (0, 0, 595, 842)


async def prepare(title: str, credential: Credential) -> Unsigned:
    """Draw a deed and reserve the place of its signature."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415
    from pyhanko.sign.fields import SigSeedSubFilter  # noqa: PLC0415
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner  # noqa: PLC0415

    signer = _signer(credential, bytes(_SIGNATURE_BYTES))
    about = PdfSignatureMetadata(
        field_name=_FIELD, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, name=credential.subject
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(_drawn(title)))
    prepared, _, output = await PdfSigner(about, signer=signer).async_digest_doc_for_signing(writer)
    attributes = (await signer.signed_attrs(prepared.document_digest, "sha256", use_pades=True)).dump()
    output.seek(0)
    return Unsigned(
        title=title,
        content=output.read(),
        document_digest=prepared.document_digest,
        region=(prepared.reserved_region_start, prepared.reserved_region_end),
        attributes=attributes,
        digest=hashlib.sha256(attributes).digest(),
    )


async def finish(deed: Unsigned, signature: bytes, credential: Credential) -> Signed:
    """Put the signature into its place."""
    from asn1crypto.cms import CMSAttributes  # noqa: PLC0415
    from pyhanko.sign.signers.pdf_byterange import PreparedByteRangeDigest  # noqa: PLC0415
    from pyhanko.sign.signers.pdf_signer import PdfTBSDocument  # noqa: PLC0415

    message = await _signer(credential, signature).async_sign_prescribed_attributes(
        "sha256", CMSAttributes.load(deed.attributes)
    )
    output = io.BytesIO(deed.content)
    await PdfTBSDocument.async_finish_signing(
        output, PreparedByteRangeDigest(deed.document_digest, *deed.region), message
    )
    return Signed(deed.title, output.getvalue())


def _signer(credential: Credential, value: bytes) -> ExternalSigner:
    from asn1crypto.algos import SignedDigestAlgorithm  # noqa: PLC0415
    from asn1crypto.x509 import Certificate  # noqa: PLC0415
    from pyhanko.sign.signers.pdf_cms import ExternalSigner  # noqa: PLC0415
    from pyhanko_certvalidator.registry import SimpleCertificateStore  # noqa: PLC0415

    own, *issuers = (Certificate.load(octets) for octets in credential.certificates)
    return ExternalSigner(
        signing_cert=own,
        cert_registry=SimpleCertificateStore.from_certs(issuers),
        signature_value=value,
        signature_mechanism=SignedDigestAlgorithm({"algorithm": "sha256_rsa"}),
    )


def _drawn(title: str) -> bytes:
    """One page with the deed's words."""
    from pyhanko.pdf_utils.generic import DictionaryObject, StreamObject, pdf_name  # noqa: PLC0415
    from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter  # noqa: PLC0415

    writer = PdfFileWriter()
    font = {"/Type": pdf_name("/Font"), "/Subtype": pdf_name("/Type1"), "/BaseFont": pdf_name("/Times-Roman")}
    fonts = DictionaryObject({pdf_name("/F1"): DictionaryObject({pdf_name(k): v for k, v in font.items()})})
    words = writer.add_object(StreamObject(stream_data=_text(title)))
    writer.insert_page(PageObject(words, _A4, DictionaryObject({pdf_name("/Font"): fonts})))
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def _text(title: str) -> bytes:
    lines: Sequence[tuple[int, int, str]] = (
        (20, 760, title),
        (12, 720, "Before me, Lindeman, notary in an invented town, has appeared who signs below."),
        (12, 700, "What is written here has no value outside the Ipse sandbox."),
        (12, 660, "Read, approved and signed with the phone."),
    )
    drawn = (f"BT /F1 {size} Tf 60 {height} Td ({text}) Tj ET" for size, height, text in lines)
    return "\n".join(drawn).encode("latin-1")
