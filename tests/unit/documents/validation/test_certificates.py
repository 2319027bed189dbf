"""Who signed, when, and whether anybody vouches for it: certificates, revocation, time stamps, algorithms."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import ReasonFlags

from ipse.documents.validation.model import Anchors, Changes, Quality, Sub, Validation, Verdict, Why
from tests.support.signed_papers import paper, sign_asic, sign_cades, sign_pdf, token
from tests.support.signing_authority import DAY, Authority, Holder
from tests.unit.documents.validation.conftest import Judge

HOUR = timedelta(hours=1)


def only(validation: Validation) -> tuple[Verdict, Sub | None, set[Why]]:
    judgement = validation.signatures[0]
    return validation.verdict, judgement.sub, {reason.code for reason in judgement.reasons}


@pytest.fixture
def fresh(authority: Authority) -> Authority:
    """The same authority, with a register of its own."""
    copy = dataclasses.replace(authority, revoked={}, asked=[])
    copy.root, copy.issuing, copy.stamping = authority.root, authority.issuing, authority.stamping
    return copy


def test_a_signer_whose_certificate_ran_out(authority: Authority, judged: Judge) -> None:
    old = authority.issue("Old", days=(-10, -1))
    assert only(judged(sign_pdf(authority, old, paper()))) == (
        Verdict.UNKNOWN, Sub.OUT_OF_BOUNDS_NO_POE, {Why.EXPIRED, Why.NO_STAMP},
    )  # fmt: skip


def test_a_time_stamp_and_evidence_carry_a_signature_beyond_its_certificate(
    authority: Authority, ada: Holder, judged: Judge
) -> None:
    stamped = authority.now - 2 * DAY
    brief = authority.issue("Brief", days=(-10, -1))
    long_term = sign_pdf(authority, brief, paper(), level="B-LT", stamped_at=stamped)
    assert only(judged(long_term))[:2] == (Verdict.UNCHANGED, None)
    # Without evidence from then nobody knows whether it had been revoked.
    assert only(judged(sign_pdf(authority, brief, paper(), level="B-T", stamped_at=stamped)))[1] is Sub.TRY_LATER


def test_a_certificate_that_does_not_hold_yet(authority: Authority, judged: Judge) -> None:
    young = authority.issue("Young", days=(5, 10))
    assert only(judged(sign_pdf(authority, young, paper()))) == (
        Verdict.UNKNOWN, Sub.OUT_OF_BOUNDS_NO_POE, {Why.NOT_YET_VALID, Why.NO_STAMP},
    )  # fmt: skip


def test_a_time_stamp_before_the_certificate(authority: Authority, judged: Judge) -> None:
    new = authority.issue("New", days=(-1, 10))
    file = sign_pdf(authority, new, paper(), level="B-T", stamped_at=authority.now - 3 * DAY)
    assert only(judged(file)) == (Verdict.INVALID, Sub.NOT_YET_VALID, {Why.STAMP_BEFORE_CERTIFICATE})


def test_a_revoked_signer(fresh: Authority, judged: Judge) -> None:
    eve = fresh.issue("Eve")
    fresh.revoke(eve, fresh.now - HOUR)
    plain = sign_pdf(fresh, eve, paper())
    assert only(judged(plain, authority=fresh)) == (
        Verdict.UNKNOWN, Sub.REVOKED_NO_POE, {Why.REVOKED, Why.NO_STAMP},
    )  # fmt: skip
    stamped = sign_pdf(fresh, eve, paper(), level="B-T")
    assert only(judged(stamped, authority=fresh))[:2] == (Verdict.INVALID, Sub.REVOKED)
    earlier = sign_pdf(fresh, eve, paper(), level="B-T", stamped_at=fresh.now - 2 * HOUR)
    assert only(judged(earlier, authority=fresh)) == (Verdict.UNCHANGED, None, {Why.REVOKED_LATER})


def test_an_answer_inside_the_file_does_not_hide_a_revocation(fresh: Authority, judged: Judge) -> None:
    eve = fresh.issue("Eve")
    file = sign_pdf(fresh, eve, paper(), level="B-LT")
    assert judged(file, authority=fresh).verdict is Verdict.UNCHANGED
    fresh.revoke(eve, fresh.now - HOUR)
    assert judged(file, authority=fresh).verdict is Verdict.INVALID


def test_a_suspended_signer(fresh: Authority, judged: Judge) -> None:
    eve = fresh.issue("Eve")
    fresh.revoke(eve, fresh.now - HOUR, ReasonFlags.certificate_hold)
    assert only(judged(sign_pdf(fresh, eve, paper(), level="B-T"), authority=fresh)) == (
        Verdict.UNKNOWN, Sub.TRY_LATER, {Why.SUSPENDED},
    )  # fmt: skip


def test_a_revoked_authority(fresh: Authority, judged: Judge) -> None:
    fresh.revoke(fresh.issuing, fresh.now - HOUR)
    file = sign_pdf(fresh, fresh.issue("Ada"), paper())
    assert only(judged(file, authority=fresh)) == (
        Verdict.UNKNOWN, Sub.REVOKED_CA_NO_POE, {Why.AUTHORITY_REVOKED, Why.NO_STAMP},
    )  # fmt: skip


def test_nobody_answers(fresh: Authority, ada: Holder, judged: Judge) -> None:
    fresh.answers = False
    assert only(judged(sign_pdf(fresh, ada, paper()), authority=fresh))[:2] == (Verdict.UNKNOWN, Sub.TRY_LATER)
    # What was embedded serves for as long as it says.
    assert judged(sign_pdf(fresh, ada, paper(), level="B-LT"), authority=fresh).verdict is Verdict.UNCHANGED
    assert judged(sign_pdf(fresh, ada, paper(), level="B-LTA"), authority=fresh, at=fresh.now + 30 * DAY).signatures


def test_an_authority_that_nobody_knows_is_not_even_asked(
    authority: Authority, fresh: Authority, judged: Judge
) -> None:
    for name, sub, why in (
        ("strangers", Sub.NO_CERTIFICATE_CHAIN_FOUND, Why.UNTRUSTED),
        (authority.name, Sub.CERTIFICATE_CHAIN_GENERAL_FAILURE, Why.CHAIN),
    ):
        stranger = Authority(authority.now, name=name)
        file = sign_pdf(stranger, stranger.issue("Mallory"), paper(), level="B-T")
        validation = judged(file, authority=fresh)
        assert only(validation) == (Verdict.UNKNOWN, sub, {why, Why.STAMP_UNTRUSTED})
        assert validation.signatures[0].signer is not None
        assert validation.signatures[0].signer.quality is Quality.TEST
        assert not fresh.asked


def test_a_sandbox_is_nobody_in_production(authority: Authority, signed: bytes, judged: Judge) -> None:
    production = Anchors(own=authority.anchors, sandbox=False)
    assert only(judged(signed, anchors=production))[1:] == (
        Sub.NO_CERTIFICATE_CHAIN_FOUND, {Why.TEST_CERTIFICATE, Why.STAMP_UNTRUSTED},
    )  # fmt: skip


def test_production_is_nobody_in_a_sandbox(authority: Authority, judged: Judge) -> None:
    real = Authority(authority.now, marked=False)
    file = sign_pdf(real, real.issue("Ada"), paper())
    sandbox = Anchors(own=real.anchors, sandbox=True)
    assert only(judged(file, anchors=sandbox, authority=real))[1] is Sub.NO_CERTIFICATE_CHAIN_FOUND
    own = Anchors(own=real.anchors, sandbox=False, quality=Quality.QUALIFIED)
    validation = judged(file, anchors=own, authority=real)
    assert validation.verdict is Verdict.UNCHANGED
    # An operator's word does not make a certificate qualified that does not say so itself.
    assert validation.signatures[0].signer is not None
    assert validation.signatures[0].signer.quality is Quality.ADVANCED


def test_a_certificate_for_something_else(authority: Authority, judged: Judge) -> None:
    for usage in ("digital_signature", "key_encipherment"):
        login = authority.issue("Login", key_usage=usage)
        assert only(judged(sign_pdf(authority, login, paper())))[1:] == (
            Sub.CHAIN_CONSTRAINTS_FAILURE, {Why.KEY_USAGE},
        )  # fmt: skip


def test_a_time_stamp_by_somebody_who_makes_none(authority: Authority, ada: Holder, judged: Judge) -> None:
    person = authority.issue("Person", key=rsa.generate_private_key(65537, 2048))
    file = sign_pdf(authority, ada, paper(), level="B-T", stamper=authority.stamper(by=person))
    validation = judged(file)
    assert only(validation) == (Verdict.UNCHANGED, None, {Why.STAMP_UNTRUSTED})
    assert (validation.signatures[0].proven_at, validation.signatures[0].level) == (None, "B-B")


def test_weak_algorithms(authority: Authority, ada: Holder, judged: Judge) -> None:
    old = sign_pdf(authority, ada, paper(), digest="sha1")
    assert only(judged(old))[1:] == (Sub.CRYPTO_CONSTRAINTS_FAILURE, {Why.WEAK_ALGORITHM})
    small = authority.issue("Small", key=rsa.generate_private_key(65537, 1024))
    assert only(judged(sign_pdf(authority, small, paper())))[1:] == (
        Sub.CRYPTO_CONSTRAINTS_FAILURE, {Why.WEAK_ALGORITHM},
    )  # fmt: skip
    sha1 = sign_asic(authority, ada, {"a": b"a"}, digest="http://www.w3.org/2000/09/xmldsig#sha1")
    assert only(judged(sha1.packed()))[1:] == (Sub.CRYPTO_CONSTRAINTS_FAILURE, {Why.WEAK_ALGORITHM})
    assert only(judged(sign_cades(authority, ada, b"a", digest="sha1"), detached=b"a"))[1] is (
        Sub.CRYPTO_CONSTRAINTS_FAILURE
    )


def test_a_time_stamp_over_something_else(authority: Authority, ada: Holder, judged: Judge) -> None:
    sealed = sign_asic(authority, ada, {"a": b"a"}, stamp_over=b"something else")
    assert only(judged(sealed.packed())) == (Verdict.INVALID, Sub.HASH_FAILURE, {Why.STAMP_OTHER_DATA})
    message = cms.ContentInfo.load(sign_cades(authority, ada, b"a"))
    signer = message["content"]["signer_infos"][0]
    stamp = cms.ContentInfo.load(token(authority, b"something else"))
    signer["unsigned_attrs"] = cms.CMSAttributes([{"type": "signature_time_stamp_token", "values": [stamp]}])
    other = judged(message.dump(), detached=b"a")
    assert only(other) == (Verdict.INVALID, Sub.HASH_FAILURE, {Why.STAMP_OTHER_DATA})


def test_the_certificate_of_somebody_else(authority: Authority, ada: Holder, ben: Holder, judged: Judge) -> None:
    sealed = sign_asic(authority, ada, {"a": b"a"}, named=ben)
    assert only(judged(sealed.packed())) == (
        Verdict.UNKNOWN, Sub.NO_SIGNING_CERTIFICATE_FOUND, {Why.OTHER_CERTIFICATE},
    )  # fmt: skip


def test_a_time_stamp_of_tomorrow(authority: Authority, ada: Holder, judged: Judge) -> None:
    file = sign_pdf(authority, ada, paper(), level="B-T", stamped_at=authority.now + DAY)
    assert only(judged(file))[:2] == (Verdict.UNKNOWN, Sub.TIMESTAMP_ORDER_FAILURE)


def test_what_was_said_of_another_signer_counts_for_nobody(fresh: Authority, ada: Holder, judged: Judge) -> None:
    fresh.answers = False
    eve = fresh.issue("Eve")
    sealed = sign_asic(fresh, eve, {"a": b"a"})
    whole = sign_asic(fresh, ada, {"a": b"a"})
    swapped = dataclasses.replace(sealed, signature=_with_values_of(sealed.signature, whole.signature))
    assert only(judged(swapped.packed(), authority=fresh))[1] is Sub.TRY_LATER
    assert judged(sealed.packed(), authority=fresh).signatures[0].changes is Changes.NONE


def _with_values_of(signature: bytes, other: bytes) -> bytes:
    head, tail = b"<xades:RevocationValues>", b"</xades:RevocationValues>"
    values = other[other.index(head) : other.index(tail)]
    return signature[: signature.index(head)] + values + signature[signature.index(tail) :]
