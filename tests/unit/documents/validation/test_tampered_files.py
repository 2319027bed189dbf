"""Whatever was done to a signed file, it never passes as valid and unchanged, and the right reason is told."""

from __future__ import annotations

import dataclasses

import pytest
from asn1crypto import cms
from pyhanko.sign.fields import MDPPerm

from ipse.documents.validation.container import MOST_UNPACKED
from ipse.documents.validation.model import Indication, Validation, Verdict
from tests.support.signed_papers import Sealed, pack, paper, sign_asic, sign_cades, sign_pdf
from tests.support.signing_authority import Authority, Holder
from tests.support.tampering import (
    ASIC_ATTACKS,
    PDF_ATTACKS,
    RANGES,
    cover_removed,
    covered,
    form_filled,
    resigned,
)
from tests.unit.documents.validation.conftest import Judge


def told(validation: Validation) -> set[str]:
    reasons = [*validation.reasons, *(reason for each in validation.signatures for reason in each.reasons)]
    return {reason.code.value for reason in reasons}


@pytest.fixture(scope="module")
def sealed(authority: Authority, ada: Holder) -> Sealed:
    return sign_asic(authority, ada, {"a.txt": b"I owe Ada one hundred euros.", "b.txt": b"Yours, Ben"})


@pytest.mark.parametrize("name", PDF_ATTACKS)
def test_a_tampered_pdf(name: str, signed: bytes, judged: Judge) -> None:
    attack, reason = PDF_ATTACKS[name]
    tampered = attack(signed)
    assert tampered != signed
    validation = judged(tampered)
    unsaid = reason in {"unsupported", "unreadable"}
    assert validation.verdict is (Verdict.UNKNOWN if unsaid else Verdict.INVALID), told(validation)
    assert reason in told(validation)


@pytest.mark.parametrize("name", RANGES)
def test_a_signature_over_a_part_of_a_pdf(
    name: str, signed: bytes, authority: Authority, ada: Holder, judged: Judge
) -> None:
    validation = judged(resigned(authority, ada, signed, RANGES[name]))
    assert validation.verdict is Verdict.INVALID
    assert told(validation) & {"bytes_outside", "malformed"}


def test_the_same_signer_over_the_whole_is_fine(
    signed: bytes, authority: Authority, ada: Holder, judged: Judge
) -> None:
    assert judged(resigned(authority, ada, signed, list)).verdict is Verdict.UNCHANGED


def test_a_cover_that_is_taken_away(authority: Authority, ada: Holder, judged: Judge) -> None:
    prepared = sign_pdf(authority, ada, covered(paper()))
    assert judged(prepared).verdict is Verdict.UNCHANGED
    validation = judged(cover_removed(prepared))
    assert (validation.verdict, told(validation)) == (Verdict.INVALID, {"forbidden_change"})


@pytest.mark.parametrize(
    ("allowed", "verdict", "reason"),
    [
        (None, Verdict.CHANGED, "permitted_change"),
        (MDPPerm.FILL_FORMS, Verdict.CHANGED, "permitted_change"),
        (MDPPerm.NO_CHANGES, Verdict.INVALID, "forbidden_change"),
    ],
)
def test_a_form_filled_in_afterwards(
    authority: Authority, ada: Holder, judged: Judge, allowed: MDPPerm | None, verdict: Verdict, reason: str
) -> None:
    form = sign_pdf(authority, ada, paper(form=True), certify=allowed)
    assert judged(form).verdict is Verdict.UNCHANGED
    validation = judged(form_filled(form))
    assert (validation.verdict, reason in told(validation)) == (verdict, True)


def test_a_change_between_two_signatures(authority: Authority, ada: Holder, ben: Holder, judged: Judge) -> None:
    first = sign_pdf(authority, ada, paper())
    attack, _reason = PDF_ATTACKS["content replaced"]
    validation = judged(sign_pdf(authority, ben, attack(first), field="Signature2"))
    assert validation.verdict is Verdict.INVALID
    assert [each.indication for each in validation.signatures] == [Indication.FAILED, Indication.PASSED]


@pytest.mark.parametrize("name", ASIC_ATTACKS)
def test_a_tampered_container(name: str, sealed: Sealed, judged: Judge) -> None:
    attack, verdict, reason = ASIC_ATTACKS[name]
    validation = judged(attack(sealed))
    assert (validation.verdict.value, reason in told(validation)) == (verdict, True), told(validation)


@pytest.mark.parametrize(("files", "size"), [(501, 0), (1, MOST_UNPACKED)])
def test_a_container_that_unfolds_to_too_much(files: int, size: int, judged: Judge) -> None:
    validation = judged(pack([(f"{number}.txt", bytes(size)) for number in range(files)]))
    assert (validation.verdict, told(validation)) == (Verdict.UNKNOWN, {"too_many"})


def test_a_comment_cuts_no_text_in_two(authority: Authority, ada: Holder, sealed: Sealed, judged: Judge) -> None:
    claimed = authority.now.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    signature = sealed.signature.replace(claimed, claimed[:4] + b"<!-- -->" + claimed[4:])
    assert signature != sealed.signature
    validation = judged(dataclasses.replace(sealed, signature=signature).packed())
    assert validation.signatures[0].claimed_at == judged(sealed.packed()).signatures[0].claimed_at


def test_a_signed_pdf_at_the_beginning_of_a_container(
    authority: Authority, ada: Holder, signed: bytes, judged: Judge
) -> None:
    inside = sign_asic(authority, ada, {"a.pdf": b"%PDF-1.7 /ByteRange [0 1 2 3]"}).packed()
    assert judged(inside).format == "ASiC-E"
    assert judged(signed).format == "PDF"


def test_a_detached_signature_over_something_else(authority: Authority, ada: Holder, judged: Judge) -> None:
    signature = sign_cades(authority, ada, b"one hundred")
    assert told(judged(signature, detached=b"nine hundred")) == {"content_changed"}
    missing = judged(signature)
    assert (missing.verdict, told(missing)) == (Verdict.UNKNOWN, {"content_missing"})


def test_a_signature_with_other_bytes_behind_it(authority: Authority, ada: Holder, judged: Judge) -> None:
    signature = sign_cades(authority, ada, b"one hundred")
    assert judged(signature + b"\0", detached=b"one hundred").verdict is Verdict.INVALID


def test_a_signature_whose_attributes_were_dropped(authority: Authority, ada: Holder, judged: Judge) -> None:
    message = cms.ContentInfo.load(sign_cades(authority, ada, b"one hundred"))
    signer = message["content"]["signer_infos"][0]
    attributes = signer["signed_attrs"].untag().dump()
    del signer["signed_attrs"]
    validation = judged(message.dump(force=True), detached=attributes)
    assert (validation.verdict, told(validation)) == (Verdict.INVALID, {"malformed"})


def test_content_around_which_a_signature_lies_and_other_content_beside_it(
    authority: Authority, ada: Holder, judged: Judge
) -> None:
    signature = sign_cades(authority, ada, b"one hundred", detached=False)
    assert judged(signature).verdict is Verdict.UNCHANGED
    assert judged(signature, detached=b"nine hundred").verdict is Verdict.INVALID


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"%PDF-1.7\n", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"\x30\x80" + bytes(64), paper()],
)
def test_what_is_no_signed_file(content: bytes, judged: Judge) -> None:
    validation = judged(content)
    assert validation.verdict in {Verdict.UNKNOWN, Verdict.INVALID}
    assert validation.reasons
