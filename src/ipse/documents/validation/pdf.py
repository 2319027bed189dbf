"""Signatures and document time stamps of a PDF."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from asn1crypto import cms
from pyhanko.pdf_utils.generic import DictionaryObject
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation import EmbeddedPdfSignature
from pyhanko.sign.validation.ades import _dss_to_local_knowledge as read_store

from ipse.documents.validation.chains import Chains, Knowledge, micros
from ipse.documents.validation.cms_signatures import Broken, CmsSignature, check, load_signed_data
from ipse.documents.validation.model import (
    Changes,
    Indication,
    Judgement,
    Question,
    Reason,
    Sub,
    Why,
)
from ipse.documents.validation.pdf_bytes import signed_end
from ipse.documents.validation.pdf_changes import changes_after
from ipse.documents.validation.signers import baseline, signer_of
from ipse.documents.validation.stamps import Token, forged_stamp, judge_signer, judge_token, prove

MOST_SIGNATURES: Final = 50
_PADES: Final = "/ETSI.CAdES.detached"
_STAMP: Final = "/ETSI.RFC3161"
_KNOWN: Final = frozenset({_PADES, _STAMP, "/adbe.pkcs7.detached"})
FAULTS: Final = (PdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, AssertionError)
"""What the libraries raise over files that are none."""


class Unreadable(Exception):
    """The file cannot be judged at all; why."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


@dataclass
class _Found:
    """One filled signature field."""

    name: str
    embedded: EmbeddedPdfSignature | None
    why: Why | None = None
    stamp: bool = False


@dataclass(frozen=True)
class _Document:
    question: Question
    chains: Chains
    store: Knowledge
    found: list[_Found]

    @property
    def file(self) -> bytes:
        return self.question.content

    def is_last(self, embedded: EmbeddedPdfSignature) -> bool:
        return all(
            each.embedded is None or each.embedded.signed_revision <= embedded.signed_revision for each in self.found
        )


async def judge_pdf(question: Question, chains: Chains) -> list[Judgement]:
    """A judgement for each signature and document time stamp, in the order in which they were made.

    Raises:
        Unreadable: it is no PDF that anybody could say anything about.
    """
    reader, found = _read(question.content)
    document = _Document(question, chains, _store(reader), found)
    judged: dict[str, Judgement] = {}
    covered: list[tuple[int, datetime]] = []
    """Revisions that a time stamp covers, and when."""
    for each in reversed(found):
        if each.stamp and each.embedded is not None:
            judgement, at = await _judge_stamp(document, each, each.embedded, _control(covered, each, chains))
            judged[each.name] = judgement
            if at is not None:
                covered.append((each.embedded.signed_revision, at))
    for each in found:
        if each.embedded is None:
            unsupported = each.why is Why.UNSUPPORTED
            sub = Sub.GENERIC if unsupported else Sub.FORMAT_FAILURE
            judged[each.name] = _refused(each.name, sub, each.why or Why.MALFORMED)
        elif not each.stamp:
            judged[each.name] = await _judge_signature(document, each, each.embedded, covered)
    return [judged[each.name] for each in found]


def _read(content: bytes) -> tuple[PdfFileReader, list[_Found]]:
    try:
        reader = PdfFileReader(io.BytesIO(content), strict=True)
        if reader.encrypted:
            raise Unreadable(Why.ENCRYPTED)
        fields = list(enumerate_sig_fields(reader, filled_status=True))
        if len(fields) > MOST_SIGNATURES:
            raise Unreadable(Why.TOO_MANY)
        found = [_embedded(reader, str(name), value.get_object(), field.get_object()) for name, value, field in fields]
        hybrid = reader.xrefs.hybrid_xrefs_present
    except FAULTS as error:
        raise Unreadable(Why.UNREADABLE) from error
    if hybrid and found:
        raise Unreadable(Why.HYBRID)
    # Two of one name would hide each other in every answer.
    for each in found:
        if sum(other.name == each.name for other in found) > 1:
            raise Unreadable(Why.DUPLICATE_NAME)
    found.sort(key=lambda each: -1 if each.embedded is None else each.embedded.signed_revision)
    return reader, found


def _embedded(reader: PdfFileReader, name: str, value: DictionaryObject, field: DictionaryObject) -> _Found:
    if value.get("/SubFilter") not in _KNOWN:
        return _Found(name, None, Why.UNSUPPORTED)
    try:
        embedded = EmbeddedPdfSignature(reader, field, name)
        embedded.compute_integrity_info()
        embedded.summarise_integrity_info()
    except FAULTS:
        return _Found(name, None, Why.MALFORMED)
    return _Found(name, embedded, stamp=embedded.sig_object_type == "/DocTimeStamp")


def _store(reader: PdfFileReader) -> Knowledge:
    """What the document security store brings."""
    try:
        known = read_store(reader)
    except FAULTS:
        return Knowledge()
    return Knowledge(
        certificates=list(known.known_certs),
        ocsps=[each.ocsp_response_data for each in known.known_ocsps],
        crls=[each.crl_data for each in known.known_crls],
    )


def _control(covered: list[tuple[int, datetime]], each: _Found, chains: Chains) -> datetime:
    """As of when something is judged: the earliest time stamp that covers it, else now."""
    revision = each.embedded.signed_revision if each.embedded is not None else 0
    return min((at for stamped, at in covered if stamped > revision), default=chains.now)


