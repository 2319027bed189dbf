"""A phone that is quiet after a duress code: nothing that a robber asks of it next tells that one was typed (T-25)."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ipse.enrolment.errors import EndReason, EnrolmentEndedError
from ipse.kernel.clock import SystemClock
from ipse.kernel.keystore import Keystore
from ipse.mobile.service.changes import Changes
from ipse.mobile.service.fallbacks import FallbackMessages
from ipse.mobile.service.fingerprints import FingerprintMessages
from ipse.mobile.service.renewals import Renewing
from ipse.notices.model import NoticeKind
from ipse.notices.service import Delivery
from ipse.softphone.authenticator import Authenticator
from ipse.softphone.messages import CodeUse
from ipse.storage.statement import Statement, Transaction
from tests.functional.oidc.conftest import Joining
from tests.functional.oidc.handsets import CODE, DURESS, Handset, RefusedError, Works
from tests.functional.oidc.installation import Installation


@pytest.fixture
async def works(installation: Installation, keystore: Keystore) -> Works:
    return await Works.of(installation, keystore)


async def _forced(phone: Handset, join: Joining, *, told: bool = False) -> None:
    """The duress code was typed."""
    await phone.set_duress(told=told)
    party = await join()
    await phone.approve(await phone.claim((await party.begin()).handle), DURESS)


async def test_after_a_forced_change_of_code_the_one_before_is_wrong(works: Works, join: Joining) -> None:
    """To whoever forced it the duress code was the code: an old code that still works would tell."""
    party, phone = await join(), await works.handset()
    await phone.set_duress()
    await phone.change_code("24680", code=DURESS)
    request = await phone.claim((await party.begin()).handle)
    with pytest.raises(RefusedError, match="wrong_code") as refused:
        await phone.approve(request, DURESS)
    again = request.renewed(refused.value.body["challenge"])
    assert (await phone.approve(again, "24680"))["outcome"] == "approved"


async def test_renewing_is_refused_in_the_same_words(works: Works, join: Joining) -> None:
    """Not with `account_blocked`, and least of all with its reason."""
    mobile = works.mobile
    enrolments = works.features.enrolments
    renewing = Renewing(mobile.database, mobile.people, mobile.phones, mobile.messages, enrolments, mobile.clock)
    phone = await works.handset()

    async def renewed() -> Any:
        pending = phone.writer.signed(phone.state, "renew", "renew", registrar="nobody")
        with pytest.raises(RefusedError) as refused:
            await phone._say(renewing.renew, pending)
        return {**refused.value.body, "chain": ""}

    before = await renewed()
    await _forced(phone, join)
    assert await renewed() == before


async def test_a_fingerprint_that_was_added_under_duress_is_there(works: Works, join: Joining) -> None:
    """It is listed and told as always; what it approves is withheld, and it ends with the phone."""
    works_ = works.features
    messages = FingerprintMessages(works.phones, works.messages, works_.approvals.fingerprints, works.mobile.clock)
    phone = await works.handset()
    await phone.set_duress()
    sensor = Authenticator(phone.writer.ids, works_.approvals.fingerprints.app_origin)

    async def listed() -> dict[str, Any]:
        return await phone._say(messages.listed, phone.writer.signed(phone.state, "fingerprints", "fingerprints"))

    for code in (CODE, DURESS):
        challenge = (await listed())["challenge"]
        credential = sensor.create(phone.state, challenge)
        use, purpose = CodeUse(code, challenge), f"add-fingerprint {credential['id']}"
        pending = phone.writer.costing(phone.state, "add-fingerprint", purpose, use, credential=credential)
        await phone._say(messages.add, pending)
        assert credential["id"] in [each["credential"] for each in (await listed())["fingerprints"]]
    kinds = [told.kind for told in await works_.delivery.of(phone.account_id)]
    assert kinds.count(NoticeKind.FINGERPRINT_ADDED) == 2


async def test_other_ways_that_are_changed_under_duress_are_listed_so(works: Works) -> None:
    """Added, they are there; removed, they are gone. What they open is nothing: the identity is blocked."""
    fallback = works.features.fallback
    messages = FallbackMessages(works.phones, works.messages, fallback.setups, fallback.passkeys, works.mobile.clock)
    phone, database = await works.handset(), works.installation.database
    await phone.set_duress()

    async def listed() -> Any:
        return await phone._say(messages.listed, phone.writer.signed(phone.state, "fallbacks", "fallbacks"))

    async def change(code: str, kind: str, **members: str) -> Any:
        use = CodeUse(code, (await listed())["challenge"])
        operation = messages.add if kind == "add-fallback" else messages.remove
        return await phone._say(operation, phone.writer.costing(phone.state, kind, kind, use, **members))

    for code, method in ((CODE, "totp"), (DURESS, "sheet"), (DURESS, "passkey")):
        added = await change(code, "add-fallback", method=method)
        await database.rows(
            "update fallback_passkeys set made_at = created_at, credential_id = setup_id, public_key = ticket_hash "
            "where account_id = $1 returning setup_id", phone.account_id,
        )  # fmt: skip
        assert added["setup"] in [each["setup"] for each in (await listed())["fallbacks"]]
    for each in (await listed())["fallbacks"]:
        await change(DURESS, "remove-fallback", setup=each["setup"])
    assert (await listed())["fallbacks"] == []


async def test_a_sheet_that_is_taken_back_under_duress_is_gone(works: Works) -> None:
    phone = await works.handset()
    await phone.set_duress()
    sheet = await phone.panic_sheet()
    await phone.revoke_sheet(sheet["sheet"], code=DURESS)
    assert await phone.panic_sheets() == []


async def test_a_change_of_number_that_had_begun_before_looks_done(works: Works, join: Joining) -> None:
    """Not `blocked_meanwhile`, which is what it is."""

    async def present(*_: str) -> Any:
        return SimpleNamespace(facts=SimpleNamespace(phone_number="+32 485000000"))

    def finishing(*_: object, now: int) -> Transaction[None]:
        yield Statement("select cast($1 as bigint) as one", (now,))
        raise EnrolmentEndedError(EndReason.BLOCKED_MEANWHILE)

    numbers = cast("Any", SimpleNamespace(present=present, finishing=finishing))
    mobile = replace(works.mobile, enrolments=cast("Any", SimpleNamespace(number_changes=numbers)))
    phone = await works.handset()
    await _forced(phone, join)
    pending = phone.writer.signed(phone.state, "number-return", "number-return", enrolment="e-1", value="v")
    answer = await phone._say(Changes(mobile, works.features.delivery).number_return, pending)
    assert answer["phone_number"] == "+32 485000000"


@pytest.mark.parametrize("told", [True, False])
async def test_the_phone_does_not_show_that_the_second_channel_was_told(
    works: Works, join: Joining, told: bool
) -> None:
    """A person who wished to be told is told elsewhere; the robber looks at the phone."""
    delivery: Delivery = works.features.delivery
    changes, phone = Changes(works.mobile, delivery), await works.handset()
    await works.installation.database.transact(
        lambda: works.messages.notices.telling(phone.account_id, NoticeKind.BLOCKED, now=SystemClock().now() - 1)
    )
    await _forced(phone, join, told=told)
    known = await delivery.of(phone.account_id, forced=True)
    assert len([each for each in known if each.kind is NoticeKind.BLOCKED]) == 1 + told
    answer = await phone._say(changes.told, phone.writer.signed(phone.state, "notices", "notices"))
    assert [each["kind"] for each in answer["notices"]].count("blocked") == 1
