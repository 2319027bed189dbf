"""What a service may ask: the contract, and in production only what is granted today (T-10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ipse.app.registry import CATALOGUE
from ipse.audit.service import Audit
from ipse.kernel.clock import SECOND
from ipse.kernel.settings import Environment
from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import NO_CATALOGUE
from ipse.partners.rules.contracts import check_contract, granted_contract
from ipse.partners.service.grants import GrantRequest
from tests.unit.partners.register import SECRET, desk, moved, secret_partner, service

if TYPE_CHECKING:
    from ipse.partners.service import PartnerDesk
    from ipse.storage.database import Database

DAY = 86_400
ASKED = {"email": "required", "BENationalNumber": "required", "picture": "voluntary"}


async def shop(database: Database, environment: Environment = Environment.PRODUCTION) -> PartnerDesk:
    made = desk(database, environment)
    await made.partners.register_partner(secret_partner(), secret=SECRET, actor="test")
    await made.partners.register_service(service(contract=ASKED), actor="test")
    return made


def request(made: PartnerDesk, **changes: Any) -> GrantRequest:
    given: dict[str, Any] = {
        "service_code": "SHOP_LOGIN", "attribute": "BENationalNumber", "ground": "Act of 8 August 1983",
        "purpose": "payroll", "approver": "A. Officer", "ends_at": made.partners.clock.now() + 30 * DAY * SECOND,
    }  # fmt: skip
    return GrantRequest(**(given | changes))


async def contract(made: PartnerDesk) -> set[str]:
    moved(made, 2)
    found = await made.partners.service("SHOP_LOGIN")
    assert found is not None
    return set(found.contract)


def test_protected_attributes_are_those_of_the_catalogue() -> None:
    """National numbers, place of birth, card, nationality, locality, validity and pictures: nothing less."""
    named = {
        "picture", "physical_person_photo", "claim_citizenship", "claim_citizenship_as_iso", "place_of_birth",
        "BENationalNumber", "RONationalNumber", "SINationalNumber", "BEeidSn", "IDDocumentSN", "validityFrom",
        "validityTo", "issuance_locality",
    }  # fmt: skip
    assert CATALOGUE.protected is not None
    assert named <= CATALOGUE.protected <= CATALOGUE.known
    assert not {"family_name", "email", "birthdate", "address"} & CATALOGUE.protected


async def test_in_production_only_what_is_granted(database: Database) -> None:
    made = await shop(database)
    assert await contract(made) == {"email"}
    grant = await made.grants.record(request(made), actor="operator:ann")
    assert await contract(made) == {"email", "BENationalNumber"}
    assert await made.grants.revoke(grant.grant_id, actor="operator:ann")
    assert await contract(made) == {"email"}
    assert not await made.grants.revoke(grant.grant_id, actor="operator:ann"), "once"
    assert not await made.grants.revoke("nothing", actor="operator:ann")
    registered = await made.partners.registered("SHOP_LOGIN")
    assert registered is not None
    assert registered.contract == ASKED, "the operator still sees what was registered"
    lines = [(line.act, line.subject) async for line in Audit(database).lines()]
    assert lines[2:] == [("grant.record", "SHOP_LOGIN"), ("grant.revoke", "SHOP_LOGIN")]


async def test_a_grant_begins_and_ends(database: Database) -> None:
    made = await shop(database)
    now = made.partners.clock.now()
    await made.grants.record(
        request(made, starts_at=now + DAY * SECOND, ends_at=now + 2 * DAY * SECOND), actor="operator:ann"
    )
    assert await contract(made) == {"email"}
    moved(made, DAY)
    assert await contract(made) == {"email", "BENationalNumber"}
    moved(made, DAY - 10)
    assert await contract(made) == {"email", "BENationalNumber"}
    moved(made, 10)
    assert await contract(made) == {"email"}, "an expired grant drops out by itself"


async def test_a_sandbox_asks_everything_of_test_persons(database: Database) -> None:
    made = await shop(database, Environment.SANDBOX)
    assert await contract(made) == set(ASKED)


async def test_grants_cost_no_statement_of_their_own(database: Database) -> None:
    made = await shop(database)
    await made.grants.record(request(made), actor="test")
    await made.grants.record(request(made, attribute="picture"), actor="test")
    before = database.statements
    assert await contract(made) == set(ASKED)
    assert database.statements == before + 1
    await made.partners.service("SHOP_LOGIN")
    assert database.statements == before + 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"service_code": "NOTHING"}, "there is no service NOTHING"),
        ({"attribute": "BENationalNumbr"}, "did you mean BENationalNumber?"),
        ({"attribute": "place_of_birth"}, "is not in the contract of SHOP_LOGIN"),
        ({"ground": " "}, "needs its legal ground"),
        ({"purpose": ""}, "needs its purpose"),
        ({"approver": ""}, "needs its approver"),
        ({"ends_at": 0}, "ends after it starts"),
        ({"ends_at": 1 << 60}, "within five years"),
    ],
)
async def test_a_grant_says_who_why_and_until_when(database: Database, changes: dict[str, Any], told: str) -> None:
    made = await shop(database)
    with pytest.raises(PartnerRegistrationError) as refused:
        await made.grants.record(request(made, **changes), actor="test")
    assert told in refused.value.public
    assert await made.grants.of_service("SHOP_LOGIN") == []


async def test_grants_that_are_missing_or_end_soon_are_found(database: Database) -> None:
    """So that nobody learns from its customers that a grant has ended."""
    made = await shop(database)
    now = made.partners.clock.now()

    async def lapses(days: int) -> list[tuple[str, int]]:
        return [(lapse.attribute, lapse.ends_at) for lapse in await made.grants.ending(days * DAY * SECOND)]

    assert await lapses(0) == [("BENationalNumber", 0), ("picture", 0)]
    await made.grants.record(request(made), actor="test")
    await made.grants.record(request(made, attribute="picture", ends_at=now + 90 * DAY * SECOND), actor="test")
    assert await lapses(29) == []
    assert await lapses(30) == [("BENationalNumber", now + 30 * DAY * SECOND)]
    await made.grants.record(request(made, ends_at=now + 60 * DAY * SECOND), actor="test")
    assert await lapses(30) == []
    await made.partners.set_state("shop", "stopped", actor="test")
    assert await lapses(99) == []
    assert await desk(database).grants.ending(99 * DAY * SECOND) == [], "a sandbox asks for none"


async def test_removing_a_service_revokes_its_grants(database: Database) -> None:
    """Somebody who registers the same code later does not inherit them."""
    made = await shop(database)
    await made.grants.record(request(made), actor="test")
    await made.partners.remove_service(service(), actor="test")
    await made.partners.register_service(service(contract=ASKED), actor="test")
    assert await contract(made) == {"email"}
    [grant] = await made.grants.of_service("SHOP_LOGIN")
    assert grant.revoked_at is not None
    assert not grant.holds(made.partners.clock.now())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("emial", "there is no attribute 'emial'; did you mean email?"),
        ("http://itsme.services/v2/claim/BENationalNumber", "did you mean BENationalNumber?"),
        ("sub", "there is no attribute 'sub'"),
        ("", "there is no attribute ''"),
    ],
)
async def test_a_contract_names_attributes_that_exist(database: Database, name: str, told: str) -> None:
    made = await shop(database)
    with pytest.raises(PartnerRegistrationError) as refused:
        await made.partners.register_service(service(contract={name: "required"}), actor="test")
    assert told in refused.value.public


def test_without_a_catalogue_everything_needs_a_grant() -> None:
    """Whoever forgets to hand it over gets too little, never too much."""
    check_contract({"anything": "required"}, NO_CATALOGUE)
    assert granted_contract({"email": "required"}, (), NO_CATALOGUE) == {}
    assert granted_contract({"email": "required"}, {"email"}, NO_CATALOGUE) == {"email": "required"}
