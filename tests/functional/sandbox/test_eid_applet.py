"""The virtual eID card answers as the Belgian applet does: every file, every status word, and the PIN's counting."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from ipse.sandbox.eid.applet import VirtualCard
from ipse.sandbox.eid.authorities import ISSUING, ROOTS, Authorities
from ipse.sandbox.eid.personal import chip_of, issued
from ipse.sandbox.persons import persons, portrait
from ipse.standards import eid_card, sandbox_mark
from ipse.standards.eid_apdu import (
    AID,
    CardTalkError,
    EidCard,
    File,
    Hash,
    Key,
    PinBlockedError,
    RefusedError,
    UnknownCardError,
    WrongPinError,
    command,
    pin_block,
    trimmed,
)
from ipse.standards.eid_card import register

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, tzinfo=UTC)
PEOPLE = {person.id: person for person in persons(TODAY) if person.card}
OK = "9000"


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Authorities:
    return Authorities.create(tmp_path_factory.mktemp("eid"), "http://127.0.0.1:8001/eid")


def card_of(authorities: Authorities, name: str) -> VirtualCard:
    return VirtualCard(chip_of(PEOPLE[name], authorities))


@pytest.fixture(params=["ada", "gerda"])
def card(request: pytest.FixtureRequest, authorities: Authorities) -> VirtualCard:
    """A card of applet 1.8, and one of 1.7."""
    return card_of(authorities, request.param)


@pytest.fixture
def newer(authorities: Authorities) -> VirtualCard:
    return card_of(authorities, "ada")


def send(card: VirtualCard, text: str) -> str:
    """The status word, in hexadecimal."""
    return card.apdu(bytes.fromhex(text))[-2:].hex().upper()


VERIFY = "0020000108" + pin_block("1234").hex()
WRONG = "0020000108" + pin_block("9999").hex()
AUTHENTICATION = "002241B6050480028482"
NON_REPUDIATION = "002241B6050480028483"
SIGN = "002A9E9A30" + "AB" * 48 + "00"


class TestSelecting:
    def test_the_applet_by_its_identifier(self, card: VirtualCard) -> None:
        assert card.apdu(command(0xA4, 0x04, 0x0C, AID)) == b"\x90\x00"
        assert card.apdu(command(0xA4, 0x04, 0x0C, bytes.fromhex("A000000003"))) == b"\x6a\x82"

    @pytest.mark.parametrize("path", ["3F00DF014031", "DF014031"])
    def test_a_file_by_its_path(self, card: VirtualCard, path: str) -> None:
        assert send(card, f"00A4080C{len(path) // 2:02X}{path}") == OK
        assert card.apdu(bytes.fromhex("00B0000002"))[:2] == b"\x00\x01"

    def test_a_file_by_its_identifier_from_where_one_is(self, card: VirtualCard) -> None:
        assert send(card, "00A4000C023F00") == OK
        assert send(card, "00A4010C02DF01") == OK
        assert send(card, "00A4020C024031") == OK
        assert send(card, "00A4020C024033") == OK

    @pytest.mark.parametrize(
        ("sent", "status"),
        [
            ("00A4080C063F00DF014099", "6A82"),
            ("00A4020C025038", "6A82"),
            ("00A4030C024031", "6A86"),
            ("00A4020502DF01", "6A86"),
            ("00A4020C0140", "6700"),
            ("00A4080C033F00DF", "6700"),
        ],
    )
    def test_what_is_not_there(self, card: VirtualCard, sent: str, status: str) -> None:
        card.apdu(command(0xA4, 0x00, 0x0C, bytes.fromhex("3F00")))
        assert send(card, sent) == status


class TestReading:
    def test_nothing_is_chosen(self, card: VirtualCard) -> None:
        assert send(card, "00B0000010") == "6986"

    def test_beyond_the_end_and_how_much_is_left(self, card: VirtualCard) -> None:
        card.apdu(command(0xA4, 0x08, 0x0C, File.ADDRESS.path))
        assert len(card.apdu(bytes.fromhex("00B0000075"))) == 117 + 2
        assert send(card, "00B0000076") == "6C75"
        assert send(card, "00B0007510") == "6B00"
        assert len(card.apdu(bytes.fromhex("00B0007000"))) == 5 + 2

    def test_every_file_is_there_whole(self, card: VirtualCard) -> None:
        reading = EidCard.found(card.apdu)
        for file in File:
            if file is File.BASIC_KEY and not reading.is_elliptic:
                with pytest.raises(RefusedError, match="6A82"):
                    reading.read(file)
                continue
            assert reading.read(file) == card.chip.files[file.path], file.name
        for path in ("3F002F00", "3F00DF005031", "3F00DF005032", "3F00DF005034", "3F00DF005035", "3F00DF005037"):
            assert card.chip.files[bytes.fromhex(path)], path

    def test_certificates_are_padded_with_zeros(self, card: VirtualCard) -> None:
        reading = EidCard.found(card.apdu)
        for file in (File.AUTHENTICATION_CERTIFICATE, File.NON_REPUDIATION_CERTIFICATE, File.RRN_CERTIFICATE):
            whole, der = reading.read(file), reading.certificate(file)
            assert whole.startswith(der)
            assert whole[len(der) :]
            assert not any(whole[len(der) :])
            x509.load_der_x509_certificate(der)

    def test_card_data_names_the_applet(self, authorities: Authorities) -> None:
        for name, version in (("ada", 0x18), ("gerda", 0x17)):
            data = card_of(authorities, name).apdu(bytes.fromhex("80E400001C"))
            assert len(data) == 28 + 2
            assert data[21] == version
        assert send(card_of(authorities, "ada"), "80E4000010") == "6C1C"
        assert send(card_of(authorities, "ada"), "80E401001C") == "6A86"


class TestPin:
    def test_tries_are_counted_and_come_back(self, card: VirtualCard) -> None:
        assert send(card, "00200001") == "63C3"
        assert send(card, WRONG) == "63C2"
        assert send(card, "00200001") == "63C2"
        assert send(card, VERIFY) == OK
        assert send(card, "00200001") == "63C3"

    def test_three_wrong_ones_block_even_for_the_right_one(self, card: VirtualCard) -> None:
        assert [send(card, WRONG) for _ in range(3)] == ["63C2", "63C1", "6983"]
        assert send(card, VERIFY) == "6983"
        assert send(card, "00200001") == "6983"
        card.reset()
        assert send(card, VERIFY) == "6983"
        card.unblock()
        assert send(card, VERIFY) == OK

    @pytest.mark.parametrize(
        ("sent", "status"),
        [
            ("0020000208" + "24" + "12" * 7, "6A86"),
            ("0020000104" + "24123412", "6700"),
            ("0020000108" + "12" * 8, "6A80"),
        ],
    )
    def test_what_is_no_pin_costs_no_try(self, card: VirtualCard, sent: str, status: str) -> None:
        assert send(card, sent) == status
        assert card.tries_left == 3

    def test_the_client_says_how_it_stands(self, card: VirtualCard) -> None:
        reading = EidCard.found(card.apdu)
        assert reading.tries_left() == 3
        with pytest.raises(WrongPinError) as wrong:
            reading.verify("0000")
        assert wrong.value.tries_left == 2
        with pytest.raises(WrongPinError):
            reading.verify("0000")
        with pytest.raises(PinBlockedError):
            reading.verify("0000")
        assert reading.tries_left() == 0
        with pytest.raises(PinBlockedError):
            reading.verify("1234")
        with pytest.raises(ValueError, match="digits"):
            reading.verify("12")


class TestSigning:
    def test_without_a_key_chosen(self, newer: VirtualCard) -> None:
        assert send(newer, SIGN) == "6985"

    def test_without_the_pin(self, newer: VirtualCard) -> None:
        assert send(newer, AUTHENTICATION) == OK
        assert send(newer, SIGN) == "6982"

    def test_the_authentication_key_keeps_the_pin(self, newer: VirtualCard) -> None:
        assert [send(newer, each) for each in (VERIFY, AUTHENTICATION, SIGN, SIGN)] == [OK] * 4

    def test_the_non_repudiation_key_wants_it_right_before_each(self, newer: VirtualCard) -> None:
        assert [send(newer, each) for each in (NON_REPUDIATION, VERIFY, SIGN)] == [OK] * 3
        assert send(newer, SIGN) == "6982"
        assert [send(newer, each) for each in (VERIFY, NON_REPUDIATION)] == [OK] * 2
        assert send(newer, SIGN) == "6982"

    def test_a_wrong_pin_and_logging_off_forget_it(self, newer: VirtualCard) -> None:
        for forgetting in (WRONG, "80E60000"):
            assert [send(newer, each) for each in (AUTHENTICATION, VERIFY, SIGN)] == [OK] * 3
            send(newer, forgetting)
            assert send(newer, SIGN) == "6982"

    @pytest.mark.parametrize(
        ("sent", "status"),
        [
            ("002241B6050480028481", "6A88"),
            ("002241B6050480028499", "6A88"),
            ("002241B6050480FF8482", "6A80"),
            ("002241B60304800284", "6A80"),
            ("002241A4050480028482", "6A86"),
        ],
    )
    def test_keys_and_algorithms_that_are_not_there(self, card: VirtualCard, sent: str, status: str) -> None:
        assert send(card, sent) == status

    def test_a_digest_of_another_length(self, newer: VirtualCard) -> None:
        for each in (AUTHENTICATION, VERIFY):
            send(newer, each)
        assert send(newer, "002A9E9A20" + "AB" * 32 + "00") == "6A80"
        assert send(newer, "002A9A9E20" + "AB" * 32 + "00") == "6A86"

    @pytest.mark.parametrize(
        ("key", "file"),
        [
            (Key.AUTHENTICATION, File.AUTHENTICATION_CERTIFICATE),
            (Key.NON_REPUDIATION, File.NON_REPUDIATION_CERTIFICATE),
        ],
    )
    def test_signatures_fit_the_certificates(self, card: VirtualCard, key: Key, file: File) -> None:
        reading = EidCard.found(card.apdu)
        public = x509.load_der_x509_certificate(reading.certificate(file)).public_key()
        chosen = {Hash.SHA256, Hash.SHA384, Hash.SHA512} if reading.is_elliptic else {Hash.SHA256_RSA}
        for hashed in chosen:
            signature = reading.sign(key, hashlib.new(hashed.name_of_hash, b"text").digest(), pin="1234", hashed=hashed)
            algorithm = getattr(hashes, hashed.name_of_hash.upper())()
            if isinstance(public, rsa.RSAPublicKey):
                public.verify(signature, b"text", padding.PKCS1v15(), algorithm)
            else:
                assert isinstance(public, ec.EllipticCurvePublicKey)
                public.verify(_der(signature), b"text", ec.ECDSA(algorithm))

    def test_an_older_card_takes_a_ready_made_digest_info(self, authorities: Authorities) -> None:
        card = card_of(authorities, "gerda")
        reading = EidCard.found(card.apdu)
        info = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(b"text").digest()
        assert send(card, "002241B6050480018482") == OK
        assert send(card, VERIFY) == OK
        signature = card.apdu(command(0x2A, 0x9E, 0x9A, info, expect=0))
        public = x509.load_der_x509_certificate(reading.certificate(File.AUTHENTICATION_CERTIFICATE)).public_key()
        assert isinstance(public, rsa.RSAPublicKey)
        public.verify(signature[:-2], b"text", padding.PKCS1v15(), hashes.SHA256())


class TestProving:
    def test_the_basic_key_answers_a_challenge(self, newer: VirtualCard) -> None:
        reading, challenge = EidCard.found(newer.apdu), os.urandom(48)
        key = newer.chip.keys[Key.BASIC].public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        proven = ec.ECDSA(utils.Prehashed(hashes.SHA384()))
        key.verify(_der(reading.proof(challenge)), challenge, proven)
        with pytest.raises(InvalidSignature):
            key.verify(_der(reading.proof(challenge)), os.urandom(48), proven)

    def test_what_it_refuses(self, newer: VirtualCard, authorities: Authorities) -> None:
        assert send(newer, "0088028132" + "9430" + "00" * 48 + "00") == OK
        assert send(newer, "0088028232" + "9430" + "00" * 48 + "00") == "6A86"
        assert send(newer, "0088028122" + "9420" + "00" * 32 + "00") == "6A80"
        assert send(card_of(authorities, "gerda"), "0088028132" + "9430" + "00" * 48 + "00") == "6D00"


@pytest.mark.parametrize(
    ("sent", "status"), [("90B0000010", "6E00"), ("00FF0000", "6D00"), ("00A4", "6700"), ("00A4040C05A0", "6700")]
)
def test_what_is_no_command(card: VirtualCard, sent: str, status: str) -> None:
    assert send(card, sent) == status


def test_another_card_is_told_apart() -> None:
    with pytest.raises(UnknownCardError):
        EidCard.found(lambda _: b"\x6a\x82")
    with pytest.raises(CardTalkError):
        EidCard.found(lambda _: b"")


def test_old_readers_ways_of_answering_are_followed(newer: VirtualCard) -> None:
    """T=0: 61xx says that more waits, 6Cxx how much to ask for (ISO 7816-3)."""
    held = b""

    def in_parts(sent: bytes) -> bytes:
        nonlocal held
        if sent[1] == 0xC0:
            answer, held = held[: sent[4] or 256], held[sent[4] or 256 :]
        else:
            whole = newer.apdu(sent)
            if whole[-2:] != b"\x90\x00" or len(whole) < 80:
                return whole
            answer, held = b"", whole[:-2]
        return answer + (bytes([0x61, min(len(held), 0x50)]) if held else b"\x90\x00")

    assert EidCard.found(in_parts).read(File.PHOTO) == portrait("ada")


@pytest.mark.parametrize("name", sorted(PEOPLE))
def test_files_pass_every_check_of_the_register(authorities: Authorities, name: str) -> None:
    """Signatures, photo, person and the card's own key, as `standards.eid_card` judges them."""
    person, challenge = PEOPLE[name], os.urandom(48)
    files = EidCard.found(card_of(authorities, name).apdu).files(challenge)
    identity = eid_card.read_identity(files.identity)
    register.check(
        register.Presented(
            files=files,
            identity=identity,
            authorities=[authorities.pairs[root].certificate for root in ROOTS],
            national_number=person.national_number or "",
            challenge=challenge,
            now=NOW,
        )
    )
    assert identity.surname == person.family_name
    assert identity.birthdate == (None if person.year_only else person.birthdate)
    assert eid_card.read_address(files.address).town == person.address.locality
    assert (identity.family.value == "citizen") == ("BEL" in person.nationalities)


