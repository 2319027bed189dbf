"""Registrars as an operator handles them: limits and kill switch hold for real visits, and every change is audited."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest

from ipse.enrolment.errors import RegistrarRefusedError
from ipse.enrolment.model import Registrar, RegistrarKind
from ipse.enrolment.service.registrars import HOUR, Registrars, enrolled_through
from ipse.kernel.settings import Environment
from ipse.softphone.errors import Refused
from tests.functional.enrolment.party import Phone

if TYPE_CHECKING:
    from tests.functional.enrolment.party import Stage

NUMBER = "+32 400000101"
BANK = Registrar(id="bank-new", name="New Bank", country="BE", issuer="https://login.new.example", client_id="ipse")
COMPROMISED = 100
LIMIT = 7


@pytest.fixture
def registrars(stage: Stage) -> Registrars:
    return Registrars(stage.scheme.database, stage.clock, Environment.SANDBOX)


async def _acts(stage: Stage, act: str) -> list[str]:
    rows = await stage.scheme.database.rows("select act, actor, subject, details from audit_lines order by seq")
    return [f"{row['actor']} {row['subject']} {row['details']}" for row in rows if row["act"] == act]


async def test_a_compromised_bank_vouches_for_no_more_than_its_limit(stage: Stage, registrars: Registrars) -> None:
    """T-12: 100 sound answers at once, of which the limit lets seven in; the rest are told to try later."""
    await registrars.change("bank-vesta", actor="operator:test", per_hour=LIMIT)
    doors = asyncio.Semaphore(12)

    async def visit() -> tuple[str, str]:
        async with doors:
            phone = Phone(stage, "ada", "bank-vesta", NUMBER)
            return await phone.browser.fragment(await phone.callback())

    ends = await asyncio.gather(*(visit() for _ in range(COMPROMISED)))
    assert sum(name == "return" for name, _ in ends) == LIMIT
    assert {value for name, value in ends if name == "ended"} == {"try_later"}
    assert await _acts(stage, "registrar.limit") == ["system bank-vesta {}"]
    stage.clock.advance(seconds=HOUR // 1_000_000)
    assert (await visit())[0] == "return"


async def test_the_limit_of_a_day_holds_after_the_hour(stage: Stage, registrars: Registrars) -> None:
    await registrars.change("bank-vesta", actor="operator:test", per_day=1)
    assert await Phone(stage, "ada", "bank-vesta", NUMBER).visit_bank()
    stage.clock.advance(seconds=2 * HOUR // 1_000_000)
    phone = Phone(stage, "ada", "bank-vesta", NUMBER)
    assert await phone.browser.fragment(await phone.callback()) == ("ended", "try_later")


async def test_a_stopped_bank_is_stopped_everywhere(stage: Stage, registrars: Registrars) -> None:
    """T-12: who is at the bank comes back to nothing, nobody else begins, and phones no longer see it."""
    at_the_bank = Phone(stage, "ada", "bank-vesta", NUMBER)
    callback = await at_the_bank.callback()
    back_already = Phone(stage, "ada", "bank-vesta", NUMBER)
    value = await back_already.visit_bank()

    assert await registrars.stop("bank-vesta", actor="operator:test") == 2

    assert await at_the_bank.browser.fragment(callback) == ("ended", "registrar_stopped")
    with pytest.raises(Refused) as over:
        await back_already.bring(value)
    assert (over.value.code, over.value.why) == ("enrolment_ended", "registrar_stopped")
    with pytest.raises(Refused) as unknown:
        await Phone(stage, "ada", "bank-vesta", NUMBER).enrol()
    assert unknown.value.code == "unknown_registrar"
    async with httpx.AsyncClient(base_url=stage.base, trust_env=False) as http:
        shown = (await http.get("/phone/v1/configuration")).json()["registrars"]
        covered = (await http.get("/coverage.json")).text
    assert "bank-vesta" not in [each["id"] for each in shown]
    assert {each["kind"] for each in shown} <= {"bank", "eid_card"}
    assert "bank-vesta" not in covered
    assert [line.split()[:2] for line in await _acts(stage, "registrar.stop")] == [["operator:test", "bank-vesta"]]

    await registrars.start("bank-vesta", actor="operator:test")
    assert await Phone(stage, "ada", "bank-vesta", NUMBER).visit_bank()


async def test_identities_of_a_stopped_bank_are_listed_and_stay(stage: Stage, registrars: Registrars) -> None:
    """T-12: accounts, when and at which level; nothing that says who."""
    began = stage.clock.now()
    phone, answer = await stage.activated("ada", "bank-vesta", NUMBER)
    assert answer["account"]["state"] == "active"
    await registrars.stop("bank-vesta", actor="operator:test")
    from ipse.attributes.service import Attributes

    people = stage.scheme.people
    attributes = Attributes(stage.scheme.database, people.person_key, stage.clock)
    listed = await enrolled_through("bank-vesta", since=began, attributes=attributes, people=people)
    assert [(each.level, each.state) for each in listed] == [("substantial", "active")]
    assert await enrolled_through("bank-vesta", since=stage.clock.now() + 1, attributes=attributes, people=people) == []
    assert (await phone.home())["account"]["state"] == "active"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"id": "Bank New"}, "the id"),
        ({"name": " "}, "the name"),
        ({"country": "XX"}, "the country"),
        ({"country": "be"}, "the country"),
        ({"assurance": "excellent"}, "the assurance cap"),
        ({"term_days": 0}, "its word"),
        ({"per_hour": 0}, "in an hour"),
        ({"per_day": -1}, "in a day"),
        ({"client_id": ""}, "client_id"),
        ({"issuer": "login.new.example"}, "the issuer"),
        ({"issuer": "https://login.new.example/"}, "without a slash"),
        ({"issuer": "http://login.new.example"}, "one of a sandbox"),
        ({"issuer": "https://127.0.0.1:8001/banks/x"}, "one of a sandbox"),
    ],
)
def test_what_production_does_not_take(changes: dict[str, object], told: str) -> None:
    """S-10."""
    from ipse.enrolment.rules import registrars as rules

    rules.check(BANK, Environment.PRODUCTION)
    rules.check(
        replace(BANK, id="eid-card", kind=RegistrarKind.EID_CARD, issuer="", client_id=""), Environment.PRODUCTION
    )
    with pytest.raises(RegistrarRefusedError) as refused:
        rules.check(replace(BANK, **changes), Environment.PRODUCTION)  # type: ignore[arg-type]
    assert told in refused.value.public


async def test_every_change_leaves_a_line(stage: Stage, registrars: Registrars) -> None:
    await registrars.add(BANK, actor="operator:ann")
    with pytest.raises(RegistrarRefusedError, match="already"):
        await registrars.add(BANK, actor="operator:ann")
    await registrars.change("bank-new", actor="operator:bob", assurance="low", minors=True)
    with pytest.raises(RegistrarRefusedError):
        await registrars.change("bank-new", actor="operator:bob", assurance="none")
    with pytest.raises(RegistrarRefusedError, match="no registrar"):
        await registrars.stop("bank-none", actor="operator:bob")
    kept = await registrars.get("bank-new")
    assert kept is not None
    assert (kept.assurance, kept.minors, kept.per_hour) == ("low", True, 1000)
    changed = (await _acts(stage, "registrar.change"))[-1].split(maxsplit=2)
    assert (changed[:2], json.loads(changed[2])) == (["operator:bob", "bank-new"], {"assurance": "low", "minors": True})
