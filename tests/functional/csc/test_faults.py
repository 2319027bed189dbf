"""Signature activation goes away between an approval and its signatures: nothing is lost, nothing is used up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.functional.csc.test_version_1 import sign
from tests.functional.csc.test_version_2 import PKCE, VERIFIER, details
from tests.functional.csc.town import RSA_SHA256, Site, b64, digests, refusal

if TYPE_CHECKING:
    from tests.functional.csc.town import Town
    from tests.functional.signature_activation.processes import Place


def test_signatures_wait_for_signature_activation(town: Town, activation: Place) -> None:
    site, phone = Site(town), town.ada()
    token, credential = site.known(phone)
    wanted = digests(1, "fault")
    sad = site.sad(phone, credential, wanted)
    activation.kill()
    try:
        assert refusal(sign(site, token, credential, sad, wanted))[:2] == (503, "temporarily_unavailable")
    finally:
        activation.start()
    assert sign(site, token, credential, sad, wanted).status_code == 200


def test_what_was_asked_for_later_is_done_by_whoever_comes_next(town: Town, activation: Place) -> None:
    """The process that had accepted it cannot do it; a job finds it left."""
    site, phone = Site(town, version="v2"), town.ada()
    first = site.approved(site.authorize(**PKCE), phone)
    token = site.token(first, code_verifier=VERIFIER)
    credential = site.post("credentials/list", token).json()["credentialIDs"][0]
    wanted = digests(1, "left")
    back = site.approved(
        site.authorize(scope=None, authorization_details=details(credential, [(wanted[0], "x")]), **PKCE), phone
    )
    sad = site.token(back, code_verifier=VERIFIER)
    activation.kill()
    try:
        accepted = site.post(
            "signatures/signHash",
            sad,
            credentialID=credential,
            hashes=[b64(wanted[0])],
            signAlgo=RSA_SHA256,
            operationMode="A",
        ).json()
        polled = site.post("signatures/signPolling", token, requestID=accepted["responseID"])
        assert polled.status_code == 202
    finally:
        activation.start()
    work_due = dict(town.scheme.jobs)["csc.work_due"]
    with town.later(31):
        town.line.call(work_due())
    polled = site.post("signatures/signPolling", token, requestID=accepted["responseID"])
    assert len(polled.json()["signatures"]) == 1


def test_a_blocked_identity_signs_nothing_and_its_tokens_end(town: Town) -> None:
    """Everything that was given out before counts no more."""
    site = Site(town, account="client-to-block")
    phone = town.person("henriette", "bank-lys", "+32 400000104")
    token, credential = site.known(phone)
    wanted = digests(1, "blocked")
    sad = site.sad(phone, credential, wanted)
    phone.block()
    assert refusal(sign(site, token, credential, sad, wanted))[:2] == (401, "invalid_token")
    assert refusal(site.post("credentials/list", token))[:2] == (401, "invalid_token")
