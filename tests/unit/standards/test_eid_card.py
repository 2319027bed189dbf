"""A card's files: what they say, and that no byte of them or of their signatures can be changed."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from ipse.standards import eid_card
from ipse.standards.eid_card import (
    AddressSignatureError,
    AnotherPersonError,
    CardError,
    CardFiles,
    CardFilesError,
    CopiedCardError,
    PhotoError,
    RegisterCertificateError,
    TlvError,
    WeakSignatureError,
    register,
    tlv,
)
from ipse.standards.eid_card.dates import read_birth
from ipse.standards.eid_card.identity import DocumentFamily
from tests.support import eid_pki as pki

CHALLENGE = eid_card.challenge_for(pki.NONCE)


def judge(files: CardFiles, **other: Any) -> None:
    given_: dict[str, Any] = {
        "authorities": (pki.root(), pki.root("RSA-2048")),
        "national_number": pki.NUMBER,
        "challenge": CHALLENGE,
        "now": pki.NOW,
    }
    register.check(register.Presented(files=files, identity=eid_card.read_identity(files.identity), **given_ | other))


def refused(error: type[CardError], files: CardFiles | None = None, **other: Any) -> None:
    with pytest.raises(error) as raised:
        judge(files or pki.files(CHALLENGE), **other)
    assert "Peeters" not in str(raised.value)
    assert pki.NUMBER not in str(raised.value)


# -- what must pass


def test_a_card_of_applet_1_8() -> None:
    judge(pki.files(CHALLENGE))


def test_an_rsa_card_of_applet_1_7() -> None:
    judge(pki.files(CHALLENGE, kind="RSA-2048"))


def test_an_address_signed_over_the_identity_signature_without_its_padding() -> None:
    good = pki.files(CHALLENGE)
    data = good.address.rstrip(b"\0") + register.unpadded(good.identity_signature)
    judge(replace(good, address_signature=pki.register_signature(data)))


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384"])
def test_the_photos_digest_by_its_length(algorithm: str) -> None:
    fields = pki.identity_fields(t17=hashlib.new(algorithm, pki.PHOTO).digest())
    judge(pki.files(CHALLENGE, identity=pki.tlv(fields)))


# -- what must not


def test_a_signer_issued_by_nobody_we_trust() -> None:
    refused(RegisterCertificateError, authorities=())
    refused(RegisterCertificateError, authorities=(pki.citizen(), pki.root("RSA-2048")))


def test_a_citizen_as_signer() -> None:
    """Whoever holds a card could sign files otherwise, if its authority stood among the register's."""
    der = pki.certificate(pki.Draft()).public_bytes(Encoding.DER)
    refused(RegisterCertificateError, pki.files(CHALLENGE, rrn_certificate=der), authorities=(pki.citizen(),))


def test_a_signer_that_has_run_out_or_not_begun() -> None:
    signer, day = pki.signer_draft(), timedelta(days=1)
    for wrong in (replace(signer, ends=pki.NOW - day), replace(signer, begins=pki.NOW + day)):
        der = pki.certificate(wrong).public_bytes(Encoding.DER)
        refused(RegisterCertificateError, pki.files(CHALLENGE, rrn_certificate=der))


def test_a_root_that_has_run_out() -> None:
    refused(RegisterCertificateError, now=pki.NOW + timedelta(days=4000))


def test_a_signer_that_is_an_authority() -> None:
    der = pki.certificate(replace(pki.signer_draft(), authority=True)).public_bytes(Encoding.DER)
    refused(RegisterCertificateError, pki.files(CHALLENGE, rrn_certificate=der))


def test_no_certificate_at_all() -> None:
    refused(RegisterCertificateError, pki.files(CHALLENGE, rrn_certificate=b"\x30\x03\x02\x01\x05"))


def test_a_signer_with_a_key_that_is_too_short() -> None:
    weak = replace(pki.signer_draft("RSA-2048"), holder="weak-rrn", kind="RSA-1024")
    der = pki.certificate(weak).public_bytes(Encoding.DER)
    refused(RegisterCertificateError, pki.files(CHALLENGE, kind="RSA-2048", rrn_certificate=der))


def test_a_signer_of_the_days_of_sha_1() -> None:
    """No library issues such a certificate today, so that only its hash is put in."""
    files = pki.files(CHALLENGE, kind="RSA-2048")
    real = _presented(files).signer

    class Old:
        signature_hash_algorithm = hashes.SHA1()

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

    presented = _presented(files)
    presented.__dict__["signer"] = Old()
    with pytest.raises(WeakSignatureError):
        register.identity_is_signed(presented)


def _presented(files: CardFiles) -> register.Presented:
    return register.Presented(
        files=files,
        identity=eid_card.read_identity(files.identity),
        authorities=(pki.root("RSA-2048"),),
        national_number=pki.NUMBER,
        challenge=CHALLENGE,
        now=pki.NOW,
    )


