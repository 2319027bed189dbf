"""Whatever is down, however often and by however many processes a request is concluded: one result, or none yet."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from ipse.actions.errors import RequestPending
from ipse.kernel.ids import sha256
from ipse.signing.errors import SigningUnavailable
from ipse.signing.model import CredentialState
from ipse.storage.database import open_database
from ipse.telemetry import metrics
from tests.functional.signing.office import PARTNER, Office
from tests.unit.telemetry.test_instruments import given_out

if TYPE_CHECKING:
    from ipse.kernel.keystore import Keystore
    from tests.functional.signature_activation.processes import Place
    from tests.support.certification import RunningCertification


class Killed(BaseException):
    """As if the process had been killed here: nothing that comes after is done."""


class Dying:
    """A client whose process dies after, or before, one of its calls."""

    def __init__(self, client: Any, call: str, *, after: bool) -> None:
        self._client, self._call, self._after = client, call, after

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if name != self._call:
            return call

        async def dying(*values: Any, **more: Any) -> None:
            if self._after:
                await call(*values, **more)
            raise Killed

        return dying


def unavailable() -> float:
    """How often an approved request had to be tried again, as operators see it."""
    return given_out(metrics.SIGNATURES).get(("ipse_signatures_total", frozenset({"unavailable"})), 0)


@pytest.mark.parametrize("after", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("call", ["create", "certify", "put", "sign"])
async def test_killed_at_any_step_it_goes_on_where_it_stopped(office: Office, call: str, *, after: bool) -> None:
    ada = await office.signer()
    action_id = await office.approved(ada, "deed")
    conclusions = office.signing.conclusions
    assert conclusions is not None
    if call == "certify":
        dying = office.beside(certification=Dying(conclusions.certification, "certify", after=after))
    else:
        name = "certify" if call == "put" else call
        dying = office.beside(activation=Dying(conclusions.activation, name, after=after))
    with pytest.raises(Killed):
        await dying.conclude(action_id, PARTNER)
    concluded = await office.signing.conclude(action_id, PARTNER)
    assert len(concluded.signatures) == 1
    assert concluded.credential.state is CredentialState.ACTIVE
    rows = await office.works.features.people.database.rows(
        "select credential_id from signing_credentials where account_id = $1", ada.account_id
    )
    assert [row["credential_id"] for row in rows] == [concluded.credential.credential_id]


async def test_two_processes_conclude_the_same(
    office: Office, database_url: str, keystore: Keystore, activation: Place, certification: RunningCertification
) -> None:
    ada = await office.signer()
    database = await open_database(database_url)
    other = await Office.of(database, keystore, activation, certification)
    action_id = await office.approved(ada, *"abc")
    tries = (each.signing.conclude(action_id, PARTNER) for each in (office, other) * 3)
    first, *others = await asyncio.gather(*tries)
    assert all(each == first for each in others)
    lines = await database.rows(
        "select act from audit_lines where subject = $1 and act = 'signing.sign'", first.credential.credential_id
    )
    assert len(lines) == 1
    await other.close()
    await database.close()


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_phone_that_lost_the_claim_takes_nothing_from_the_one_that_won(office: Office) -> None:
    """Both have looked at the same moment; what the loser had noted must not hide the winner's signature."""
    ada, bob = await office.signer(), await office.signer()
    action_id = await office.approved(ada, "deed")
    actions = office.works.features.actions
    action = (await actions.find(action_id)).action
    await office.signing.completing(action, bob.account_id, "another phone", actions.confidential(action))
    concluded = await office.signing.conclude(action_id, PARTNER)
    assert concluded.account_id == ada.account_id
    await office.signing.credentials.forget_account(bob.account_id)
    assert await office.signing.conclude(action_id, PARTNER) == concluded


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_while_certification_is_down_nothing_is_lost(office: Office, certification: RunningCertification) -> None:
    ada = await office.signer()
    action_id = await office.approved(ada, "deed")
    certification.kill()
    try:
        for _ in range(2):
            with pytest.raises(SigningUnavailable):
                await office.signing.conclude(action_id, PARTNER)
        assert await office.signing.credential_of(ada.account_id) is None
    finally:
        certification.restart()
    assert len((await office.signing.conclude(action_id, PARTNER)).signatures) == 1


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_while_signature_activation_is_down_nothing_is_lost(office: Office, activation: Place) -> None:
    ada = await office.signer()
    first = await office.begin("deed")
    activation.kill()
    try:
        with pytest.raises(SigningUnavailable):  # its key was never seen: nothing can be sealed
            await ada.claim(first.handle)
        assert (await office.works.mobile._signature_activation())["signature_activation_key"] is None
    finally:
        activation.start()
    request = await ada.claim(first.handle)
    activation.kill()
    try:
        await ada.approve(request)
        counted = unavailable()
        with pytest.raises(SigningUnavailable):
            await office.signing.conclude(first.action_id, PARTNER)
        assert unavailable() == counted + 1, "operators are told"
    finally:
        activation.start()
    assert len((await office.signing.conclude(first.action_id, PARTNER)).signatures) == 1


async def test_what_nobody_comes_for_is_concluded_all_the_same(office: Office) -> None:
    ada = await office.signer()
    action_id = await office.approved(ada, "deed")
    waiting = await office.begin("another")
    await ada.claim(waiting.handle)
    conclusions = office.signing.conclusions
    assert conclusions is not None
    assert await conclusions.conclude_waiting() == 1
    assert await conclusions.conclude_waiting() == 0
    row = await office.works.features.people.database.row(
        "select state from signing_requests where action_id = $1", action_id
    )
    assert row is not None
    assert row["state"] == "concluded"
    assert len((await office.signing.conclude(action_id, PARTNER)).signatures) == 1


async def test_by_app_link_nothing_is_signed_before_its_own_browser_comes_back(office: Office) -> None:
    ada, actions = await office.signer(), office.works.features.actions
    action = await office.begin("deed")
    answer = await ada.approve(await ada.claim_start({"link": actions.link(action)}))
    conclusions = office.signing.conclusions
    assert conclusions is not None
    with pytest.raises(RequestPending):
        await office.signing.conclude(action.action_id, PARTNER)
    assert await conclusions.conclude_waiting() == 0
    await actions.collect_return(answer["return_url"].rpartition("/")[2], sha256("browser"))
    assert len((await office.signing.conclude(action.action_id, PARTNER)).signatures) == 1
