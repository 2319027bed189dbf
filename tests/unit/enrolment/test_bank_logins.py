"""A log-in at a bank is worth what the bank says of this person, and no more than its row allows (B-2)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from ipse.enrolment.service.bank_logins import BankLogins
from tests.unit.enrolment.answers import answer
from tests.unit.enrolment.hostile_bank import BANK, EXCHANGE, ISSUER, HostileBank


@pytest.mark.parametrize(
    ("said", "level"), [("high", BANK.assurance), ("substantial", "substantial"), ("low", "low"), (None, "low")]
)
async def test_its_level_is_what_the_bank_says_of_the_person(said: str | None, level: str) -> None:
    bank = HostileBank()

    def saying(claims: dict[str, Any]) -> None:
        claims["verified_claims"] = answer(own_national_number="88051700213")
        claims["verified_claims"]["verification"]["assurance_level"] = said
        if said is None:
            del claims["verified_claims"]["verification"]["assurance_level"]

    async def registrar(_: str) -> Any:
        return BANK

    async def account(_: str) -> str:
        return "a-1"

    bank.changes["userinfo"] = saying
    client = bank.client()
    rows = SimpleNamespace(registrar=registrar, banks=lambda _: client, clock=bank.clock)
    logins = BankLogins(cast("Any", rows), cast("Any", SimpleNamespace(account_of_identity=account)))
    known = await logins.come_back(BANK.id, {"iss": ISSUER, "code": "c"}, EXCHANGE)
    assert (known.account_id, known.level) == ("a-1", level)
    await client.close()
