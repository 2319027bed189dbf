"""The XML signatures of a container (XML-DSig, as XAdES baseline narrows it), without a resolver to be led astray.

A reference means one of two things: the signed properties of this very signature, or a file of the container by its
whole name. There is no XPath, no XSLT, no fetching, and nothing is looked up by an identifier that stands twice.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509 import load_der_x509_certificate
from lxml import etree

from ipse.documents.validation.algorithms import LEAST_RSA_BITS
from ipse.documents.validation.cms_signatures import Broken
from ipse.documents.validation.model import Sub, Why

DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XADES: Final = "http://uri.etsi.org/01903/v1.3.2#"
XADES_141: Final = "http://uri.etsi.org/01903/v1.4.1#"
ASIC: Final = "http://uri.etsi.org/02918/v1.2.1#"
NAMES: Final = {"ds": DS, "xades": XADES, "asic": ASIC}
SIGNED_PROPERTIES: Final = "http://uri.etsi.org/01903#SignedProperties"
MOST_SIGNATURES: Final = 50

_INCLUSIVE: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_CANONICAL: Final = {
    _INCLUSIVE: False,
    "http://www.w3.org/2006/12/xml-c14n11": False,
    "http://www.w3.org/2001/10/xml-exc-c14n#": True,
}
_DIGESTS: Final = {
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_ALGORITHMS: Final[Mapping[str, tuple[str, type[hashes.HashAlgorithm]]]] = {
    _MORE + "rsa-sha256": ("rsa", hashes.SHA256),
    _MORE + "rsa-sha384": ("rsa", hashes.SHA384),
    _MORE + "rsa-sha512": ("rsa", hashes.SHA512),
    _MORE + "ecdsa-sha256": ("ecdsa", hashes.SHA256),
    _MORE + "ecdsa-sha384": ("ecdsa", hashes.SHA384),
    _MORE + "ecdsa-sha512": ("ecdsa", hashes.SHA512),
}
_WEAK: Final = ("sha1", "md5", "sha224", "hmac", "dsa-")

Element = Any
"""An lxml element; the library has no types."""


@dataclass(frozen=True)
class XmlSignature:
    """A signature whose cryptography holds."""

    element: Element
    properties: Element
    """The SignedProperties that it covers."""
    certificate: bytes
    others: tuple[bytes, ...]
    value: bytes
    to_be_signed: bytes
    covers: tuple[str, ...]
    media_types: Mapping[str, str]
    """What the signer says each covered file is."""


def parse(xml: bytes) -> Element:
    """Read XML that was written by others: no document type, no entities, nothing fetched.

    Comments are taken out: no signature covers them, and one in the middle of a text would cut it in two.

    Raises:
        Broken: it is malformed or has any of these, or an identifier stands in it twice.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        collect_ids=False,
        remove_comments=True,
    )
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Broken(Sub.FORMAT_FAILURE, Why.MALFORMED) from error
    if root.getroottree().docinfo.doctype:
        raise Broken(Sub.FORMAT_FAILURE, Why.MALFORMED)
    seen: set[str] = set()
    for element in root.iter("*"):
        for name in ("Id", "ID", "id", "{http://www.w3.org/XML/1998/namespace}id"):
            value = element.get(name)
            if value is not None and value in seen:
                raise Broken(Sub.FORMAT_FAILURE, Why.WRAPPED)
            if value is not None:
                seen.add(value)
    return root


def signatures(root: Element) -> list[Element]:
    """The signatures of a signature file: children of its root, and nowhere else.

    Raises:
        Broken: there are others, or anything else stands beside them.
    """
    found = root.findall("ds:Signature", NAMES)
    if root.tag != f"{{{ASIC}}}XAdESSignatures" or len(found) != len(root) or not found:
        raise Broken(Sub.FORMAT_FAILURE, Why.WRAPPED)
    if sum(1 for _each in root.iter(f"{{{DS}}}Signature")) != len(found):
        raise Broken(Sub.FORMAT_FAILURE, Why.WRAPPED)
    if len(found) > MOST_SIGNATURES:
        raise Broken(Sub.FORMAT_FAILURE, Why.TOO_MANY)
    return list(found)


