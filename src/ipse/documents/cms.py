"""CMS signatures with the attributes of CAdES and PAdES (EN 319 122-1, EN 319 142-1), around a value made elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from asn1crypto import algos, cms, core, parser, tsp, x509
from pyhanko.sign.ades import cades_asn1

from ipse.documents.certificates import digest_of, is_elliptic, parsed, read, without_roots
from ipse.documents.model import Hash, Policy, Statement
from ipse.kernel.clock import SECOND

_CLAIMED_ROLE: Final = "2.5.4.41"
"""What other programs write a claimed role as: the attribute `name`."""
_ADDRESS: Final = "1.2.840.113549.1.9.16.2.17"
"""signer-location (RFC 5126 §5.11.2)."""


class _SignerLocation(core.Sequence):  # type: ignore[misc] # asn1crypto has no types
    _fields = [  # noqa: RUF012 - as asn1crypto wants it
        ("country_name", core.UTF8String, {"explicit": 0, "optional": True}),
        ("locality_name", core.UTF8String, {"explicit": 1, "optional": True}),
    ]


def signed_attributes(statement: Statement, digest: bytes, *, pades: bool) -> bytes:
    """What is hashed and signed: a SET OF attributes in DER. In a PDF, its dictionary says time and place."""
    certificate = parsed(statement.certificates[:1])[0]
    attributes = [
        _attribute("content_type", "data"),
        _attribute("message_digest", digest),
        _attribute("cms_algorithm_protection", _protection(statement)),
        _attribute("signing_certificate_v2", _certificate_named(certificate)),
    ]
    if not pades:
        moment = datetime.fromtimestamp(statement.claimed_at // SECOND, UTC)
        attributes.append(_attribute("signing_time", cms.Time(name="utc_time", value=moment)))
        if statement.place:
            attributes.append(_attribute(_ADDRESS, _SignerLocation({"locality_name": statement.place})))
    if statement.commitment:
        named = cades_asn1.CommitmentTypeIndication({"commitment_type_id": statement.commitment})
        attributes.append(_attribute("commitment_type", named))
    if statement.role:
        claimed = cms.AttCertAttribute({"type": _CLAIMED_ROLE, "values": [core.UTF8String(statement.role)]})
        attributes.append(_attribute("signer_attributes_v2", {"claimed_attributes": [claimed]}))
    if statement.policy:
        attributes.append(_attribute("signature_policy_identifier", _policy(statement.policy)))
    return bytes(cms.CMSAttributes(attributes).dump())


def assembled(attributes: bytes, signature: bytes, certificates: tuple[bytes, ...], hash_: Hash) -> cms.ContentInfo:
    """The CMS: signed attributes, signature value and certificates; what it is over stays outside."""
    carried = parsed(without_roots(certificates))
    named = {"issuer": carried[0].issuer, "serial_number": carried[0].serial_number}
    signer = {
        "version": "v1",
        "sid": cms.SignerIdentifier({"issuer_and_serial_number": cms.IssuerAndSerialNumber(named)}),
        "digest_algorithm": cms.DigestAlgorithm({"algorithm": hash_.value}),
        "signature_algorithm": _signature_algorithm(certificates[0], hash_),
        "signed_attrs": cms.CMSAttributes.load(attributes),
        "signature": signature,
    }
    signed = {
        "version": "v1",
        "digest_algorithms": cms.DigestAlgorithms((cms.DigestAlgorithm({"algorithm": hash_.value}),)),
        "encap_content_info": {"content_type": "data"},
        "certificates": cms.CertificateSet(carried),
        "signer_infos": cms.SignerInfos([cms.SignerInfo(signer)]),
    }
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)})


def signature_value(content: cms.ContentInfo) -> bytes:
    """What a signature time stamp is over."""
    return bytes(content["content"]["signer_infos"][0]["signature"].native)


def stamped(content: cms.ContentInfo, token: bytes) -> cms.ContentInfo:
    """The same CMS with a signature time stamp; every other byte of it stays."""
    signed = content["content"]
    signer = signed["signer_infos"][0]
    everyone: bytes = signed["signer_infos"].dump()
    before: bytes = signer.contents
    unsigned = [_attribute("signature_time_stamp_token", cms.ContentInfo.load(token)).dump()]
    if isinstance(signer["unsigned_attrs"], cms.CMSAttributes):
        unsigned += [attribute.dump() for attribute in signer["unsigned_attrs"]]
        before = before.removesuffix(signer["unsigned_attrs"].dump())
    changed = _set(_sequence(before + parser.emit(2, 1, 1, b"".join(sorted(unsigned)))))
    whole = _sequence(signed.contents.removesuffix(everyone) + changed)
    return cms.ContentInfo.load(_sequence(content["content_type"].dump() + parser.emit(2, 1, 0, whole)))


def stamp_of(content: cms.ContentInfo) -> bytes | None:
    """The signature time stamp of a CMS, if it has one."""
    attributes = content["content"]["signer_infos"][0]["unsigned_attrs"]
    for attribute in attributes if isinstance(attributes, cms.CMSAttributes) else ():
        if attribute["type"].native == "signature_time_stamp_token":
            return bytes(attribute["values"][0].dump())
    return None


def certificates_of(content: cms.ContentInfo) -> tuple[bytes, ...]:
    """The certificates that a CMS carries, its signer's first."""
    signed = content["content"]
    carried = [choice.chosen for choice in signed["certificates"] if choice.name == "certificate"]
    signer = signed["signer_infos"][0]["sid"]
    if signer.name == "issuer_and_serial_number":
        named = (signer.chosen["issuer"], signer.chosen["serial_number"].native)
        carried.sort(key=lambda one: (one.issuer, one.serial_number) != named)
    else:
        carried.sort(key=lambda one: one.key_identifier != signer.chosen.native)
    return tuple(bytes(one.dump()) for one in carried)


