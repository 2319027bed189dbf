"""The XML of a XAdES signature (EN 319 132-1): built without its value, then completed step by step."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from asn1crypto import tsp, x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree

from ipse.documents.certificates import digest_of, is_elliptic, parsed, read, without_roots
from ipse.documents.model import Evidence, Hash, Statement
from ipse.kernel import clock

DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XADES: Final = "http://uri.etsi.org/01903/v1.3.2#"
ASIC: Final = "http://uri.etsi.org/02918/v1.2.1#"
_CANONICAL: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_PROPERTIES: Final = "http://uri.etsi.org/01903#SignedProperties"
_DIGESTS: Final = {
    Hash.SHA_256: "http://www.w3.org/2001/04/xmlenc#sha256",
    Hash.SHA_384: "http://www.w3.org/2001/04/xmldsig-more#sha384",
    Hash.SHA_512: "http://www.w3.org/2001/04/xmlenc#sha512",
}
_METHODS: Final = "http://www.w3.org/2001/04/xmldsig-more#{}-{}"
_COMMITMENTS: Final = {
    "1.2.840.113549.1.9.16.6.1": "http://uri.etsi.org/01903/v1.2.2#ProofOfOrigin",
    "1.2.840.113549.1.9.16.6.2": "http://uri.etsi.org/01903/v1.2.2#ProofOfReceipt",
    "1.2.840.113549.1.9.16.6.3": "http://uri.etsi.org/01903/v1.2.2#ProofOfDelivery",
    "1.2.840.113549.1.9.16.6.4": "http://uri.etsi.org/01903/v1.2.2#ProofOfSender",
    "1.2.840.113549.1.9.16.6.5": "http://uri.etsi.org/01903/v1.2.2#ProofOfApproval",
    "1.2.840.113549.1.9.16.6.6": "http://uri.etsi.org/01903/v1.2.2#ProofOfCreation",
}
PARSER: Final = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
Element: TypeAlias = Any
"""Of lxml, which is not typed."""


@dataclass(frozen=True)
class Covered:
    """A file that is signed."""

    name: str
    media_type: str
    digest: bytes


def built(files: Sequence[Covered], statement: Statement, number: int) -> Element:
    """A signature without its value, inside the root element that ASiC wants."""
    name = f"S{number}"
    root = etree.Element(f"{{{ASIC}}}XAdESSignatures", nsmap={"asic": ASIC, "ds": DS, "xades": XADES})
    signature = _ds(root, "Signature", Id=name)
    information = _ds(signature, "SignedInfo")
    _ds(signature, "SignatureValue", Id=f"{name}-Value")
    _key(signature, statement)
    qualifying = _xades(_ds(signature, "Object"), "QualifyingProperties", Target=f"#{name}")
    properties = _properties(qualifying, files, statement, name)
    family = "ecdsa" if is_elliptic(read(statement.certificates)[0]) else "rsa"
    _ds(information, "CanonicalizationMethod", Algorithm=_CANONICAL)
    _ds(information, "SignatureMethod", Algorithm=_METHODS.format(family, statement.hash.value))
    for place, file in enumerate(files):
        reference = _ds(information, "Reference", Id=f"{name}-File{place}", URI=quote(file.name))
        _digest(reference, statement.hash, file.digest)
    reference = _ds(information, "Reference", URI=f"#{name}-Properties", Type=_PROPERTIES)
    _ds(_ds(reference, "Transforms"), "Transform", Algorithm=_CANONICAL)
    _digest(reference, statement.hash, digest_of(canonical(properties), statement.hash))
    return root


def canonical(element: Element) -> bytes:
    """Exclusive canonical XML."""
    return bytes(etree.tostring(element, method="c14n", exclusive=True))


def signed_information(root: Element) -> bytes:
    """What is hashed and signed."""
    return canonical(_found(root, f".//{{{DS}}}SignedInfo"))


def set_value(root: Element, signature: bytes, certificate: bytes) -> None:
    """Put the signature value in: an elliptic one as two numbers of a fixed size."""
    key = read([certificate])[0].public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        size = (key.curve.key_size + 7) // 8
        signature = b"".join(part.to_bytes(size) for part in decode_dss_signature(signature))
    _found(root, f".//{{{DS}}}SignatureValue").text = _base64(signature)


def stamped_content(root: Element) -> bytes:
    """What a signature time stamp is over."""
    return canonical(_found(root, f".//{{{DS}}}SignatureValue"))


def add_stamp(root: Element, token: bytes) -> None:
    """Add a signature time stamp."""
    stamp = _xades(_unsigned(root), "SignatureTimeStamp")
    _ds(stamp, "CanonicalizationMethod", Algorithm=_CANONICAL)
    _xades(stamp, "EncapsulatedTimeStamp").text = _base64(token)


def add_evidence(root: Element, evidence: Evidence) -> None:
    """Add certificates and revocation answers, of the signer and of the time stamp."""
    unsigned = _unsigned(root)
    certificates = _xades(unsigned, "CertificateValues")
    for certificate in evidence.certificates:
        _xades(certificates, "EncapsulatedX509Certificate").text = _base64(certificate)
    revocation = _xades(unsigned, "RevocationValues")
    for kind, one, answers in (
        ("CRLValues", "EncapsulatedCRLValue", evidence.crls),
        ("OCSPValues", "EncapsulatedOCSPValue", evidence.ocsps),
    ):
        values = _xades(revocation, kind) if answers else revocation
        for answer in answers:
            _xades(values, one).text = _base64(answer)


def stamp_of(root: Element) -> bytes | None:
    """The signature time stamp, if there is one."""
    found = root.find(f".//{{{XADES}}}SignatureTimeStamp/{{{XADES}}}EncapsulatedTimeStamp")
    return None if found is None else b64decode(found.text or "")


def has_evidence(root: Element) -> bool:
    """Whether revocation answers are there."""
    return root.find(f".//{{{XADES}}}RevocationValues") is not None


def certificates_of(root: Element) -> tuple[bytes, ...]:
    """The certificates in KeyInfo, the signer's first as we write them."""
    found = root.findall(f".//{{{DS}}}KeyInfo/{{{DS}}}X509Data/{{{DS}}}X509Certificate")
    return tuple(b64decode(one.text or "") for one in found)


