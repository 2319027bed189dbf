"""Adds the signature value to a prepared PDF, then a time stamp, evidence, and a time stamp over all of that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Final

from asn1crypto import cms, crl, ocsp
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, enumerate_sig_fields
from pyhanko.sign.signers import DocumentTimestamp
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from ipse.documents.certificates import check, digest_of, parsed, read
from ipse.documents.cms import assembled, certificates_of, signature_value, stamp_of, stamped
from ipse.documents.errors import DocumentNotSignable
from ipse.documents.evidence import Gathering, Unproven
from ipse.documents.model import Aim, Finished, Hash, Level, Missing
from ipse.documents.pdf.preparing import State
from ipse.documents.pdf.reading import careful, is_intact, is_timestamp, opened, signatures
from ipse.documents.requests import Finish, Upgrade
from ipse.documents.states import opened as opened_state
from ipse.documents.timestamps import opened as opened_stamp
from ipse.documents.timestamps import stamp
from ipse.documents.worker.asking import Asking

_FOR_DOCUMENT_STAMP: Final = 16_000


@dataclass(frozen=True)
class _Last:
    """The signature that is worked on, and where in the file its CMS lies."""

    content: cms.ContentInfo
    start: int
    end: int
    hash: Hash


@dataclass(frozen=True)
class _File:
    """A signed file on its way."""

    pdf: bytes
    level: Level
    signed_at: int | None = None


def finish(request: Finish, ask: Asking) -> Finished:
    """The job: the value, and as much more as the aim asks and can be had.

    Raises:
        SignatureUnfit: the value is not by the certificate's key over what was prepared.
    """
    state = opened_state(request.state, State)
    check(read(state.certificates)[0], request.signature, state.attributes, state.hash)
    content = assembled(state.attributes, request.signature, state.certificates, state.hash)
    last = _Last(content, state.start, state.end, state.hash)
    return _raised(_File(_filled(state.pdf, last), Level.B_B), last, request.aim, ask)


def upgrade(request: Upgrade, ask: Asking) -> Finished:
    """The job: bring the last signature of a file further.

    Raises:
        DocumentUnreadable, DocumentTooLarge: it is no PDF that can be read.
        DocumentNotSignable: it holds no signature, or its last does not hold.
    """
    reader = opened(request.content)
    with careful():
        every = signatures(reader)
        ours = [signature for signature in every if not is_timestamp(signature)]
        if not ours or not is_intact(ours[-1]):
            raise DocumentNotSignable("there is no signature that holds")
        last = _last(ours[-1])
        file = _reached(
            request.content, last, has_evidence=_has_evidence(reader, ours[-1]), is_stamped=is_timestamp(every[-1])
        )
    if file.level is Level.B_B and every[-1] is not ours[-1]:
        raise DocumentNotSignable("others have signed since")
    return _raised(file, last, request.aim, ask)


def _raised(file: _File, last: _Last, aim: Aim, ask: Asking) -> Finished:
    """Take the steps that are still missing, until one cannot be taken."""
    gathering = Gathering(aim.authorities, ask, aim.at)
    missing = None
    try:
        while file.level.rank < aim.level.rank:
            file, last = _step(file, last, gathering, ask)
    except Unproven as error:
        missing = Missing.ARCHIVE_TIMESTAMP if file.level is Level.B_LT else error.missing
    return Finished(content=file.pdf, level=file.level, missing=missing, signed_at=file.signed_at)


def _step(file: _File, last: _Last, gathering: Gathering, ask: Asking) -> tuple[_File, _Last]:
    if file.level is Level.B_B:
        token = stamp(digest_of(signature_value(last.content), last.hash), ask, gathering)
        last = replace(last, content=stamped(last.content, token.der))
        return _File(_filled(file.pdf, last), Level.B_T, token.at), last
    if file.level is Level.B_T:
        return replace(file, pdf=_with_evidence(file, last, gathering), level=Level.B_LT), last
    return replace(file, pdf=_with_stamp(file.pdf, last.hash, ask, gathering), level=Level.B_LTA), last


def _filled(pdf: bytes, last: _Last) -> bytes:
    """The file with the CMS in its place.

    Raises:
        Unproven: it is too long, which only a time stamp can make it.
    """
    content: bytes = last.content.dump()
    written = content.hex().upper().encode()
    room = last.end - last.start - 2
    if len(written) > room:
        raise Unproven(Missing.TIMESTAMP)
    return pdf[: last.start + 1] + written.ljust(room, b"0") + pdf[last.end - 1 :]


def _with_evidence(file: _File, last: _Last, gathering: Gathering) -> bytes:
    """One more revision, with a document security store: of this signature, and of earlier ones that still lack it."""
    _collect(last.content, gathering)
    for earlier in _unproven(file.pdf):
        with suppress(Unproven):  # a stranger's, or one whose certificate was revoked: no reason to keep this one back
            _collect(earlier, gathering)
    evidence = gathering.evidence()
    output = BytesIO(file.pdf)
    DocumentSecurityStore.add_dss(
        output,
        None,
        certs=parsed(evidence.certificates),
        ocsps=[ocsp.OCSPResponse.load(answer) for answer in evidence.ocsps],
        crls=[crl.CertificateList.load(answer) for answer in evidence.crls],
    )
    return output.getvalue()


def _collect(content: cms.ContentInfo, gathering: Gathering) -> None:
    token = opened_stamp(stamp_of(content) or b"")
    gathering.collect(certificates_of(content), token.at)
    gathering.collect(token.certificates, token.at)


def _unproven(pdf: bytes) -> Iterator[cms.ContentInfo]:
    """Signatures before the last with a time stamp and no evidence: when they were made, something was down."""
    reader = opened(pdf)
    with careful():
        for signature in [each for each in signatures(reader) if not is_timestamp(each)][:-1]:
            content = cms.ContentInfo.load(signature.pkcs7_content)
            if not _has_evidence(reader, signature) and stamp_of(content) is not None:
                yield content


def _with_stamp(pdf: bytes, hash_: Hash, ask: Asking, gathering: Gathering) -> bytes:
    """One more revision, with a document time stamp over everything before it."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf), strict=True)
    taken = {name for name, _, _ in enumerate_sig_fields(writer)}
    name = next(name for number in range(1, len(taken) + 2) if (name := f"Timestamp{number}") not in taken)
    embedding = PdfCMSEmbedder(new_field_spec=SigFieldSpec(name)).write_cms(name, writer)
    next(embedding)
    embedding.send(SigObjSetup(sig_placeholder=DocumentTimestamp(bytes_reserved=2 * _FOR_DOCUMENT_STAMP)))
    prepared, output = embedding.send(SigIOSetup(md_algorithm=hash_.value))
    token = stamp(prepared.document_digest, ask, gathering)
    if len(token.der) > _FOR_DOCUMENT_STAMP:
        raise Unproven(Missing.TIMESTAMP)
    prepared.fill_with_cms(output, token.der)
    return bytes(output.getvalue())


def _last(signature: EmbeddedPdfSignature) -> _Last:
    content = cms.ContentInfo.load(signature.pkcs7_content)
    start, end = int(signature.byte_range[1]), int(signature.byte_range[2])
    return _Last(content, start, end, Hash(signature.md_algorithm))


def _has_evidence(reader: PdfFileReader, signature: EmbeddedPdfSignature) -> bool:
    """Whether evidence was added after the signature: what was there before is another signer's."""
    if "/DSS" not in reader.root:
        return False
    store = reader.root.raw_get("/DSS")
    reference = store.reference if isinstance(store, generic.IndirectObject) else reader.root_ref
    return bool(reader.xrefs.get_last_change(reference) > signature.signed_revision)


def _reached(pdf: bytes, last: _Last, *, has_evidence: bool, is_stamped: bool) -> _File:
    """How far a file has come already."""
    token = stamp_of(last.content)
    if token is None:
        return _File(pdf, Level.B_B)
    at = opened_stamp(token).at
    if not has_evidence:
        return _File(pdf, Level.B_T, at)
    return _File(pdf, Level.B_LTA if is_stamped else Level.B_LT, at)
