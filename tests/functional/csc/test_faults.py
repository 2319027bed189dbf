"""Signature activation goes away between an approval and its signatures: nothing is lost, nothing is used up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.functional.csc.test_version_1 import sign
from tests.functional.csc.town import Site, digests, refusal

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