def serialised(root: Element) -> bytes:
    """As a file."""
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def loaded(content: bytes) -> Element:
    """From a file; without entities, without other files.

    Raises:
        etree.XMLSyntaxError: it is no XML.
    """
    return etree.fromstring(content, PARSER)


def _key(signature: Element, statement: Statement) -> None:
    data = _ds(_ds(signature, "KeyInfo"), "X509Data")
    for certificate in without_roots(statement.certificates):
        _ds(data, "X509Certificate").text = _base64(certificate)


def _properties(qualifying: Element, files: Sequence[Covered], statement: Statement, name: str) -> Element:
    """What the signer says beside the files: schema order."""
    properties = _xades(qualifying, "SignedProperties", Id=f"{name}-Properties")
    signed = _xades(properties, "SignedSignatureProperties")
    _xades(signed, "SigningTime").text = clock.text(statement.claimed_at)
    certificate = _xades(_xades(signed, "SigningCertificateV2"), "Cert")
    _digest(_xades(certificate, "CertDigest"), Hash.SHA_256, hashlib.sha256(statement.certificates[0]).digest())
    _xades(certificate, "IssuerSerialV2").text = _base64(_issuer_serial(statement.certificates[0]))
    if statement.policy:
        policy = _xades(_xades(signed, "SignaturePolicyIdentifier"), "SignaturePolicyId")
        identifier = _xades(_xades(policy, "SigPolicyId"), "Identifier", Qualifier="OIDAsURN")
        identifier.text = f"urn:oid:{statement.policy.oid}"
        _digest(_xades(policy, "SigPolicyHash"), statement.policy.hash, statement.policy.digest)
        if statement.policy.url:
            qualifier = _xades(_xades(policy, "SigPolicyQualifiers"), "SigPolicyQualifier")
            _xades(qualifier, "SPURI").text = statement.policy.url
    if statement.place:
        _xades(_xades(signed, "SignatureProductionPlaceV2"), "City").text = statement.place
    if statement.role:
        _xades(_xades(_xades(signed, "SignerRoleV2"), "ClaimedRoles"), "ClaimedRole").text = statement.role
    objects = _xades(properties, "SignedDataObjectProperties")
    for place, file in enumerate(files):
        described = _xades(objects, "DataObjectFormat", ObjectReference=f"#{name}-File{place}")
        _xades(described, "MimeType").text = file.media_type
    if statement.commitment:
        indication = _xades(objects, "CommitmentTypeIndication")
        identifier = _xades(_xades(indication, "CommitmentTypeId"), "Identifier")
        identifier.text = _COMMITMENTS.get(statement.commitment)
        if identifier.text is None:
            identifier.set("Qualifier", "OIDAsURN")
            identifier.text = f"urn:oid:{statement.commitment}"
        _xades(indication, "AllSignedDataObjects")
    return properties


def _issuer_serial(certificate: bytes) -> bytes:
    one = parsed([certificate])[0]
    issuer = x509.GeneralName(name="directory_name", value=one.issuer)
    return bytes(tsp.IssuerSerial({"issuer": [issuer], "serial_number": one.serial_number}).dump())


def _digest(parent: Element, hash_: Hash, digest: bytes) -> None:
    _ds(parent, "DigestMethod", Algorithm=_DIGESTS[hash_])
    _ds(parent, "DigestValue").text = _base64(digest)


def _unsigned(root: Element) -> Element:
    qualifying = _found(root, f".//{{{XADES}}}QualifyingProperties")
    found = qualifying.find(f"{{{XADES}}}UnsignedProperties/{{{XADES}}}UnsignedSignatureProperties")
    if found is not None:
        return found
    return _xades(_xades(qualifying, "UnsignedProperties"), "UnsignedSignatureProperties")


def _found(root: Element, path: str) -> Element:
    found = root.find(path)
    if found is None:
        raise ValueError(f"{path} is missing")
    return found


def _ds(parent: Element, name: str, **attributes: str) -> Element:
    return etree.SubElement(parent, f"{{{DS}}}{name}", attributes)


def _xades(parent: Element, name: str, **attributes: str) -> Element:
    return etree.SubElement(parent, f"{{{XADES}}}{name}", attributes)


def _base64(content: bytes) -> str:
    return b64encode(content).decode()
