"""What proves that a card's files are the National Register's, about one person, and on the card in the reader."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from cryptography.x509.oid import NameOID

from ipse.standards.eid_card.errors import (
    AddressSignatureError,
    AnotherPersonError,
    CopiedCardError,
    IdentitySignatureError,
    PhotoError,
    RegisterCertificateError,
    WeakSignatureError,
)
from ipse.standards.eid_card.files import CHALLENGE_BYTES, CardFiles
from ipse.standards.eid_card.identity import CardIdentity

SIGNER: Final = "RRN"
"""The common name in the register's certificates."""

_PHOTO_DIGESTS: Final = {20: "sha1", 32: "sha256", 48: "sha384"}
_STRONG: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_SHORTEST_RSA: Final = 2048
_DER_SEQUENCE: Final = 0x30
_SHORT_LENGTH: Final = 0x80


@dataclass(frozen=True)
class Presented:
    """The files of one card, and what they are held against."""

    files: CardFiles
    identity: CardIdentity
    """What the identity file says."""
    authorities: Sequence[x509.Certificate]
    """Who issues the register's certificates."""
    national_number: str
    """Of the certificate that has just signed with the person's PIN."""
    challenge: bytes
    """For the card's own key."""
    now: datetime

    @cached_property
    def signer(self) -> x509.Certificate:
        """The register's certificate.

        Raises:
            RegisterCertificateError: it is none.
        """
        try:
            return x509.load_der_x509_certificate(unpadded(self.files.rrn_certificate))
        except ValueError as error:
            raise RegisterCertificateError("the register's certificate is none") from error


def check(presented: Presented) -> None:
    """Run every check, in order.

    Raises:
        CardError: the first that fails; its class says which.
    """
    for each in CHECKS:
        each(presented)


def signer_is_trusted(presented: Presented) -> None:
    """One of the authorities issued the register's certificate, directly, and both are good now."""
    signer, now = presented.signer, presented.now
    names = signer.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if [name.value for name in names] != [SIGNER] or _is_authority(signer):
        raise RegisterCertificateError("the certificate is not one that the register signs files with")
    if not _is_current(signer, now):
        raise RegisterCertificateError("the register's certificate is not good now")
    if not any(_is_current(each, now) and _has_issued(each, signer) for each in presented.authorities):
        raise RegisterCertificateError("the register's certificate was issued by nobody we trust")


def identity_is_signed(presented: Presented) -> None:
    """The register signed the whole identity file."""
    files = presented.files
    if not _is_signed(presented.signer, files.identity_signature, files.identity):
        raise IdentitySignatureError("the identity file is not as it was signed")


def address_is_signed(presented: Presented) -> None:
    """The register signed the address file, without its zero bytes at the end, followed by the identity's signature."""
    files = presented.files
    address, identity_signature = files.address.rstrip(b"\0"), files.identity_signature
    for followed in dict.fromkeys((identity_signature, _cut(presented.signer, identity_signature))):
        if followed is not None and _is_signed(presented.signer, files.address_signature, address + followed):
            return
    raise AddressSignatureError("the address file is not as it was signed")


def photo_belongs(presented: Presented) -> None:
    """The photo has the digest that the identity file holds."""
    expected = presented.identity.photo_digest
    algorithm = _PHOTO_DIGESTS.get(len(expected))
    if algorithm is None or not hmac.compare_digest(hashlib.new(algorithm, presented.files.photo).digest(), expected):
        raise PhotoError("the photo is not the one of the identity file")


def same_person(presented: Presented) -> None:
    """The certificate that signed with the PIN is about the person of the files."""
    if not hmac.compare_digest(presented.national_number.encode(), presented.identity.national_number.encode()):
        raise AnotherPersonError("certificate and files are of two persons")


def card_is_here(presented: Presented) -> None:
    """Where the identity file names the card's own key: the card has just answered with it."""
    expected = presented.identity.basic_key_digest
    if expected is None:
        return
    files = presented.files
    if files.basic_key is None or files.challenge_signature is None:
        raise CopiedCardError("the card's own key has not answered")
    key = _basic_key(files.basic_key)
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if not hmac.compare_digest(hashlib.sha384(der).digest(), expected):
        raise CopiedCardError("the key is not the one that the identity file names")
    if not _answered(key, files.challenge_signature, presented.challenge):
        raise CopiedCardError("the card's own key did not answer this challenge")


CHECKS: Final[tuple[Callable[[Presented], None], ...]] = (
    signer_is_trusted,
    identity_is_signed,
    address_is_signed,
    photo_belongs,
    same_person,
    card_is_here,
)
"""Everything that is checked of a card's files, in this order."""


def unpadded(der: bytes) -> bytes:
    """A DER value without the zero bytes that fill its file on the card; other bytes stay, and will not parse."""
    if len(der) < 4 or der[0] != _DER_SEQUENCE:
        return der
    count = der[1] & ~_SHORT_LENGTH if der[1] & _SHORT_LENGTH else 0
    length = int.from_bytes(der[2 : 2 + count], "big") if count else der[1]
    end = 2 + count + length
    return der[:end] if not any(der[end:]) else der


def _is_signed(signer: x509.Certificate, signature: bytes, data: bytes) -> bool:
    cut, key = _cut(signer, signature), signer.public_key()
    if cut is None:
        return False
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(cut, data, ec.ECDSA(hashes.SHA384()))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(cut, data, padding.PKCS1v15(), _hash_of(signer))
    except InvalidSignature:
        return False
    return True


def _cut(signer: x509.Certificate, signature: bytes) -> bytes | None:
    """The signature without the zero bytes that fill its file; None if it cannot be one of this key."""
    key = signer.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP384R1):
        cut = unpadded(signature)
        return cut if cut[:1] == bytes([_DER_SEQUENCE]) else None
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _SHORTEST_RSA:
        length = key.key_size // 8
        return None if any(signature[length:]) else signature[:length]
    raise RegisterCertificateError("the register's key is of a kind that no card in use has")


def _hash_of(signer: x509.Certificate) -> hashes.HashAlgorithm:
    """With RSA, the register signs files with the hash that its own certificate is signed with."""
    algorithm = signer.signature_hash_algorithm
    if not isinstance(algorithm, _STRONG):
        raise WeakSignatureError("signed with SHA-1")
    return algorithm


def _basic_key(octets: bytes) -> ec.EllipticCurvePublicKey:
    try:
        key = load_der_public_key(unpadded(octets))
    except ValueError as error:
        raise CopiedCardError("the card's own key is none") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP384R1):
        raise CopiedCardError("the card's own key is of a kind that no card has")
    return key


def _answered(key: ec.EllipticCurvePublicKey, signature: bytes, challenge: bytes) -> bool:
    if len(signature) != 2 * CHALLENGE_BYTES or len(challenge) != CHALLENGE_BYTES:
        return False
    r, s = (int.from_bytes(signature[part : part + CHALLENGE_BYTES], "big") for part in (0, CHALLENGE_BYTES))
    try:
        key.verify(utils.encode_dss_signature(r, s), challenge, ec.ECDSA(utils.Prehashed(hashes.SHA384())))
    except InvalidSignature:
        return False
    return True


def _has_issued(authority: x509.Certificate, certificate: x509.Certificate) -> bool:
    if not _is_authority(authority):
        return False
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return False


def _is_current(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
