"""Android Key Attestation: whether a device key was made, and stays, in the secure hardware of a phone.

A chain of certificates whose first one is over the device key and holds the extension 1.3.6.1.4.1.11129.2.1.17 (Android
Open Source Project, "Verify hardware-backed key pairs with key attestation"). Only what decides is read of it.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

FORMAT: Final = "android-key"
EXTENSION: Final = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.1.17")
MOST_CERTIFICATES: Final = 6
_LEVELS: Final = {0: "software", 1: "trusted_environment", 2: "strong_box"}
_PURPOSE, _ORIGIN, _ROOT_OF_TRUST = 1, 702, 704
_MANUFACTURER, _MODEL = 716, 717
_SIGN, _GENERATED, _VERIFIED = 2, 0, 0


class AttestationError(ValueError):
    """What was presented does not prove that the key is in a phone's hardware; says why."""


@dataclass(frozen=True, slots=True)
class Presented:
    """An attestation, and what it must fit."""

    chain: Sequence[x509.Certificate]
    """The key's certificate first, up to below the root or with it."""
    device_key: bytes
    """DER of the public key that the phone signs with."""
    challenge: bytes
    roots: Sequence[x509.Certificate]
    revoked: Collection[int]
    """Serial numbers that the makers have revoked."""
    now: datetime


@dataclass(frozen=True, slots=True)
class Attested:
    """What the hardware says of the key."""

    level: str
    """`trusted_environment` or `strong_box`."""
    model: tuple[str, ...] = ()
    """Maker and model, where the hardware says them: most phones do so for their maker's own apps only."""


def challenge(issuer: str) -> bytes:
    """What a key is made for: 32 bytes that name the installation (device protocol section 4)."""
    return hashlib.sha256(b"ipse device key attestation v1\n" + issuer.encode()).digest()


def read_chain(certificates: object) -> tuple[x509.Certificate, ...]:
    """The certificates of a message: base64 DER each, as in `x5c`.

    Raises:
        AttestationError: they are none.
    """
    if not isinstance(certificates, list) or not 1 < len(certificates) <= MOST_CERTIFICATES:
        raise AttestationError(f"x5c holds 2 to {MOST_CERTIFICATES} certificates")
    try:
        return tuple(x509.load_der_x509_certificate(b64decode(str(each), validate=True)) for each in certificates)
    except ValueError as error:
        raise AttestationError("x5c holds something else than certificates") from error


def verify(presented: Presented) -> Attested:
    """Judge an attestation.

    Raises:
        AttestationError: it proves nothing.
    """
    for check in CHECKS:
        check(presented)
    described = _described(presented.chain[0])
    return Attested(_LEVELS[described.level], _model(described))


def check_key(presented: Presented) -> None:
    """The attested key is the one that the phone signs with."""
    key = presented.chain[0].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if not hmac.compare_digest(key, presented.device_key):
        raise AttestationError("another key than the device key is attested")


def check_chain(presented: Presented) -> None:
    """Each certificate is signed by the next, the last by a root that the operator trusts; all are valid now."""
    chain, now = list(presented.chain), presented.now
    if chain[-1] not in presented.roots:
        chain.append(_root_of(chain[-1], presented.roots))
    for certificate, issuer in pairwise(chain):
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise AttestationError("the chain is broken") from error
        if not _is_authority(issuer):
            raise AttestationError("a certificate that is no authority has issued another")
    if any(not each.not_valid_before_utc <= now <= each.not_valid_after_utc for each in chain[1:]):
        raise AttestationError("a certificate of the chain is not valid now")


def check_revoked(presented: Presented) -> None:
    """No certificate of the chain was revoked by the makers."""
    if any(each.serial_number in presented.revoked for each in presented.chain):
        raise AttestationError("a certificate of the chain was revoked")


def check_only_one_says_so(presented: Presented) -> None:
    """Only the key's own certificate carries the extension: an attested key must not attest another one."""
    holders = [each for each in presented.chain if _extension(each) is not None]
    if holders != [presented.chain[0]]:
        raise AttestationError("the extension is not in the first certificate alone")


def check_hardware(presented: Presented) -> None:
    """Attestation and key are both of the secure hardware."""
    described = _described(presented.chain[0])
    if not {described.level, described.key_level} <= {1, 2}:
        raise AttestationError("the key is not in secure hardware")


def check_challenge(presented: Presented) -> None:
    """The key was made for this installation."""
    if not hmac.compare_digest(_described(presented.chain[0]).challenge, presented.challenge):
        raise AttestationError("the key was attested for something else")