def test_an_address_of_another_card() -> None:
    """Signed by the register, for another identity file."""
    other = pki.files(CHALLENGE, identity=pki.tlv(pki.identity_fields(t8="Eva")))
    mixed = replace(pki.files(CHALLENGE), address=other.address, address_signature=other.address_signature)
    refused(AddressSignatureError, mixed)


def test_another_photo() -> None:
    refused(PhotoError, pki.files(CHALLENGE, photo=pki.PHOTO[:-1] + b"\0"))


def test_a_photo_without_a_digest() -> None:
    refused(PhotoError, pki.files(CHALLENGE, identity=pki.tlv(pki.identity_fields(t17=b""))))


def test_a_certificate_of_another_person() -> None:
    refused(AnotherPersonError, national_number="88051799808")


def test_a_copied_card_without_its_own_key() -> None:
    refused(CopiedCardError, pki.files(CHALLENGE, basic_key=None))
    refused(CopiedCardError, pki.files(CHALLENGE, challenge_signature=None))


def test_a_card_that_answered_another_challenge() -> None:
    refused(CopiedCardError, pki.files(eid_card.challenge_for("another")))


def test_a_card_with_a_key_of_its_makers_own() -> None:
    from cryptography.hazmat.primitives.serialization import PublicFormat

    other = pki.key("forger").public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    refused(CopiedCardError, pki.files(CHALLENGE, basic_key=other))


FILES = pki.files(CHALLENGE)
_SIGNED = ("identity", "identity_signature", "address", "address_signature", "photo", "challenge_signature")


@settings(max_examples=120)
@given(st.sampled_from(_SIGNED), st.integers(0, 2**16), st.integers(1, 255))
def test_no_byte_can_be_changed(name: str, place: int, change: int) -> None:
    octets = bytearray(getattr(FILES, name))
    octets[place % len(octets)] ^= change
    with pytest.raises(CardError):
        judge(replace(FILES, **{name: bytes(octets)}))


@settings(max_examples=40)
@given(st.sampled_from(("identity", "identity_signature", "address", "address_signature")), st.integers(0, 2**16))
def test_no_byte_of_an_rsa_card_can_be_changed(name: str, place: int) -> None:
    files = pki.files(CHALLENGE, kind="RSA-2048")
    octets = bytearray(getattr(files, name))
    octets[place % len(octets)] ^= 1
    with pytest.raises(CardError):
        judge(replace(files, **{name: bytes(octets)}))


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_whatever_a_reader_hands_over_is_read_or_refused(octets: bytes) -> None:
    for read in (eid_card.read_identity, eid_card.read_address):
        try:
            read(octets)
        except TlvError:
            continue


# -- tags, lengths, values


def test_the_golden_identity_file() -> None:
    identity = eid_card.read_identity(pki.tlv(pki.identity_fields()))
    assert identity.card_number == "592001447102"
    assert (identity.valid_from, identity.valid_to) == (date(2021, 2, 1), date(2031, 2, 1))
    assert (identity.surname, identity.given_names, identity.third_initial) == ("Peeters", "Ada Renée", "M")
    assert identity.birth_printed == "17 MEI 1988"
    assert identity.birthdate == date(1988, 5, 17)
    assert (identity.sex, identity.sex_printed) == ("female", "V")
    assert identity.noble_title is None
    assert identity.family is DocumentFamily.CITIZEN
    assert identity.national_number == pki.NUMBER


def test_the_golden_address_file() -> None:
    address = eid_card.read_address(pki.address_file())
    assert (address.street, address.postcode, address.town) == ("Rue de l'Été 12 bte 3", "9000", "Gent")


def test_an_address_file_whose_last_value_is_empty() -> None:
    address = eid_card.read_address(pki.tlv({0: b"\x00", 1: b"Straat 1", 2: b"9000", 3: b""}).ljust(117, b"\0"))
    assert address.town is None


def test_both_readings_of_a_long_length() -> None:
    long = b"a" * 200
    assert tlv.read(bytes([0, 1, 2, 7, 200]) + long)[7] == long
    assert tlv.read(bytes([0, 1, 2, 7, 0x81, 0x48]) + long)[7] == long
    longer = b"b" * 300
    assert tlv.read(bytes([0, 1, 2, 7, 255, 45]) + longer)[7] == longer
    exactly = b"c" * 255
    assert tlv.read(bytes([0, 1, 2, 7, 255, 0]) + exactly)[7] == exactly


@given(st.dictionaries(st.integers(0, 63), st.binary(min_size=1, max_size=127).filter(any), min_size=1, max_size=12))
def test_what_is_written_is_read(fields: dict[int, bytes]) -> None:
    assert dict(tlv.read(pki.tlv(fields))) == fields


