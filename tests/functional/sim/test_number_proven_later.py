"""Another number, and a number that was not proven at activation: both by the number step, with the code."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import pytest

from ipse.softphone.errors import Refused
from ipse.softphone.moving import Mover
from tests.functional.enrolment.holder import CARD, Holder
from tests.functional.enrolment.party import CODE, Phone
from tests.functional.sim.test_number_step import finished, follow, number_step, submit

if TYPE_CHECKING:
    from tests.functional.sim.conftest import Operated

OLD, NEW = "+32 400000101", "+32 400000104"
ADA = ("ada", "bank-vesta", OLD)


async def changing(phone: Phone, number: str = "", code: str = CODE) -> dict[str, Any]:
    """Change to a number, or prove the one that is there, by the soft phone."""
    challenge = (await phone.home())["challenge"]
    return await asyncio.to_thread(Mover(phone.channel, phone.writer).change_number, number, code, challenge)


async def test_another_number_keeps_the_subject_and_moves_the_watch(operated: Operated) -> None:
    """T-5, B-27: proven with its operator; old and new number are told; events are wanted for the new one alone."""
    stage = operated.stage
    phone = Phone(stage, *ADA)
    await finished(phone, await number_step(phone))
    await operated.settle()
    database = stage.scheme.database
    account = await database.row("select account_id, phone_index from people_accounts")
    assert account is not None
    subject = await stage.scheme.people.subject(account["account_id"], "shop")
    stage.clock.advance(seconds=60)

    assert (await changing(phone, NEW))["phone_number"] == NEW
    await operated.settle()
    await operated.job("sim.follow_subscriptions")

    after = await database.row("select account_id, phone_index from people_accounts where state = 'active'")
    assert after is not None
    assert (after["account_id"], bytes(after["phone_index"])) != (account["account_id"], bytes(account["phone_index"]))
    assert after["account_id"] == account["account_id"]
    assert await stage.scheme.people.subject(after["account_id"], "shop") == subject
    told = await database.rows("select notice_id from notices_notices where kind = 'number_changed'")
    sent = await database.rows("select place from notices_sendings where notice_id = $1", told[0]["notice_id"])
    assert len(told) == 1
    stage.clock.advance(seconds=600)
    await operated.job("sim.follow_subscriptions")
    states = [row["state"] for row in await database.rows("select state from sim_subscriptions")]
    assert states.count("active") == 1
    await operated.happens(OLD, "swap")
    assert (await phone.home())["account"]["state"] == "active", "the old number's SIM is nobody's any more"
    await operated.happens(NEW, "swap")
    blocked = "select why from people_accounts where state = 'blocked'"
    while not (stopped := await database.rows(blocked)):  # noqa: ASYNC110 - the operator reports in its own time
        await asyncio.sleep(0.05)
    assert stopped[0]["why"] == "sim_changed"
    assert all(each["place"] in {"now", "before"} for each in sent)


async def test_a_number_of_somebody_else_is_not_taken(operated: Operated) -> None:
    """Nobody shows it to be theirs: the browser is on another SIM's network, and no text message is read."""
    phone = Phone(operated.stage, *ADA)
    await finished(phone, await number_step(phone))
    with pytest.raises(Refused) as same:
        await changing(phone, OLD)
    assert same.value.code == "number_stays"
    with pytest.raises(Refused) as proven:
        await changing(phone)
    assert proven.value.code == "number_stays"
    with pytest.raises(Refused) as wrong:
        await changing(phone, NEW, "97531")
    assert wrong.value.code == "wrong_code"


async def unproven(operated: Operated) -> Phone:
    """Somebody enrolled by card while nobody could show that the number is theirs."""
    holder = Holder(operated.stage, "ada", OLD)
    await operated.happens(OLD, "not_ready")
    await holder.begin()
    assert holder.phone.bank == CARD
    answer = await holder.hand_in(await holder.token(), await holder.files())
    page = await follow(holder.phone, urljoin(operated.stage.base, answer.json()["to"]))
    assert (await finished(holder.phone, await without(holder.phone, page)))["account"]["state"] == "active"
    return holder.phone


async def without(phone: Phone, page: Any) -> Any:
    """Go on with reduced functions, where the page still asks."""
    return page if page.status_code == 303 else await submit(phone, page, do="without")


async def test_a_number_that_nobody_has_proven_can_be_proven_later(operated: Operated) -> None:
    """The SIM is ready by now; asking again is no help, proving the number is: subject, phone and code stay."""
    phone = await unproven(operated)
    stage = operated.stage
    home = await phone.home()
    assert (home["sim"]["state"], home["sim"]["number_proven"]) == ("reduced", False)
    await operated.happens(OLD, "ready")
    stage.clock.advance(seconds=3600)
    await operated.job("sim.look_again")
    assert (await phone.home())["sim"]["state"] == "reduced", (
        "an operator's word on the SIM says nothing of whose it is"
    )

    assert (await changing(phone))["phone_number"] == OLD

    home = await phone.home()
    assert (home["account"]["state"], home["sim"]["state"]) == ("active", "ready")
    assert "number_proven" not in home["sim"]
    kinds = [row["kind"] for row in await stage.scheme.database.rows("select kind from notices_notices")]
    assert "number_changed" not in kinds
    assert kinds.count("sim_ready") == 1
