"""A credential follows the life of its identity: code, phone, block, duress, deletion, and its own end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ipse.actions.errors import RequestEnded, ResultFault
from ipse.people.model import BlockReason
from ipse.phones.model import StopReason
from ipse.signing.errors import SigningRefused, SigningUnavailable, UnknownCredential
from ipse.signing.model import CredentialState, EndReason
from ipse.switches.model import EVERY, Kind
from tests.functional.oidc.handsets import DURESS, RefusedError
from tests.functional.signing.office import PARTNER, Office

if TYPE_CHECKING:
    from ipse.signing.model import Credential
    from tests.functional.signature_activation.processes import Place
    from tests.functional.signing.office import Signer
    from tests.support.certification import RunningCertification


ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"])


async def certified(office: Office, phone: Signer) -> Credential:
    return (await office.signing.conclude(await office.approved(phone), PARTNER)).credential


def told_of(certification: RunningCertification, credential: Credential) -> tuple[str, str]:
    """What whoever certified says of a certificate."""
    told = certification.registration.get(f"/registration/certificates/{credential.serial}/status").json()
    return told["status"], told["reason"]


def count(activation: Place, state: str) -> int:
    """Credentials of signature activation in a state."""
    with activation.client() as client:
        return int(client.get("/status").json()["credentials"].get(state, 0))


async def test_a_new_code_ends_it_and_the_next_signature_makes_another(
    office: Office, certification: RunningCertification, activation: Place
) -> None:
    ada = await office.signer()
    old, ended = await certified(office, ada), count(activation, "ended")
    await ada.change_code("24681")
    await office.news()
    assert (await office.signing.credential(old.credential_id)).why == EndReason.CODE_CHANGED
    assert told_of(certification, old) == ("revoked", "superseded")
    assert count(activation, "ended") == ended + 1
    new = await office.signing.conclude(await office.approved(ada, "deed", code="24681"), PARTNER)
    assert new.credential.credential_id != old.credential_id
    assert len(new.signatures) == 1


async def test_a_block_suspends_it_and_ends_what_was_approved(
    office: Office, certification: RunningCertification
) -> None:
    ada = await office.signer()
    credential = await certified(office, ada)
    approved = await office.approved(ada, "deed")
    features = office.works.features
    await features.messages.block(ada.account_id, BlockReason.BY_PERSON, StopReason.BLOCKED, actor="person")
    with pytest.raises(RequestEnded):
        await office.signing.conclude(approved, PARTNER)
    await office.news()
    assert (await office.signing.credential(credential.credential_id)).state is CredentialState.SUSPENDED
    assert told_of(certification, credential)[0] == "on_hold"
    # Activated anew, on another phone: what was on hold ends for good.
    other = "another phone"
    await features.people.database.transact(
        lambda: features.messages.moving(ada.account_id, other, now=features.people.clock.now())
    )
    await office.news()
    assert (await office.signing.credential(credential.credential_id)).why == EndReason.BLOCKED
    assert told_of(certification, credential) == ("revoked", "privilege_withdrawn")
    assert await office.signing.credential_of(ada.account_id) is None


@ONE_ENGINE
async def test_another_phone_ends_it(office: Office, certification: RunningCertification) -> None:
    ada = await office.signer()
    credential, features = await certified(office, ada), office.works.features
    await features.people.database.transact(
        lambda: features.messages.moving(ada.account_id, "another phone", now=features.people.clock.now())
    )
    await office.news()
    assert (await office.signing.credential(credential.credential_id)).why == EndReason.PHONE_CHANGED
    assert told_of(certification, credential) == ("revoked", "superseded")


async def test_under_duress_nothing_is_signed_and_all_looks_like_a_fault(office: Office, activation: Place) -> None:
    ada = await office.signer()
    credential = await certified(office, ada)
    await ada.set_duress()
    waiting, now = await office.approved(ada, "deed"), count(activation, "active")
    action = await office.begin("all that she has")
    answer = await ada.approve(await ada.claim(action.handle), DURESS)
    assert answer["outcome"] == "approved"
    for each in (action.action_id, waiting):
        for _ in range(2):
            with pytest.raises(ResultFault):
                await office.signing.conclude(each, PARTNER)
            assert office.signing.conclusions is not None
            await office.signing.conclusions.conclude_waiting()
    await office.news()
    assert (await office.signing.credential(credential.credential_id)).state is CredentialState.SUSPENDED
    assert count(activation, "active") == now
    # The phone looks as always: the same certificate, and an approval.
    later = await office.begin("more", create=False)
    request = await ada.claim(later.handle)
    assert request.confirms[0]["credential"] == credential.credential_id
    assert (await ada.approve(request))["outcome"] == "approved"
    with pytest.raises(ResultFault):
        await office.signing.conclude(later.action_id, PARTNER)
    # A first certificate under duress is never made.
    bram = await office.signer()
    await bram.set_duress()
    forced = await office.approved(bram, "deed", code=DURESS)
    with pytest.raises(ResultFault):
        await office.signing.conclude(forced, PARTNER)
    assert count(activation, "active") == now


async def test_deletion_revokes_and_forgets(
    office: Office, certification: RunningCertification, activation: Place
) -> None:
    ada = await office.signer()
    credential, ended = await certified(office, ada), count(activation, "ended")
    await office.signing.credentials.forget_account(ada.account_id)
    await office.signing.credentials.forget_account(ada.account_id)
    await office.news()
    with pytest.raises(UnknownCredential):
        await office.signing.credential(credential.credential_id)
    assert told_of(certification, credential) == ("revoked", "cessation_of_operation")
    assert count(activation, "ended") == ended + 1


@ONE_ENGINE
async def test_one_that_has_run_out_ends_and_another_is_made(office: Office, activation: Place) -> None:
    ada = await office.signer()
    credential, ended = await certified(office, ada), count(activation, "ended")
    await office.works.features.people.database.rows(
        "update signing_credentials set valid_until = 1 where credential_id = $1", credential.credential_id
    )
    assert await office.signing.credential_of(ada.account_id) is None
    assert await office.signing.credentials.end_due() == 1
    await office.news()
    assert (await office.signing.credential(credential.credential_id)).why == EndReason.EXPIRED
    assert count(activation, "ended") == ended + 1
    assert (await certified(office, ada)).state is CredentialState.ACTIVE


@ONE_ENGINE
async def test_an_operator_ends_one_key_alone(office: Office, certification: RunningCertification) -> None:
    ada = await office.signer()
    credential = await certified(office, ada)
    approved = await office.begin("deed")
    request = await ada.claim(approved.handle)
    await office.signing.end(credential.credential_id, EndReason.BY_OPERATOR, actor="operator:test")
    await office.news()
    assert told_of(certification, credential) == ("revoked", "privilege_withdrawn")
    await ada.approve(request)
    with pytest.raises(SigningRefused):
        await office.signing.conclude(approved.action_id, PARTNER)
    assert (await ada.home())["account"]["state"] == "active"


@ONE_ENGINE
async def test_certificates_for_one_signature(
    office: Office, activation: Place, certification: RunningCertification
) -> None:
    database, keystore = office.works.features.people.database, office.keystore
    short = await Office.of(database, keystore, activation, certification, short_term_minutes=30)
    ada = await short.signer()
    first = await short.signing.conclude(await short.approved(ada, "deed", create=False), PARTNER)
    second = await short.signing.conclude(await short.approved(ada, "deed", create=False), PARTNER)
    assert first.credential.credential_id != second.credential.credential_id
    assert {first.credential.why, second.credential.why} == {EndReason.EXPIRED}
    await short.news()
    assert told_of(certification, first.credential)[0] == "good", "it needs no revocation"
    # Made first, for what is prepared with it, and then signed with.
    made = await certified(short, ada)
    named = await short.begin("deed", create=False)
    assert made.state is CredentialState.ACTIVE
    await ada.reject(await ada.claim(named.handle))
    await short.close()


@ONE_ENGINE
async def test_reduced_phones_do_not_sign(office: Office) -> None:
    ada = await office.signer()
    await office.works.features.people.database.rows(
        "update phones_phones set sim_state = 'reduced' where account_id = $1", ada.account_id
    )
    action = await office.begin("deed")
    with pytest.raises(RefusedError, match="sim_not_ready"):
        await ada.claim(action.handle)


async def test_a_key_that_is_switched_off_signs_nothing_until_it_is_on_again(office: Office) -> None:
    """B-72: one signing key, and all signatures. What was approved meanwhile is signed afterwards: nothing is lost."""
    ada, features = await office.signer(), office.works.features
    credential, switches = await certified(office, ada), features.switches
    for kind, name in ((Kind.SIGNING_KEY, credential.credential_id), (Kind.SIGNATURES, EVERY)):
        approved = await office.approved(ada, "deed")
        await switches.turn(kind, name, off=True, because="case 12", actor="staff:ann")
        with pytest.raises(SigningUnavailable):
            await office.signing.conclude(approved, PARTNER)
        with pytest.raises(SigningUnavailable):
            await office.approved(ada, "another")
        await switches.turn(kind, name, off=False, because="case 12", actor="staff:ann")
        assert (await office.signing.conclude(approved, PARTNER)).signatures