@pytest.mark.parametrize(
    "octets",
    [b"", b"\x01", b"\x01\x05abc", b"\x01\x01a\x01\x01b", b"\x01\x01a\x02", b"\x50\x01a", b"\x01\xff", b"\x01\x80"],
)
def test_a_file_that_does_not_come_out_even(octets: bytes) -> None:
    with pytest.raises(TlvError):
        tlv.read(octets)


@pytest.mark.parametrize("tag", [1, 3, 4, 6, 7, 12, 15])
def test_an_identity_file_without_what_every_card_has(tag: int) -> None:
    fields = pki.identity_fields()
    del fields[tag]
    with pytest.raises(TlvError):
        eid_card.read_identity(pki.tlv(fields))


@pytest.mark.parametrize(
    "changed",
    [
        {"t3": "2021-02-01"},
        {"t4": "31.02.2031"},
        {"t7": b"\xff\xfe"},
        {"t7": "a\x07b"},
        {"t15": "x"},
        {"t8": "x" * 201},
    ],
)
def test_an_identity_file_with_a_value_that_is_none(changed: dict[str, Any]) -> None:
    with pytest.raises(TlvError):
        eid_card.read_identity(pki.tlv(pki.identity_fields(**changed)))


@pytest.mark.parametrize(
    ("printed", "day"),
    [
        ("17 MEI  1988", date(1988, 5, 17)),
        ("01 JAN 1970", date(1970, 1, 1)),
        ("28 FEB 1951", date(1951, 2, 28)),
        ("28 FEV 1951", date(1951, 2, 28)),
        ("03 MAAR 1999", date(1999, 3, 3)),
        ("03 MARS 1999", date(1999, 3, 3)),
        ("11.MÄR.1958", date(1958, 3, 11)),
        ("04 AVR  1975", date(1975, 4, 4)),
        ("04 MAI  1975", date(1975, 5, 4)),
        ("30 JUIN 2001", date(2001, 6, 30)),
        ("30 JUIL 2001", date(2001, 7, 30)),
        ("15 AOÛT 1980", date(1980, 8, 15)),
        ("15 AUG  1980", date(1980, 8, 15)),
        ("09 SEPT 1994", date(1994, 9, 9)),
        ("25 OKT  1999", date(1999, 10, 25)),
        ("25 OCT  1999", date(1999, 10, 25)),
        ("11.DEZ.1958", date(1958, 12, 11)),
        ("11 DEC  1958", date(1958, 12, 11)),
        ("05.08.1966", date(1966, 8, 5)),
        ("1961", None),
        ("  1961", None),
        ("00.00.1961", None),
        ("31 FEB 1961", None),
        ("17 XYZ 1988", None),
    ],
)
def test_birth_dates_as_cards_print_them(printed: str, day: date | None) -> None:
    assert read_birth(printed) == day


@pytest.mark.parametrize(
    ("written", "family"),
    [
        ("1", DocumentFamily.CITIZEN),
        ("01", DocumentFamily.CITIZEN),
        ("6", DocumentFamily.KIDS),
        ("8", DocumentFamily.TECHNICAL),
        ("13", DocumentFamily.FOREIGNER),
        ("33", DocumentFamily.FOREIGNER),
        ("62", DocumentFamily.KIDS_FOREIGNER),
        ("99", DocumentFamily.UNKNOWN),
    ],
)
def test_document_types(written: str, family: DocumentFamily) -> None:
    assert eid_card.read_identity(pki.tlv(pki.identity_fields(t15=written))).family is family


@pytest.mark.parametrize(
    ("letter", "sex"), [("M", "male"), ("F", "female"), ("V", "female"), ("W", "female"), ("X", None)]
)
def test_sexes_in_three_languages(letter: str, sex: str | None) -> None:
    assert eid_card.read_identity(pki.tlv(pki.identity_fields(t13=letter))).sex == sex


# -- what the reader's program hands over


def test_files_as_json() -> None:
    from base64 import b64encode

    names = [name for name in CardFiles.__dataclass_fields__ if getattr(FILES, name) is not None]
    content = {name: b64encode(getattr(FILES, name)).decode() for name in names}
    assert eid_card.read_files(content | {"reader": "ACS ACR38"}) == FILES
    for wrong in (None, "", "*", 5, "A" * 100_000):
        with pytest.raises(CardFilesError):
            eid_card.read_files(content | {"identity": wrong})
    with pytest.raises(CardFilesError):
        eid_card.read_files([])


def test_the_key_of_a_golden_card_is_of_the_curve_of_cards() -> None:
    private = pki.key("basic")
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    assert private.curve.name == "secp384r1"
