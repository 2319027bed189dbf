"""One-time codes on a real database: each counts once, guesses are few, and unknown names look the same."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

from ipse.actions.model import Method
from ipse.fallback.errors import FallbackRefused, TooManyTries
from ipse.fallback.service.codes import Codes
from ipse.fallback.service.setups import Setups
from ipse.kernel.clock import SECOND
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import HeldKeys, unchanging
from ipse.notices.service import Notices

if TYPE_CHECKING:
    from ipse.storage.database import Database


class StandingClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = 1_790_000_000 * SECOND

    def now(self) -> int:
        return self.at


class Keys:
    """Working keys that differ by use."""

    def working_key(self, use: str) -> bytes:
        return hashlib.sha256(use.encode()).digest()

    def signing_keys(self, use: str) -> tuple[dict[str, str], ...]:
        return ()

    def held_keys(self, use: str) -> HeldKeys:
        return unchanging(())


class Desk:
    """A person's set-ups, and proving with them."""

    def __init__(self, database: Database) -> None:
        self.clock = StandingClock()
        self.setups = Setups(database, Keys(), self.clock, RandomIds(), "Ipse")
        self.codes = Codes(self.setups, Notices(Keys(), RandomIds()))

    async def prepare(self, method: Method, account: str = "a-1") -> dict[str, Any]:
        prepared = await self.setups.prepare(account, method)
        for statement in prepared.statements:
            await self.setups.database.rows(statement.text, *statement.values)
        return prepared.told

    def totp(self, told: dict[str, Any]) -> str:

        app = HOTP(base64.b32decode(told["secret"]), 6, SHA1())
        return app.generate(self.clock.at // SECOND // 30).decode()


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


async def test_a_code_of_an_app_proves_once(desk: Desk) -> None:
    told = await desk.prepare(Method.TOTP)
    assert told["uri"].startswith("otpauth://totp/Ipse%3A")
    proven = await desk.codes.prove(Method.TOTP, told["name"], desk.totp(told))
    assert (proven.account_id, proven.level) == ("a-1", "low")
    with pytest.raises(FallbackRefused):
        await desk.codes.prove(Method.TOTP, told["name"], desk.totp(told))


async def test_an_older_step_is_worth_nothing_after_a_newer_one(desk: Desk) -> None:
    told = await desk.prepare(Method.TOTP)
    older = desk.totp(told)
    desk.clock.at += 30 * SECOND
    await desk.codes.prove(Method.TOTP, told["name"], desk.totp(told))
    with pytest.raises(FallbackRefused):
        await desk.codes.prove(Method.TOTP, told["name"], older)


async def test_each_code_of_a_sheet_proves_once(desk: Desk) -> None:
    told = await desk.prepare(Method.SHEET)
    for code in told["codes"]:
        typed = f"{code[:4]} {code[4:]}"
        proven = await desk.codes.prove(Method.SHEET, told["name"].lower(), typed)
        assert proven.account_id == "a-1"
        with pytest.raises(FallbackRefused):
            await desk.codes.prove(Method.SHEET, told["name"], code)
    assert [setup["left"] for setup in await desk.setups.listed("a-1")] == [0]


async def test_one_code_used_many_times_at_once_has_one_winner(desk: Desk) -> None:
    """T-14."""
    told = await desk.prepare(Method.SHEET)
    tries = [desk.codes.prove(Method.SHEET, told["name"], told["codes"][0]) for _ in range(4)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(not isinstance(outcome, Exception) for outcome in outcomes) == 1


async def test_guesses_are_few(desk: Desk) -> None:
    told = await desk.prepare(Method.TOTP)
    guesses = [desk.codes.prove(Method.TOTP, told["name"], f"{number:06d}") for number in range(20)]
    outcomes = await asyncio.gather(*guesses, return_exceptions=True)
    judged = [outcome for outcome in outcomes if isinstance(outcome, FallbackRefused)]
    assert len(judged) <= 5
    with pytest.raises(TooManyTries):
        await desk.codes.prove(Method.TOTP, told["name"], desk.totp(told))
    desk.clock.at += 901 * SECOND
    assert (await desk.codes.prove(Method.TOTP, told["name"], desk.totp(told))).account_id == "a-1"


async def test_an_unknown_name_is_refused_like_a_wrong_code(desk: Desk) -> None:
    """T-16: neither the words nor the code tell whether there is such a name."""
    told = await desk.prepare(Method.TOTP)
    refusals = []
    for name, code in ((told["name"], "000000"), ("2222-2222", "000000"), ("", "")):
        with pytest.raises(FallbackRefused) as caught:
            await desk.codes.prove(Method.TOTP, name, code)
        refusals.append((caught.value.code, caught.value.public, caught.value.status))
    assert len(set(refusals)) == 1


async def test_guesses_at_a_name_of_nobody_end_like_those_at_somebodys(desk: Desk) -> None:
    """T-16: how many guesses there are tells nothing either, then and after the rest."""
    told = await desk.prepare(Method.TOTP)
    heard = []
    for name in (told["name"], "2222-2222"):
        words = []
        for number in range(14):
            if number == 7:
                desk.clock.at += 901 * SECOND
            with pytest.raises((FallbackRefused, TooManyTries)) as caught:
                await desk.codes.prove(Method.TOTP, name, "no code")
            words.append(caught.value.code)
        heard.append(words)
    assert heard[0] == heard[1]
    assert heard[0].count("fallback_refused") == 10


async def test_a_right_code_gives_the_tries_back(desk: Desk) -> None:
    told = await desk.prepare(Method.SHEET)
    for code in told["codes"][:3]:
        for _ in range(4):
            with pytest.raises(FallbackRefused):
                await desk.codes.prove(Method.SHEET, told["name"], "no code")
        assert (await desk.codes.prove(Method.SHEET, told["name"], code)).account_id == "a-1"


async def test_a_new_sheet_takes_the_place_of_the_one_before(desk: Desk) -> None:
    first = await desk.prepare(Method.SHEET)
    second = await desk.prepare(Method.SHEET)
    assert [setup["setup"] for setup in await desk.setups.listed("a-1")] == [second["setup"]]
    with pytest.raises(FallbackRefused):
        await desk.codes.prove(Method.SHEET, first["name"], first["codes"][0])
    assert (await desk.codes.prove(Method.SHEET, second["name"], second["codes"][0])).account_id == "a-1"


async def test_one_name_serves_all_ways_of_a_person_and_nobody_else(desk: Desk) -> None:
    first, second = await desk.prepare(Method.TOTP), await desk.prepare(Method.SHEET)
    other = await desk.prepare(Method.TOTP, "a-2")
    assert first["name"] == second["name"] != other["name"]
    with pytest.raises(FallbackRefused):
        await desk.codes.prove(Method.SHEET, first["name"], desk.totp(first))


async def test_what_was_removed_proves_nothing(desk: Desk) -> None:
    told = await desk.prepare(Method.SHEET)
    removal = desk.setups.removal("a-2", told["setup"])
    assert await desk.setups.database.row(removal.text, *removal.values) is None
    removal = desk.setups.removal("a-1", told["setup"])
    assert await desk.setups.database.row(removal.text, *removal.values) is not None
    with pytest.raises(FallbackRefused):
        await desk.codes.prove(Method.SHEET, told["name"], told["codes"][0])


async def test_a_hundred_wrong_codes_take_the_set_up_away_and_tell(desk: Desk) -> None:
    """B-22: a name that rests and wakes again is no endless supply of guesses."""
    told = await desk.prepare(Method.TOTP)
    for number in range(100):
        if number % 5 == 0:
            desk.clock.at += 901 * SECOND
        with pytest.raises(FallbackRefused):
            await desk.codes.prove(Method.TOTP, told["name"], "no code")
    desk.clock.at += 901 * SECOND
    with pytest.raises(FallbackRefused):
        await desk.codes.prove(Method.TOTP, told["name"], desk.totp(told))
    assert await desk.setups.listed("a-1") == []
    rows = await desk.setups.database.rows("select kind from notices_notices where account_id = 'a-1'")
    assert [row["kind"] for row in rows] == ["fallback_removed"]


async def test_a_right_code_begins_the_count_anew(desk: Desk) -> None:
    told = await desk.prepare(Method.TOTP)
    for number in range(130):
        if number % 5 == 0:
            desk.clock.at += 901 * SECOND
        if number == 65:
            await desk.codes.prove(Method.TOTP, told["name"], desk.totp(told))
        with pytest.raises(FallbackRefused):
            await desk.codes.prove(Method.TOTP, told["name"], "no code")
    assert len(await desk.setups.listed("a-1")) == 1