async def _judge_stamp(
    document: _Document, each: _Found, embedded: EmbeddedPdfSignature, control: datetime
) -> tuple[Judgement, datetime | None]:
    changes, reasons = changes_after(document.file, embedded, last=document.is_last(embedded))
    if changes is Changes.FORBIDDEN:
        return _refused(each.name, Sub.FORMAT_FAILURE, reasons[0].code, stamp=True), None
    try:
        signed_data = load_signed_data(embedded.pkcs7_content, padded=True)
        if signed_data["encap_content_info"]["content_type"].native != "tst_info":
            return _refused(each.name, Sub.FORMAT_FAILURE, Why.MALFORMED, stamp=True), None
    except Broken as broken:
        return _refused(each.name, broken.sub, broken.why, stamp=True), None
    token = Token(signed_data, embedded.compute_digest, "document")
    stamp, at = await judge_token(token, document.chains, document.store, control)
    return (
        Judgement(
            name=each.name,
            kind="timestamp",
            format="PAdES",
            indication=stamp.indication,
            sub=stamp.sub,
            reasons=tuple([Reason(stamp.reason)] if stamp.reason else []) + tuple(reasons),
            proven_at=None if at is None else micros(at),
            changes=changes,
            timestamps=(stamp,),
            signature_value=bytes(signed_data["signer_infos"][0]["signature"].native),
            certificate=_stamper(signed_data),
            content_digest=embedded.compute_digest("sha256"),
        ),
        at,
    )


async def _judge_signature(
    document: _Document, each: _Found, embedded: EmbeddedPdfSignature, covered: list[tuple[int, datetime]]
) -> Judgement:
    chains = document.chains
    pades = embedded.sig_object.get("/SubFilter") == _PADES
    try:
        signature = await _checked(document.file, embedded, chains)
    except Broken as broken:
        return _refused(each.name, broken.sub, broken.why, claimed=_claimed(embedded))
    changes, notes = changes_after(document.file, embedded, last=document.is_last(embedded))
    knowledge = Knowledge()
    knowledge.add(signature.knowledge)
    knowledge.add(document.store)
    later = [at for revision, at in covered if revision > embedded.signed_revision]
    proof = await prove(signature.tokens, chains, knowledge, min(later, default=chains.now))
    stamped = proof.at is not None
    if later:
        proof.at = min([*later, *([proof.at] if proof.at else [])])
    claimed = _claimed(embedded)
    timed = await judge_signer(signature.certificate, chains, knowledge, proof, claimed)
    sub, reasons = timed.sub, [*timed.reasons, *proof.reasons, *notes]
    if changes is Changes.FORBIDDEN:
        sub, reasons = Sub.FORMAT_FAILURE, [*notes, *timed.reasons, *proof.reasons]
    elif sub is None and proof.reasons:
        sub = forged_stamp(proof)
    return Judgement(
        name=each.name,
        format="PAdES" if pades and signature.named else "CMS",
        level=_level(signature, document, stamped=stamped, archived=bool(later)) if pades else "",
        indication=Indication.PASSED if sub is None else sub.indication,
        sub=sub,
        reasons=tuple(reasons),
        signer=signer_of(signature.certificate, chains.quality(signature.certificate, timed.chained)),
        claimed_at=None if claimed is None else micros(claimed),
        proven_at=None if proof.at is None else micros(proof.at),
        changes=changes,
        commitment=signature.commitment,
        roles=signature.roles,
        policy=signature.policy,
        text=_text(embedded, "/Reason"),
        place=_text(embedded, "/Location") or signature.place,
        timestamps=tuple(proof.stamps),
        signature_value=signature.value,
        certificate=signature.certificate.dump(),
        to_be_signed=signature.to_be_signed,
        content_digest=embedded.compute_digest("sha256"),
        chain=tuple(each.dump() for each in timed.chained.path),
    )


async def _checked(file: bytes, embedded: EmbeddedPdfSignature, chains: Chains) -> CmsSignature:
    if signed_end(file, embedded) is None:
        raise Broken(Sub.FORMAT_FAILURE, Why.BYTES_OUTSIDE)
    signed_data = load_signed_data(embedded.pkcs7_content, padded=True)
    if len(signed_data["signer_infos"]) != 1:
        raise Broken(Sub.FORMAT_FAILURE, Why.MALFORMED)
    return await check(signed_data, embedded.compute_digest(), chains.now)


def _level(signature: CmsSignature, document: _Document, *, stamped: bool, archived: bool) -> str:
    return baseline(
        named=signature.named,
        stamped=stamped or archived,
        evidence=document.store.tells_of(signature.certificate),
        archived=archived,
    )


def _claimed(embedded: EmbeddedPdfSignature) -> datetime | None:
    try:
        return embedded.self_reported_timestamp
    except FAULTS:
        return None


def _text(embedded: EmbeddedPdfSignature, key: str) -> str:
    value = embedded.sig_object.get(key)
    return str(value)[:500] if isinstance(value, str) else ""


def _stamper(signed_data: cms.SignedData) -> bytes:
    try:
        return bytes(signed_data["certificates"][0].chosen.dump())
    except FAULTS:
        return b""


def _refused(name: str, sub: Sub, why: Why, *, stamp: bool = False, claimed: datetime | None = None) -> Judgement:
    return Judgement(
        name=name,
        kind="timestamp" if stamp else "signature",
        format="PAdES",
        indication=sub.indication,
        sub=sub,
        reasons=(Reason(why),),
        claimed_at=None if claimed is None else micros(claimed),
        changes=Changes.FORBIDDEN
        if why in {Why.BYTES_OUTSIDE, Why.BYTES_AFTER, Why.FORBIDDEN_CHANGE}
        else Changes.UNKNOWN,
    )
