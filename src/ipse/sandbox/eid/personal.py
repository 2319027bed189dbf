"""What is on a person's card: keys, certificates, and the files that the National Register signed.

A card is personalised when it is first used, and kept: an RSA key takes a moment to find, and the responder must know
what was issued. A person whose data change (minors grow with the years) gets a new card.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from ipse.sandbox.eid import certificates, pkcs15
from ipse.sandbox.eid.authorities import Authorities
from ipse.sandbox.eid.certificates import Issuer, PrivateKey, Validity
from ipse.sandbox.persons import Card, Person, portrait
from ipse.standards.eid_apdu import File, trimmed

BELGIAN: Final = 1
_CERTIFICATE_FILE: Final = 1400
_ADDRESS_FILE: Final = 117
_SIGNATURE_FILE: Final = 128
_LONGEST_STEP: Final = 0xFF

_MONTHS: Final = {
    "nl": ["JAN", "FEB", "MAAR", "APR", "MEI", "JUN", "JUL", "AUG", "SEP", "OKT", "NOV", "DEC"],
    "fr": ["JAN", "FEV", "MARS", "AVR", "MAI", "JUIN", "JUIL", "AOUT", "SEPT", "OCT", "NOV", "DEC"],
    "de": ["JAN", "FEB", "MÄR", "APR", "MAI", "JUN", "JUL", "AUG", "SEP", "OKT", "NOV", "DEZ"],
}


@dataclass(frozen=True, slots=True)
class Chip:
    """A personalised card: what the applet holds. Keys are told by their references, files by their paths."""

    person_id: str
    version: int
    """0x17 or 0x18."""
    serial: bytes
    keys: dict[int, PrivateKey]
    files: dict[bytes, bytes]

    def certificate(self, file: File) -> x509.Certificate:
        """One of its certificates."""
        return x509.load_der_x509_certificate(trimmed(self.files[file.path]))


class _Kept(msgspec.Struct, frozen=True):
    """A chip in a file; all but the first three members are base64."""

    person_id: str
    version: int
    facts: str
    serial: str
    keys: dict[int, str]
    files: dict[str, str]


def chip_of(person: Person, authorities: Authorities) -> Chip:
    """The card of a person, as it is kept, else a new one.

    Raises:
        LookupError: this person has none.
    """
    if person.card is None:
        raise LookupError(f"{person.id} has no Belgian eID card")
    facts = _facts(person, authorities)
    path = authorities.folder / "cards" / f"{person.id}.json"
    kept = _load(path)
    if kept is not None and kept.facts == facts:
        return _chip(kept)
    chip = _personalised(person, person.card, authorities)
    _save(path, chip, facts)
    return chip


def issued(authorities: Authorities) -> dict[tuple[str, int], str]:
    """Whose certificate it is, by issuing authority and serial number: every card that was ever personalised here."""
    found: dict[tuple[str, int], str] = {}
    for path in sorted((authorities.folder / "cards").glob("*.serial")):
        authority, serial, person_id = path.read_text().split()
        found[authority, int(serial)] = person_id
    return found


def identity_file(person: Person, card: Card, basic_key: bytes | None, serial: bytes) -> bytes:
    """The identity file (card content 5.4, tags 0 to 26). `basic_key` is the SubjectPublicKeyInfo of applet 1.8."""
    given = (person.given_name or "").split()
    fields: list[tuple[int, str | bytes]] = [
        (0, b"\x02"),
        (1, person.card_number or ""),
        (2, serial),
        (3, person.document.date_of_issuance.strftime("%d.%m.%Y")),
        (4, person.document.date_of_expiry.strftime("%d.%m.%Y")),
        (5, person.issuance_locality or ""),
        (6, person.national_number or ""),
        (7, person.family_name),
        (8, " ".join(given[:2])),
        (9, given[2][:1] if len(given) > 2 else ""),
        (10, person.citizenship),
        (11, person.place_of_birth.locality),
        (12, printed_birthdate(person)),
        (13, person.official_gender),
        (14, card.noble_title),
        (15, str(card.document_type)),
        (16, str(card.special_status)),
        (17, hashlib.sha384(portrait(person.id)).digest() if basic_key else _sha256(portrait(person.id))),
        (18, ""),
        (19, ""),
    ]
    if basic_key:
        fields.append((26, hashlib.sha384(basic_key).digest()))
    return tlv(fields)


def address_file(person: Person) -> bytes:
    """The address file, filled with zero bytes."""
    address = person.address
    texts = (address.street_address, address.postal_code, address.locality)
    fields: list[tuple[int, str | bytes]] = [(0, b"\x02"), *enumerate(texts, 1)]
    return tlv(fields).ljust(_ADDRESS_FILE, b"\0")


def printed_birthdate(person: Person) -> str:
    """As the card prints it: month names in Dutch, French or German (with dots), or the year alone."""
    born = person.birthdate
    if person.year_only:
        return str(born.year)
    language = person.language if person.language in _MONTHS else "fr"
    month, between = _MONTHS[language][born.month - 1], "." if language == "de" else " "
    return f"{born.day:02}{between}{month}{between}{born.year}"


def tlv(fields: Sequence[tuple[int, str | bytes]]) -> bytes:
    """Tag, length and value of each; a length of 255 and more goes on in further bytes."""
    content = b""
    for tag, value in fields:
        octets = value.encode() if isinstance(value, str) else value
        steps, rest = divmod(len(octets), _LONGEST_STEP)
        content += bytes([tag, *[_LONGEST_STEP] * steps, rest]) + octets
    return content


def _personalised(person: Person, card: Card, authorities: Authorities) -> Chip:
    elliptic = card.applet == "1.8"
    references = (0x81, 0x82, 0x83) if elliptic else (0x82, 0x83)
    keys = {reference: certificates.new_key(elliptic=elliptic) for reference in references}
    serial = _sha256(_public(keys[0x82]))[:16]
    basic_key = _public(keys[0x81]) if elliptic else None
    files = _data_files(person, card, authorities, basic_key, serial)
    files |= _certificate_files(person, card, authorities, keys)
    files |= pkcs15.files(serial, elliptic=elliptic)
    return Chip(person.id, 0x18 if elliptic else 0x17, serial, keys, files)


def _data_files(
    person: Person, card: Card, authorities: Authorities, basic_key: bytes | None, serial: bytes
) -> dict[bytes, bytes]:
    signer = authorities.signer(elliptic=basic_key is not None)
    identity, address = identity_file(person, card, basic_key, serial), address_file(person)
    signature = _signed(signer.key, identity)
    files = {
        File.IDENTITY.path: identity,
        File.IDENTITY_SIGNATURE.path: signature.ljust(_SIGNATURE_FILE, b"\0"),
        File.ADDRESS.path: address,
        File.ADDRESS_SIGNATURE.path: _signed(signer.key, address.rstrip(b"\0") + signature).ljust(
            _SIGNATURE_FILE, b"\0"
        ),
        File.PHOTO.path: portrait(person.id),
        File.RRN_CERTIFICATE.path: _certificate(signer.certificate),
    }
    if basic_key:
        files[File.BASIC_KEY.path] = basic_key
    return files


def _certificate_files(
    person: Person, card: Card, authorities: Authorities, keys: dict[int, PrivateKey]
) -> dict[bytes, bytes]:
    elliptic = card.applet == "1.8"
    issuer = authorities.issuing(elliptic=elliptic, foreigner=card.document_type != BELGIAN)
    validity = Validity(_midnight(person.document.date_of_issuance), _midnight(person.document.date_of_expiry))
    made = {
        File.AUTHENTICATION_CERTIFICATE: certificates.authentication(
            keys[0x82], _subject(person, "Authentication"), validity, issuer
        ),
        File.NON_REPUDIATION_CERTIFICATE: certificates.non_repudiation(
            keys[0x83], _subject(person, "Signature"), validity, issuer
        ),
        File.AUTHORITY_CERTIFICATE: issuer.certificate,
        File.ROOT_CERTIFICATE: authorities.root(elliptic=elliptic).certificate,
    }
    _note(authorities, issuer, person.id, made)
    return {file.path: _certificate(certificate) for file, certificate in made.items()}


def _note(authorities: Authorities, issuer: Issuer, person_id: str, made: dict[File, x509.Certificate]) -> None:
    """What was issued is known from now on, also after the person has a newer card."""
    folder = authorities.folder / "cards"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for file in (File.AUTHENTICATION_CERTIFICATE, File.NON_REPUDIATION_CERTIFICATE):
        serial = made[file].serial_number
        (folder / f"{serial:x}.serial").write_text(f"{issuer.name} {serial} {person_id}")


def _subject(person: Person, use: str) -> x509.Name:
    given = (person.given_name or "").split()
    called = " ".join((*given[:1], person.family_name))
    return certificates.name(
        f"{called} ({use})",
        surname=person.family_name,
        given_name=" ".join(given[:2]),
        serial_number=person.national_number or "",
    )


def _signed(key: PrivateKey, content: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(content, padding.PKCS1v15(), certificates.hash_of(key))
    return key.sign(content, ec.ECDSA(certificates.hash_of(key)))


def _certificate(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER).ljust(_CERTIFICATE_FILE, b"\0")


def _public(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _facts(person: Person, authorities: Authorities) -> str:
    """Changes when a card of before does not fit any more."""
    root = authorities.root(elliptic=True).certificate.public_bytes(Encoding.DER)
    return hashlib.sha256(msgspec.json.encode(person) + portrait(person.id) + root).hexdigest()


def _load(path: Path) -> _Kept | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Kept)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _chip(kept: _Kept) -> Chip:
    keys = {reference: _private(b64decode(text)) for reference, text in kept.keys.items()}
    files = {bytes.fromhex(path): b64decode(text) for path, text in kept.files.items()}
    return Chip(kept.person_id, kept.version, b64decode(kept.serial), keys, files)


def _private(der: bytes) -> PrivateKey:
    key = load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, PrivateKey):
        raise TypeError("a card's key of another kind")
    return key


def _save(path: Path, chip: Chip, facts: str) -> None:
    keys = {
        reference: b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()
        for reference, key in chip.keys.items()
    }
    files = {where.hex(): b64encode(content).decode() for where, content in chip.files.items()}
    kept = _Kept(chip.person_id, chip.version, facts, b64encode(chip.serial).decode(), keys, files)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(kept))
    fresh.chmod(0o600)
    fresh.replace(path)