def test_birth_dates_are_printed_in_three_languages_or_as_a_year(authorities: Authorities) -> None:
    def printed(name: str) -> str:
        return eid_card.read_identity(chip_of(PEOPLE[name], authorities).files[File.IDENTITY.path]).birth_printed

    assert printed("ada") == "17 MEI 1988"
    assert printed("noor").split()[1] == "MARS"
    assert printed("gerda") == "11.DEZ.1958"
    assert printed("abdoul") == "1961"


def test_oddities_stand_on_the_cards(authorities: Authorities) -> None:
    def identity(name: str) -> eid_card.CardIdentity:
        return eid_card.read_identity(chip_of(PEOPLE[name], authorities).files[File.IDENTITY.path])

    assert identity("philippe").noble_title == "Baron"
    assert (identity("philippe").given_names, identity("philippe").third_initial) == ("Philippe Marie", "J")
    assert identity("gerda").special_status == "1"
    assert identity("sukma").given_names is None
    assert identity("mateus").national_number[2:4] == "46"
    assert identity("imani").card_number.startswith("B")


def test_every_certificate_carries_the_mark_of_the_sandbox(authorities: Authorities) -> None:
    chips = [chip_of(person, authorities) for person in PEOPLE.values()]
    files = (File.AUTHENTICATION_CERTIFICATE, File.NON_REPUDIATION_CERTIFICATE)
    certificates = [chip.certificate(file) for chip in chips for file in files]
    certificates += [pair.certificate for pair in authorities.pairs.values()]
    assert all(sandbox_mark.is_fully_marked(certificate) for certificate in certificates)