def _sequence(content: bytes) -> bytes:
    return bytes(parser.emit(0, 1, 16, content))


def _set(content: bytes) -> bytes:
    return bytes(parser.emit(0, 1, 17, content))


def _attribute(kind: str, value: object) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": kind, "values": (value,)})


def _signature_algorithm(certificate: bytes, hash_: Hash) -> algos.SignedDigestAlgorithm:
    family = "ecdsa" if is_elliptic(read([certificate])[0]) else "rsa"
    return algos.SignedDigestAlgorithm({"algorithm": f"{hash_.value}_{family}"})


def _protection(statement: Statement) -> cms.CMSAlgorithmProtection:
    algorithm = _signature_algorithm(statement.certificates[0], statement.hash)
    digest = algos.DigestAlgorithm({"algorithm": statement.hash.value})
    return cms.CMSAlgorithmProtection({"digest_algorithm": digest, "signature_algorithm": algorithm})


def _certificate_named(certificate: x509.Certificate) -> tsp.SigningCertificateV2:
    digest = digest_of(certificate.dump(), Hash.SHA_256)
    issuer = x509.GeneralName(name="directory_name", value=certificate.issuer)
    serial = tsp.IssuerSerial({"issuer": [issuer], "serial_number": certificate.serial_number})
    named = tsp.ESSCertIDv2({"hash_algorithm": {"algorithm": "sha256"}, "cert_hash": digest, "issuer_serial": serial})
    return tsp.SigningCertificateV2({"certs": [named]})


def _policy(policy: Policy) -> cades_asn1.SignaturePolicyIdentifier:
    digest = {"digest_algorithm": {"algorithm": policy.hash.value}, "digest": policy.digest}
    fields: dict[str, object] = {"sig_policy_id": policy.oid, "sig_policy_hash": digest}
    if policy.url:
        fields["sig_policy_qualifiers"] = [{"sig_policy_qualifier_id": "sp_uri", "sig_qualifier": policy.url}]
    named = cades_asn1.SignaturePolicyId(fields)
    return cades_asn1.SignaturePolicyIdentifier({"signature_policy_id": named})
