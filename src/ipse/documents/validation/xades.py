"""XAdES signatures in an ASiC-E container."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from asn1crypto import crl, ocsp, x509

from ipse.documents.validation.chains import Chains, Knowledge, micros
from ipse.documents.validation.cms_signatures import Broken, load_signed_data
from ipse.documents.validation.container import Container, Unpackable, open_container
from ipse.documents.validation.model import Changes, Indication, Judgement, Question, Reason, Sub, Why
from ipse.documents.validation.signers import baseline, signer_of
from ipse.documents.validation.stamps import Proof, Token, forged_stamp, judge_signer, prove
from ipse.documents.validation.xml_signatures import (
    NAMES,
    Element,
    XmlSignature,
    canonicalisation,
    canonicalised,
    decoded_all,
    parse,
    signatures,
    texts,
    verify,
)

_MANIFEST: Final = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
_SIGNED: Final = "xades:SignedSignatureProperties/"
_UNSIGNED: Final = "ds:Object/xades:QualifyingProperties/xades:UnsignedProperties/xades:UnsignedSignatureProperties/"


@dataclass(frozen=True)
class Contained:
    """What came of a container."""

    signatures: list[Judgement]
    reasons: tuple[Reason, ...]


async def judge_asic(question: Question, chains: Chains) -> Contained:
    """A judgement for each signature.

    Raises:
        Unpackable: it is no container that all readers would read alike.
    """
    container = open_container(question.content)
    listed = _listed(container)
    judged: list[Judgement] = []
    for name, xml in sorted(container.signatures.items()):
        try:
            found = signatures(parse(xml))
        except Broken as broken:
            judged.append(_refused(name, broken))
            continue
        judged += [await _judge(name, each, container, listed, chains) for each in found]
    return Contained(judged, tuple(Reason(Why.FILE_NOT_COVERED, name) for name in container.others))


def _listed(container: Container) -> dict[str, str]:
    """What the manifest says: media types by name.

    Raises:
        Unpackable: it does not tell the truth about the container.
    """
    if container.manifest is None:
        raise Unpackable(Why.MANIFEST)
    try:
        root = parse(container.manifest)
    except Broken as broken:
        raise Unpackable(Why.MANIFEST) from broken
    listed: dict[str, str] = {}
    for entry in root.iter(f"{{{_MANIFEST}}}file-entry"):
        name = entry.get(f"{{{_MANIFEST}}}full-path", "")
        if name in listed:
            raise Unpackable(Why.MANIFEST, name[:100])
        listed[name] = entry.get(f"{{{_MANIFEST}}}media-type", "")
    # The container itself may be listed, as `/`, and the files of META-INF.
    listed.pop("/", None)
    outside = {name for name in listed if not name.upper().startswith("META-INF/")}
    different = outside.symmetric_difference(container.files)
    if different:
        raise Unpackable(Why.MANIFEST, min(different)[:100])
    return listed


async def _judge(
    name: str, element: Element, container: Container, listed: dict[str, str], chains: Chains
) -> Judgement:
    try:
        signature = verify(element, container.files)
        _check_media_types(signature, listed)
        certificate = x509.Certificate.load(signature.certificate)
        tokens, broken_stamps = _tokens(element)
        knowledge, archived = _knowledge(signature)
    except Broken as broken:
        return _refused(name, broken)
    except (ValueError, KeyError, TypeError):
        return _refused(name, Broken(Sub.FORMAT_FAILURE, Why.MALFORMED))
    proof = await prove(tokens, chains, knowledge, chains.now)
    claimed = _claimed(signature)
    timed = await judge_signer(certificate, chains, knowledge, proof, claimed)
    sub = timed.sub or forged_stamp(proof) or (Sub.FORMAT_FAILURE if broken_stamps else None)
    changes, notes = _uncovered(signature, container)
    stamps = [Reason(Why.STAMP_WRONG)] if broken_stamps else []
    properties = signature.properties
    roles = _SIGNED + "xades:SignerRoleV2/xades:ClaimedRoles/xades:ClaimedRole"
    return Judgement(
        name=name,
        format="XAdES",
        level=_level(proof, archived=archived),
        indication=Indication.PASSED if sub is None else sub.indication,
        sub=sub,
        reasons=(*timed.reasons, *proof.reasons, *stamps, *notes),
        signer=signer_of(certificate, chains.quality(certificate, timed.chained)),
        claimed_at=None if claimed is None else micros(claimed),
        proven_at=None if proof.at is None else micros(proof.at),
        changes=changes,
        covers=signature.covers,
        commitment=tuple(
            texts(
                properties,
                "xades:SignedDataObjectProperties/xades:CommitmentTypeIndication/xades:CommitmentTypeId/xades:Identifier",
            )
        ),
        roles=tuple(texts(properties, roles)),
        policy=next(texts(properties, _SIGNED + _POLICY), ""),
        place=", ".join(texts(properties, _SIGNED + "xades:SignatureProductionPlaceV2/xades:City")),
        timestamps=tuple(proof.stamps),
        signature_value=signature.value,
        certificate=signature.certificate,
        to_be_signed=signature.to_be_signed,
        chain=tuple(each.dump() for each in timed.chained.path),
    )


_POLICY: Final = "xades:SignaturePolicyIdentifier/xades:SignaturePolicyId/xades:SigPolicyId/xades:Identifier"


def _check_media_types(signature: XmlSignature, listed: dict[str, str]) -> None:
    """The manifest calls each file what the signer called it."""
    for covered, media_type in signature.media_types.items():
        if listed.get(covered) != media_type:
            raise Broken(Sub.FORMAT_FAILURE, Why.MANIFEST)


def _uncovered(signature: XmlSignature, container: Container) -> tuple[Changes, list[Reason]]:
    missing = sorted(set(container.files).difference(signature.covers))
    if missing or container.others:
        return Changes.PERMITTED, [Reason(Why.FILE_NOT_COVERED, name) for name in missing]
    return Changes.NONE, []


def _tokens(element: Element) -> tuple[list[Token], bool]:
    """The time stamps over the signature value; and whether one of them is none."""
    tokens: list[Token] = []
    broken = False
    value = element.find("ds:SignatureValue", NAMES)
    for stamp in element.findall(_UNSIGNED + "xades:SignatureTimeStamp", NAMES):
        try:
            canonical = canonicalised(value, canonicalisation(stamp))
            tokens += [
                Token(load_signed_data(der, padded=False), _imprint(canonical), "signature")
                for der in decoded_all(stamp, "xades:EncapsulatedTimeStamp")
            ]
        except Broken:
            broken = True
    return tokens, broken


def _imprint(data: bytes) -> Callable[[str], bytes]:
    def digest(name: str) -> bytes:
        return hashlib.new(name, data, usedforsecurity=False).digest()

    return digest


def _knowledge(signature: XmlSignature) -> tuple[Knowledge, bool]:
    """What the signature brings along; and whether that says anything about revocation."""
    element = signature.element
    certificates = [
        *signature.others,
        *decoded_all(element, _UNSIGNED + "xades:CertificateValues/xades:EncapsulatedX509Certificate"),
    ]
    values = _UNSIGNED + "xades:RevocationValues/"
    knowledge = Knowledge(
        certificates=[x509.Certificate.load(each) for each in certificates],
        ocsps=[
            ocsp.OCSPResponse.load(each)
            for each in decoded_all(element, values + "xades:OCSPValues/xades:EncapsulatedOCSPValue")
        ],
        crls=[
            crl.CertificateList.load(each)
            for each in decoded_all(element, values + "xades:CRLValues/xades:EncapsulatedCRLValue")
        ],
    )
    return knowledge, knowledge.tells_of(x509.Certificate.load(signature.certificate))


def _claimed(signature: XmlSignature) -> datetime | None:
    text = next(texts(signature.properties, _SIGNED + "xades:SigningTime"), "")
    try:
        claimed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return claimed if claimed.tzinfo is not None else claimed.replace(tzinfo=UTC)


def _level(proof: Proof, *, archived: bool) -> str:
    return baseline(named=True, stamped=proof.at is not None, evidence=archived, archived=False)


def _refused(name: str, broken: Broken) -> Judgement:
    return Judgement(
        name=name,
        format="XAdES",
        indication=broken.sub.indication,
        sub=broken.sub,
        reasons=(Reason(broken.why),),
    )
