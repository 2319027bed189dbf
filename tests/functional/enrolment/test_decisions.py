"""What becomes of a registrar's signed answer, whatever it says: active, pending, or no identity at all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ipse.actions.service import Messages
from ipse.attributes.service import Attributes
from ipse.enrolment.model import Activated, AppVersion, EnrolRequest
from ipse.enrolment.service import Back, Enrolments, Rows, documents
from ipse.enrolment.service.registrars import Registrars
from ipse.kernel.ids import RandomIds, sha256
from ipse.kernel.settings import Environment, Settings
from ipse.notices.service import Notices
from ipse.people.model import Acceptance, AccountState
from ipse.people.service import People
from ipse.phones.service import Phones
from ipse.sim.service import build_sims
from tests.unit.enrolment.answers import answer, details
from tests.unit.enrolment.hostile_bank import BANK, ISSUER, HostileBank

if TYPE_CHECKING:
    from ipse.kernel.keystore import Keystore
    from ipse.storage.database import Database

BROWSER = sha256("a browser")
REGISTERED = "88051700213"


async def _nobody_stops(account_id: str) -> None:
    raise AssertionError(account_id)


class Desk:
    """One enrolment after the other at a bank that says what the test wants."""

    def __init__(self, database: Database, keystore: Keystore, environment: Environment) -> None:
        self.bank, self.ids = HostileBank(), RandomIds()
        client = self.bank.client()
        clock = self.bank.clock
        people = People(database, keystore, clock, self.ids)
        self.attributes = Attributes(database, people.person_key, clock)
        phones, notices = Phones(database, keystore, clock, self.ids), Notices(keystore, self.ids)
        messages = Messages(database, people, phones, clock, 3, notices)
        self.registrars = Registrars(database, clock, environment)
        settings = Settings(
            environment=environment,
            base_url="https://id.example",
            app_origin="https://app.example",
            database="",
            keystore="",
        )
        rows = Rows(
            database=database,
            settings=settings,
            keystore=keystore,
            registrars=self.registrars,
            banks=lambda _: client,
            clock=clock,
            ids=self.ids,
        )
        sims = build_sims(settings, people=people, phones=phones, stop=_nobody_stops)
        self.enrolments = Enrolments.around(
            rows, people=people, attributes=self.attributes, messages=messages, sims=sims
        )

    async def come_back(self, said: dict[str, Any], phone_id: str) -> tuple[str, Back]:
        """Begin, go to the bank, return."""
        current = [each for each in documents() if each.language == "en"]
        accepted = tuple(Acceptance(each.kind, each.version, each.language, each.sha256) for each in current)
        begun = await self.enrolments.beginnings.begin(
            EnrolRequest(
                language="en",
                phone_number="+32 400000101",
                registrar="bank",
                accepted=accepted,
                app=AppVersion(name="test", version="1.0.0"),
            ),
            phone_id,
        )
        await self.enrolments.beginnings.start(begun.start_url.partition("=")[2], BROWSER, lambda *_: "activation")
        pushed = self.bank.asked[-1][1]
        self.bank.changes["id_token"] = lambda claims: claims.update(nonce=pushed["nonce"])
        self.bank.changes["userinfo"] = lambda claims: claims.update(verified_claims=said)
        parameters = {"state": pushed["state"], "code": "c", "iss": ISSUER}
        return begun.enrolment_id, await self.enrolments.returns.take_return(parameters, BROWSER)

    async def activate(self, said: dict[str, Any], phone_id: str = "phone-1") -> Activated:
        """A whole enrolment."""
        enrolment_id, back = await self.come_back(said, phone_id)
        assert back.value is not None, back
        await self.enrolments.returns.present(enrolment_id, phone_id, back.value)
        epoch, now = await self.enrolments.activations.epoch(), self.enrolments.rows.clock.now()
        return await self.enrolments.rows.database.transact(
            lambda: self.enrolments.activations.activating(enrolment_id, phone_id, epoch=epoch, now=now)
        )

    async def open(self, **members: Any) -> Desk:
        """Register the bank, with these members of its row."""
        await self.registrars.add(replace(BANK, **members), actor="test")
        return self


@pytest.fixture
async def desk(database: Database, keystore: Keystore) -> Desk:
    return await Desk(database, keystore, Environment.PRODUCTION).open()


async def test_a_complete_answer_makes_an_active_account(desk: Desk) -> None:
    activated = await desk.activate(answer(own_national_number=REGISTERED))
    assert (activated.account.state, activated.account.why, activated.new) == (AccountState.ACTIVE, None, True)


async def test_without_a_complete_record_the_account_stays_pending(desk: Desk) -> None:
    """B-1."""
    said = answer(own_national_number=REGISTERED)
    for piece in said["verification"]["evidence"]:
        del piece["check_details"]
    activated = await desk.activate(said)
    assert (activated.account.state, activated.account.why) == (AccountState.PENDING, "evidence_incomplete")


async def test_a_bank_that_claims_high_gets_what_its_setting_allows(desk: Desk) -> None:
    """B-2, T-12."""
    said = answer(own_national_number=REGISTERED)
    said["verification"]["assurance_level"] = "high"
    assert (await desk.activate(said)).account.level == "substantial"


async def test_another_bank_route_finds_the_same_person_and_newer_facts_replace_older(desk: Desk) -> None:
    first = await desk.activate(answer(own_national_number=REGISTERED), "phone-1")
    desk.bank.clock.advance(seconds=60)
    said = answer(own_national_number="88.05.17-002.13", family_name="Lievens-Maes")
    details(said)["document_number"] = "592001447203"
    second = await desk.activate(said, "phone-2")
    assert (second.account.account_id, second.new) == (first.account.account_id, False)
    facts = await desk.attributes.facts(first.account.account_id)
    assert facts.family_name == "Lievens-Maes"
    assert len(await desk.attributes.evidence(first.account.account_id)) == 2


async def test_numbers_of_nobody_make_no_identity_in_production(desk: Desk) -> None:
    _, back = await desk.come_back(answer(own_national_number="88051700015"), "phone-1")
    assert back.ended == "unacceptable_identity"


async def test_but_they_do_in_a_sandbox(database: Database, keystore: Keystore) -> None:
    sandbox = await Desk(database, keystore, Environment.SANDBOX).open()
    activated = await sandbox.activate(answer(own_national_number="88051700015"))
    assert activated.account.state is AccountState.ACTIVE


@pytest.mark.parametrize(
    "said",
    [None, {}, {"verification": {"trust_framework": "another"}, "claims": {"family_name": "X"}}, answer(birthdate=7)],
)
async def test_an_answer_of_another_kind_ends_the_enrolment(desk: Desk, said: Any) -> None:
    _, back = await desk.come_back(said, "phone-1")
    assert back.ended == "registrar_error"