def check_use(presented: Presented) -> None:
    """The key was made in the hardware and can do nothing but sign."""
    hardware = _described(presented.chain[0]).hardware
    purposes = {_integer(element) for element in _elements(hardware.get(_PURPOSE, b""))}
    origin = hardware.get(_ORIGIN)
    if purposes != {_SIGN} or origin is None or _integer(_one(origin)) != _GENERATED:
        raise AttestationError("the key was not made in the hardware for signing alone")


def check_boot(presented: Presented) -> None:
    """The phone runs what its maker signed, and its boot loader is locked."""
    root = _described(presented.chain[0]).hardware.get(_ROOT_OF_TRUST)
    if root is None:
        raise AttestationError("nothing is said of how the phone started")
    parts = list(_elements(_one(root).content))
    if len(parts) < 3 or parts[1].content == b"\x00" or _integer(parts[2]) != _VERIFIED:
        raise AttestationError("the phone is unlocked, or runs something else than its maker's system")


CHECKS: Final = (
    check_key,
    check_chain,
    check_revoked,
    check_only_one_says_so,
    check_hardware,
    check_challenge,
    check_use,
    check_boot,
)


# -- the extension (DER)


@dataclass(frozen=True, slots=True)
class _Element:
    tag: int
    """The number of the tag, without its class."""
    content: bytes


@dataclass(frozen=True, slots=True)
class _Description:
    level: int
    key_level: int
    challenge: bytes
    hardware: dict[int, bytes]
    """What the hardware itself enforces, by tag number: the content of each explicit tag."""


def _described(certificate: x509.Certificate) -> _Description:
    octets = _extension(certificate)
    if octets is None:
        raise AttestationError("the key's certificate holds no attestation")
    parts = list(_elements(_one(octets).content))
    if len(parts) < 8:
        raise AttestationError("the attestation is incomplete")
    hardware = {element.tag: element.content for element in _elements(parts[7].content)}
    if _PURPOSE in hardware:
        hardware[_PURPOSE] = _one(hardware[_PURPOSE]).content
    return _Description(_integer(parts[1]), _integer(parts[3]), parts[4].content, hardware)


def _model(described: _Description) -> tuple[str, ...]:
    """Maker and model, of what the hardware itself enforces."""
    words = [described.hardware.get(tag) for tag in (_MANUFACTURER, _MODEL)]
    if words[1] is None:
        return ()
    return tuple(_one(word).content.decode("utf-8", "replace") for word in words if word)


def _extension(certificate: x509.Certificate) -> bytes | None:
    try:
        value = certificate.extensions.get_extension_for_oid(EXTENSION).value
    except (x509.ExtensionNotFound, ValueError):
        return None
    return value.value if isinstance(value, x509.UnrecognizedExtension) else None


def _elements(octets: bytes) -> Iterator[_Element]:
    """The elements of a sequence's content."""
    place = 0
    while place < len(octets):
        tag, place = _tag(octets, place)
        length, place = _length(octets, place)
        if place + length > len(octets):
            raise AttestationError("the attestation is cut off")
        yield _Element(tag, octets[place : place + length])
        place += length


def _one(octets: bytes) -> _Element:
    found = list(_elements(octets))
    if len(found) != 1:
        raise AttestationError("the attestation is not of the form described")
    return found[0]


def _tag(octets: bytes, place: int) -> tuple[int, int]:
    number = octets[place] & 0x1F
    place += 1
    if number != 0x1F:
        return number, place
    number = 0
    while place < len(octets) and number < 1 << 21:
        octet = octets[place]
        number, place = number << 7 | octet & 0x7F, place + 1
        if not octet & 0x80:
            return number, place
    raise AttestationError("the attestation is not of the form described")


def _length(octets: bytes, place: int) -> tuple[int, int]:
    if place >= len(octets):
        raise AttestationError("the attestation is cut off")
    first, place = octets[place], place + 1
    if first < 0x80:
        return first, place
    count = first & 0x7F
    if not 0 < count <= 4 or place + count > len(octets):
        raise AttestationError("the attestation is not of the form described")
    return int.from_bytes(octets[place : place + count]), place + count


def _integer(element: _Element) -> int:
    if not 0 < len(element.content) <= 8:
        raise AttestationError("the attestation is not of the form described")
    return int.from_bytes(element.content, signed=True)


# -- the chain


def _root_of(certificate: x509.Certificate, roots: Sequence[x509.Certificate]) -> x509.Certificate:
    for root in roots:
        if certificate.issuer == root.subject:
            return root
    raise AttestationError("the chain ends at nobody whom this installation trusts")


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