def verify(element: Element, files: Mapping[str, bytes]) -> XmlSignature:
    """Verify a signature over files of its container.

    Raises:
        Broken: it does not hold.
    """
    signed_info = _one(element, "ds:SignedInfo")
    properties = _properties(element)
    certificates = _certificates(element)
    certificate = named_certificate(properties, certificates)
    value = _decoded(_one(element, "ds:SignatureValue").text)
    canonical = canonicalised(signed_info, _algorithm(_one(signed_info, "ds:CanonicalizationMethod")))
    _verify_value(_algorithm(_one(signed_info, "ds:SignatureMethod")), certificate, value, canonical)
    references = {each.get("Id"): name for each, name in _references(signed_info, properties, files)}
    covers = tuple(name for name in references.values() if name is not None)
    if not covers or len(set(covers)) != len(covers) or None not in references.values():
        raise Broken(Sub.FORMAT_FAILURE, Why.WRAPPED)
    return XmlSignature(
        element=element,
        properties=properties,
        certificate=certificate,
        others=tuple(each for each in certificates if each != certificate),
        value=value,
        to_be_signed=hashlib.sha256(canonical).digest(),
        covers=covers,
        media_types=_media_types(properties, references),
    )


def canonicalised(element: Element, algorithm: str) -> bytes:
    """An element as the bytes that are signed or stamped.

    Raises:
        Broken: a way that proves too little, or that is not known.
    """
    if algorithm not in _CANONICAL:
        raise Broken(Sub.GENERIC, Why.UNSUPPORTED)
    canonical: bytes = etree.tostring(element, method="c14n", exclusive=_CANONICAL[algorithm], with_comments=False)
    return canonical


def named_certificate(properties: Element, certificates: tuple[bytes, ...]) -> bytes:
    """The certificate whose hash the signer has signed.

    Raises:
        Broken: it is not there.
    """
    named = properties.xpath(
        "xades:SignedSignatureProperties/xades:SigningCertificateV2/xades:Cert[1]/xades:CertDigest"
        "|xades:SignedSignatureProperties/xades:SigningCertificate/xades:Cert[1]/xades:CertDigest",
        namespaces=NAMES,
    )
    if len(named) != 1:
        raise Broken(Sub.NO_SIGNING_CERTIFICATE_FOUND, Why.NO_SIGNING_CERTIFICATE)
    digest = _digest(named[0])
    for certificate in certificates:
        if hashlib.new(digest[0], certificate).digest() == digest[1]:
            return certificate
    raise Broken(Sub.NO_SIGNING_CERTIFICATE_FOUND, Why.OTHER_CERTIFICATE)


def texts(element: Element, path: str) -> Iterator[str]:
    """The texts of the elements at a path."""
    for each in element.findall(path, NAMES):
        if each.text and each.text.strip():
            yield each.text.strip()


def decoded_all(element: Element, path: str) -> list[bytes]:
    """The base64 values of the elements at a path.

    Raises:
        Broken: one of them is none.
    """
    return [_decoded(text) for text in texts(element, path)]


def canonicalisation(element: Element) -> str:
    """The way that an element names, else the one that XAdES falls back to."""
    method = element.find("ds:CanonicalizationMethod", NAMES)
    return _INCLUSIVE if method is None else _algorithm(method)


def _references(
    signed_info: Element, properties: Element, files: Mapping[str, bytes]
) -> Iterator[tuple[Element, str | None]]:
    """Each reference with the file that it covers; None: the signed properties."""
    for reference in signed_info.findall("ds:Reference", NAMES):
        uri = reference.get("URI")
        transforms = [_algorithm(each) for each in reference.findall("ds:Transforms/ds:Transform", NAMES)]
        if reference.get("Type") == SIGNED_PROPERTIES:
            if uri != f"#{properties.get('Id')}" or len(transforms) > 1:
                raise Broken(Sub.FORMAT_FAILURE, Why.WRAPPED)
            data, name = canonicalised(properties, transforms[0] if transforms else _INCLUSIVE), None
        else:
            if uri is None or uri.startswith("#") or transforms:
                raise Broken(Sub.GENERIC, Why.UNSUPPORTED)
            name = unquote(uri)
            if name not in files:
                raise Broken(Sub.SIGNED_DATA_NOT_FOUND, Why.FILE_MISSING)
            data = files[name]
        algorithm, expected = _digest(reference)
        if hashlib.new(algorithm, data).digest() != expected:
            raise Broken(Sub.HASH_FAILURE, Why.CONTENT_CHANGED)
        yield reference, name