def test_cards_and_authorities_are_kept(authorities: Authorities) -> None:
    again = Authorities.create(authorities.folder, authorities.places)
    assert again.pem(*ISSUING) == authorities.pem(*ISSUING)
    first, second = chip_of(PEOPLE["ada"], authorities), chip_of(PEOPLE["ada"], again)
    assert first.files == second.files
    serial = first.certificate(File.AUTHENTICATION_CERTIFICATE).serial_number
    assert issued(again)["citizen", serial] == "ada"


def test_at_another_address_everything_is_made_anew(tmp_path: Path) -> None:
    before = Authorities.create(tmp_path, "http://127.0.0.1:1/eid").pem("root")
    assert Authorities.create(tmp_path, "http://127.0.0.1:2/eid").pem("root") != before
    assert (tmp_path / "authorities.json").stat().st_mode & 0o077 == 0


def test_der_is_told_from_its_padding() -> None:
    assert trimmed(b"\x30\x03abc\0\0") == b"\x30\x03abc"
    for wrong in (b"", b"\x31\x03abc", b"\x30\x82\x10\x00ab"):
        with pytest.raises(CardTalkError):
            trimmed(wrong)


def _der(signature: bytes) -> bytes:
    return utils.encode_dss_signature(int.from_bytes(signature[:48], "big"), int.from_bytes(signature[48:], "big"))
