"""What a responder may say of a card, and every way in which its answer does not count (RFC 6960)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as wire
from cryptography.x509.oid import ExtendedKeyUsageOID

from ipse.standards.web_eid import (
    CertificateRevokedError,
    OcspNonceError,
    OcspResponderError,
    OcspResponseError,
    OcspSignatureError,
    OcspStaleError,
    OcspUnknownError,
    OcspWrongCertificateError,
    WebEidError,
    ocsp,
)
from tests.support import eid_pki as pki
from tests.support.eid_pki import NOW, Draft, Statement

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
NONCE = b"n" * 32


def judge(octets: bytes, *, nonce: bytes | None = NONCE, **other: Any) -> None:
    given: dict[str, Any] = {"certificate": pki.certificate(Draft()), "issuer": pki.citizen(), "now": NOW}
    ocsp.check(ocsp.Answered(octets=octets, nonce=nonce, oldest=HOUR, **given | other))


def refused(error: type[WebEidError], octets: bytes | None = None, **how: Any) -> None:
    changed = {name: how.pop(name) for name in list(how) if name in Statement.__dataclass_fields__ and name != "nonce"}
    if "said_nonce" in how:
        changed["nonce"] = how.pop("said_nonce")
    with pytest.raises(error):
        judge(pki.answer(Statement(**changed)) if octets is None else octets, **how)


# -- what must pass


def test_good() -> None:
    judge(pki.answer(Statement()))


def test_good_by_the_responders_name() -> None:
    judge(pki.answer(Statement(by_name=True)))


def test_good_by_the_authority_itself() -> None:
    judge(pki.answer(Statement(by=pki.authority_draft(), certificates=False)))


def test_good_without_a_next_update() -> None:
    judge(pki.answer(Statement(next_update=None)))


def test_good_without_nonce_where_none_was_sent() -> None:
    judge(pki.answer(Statement(nonce=None)), nonce=None)


def test_good_with_clocks_ten_minutes_apart() -> None:
    judge(pki.answer(Statement(this_update=NOW + 10 * MINUTE)))
    judge(pki.answer(Statement(this_update=NOW - HOUR, next_update=NOW - 10 * MINUTE)))


def test_good_with_rsa() -> None:
    by = replace(pki.responder_draft(), holder="responder-rsa", kind="RSA-2048")
    judge(pki.answer(Statement(by=by, hash=hashes.SHA256())))


# -- no answer


def test_nothing_at_all() -> None:
    refused(OcspResponseError, b"")


def test_bytes_that_are_no_answer() -> None:
    refused(OcspResponseError, b"<html>temporarily out of order</html>")


def test_an_answer_cut_short() -> None:
    refused(OcspResponseError, pki.answer(Statement())[:-20])


@pytest.mark.parametrize(
    "status",
    [
        wire.OCSPResponseStatus.MALFORMED_REQUEST,
        wire.OCSPResponseStatus.INTERNAL_ERROR,
        wire.OCSPResponseStatus.TRY_LATER,
        wire.OCSPResponseStatus.SIG_REQUIRED,
        wire.OCSPResponseStatus.UNAUTHORIZED,
    ],
)
def test_a_refusal(status: wire.OCSPResponseStatus) -> None:
    octets = wire.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
    refused(OcspResponseError, octets)


def test_two_statements() -> None:
    refused(OcspResponseError, pki.restated(pki.answer(Statement()), statements=2))


def test_no_statement() -> None:
    refused(OcspResponseError, pki.restated(pki.answer(Statement()), statements=0))


def test_the_same_helper_with_one_statement_passes() -> None:
    judge(pki.restated(pki.answer(Statement())))


# -- about something else


def test_another_serial_number() -> None:
    refused(OcspWrongCertificateError, about=Draft(serial=99))


def test_another_issuer_name() -> None:
    refused(OcspWrongCertificateError, about=Draft(issuer="Foreigner CA"))


def test_another_issuer_key() -> None:
    other = pki.certificate(pki.authority_draft(holder="impostor"))
    refused(OcspWrongCertificateError, octets=pki.answer(Statement(issuer=other)))


# -- who says it


def test_a_responder_of_another_authority() -> None:
    refused(OcspResponderError, by=replace(pki.responder_draft(), issuer="Foreigner CA", issuer_key="foreigner"))


def test_a_responder_whose_certificate_names_our_authority_and_is_not_signed_by_it() -> None:
    refused(OcspResponderError, by=replace(pki.responder_draft(), issuer_key="impostor"))


def test_a_responder_without_the_purpose() -> None:
    refused(OcspResponderError, by=replace(pki.responder_draft(), uses=None))


def test_a_responder_for_clients() -> None:
    """Any card of the same authority could answer for itself otherwise."""
    refused(OcspResponderError, by=replace(pki.responder_draft(), uses=(ExtendedKeyUsageOID.CLIENT_AUTH,)))


def test_a_card_that_answers_for_itself() -> None:
    refused(OcspResponderError, by=Draft())


def test_a_responder_that_has_run_out() -> None:
    refused(OcspResponderError, by=replace(pki.responder_draft(), ends=NOW - MINUTE))


def test_a_responder_that_has_not_begun() -> None:
    refused(OcspResponderError, by=replace(pki.responder_draft(), begins=NOW + MINUTE))


def test_a_responder_whose_certificate_is_missing() -> None:
    refused(OcspResponderError, certificates=False)


def test_a_responder_that_signed_itself() -> None:
    own = replace(pki.responder_draft(), issuer="OCSP Responder", issuer_key="responder")
    refused(OcspResponderError, by=own)


# -- its signature


def test_signed_by_another_key() -> None:
    refused(OcspSignatureError, pki.restated(pki.answer(Statement()), signer="impostor"))


def test_a_byte_of_the_signature_changed() -> None:
    octets = pki.answer(Statement(certificates=True))
    signature = wire.load_der_ocsp_response(octets).signature
    place = octets.index(signature) + len(signature) - 3
    changed = octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1 :]
    refused(OcspSignatureError, changed)


def test_revoked_made_good() -> None:
    """The status turned in the bytes: the signature no longer fits."""
    octets = pki.answer(Statement(nonce=b"m" * 32))
    place = octets.index(b"m" * 32)
    refused(OcspSignatureError, octets[:place] + NONCE + octets[place + 32 :])


def test_signed_with_sha_1() -> None:
    refused(OcspSignatureError, pki.restated(pki.answer(Statement()), sha_1=True))


# -- when


def test_of_the_future() -> None:
    refused(OcspStaleError, this_update=NOW + 16 * MINUTE)


def test_past_its_end() -> None:
    refused(OcspStaleError, this_update=NOW - HOUR, next_update=NOW - 16 * MINUTE)


def test_an_end_before_its_beginning() -> None:
    octets = pki.answer(Statement(this_update=NOW, next_update=NOW + MINUTE))
    stamp, wrong = (NOW + MINUTE).strftime("%Y%m%d%H%M%SZ").encode(), (NOW - MINUTE).strftime("%Y%m%d%H%M%SZ").encode()
    answered = ocsp.Answered(
        octets=octets.replace(stamp, wrong),
        certificate=pki.certificate(Draft()),
        issuer=pki.citizen(),
        nonce=None,
        now=NOW,
        oldest=HOUR,
    )
    with pytest.raises(OcspStaleError):
        ocsp.fresh(answered)


def test_older_than_we_allow_though_the_responder_says_it_lasts() -> None:
    refused(OcspStaleError, this_update=NOW - HOUR - 16 * MINUTE, next_update=NOW + 10 * HOUR)


def test_older_than_we_allow_without_an_end() -> None:
    refused(OcspStaleError, this_update=NOW - 2 * HOUR, next_update=None)


# -- the question


def test_without_the_nonce() -> None:
    refused(OcspNonceError, said_nonce=None)


def test_with_another_nonce() -> None:
    """A good answer of yesterday, played again after the card was reported lost."""
    refused(OcspNonceError, said_nonce=b"o" * 32)


def test_with_part_of_the_nonce() -> None:
    refused(OcspNonceError, said_nonce=NONCE[:16])


# -- what it says


def test_revoked() -> None:
    refused(CertificateRevokedError, status=wire.OCSPCertStatus.REVOKED)


def test_unknown() -> None:
    refused(OcspUnknownError, status=wire.OCSPCertStatus.UNKNOWN)


def test_revoked_by_somebody_who_may_not_say_so_is_no_news() -> None:
    by = replace(pki.responder_draft(), issuer_key="impostor")
    refused(OcspResponderError, by=by, status=wire.OCSPCertStatus.REVOKED)


# -- what is asked


def test_the_question_names_certificate_and_nonce() -> None:
    certificate = pki.certificate(Draft())
    asked = wire.load_der_ocsp_request(ocsp.request(certificate, pki.citizen(), nonce=NONCE))
    assert asked.serial_number == certificate.serial_number
    assert asked.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == NONCE
    bare = wire.load_der_ocsp_request(ocsp.request(certificate, pki.citizen(), nonce=None))
    assert len(bare.extensions) == 0


def test_where_to_ask_stands_in_the_certificate() -> None:
    assert ocsp.address(pki.certificate(Draft())) == pki.RESPONDER
    assert ocsp.address(pki.certificate(Draft(responder=None))) is None