def _properties(signature: Element) -> Element:
    found = signature.findall("ds:Object/xades:QualifyingProperties", NAMES)
    if len(found) != 1 or found[0].get("Target") != f"#{signature.get('Id')}" or not signature.get("Id"):
        raise Broken(Sub.FORMAT_FAILURE, Why.WRAPPED)
    properties = _one(found[0], "xades:SignedProperties")
    if not properties.get("Id"):
        raise Broken(Sub.FORMAT_FAILURE, Why.MALFORMED)
    return properties


def _certificates(signature: Element) -> tuple[bytes, ...]:
    found = decoded_all(signature, "ds:KeyInfo/ds:X509Data/ds:X509Certificate")
    return tuple(dict.fromkeys(found))[:20]


def _verify_value(algorithm: str, certificate: bytes, value: bytes, data: bytes) -> None:
    if algorithm not in _ALGORITHMS:
        weak = any(each in algorithm.lower() for each in _WEAK)
        raise Broken(
            Sub.CRYPTO_CONSTRAINTS_FAILURE if weak else Sub.GENERIC,
            Why.WEAK_ALGORITHM if weak else Why.UNSUPPORTED,
        )
    kind, chosen = _ALGORITHMS[algorithm]
    try:
        key = load_der_x509_certificate(certificate).public_key()
    except ValueError as error:
        raise Broken(Sub.FORMAT_FAILURE, Why.MALFORMED) from error
    try:
        if kind == "rsa" and isinstance(key, rsa.RSAPublicKey):
            key.verify(value, data, padding.PKCS1v15(), chosen())
        elif kind == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
            size = (key.curve.key_size + 7) // 8
            if len(value) != 2 * size:
                raise Broken(Sub.SIG_CRYPTO_FAILURE, Why.SIGNATURE_WRONG)
            halves = int.from_bytes(value[:size], "big"), int.from_bytes(value[size:], "big")
            key.verify(encode_dss_signature(*halves), data, ec.ECDSA(chosen()))
        else:
            raise Broken(Sub.SIG_CRYPTO_FAILURE, Why.SIGNATURE_WRONG)
    except InvalidSignature as error:
        raise Broken(Sub.SIG_CRYPTO_FAILURE, Why.SIGNATURE_WRONG) from error
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < LEAST_RSA_BITS:
        raise Broken(Sub.CRYPTO_CONSTRAINTS_FAILURE, Why.WEAK_ALGORITHM)


def _media_types(properties: Element, references: Mapping[str | None, str | None]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in properties.findall("xades:SignedDataObjectProperties/xades:DataObjectFormat", NAMES):
        name = references.get((each.get("ObjectReference") or "").removeprefix("#"))
        media_type = next(texts(each, "xades:MimeType"), None)
        if name is not None and media_type is not None:
            found[name] = media_type
    return found


def _digest(element: Element) -> tuple[str, bytes]:
    algorithm = _algorithm(_one(element, "ds:DigestMethod"))
    if algorithm not in _DIGESTS:
        weak = any(each in algorithm.lower() for each in _WEAK)
        raise Broken(
            Sub.CRYPTO_CONSTRAINTS_FAILURE if weak else Sub.GENERIC,
            Why.WEAK_ALGORITHM if weak else Why.UNSUPPORTED,
        )
    return _DIGESTS[algorithm], _decoded(_one(element, "ds:DigestValue").text)


def _one(element: Element, path: str) -> Element:
    found = element.findall(path, NAMES)
    if len(found) != 1:
        raise Broken(Sub.FORMAT_FAILURE, Why.MALFORMED)
    return found[0]


def _algorithm(element: Element) -> str:
    if len(element):
        # A prefix list or a parameter would change what is signed.
        raise Broken(Sub.GENERIC, Why.UNSUPPORTED)
    return str(element.get("Algorithm") or "")


def _decoded(text: str | None) -> bytes:
    try:
        return base64.b64decode("".join((text or "").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Broken(Sub.FORMAT_FAILURE, Why.MALFORMED) from error
