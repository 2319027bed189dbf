"""Certification requests (PKCS #10), and the names that a certificate can carry."""

from __future__ import annotations

import re
import unicodedata
import warnings
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from ipse.certification.errors import RefusedError
from ipse.certification.keys import PublicKey
from ipse.standards.certification import Subject

MOST_BYTES: Final = 8192
"""Of a request."""
_PARTS: Final = (
    (NameOID.COUNTRY_NAME, "country", 2),
    (NameOID.COMMON_NAME, "common_name", 64),
    (NameOID.GIVEN_NAME, "given_name", 200),
    (NameOID.SURNAME, "surname", 200),
    (NameOID.SERIAL_NUMBER, "serial_number", 64),
)
_OPTIONAL: Final = {"given_name", "surname"}
"""Some people have one name."""
_IDENTIFIER: Final = re.compile(r"((PAS|IDC|PNO|TAX|TIN)[A-Z]{2}|[A-Z]{2}:[A-Z]{2})-[0-9A-Za-z./:+-]{1,50}")
_STRONG: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that has proven its key."""

    key: PublicKey
    subject: Subject
    octets: bytes


def read_request(octets: bytes) -> Asked:
    """Judge a request: its form, its signature by the key it names, key and names.

    Raises:
        RefusedError: says which.
    """
    if len(octets) > MOST_BYTES:
        raise RefusedError("too_large")
    try:
        parsed = x509.load_der_x509_csr(octets)
        strong = isinstance(parsed.signature_hash_algorithm, _STRONG)
        key, proven = parsed.public_key(), parsed.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise RefusedError("wrong_request", "not PKCS #10 in DER") from error
    if not proven:
        raise RefusedError("wrong_request", "not signed by the key it names")
    if not strong:
        raise RefusedError("wrong_request", "signed with a weak hash")
    return Asked(_fit(key), subject_of(parsed.subject), octets)


def subject_of(name: x509.Name) -> Subject:
    """The names in a request: exactly those of a natural person, each once; one of given name and surname may lack.

    Raises:
        RefusedError: another name, one missing or twice, or one that a certificate cannot carry.
    """
    given = [(attribute.oid, attribute.value) for attribute in name]
    found = dict(given)
    unknown = found.keys() - {oid for oid, _, _ in _PARTS}
    missing = [field for oid, field, _ in _PARTS if oid not in found and field not in _OPTIONAL]
    if len(found) != len(given) or unknown or missing:
        raise RefusedError("wrong_subject", "a request names C, CN, GN, SN and serialNumber, each once")
    subject = Subject(**{field: str(found.get(oid, "")) for oid, field, _ in _PARTS})
    check_subject(subject)
    return subject


def check_subject(subject: Subject) -> None:
    """Judge names.

    Raises:
        RefusedError: one is empty, too long, holds control characters, or is of another form.
    """
    for _, field, most in _PARTS:
        value = getattr(subject, field)
        if not value and field in _OPTIONAL:
            continue
        if not value.strip() or len(value) > most:
            raise RefusedError("wrong_subject", f"{field} is empty, or longer than {most} characters")
        if any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in value):
            raise RefusedError("wrong_subject", f"{field} holds characters that are not text")
    if not subject.given_name and not subject.surname:
        raise RefusedError("wrong_subject", "given_name and surname are both empty")
    if not re.fullmatch(r"[A-Z]{2}", subject.country):
        raise RefusedError("wrong_subject", "country is two capital letters")
    if not _IDENTIFIER.fullmatch(subject.serial_number):
        raise RefusedError("wrong_subject", "serial_number is no semantics identifier of EN 319 412-1")


def name_of(subject: Subject) -> list[x509.NameAttribute[str]]:
    """The names as parts of a certificate's subject."""
    found = ((oid, getattr(subject, field)) for oid, field, _ in _PARTS)
    with warnings.catch_warnings():
        # `check_subject` counts characters, as RFC 5280 does; the library counts bytes.
        warnings.simplefilter("ignore", UserWarning)
        return [x509.NameAttribute(oid, value, _validate=False) for oid, value in found if value]


def _fit(key: object) -> PublicKey:
    if isinstance(key, rsa.RSAPublicKey) and 2048 <= key.key_size <= 4096 and key.public_numbers().e >= 65537:
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise RefusedError("wrong_key")
