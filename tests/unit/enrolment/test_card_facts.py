"""What a believed card becomes: facts, the record of evidence, and which cards are no identity documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.attributes.model import complete
from ipse.eid.model import Holder, Read
from ipse.enrolment.errors import UnacceptableIdentityError
from ipse.enrolment.model import Registrar, RegistrarKind
from ipse.enrolment.rules import cards, screens
from ipse.kernel.ids import b64u
from ipse.standards import eid_card
from ipse.standards.eid_card import CardAddress
from tests.support import eid_pki as pki

TODAY = pki.NOW.date()
REGISTRAR = Registrar(id="eid_card", kind=RegistrarKind.EID_CARD, name="eID", country="BE", assurance="high")
NOW = 1_790_000_000_000_000


def read(**changed: Any) -> Read:
    files = pki.files(b"c" * 48, identity=pki.tlv(pki.identity_fields(**changed)))
    identity = eid_card.read_identity(files.identity)
    return Read(identity=identity, address=eid_card.read_address(files.address), files=files)


def holder() -> Holder:
    return Holder(
        national_number=pki.NUMBER,
        family_name="Peeters",
        given_name="Ada",
        certificate_serial="10",
        certificate_issuer="CN=Citizen CA,C=BE",
        algorithm="ES384",
        format="web-eid:1.0",
        checked_at=NOW,
        token="{}",
    )


def test_the_facts_of_a_card() -> None:
    facts = cards.facts(read(), email="ada@example.org", today=TODAY)
    assert (facts.family_name, facts.given_name, facts.gender) == ("Peeters", "Ada Renée", "female")
    assert facts.birthdate == "1988-05-17"
    assert facts.nationalities == ("BEL",)
    assert facts.citizenship == "Belg"
    assert facts.address is not None
    assert (facts.address.street_address, facts.address.postal_code) == ("Rue de l'Été 12 bte 3", "9000")
    assert facts.document is not None
    assert (facts.document.kind, facts.document.country, facts.document.expires_on) == ("I", "BE", "2031-02-01")
    assert facts.national_number is not None
    assert facts.national_number.value == pki.NUMBER
    assert facts.card_number == "592001447102"
    assert facts.phone_number is None


def test_a_foreigner_has_a_nationality_in_words_alone() -> None:
    facts = cards.facts(read(t10="Kenya", t15="17", t1="B000990114"), email=None, today=TODAY)
    assert (facts.nationalities, facts.citizenship) == ((), "Kenya")


def test_a_year_alone_is_printed_and_no_day() -> None:
    facts = cards.facts(read(t12="1961"), email=None, today=TODAY)
    assert (facts.birthdate, facts.birthdate_as_string) == (None, "1961")


def test_a_card_without_an_address() -> None:
    nowhere = replace(read(), address=CardAddress(street=None, postcode=None, town=None))
    assert cards.facts(nowhere, email=None, today=TODAY).address is None


@pytest.mark.parametrize("changed", [{"t15": "7"}, {"t15": "8"}, {"t15": "99"}, {"t1": "592001447103"}])
def test_what_is_no_identity_document(changed: dict[str, Any]) -> None:
    with pytest.raises(UnacceptableIdentityError):
        cards.facts(read(**changed), email=None, today=TODAY)


def test_a_card_that_begins_tomorrow() -> None:
    tomorrow = (pki.NOW + timedelta(days=1)).strftime("%d.%m.%Y")
    with pytest.raises(UnacceptableIdentityError):
        cards.facts(read(t3=tomorrow), email=None, today=TODAY)


@pytest.mark.parametrize(("cap", "level"), [("high", "high"), ("substantial", "substantial"), ("low", "low")])
def test_the_record_is_complete_and_its_level_capped(cap: str, level: str) -> None:
    """B-1, B-2."""
    facts = cards.facts(read(), email=None, today=TODAY)
    registrar = replace(REGISTRAR, assurance=cap)
    record = cards.record(read(), holder(), facts, evidence_id="e", registrar=registrar, now=NOW)
    assert complete(record)
    assert (record.route, record.assurance) == ("eid_card", level)
    said = msgspec.json.decode(record.original)["verified_claims"]
    assert said["verification"]["assurance_level"] == level
    assert said["claims"]["birthdate"] == "1988-05-17"


# -- the way back from another computer


@given(st.binary(min_size=screens.CODE_OCTETS, max_size=screens.CODE_OCTETS))
def test_a_code_is_read_however_it_is_typed(octets: bytes) -> None:
    code = screens.new_code(octets)
    assert len(code) == screens.CODE_LENGTH
    assert not set(code) & set("01IO")
    for typed in (code, code.lower(), f"{code[:4]}-{code[4:]}", f" {code[:4]} {code[4:]} "):
        assert screens.typed_code(typed) == code


def test_codes_use_all_of_their_randomness() -> None:
    assert screens.new_code(b"\xff" * 5) == "Z" * 8
    assert screens.new_code(bytes(5)) == "2" * 8
    assert screens.new_code(bytes(4) + b"\x01") != screens.new_code(bytes(5))
    assert screens.new_code(b"\x80" + bytes(4)) != screens.new_code(bytes(5))


def test_a_frame_is_of_one_value_and_fresh_for_seconds() -> None:
    value = b64u(bytes(32))
    text = screens.build_frame(screens.secret(value), "enrolment-1", 7)
    frame = screens.read_frame(text)
    assert frame is not None
    assert (frame.enrolment_id, frame.elapsed) == ("enrolment-1", 7)
    assert screens.is_of(frame, value)
    assert not screens.is_of(frame, b64u(bytes(31) + b"\x01"))
    assert not screens.is_of(replace(frame, elapsed=8), value)
    assert not screens.is_of(replace(frame, enrolment_id="enrolment-2"), value)
    for elapsed, fresh in ((4, False), (5, True), (7, True), (12, True), (13, False)):
        assert screens.is_fresh(frame, elapsed=elapsed, seconds=5) is fresh


@given(st.text(max_size=120))
def test_anything_else_is_no_frame(text: str) -> None:
    found = screens.read_frame(text)
    assert found is None or text.count(".") == 2


def test_a_one_time_value_is_no_frame() -> None:
    assert screens.read_frame(b64u(bytes(32))) is None
    for wrong in ("a.1.", "a.x.AAAA", "a.1234567." + "A" * 22, ".1." + "A" * 22, "a.1." + "A" * 21):
        assert screens.read_frame(wrong) is None
