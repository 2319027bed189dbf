"""What comes of using another way: who is told, what it costs, and which passkeys prove nobody."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from ipse.fallback.service import Passkeys
from ipse.softphone import SoftPhone
from tests.functional.fallback.town import CODE, NotToday, Town, data_of, submit
from tests.support.passkeys import PRESENT, Keeper
from tests.support.visitor import Visitor

Cheat = Callable[[Keeper, str], dict[str, Any]]


@pytest.fixture
def engine() -> str:
    """One database will do: the statements are tried on both by the tests of each way."""
    return "sqlite"


def _used(keeper: Keeper, challenge: str) -> dict[str, Any]:
    return keeper.use(challenge)


def _counter_stands(keeper: Keeper, challenge: str) -> dict[str, Any]:
    keeper.count -= 1
    return keeper.use(challenge)


CHEATS: dict[str, Cheat] = {
    "another site's page": lambda keeper, challenge: replace(keeper, origin="http://localhost:1").use(challenge),
    "made for another site": lambda keeper, challenge: replace(keeper, relying_party="evil.example").use(challenge),
    "nobody verified": lambda keeper, challenge: replace(keeper, flags=PRESENT, count=keeper.count + 5).use(challenge),
    "another challenge": lambda keeper, _challenge: replace(keeper, count=keeper.count + 5).use("AAAA"),
    "another person's handle": lambda keeper, challenge: replace(keeper, user="AAAA", count=keeper.count + 5).use(
        challenge
    ),
    "a key of its own": lambda keeper, challenge: replace(
        Keeper(keeper.origin, keeper.relying_party, user=keeper.user), identifier=keeper.identifier, count=50
    ).use(challenge),
    "a passkey nobody knows": lambda keeper, challenge: Keeper(
        keeper.origin, keeper.relying_party, user=keeper.user
    ).use(challenge),
    "a copy whose counter stands": _counter_stands,
    "nothing": lambda _keeper, _challenge: {},
    "no bytes": lambda keeper, challenge: {**keeper.use(challenge), "signature": "?", "user_handle": "!"},
}


async def test_what_is_no_passkey_of_the_person_proves_nobody(town: Town) -> None:
    await asyncio.to_thread(_cheat, town)


def _cheat(town: Town) -> None:
    keeper = town.keeper
    assert keeper is not None
    town.log_in("passkey")
    visitor = town.visitor()
    here = f"{town.base}/v2/sign-in/{visitor.start().handle}/other/passkey"
    for name, cheat in CHEATS.items():
        told = _hand_in(town, visitor, here, cheat)
        assert told == {"refused": "refused"}, name
    keeper.count = 100
    challenge = data_of(visitor.browser.get(here).text, "challenge")
    other = town.visitor()
    elsewhere = f"{town.base}/v2/sign-in/{other.start().handle}/other/passkey"
    # Another browser's challenge is worth nothing, and is not used up by that.
    assert _hand_in(town, other, elsewhere, _used, challenge) == {"refused": "refused"}
    assert "to" in _hand_in(town, visitor, here, _used, challenge)
    visitor.close()
    other.close()


def _hand_in(town: Town, visitor: Visitor, here: str, cheat: Cheat, challenge: str = "") -> dict[str, Any]:
    assert town.keeper is not None
    challenge = challenge or data_of(visitor.browser.get(here).text, "challenge")
    content = {"challenge": challenge, "credential": cheat(town.keeper, challenge)}
    told: dict[str, Any] = visitor.browser.post(here, json=content, headers={"Origin": town.base}).json()
    return told


async def test_one_address_makes_one_passkey_and_soon(town: Town) -> None:
    await asyncio.to_thread(_make, town)


def _make(town: Town) -> None:
    with SoftPhone(town.store) as phone:
        first = phone.fallbacks.add("passkey", CODE)["url"]
        late = phone.fallbacks.add("passkey", CODE)["url"]
        unverified = Keeper(town.base, "localhost", flags=PRESENT)
        assert town.make_passkey(first, unverified) == {"refused": "refused"}
        foreign = Keeper("http://localhost:1", "localhost")
        assert town.make_passkey(first, foreign) == {"refused": "refused"}
        # Typed by hand: small letters and no dashes do as well.
        typed = re.sub(r"[A-Z0-9-]+$", lambda found: found[0].replace("-", "").lower(), first)
        assert town.make_passkey(typed, Keeper(town.base, "localhost")) == {"made": True}
        assert httpx.get(first).status_code == 410
        made = [each for each in phone.fallbacks.listed() if each["method"] == "passkey"]
        assert len(made) == 2
        for each in made:
            phone.fallbacks.remove(each["setup"], CODE)
        assert [each["method"] for each in phone.fallbacks.listed()] == ["sheet", "totp"]
    visitor = town.visitor()
    here = f"{town.base}/v2/sign-in/{visitor.start().handle}/other/passkey"
    assert _hand_in(town, visitor, here, _used) == {"refused": "refused"}
    visitor.close()
    assert httpx.get(late).status_code == 200
    town.clock.ahead += 601
    assert httpx.get(late).status_code == 410


async def test_each_use_is_told_and_kept_and_costs_no_try_of_the_code(town: Town) -> None:
    await asyncio.to_thread(_use, town)


def _use(town: Town) -> None:
    visitor = town.visitor()
    here = f"{town.base}/v2/sign-in/{visitor.start().handle}/other/sheet"
    for _ in range(4):  # one more than the phone would forgive
        refused = submit(visitor, visitor.browser.get(here), {"name": town.name, "code": "00000000"})
        assert 'id="refused"' in refused.text
    town.log_in("sheet")
    town.log_in("eid_card")
    with SoftPhone(town.store) as phone:
        assert phone.home()["account"]["state"] == "active"
        methods = [(each["start"], each["method"]) for each in phone.history()["entries"]]
        assert methods == [("fallback", "eid_card"), ("fallback", "sheet")]
        kinds = [each["kind"] for each in phone.notices()]
        assert kinds[:2] == ["fallback_used", "fallback_used"]
        phone.block("lost")
    for name, code in ((town.name, town.codes.pop()), ("2222-2222", "00000000")):
        refused = submit(visitor, visitor.browser.get(here), {"name": name, "code": code})
        assert (refused.status_code, refused.text.count("That did not work")) == (403, 1)
    visitor.close()


async def test_a_forced_person_prepares_what_looks_right_and_opens_nothing(town: Town) -> None:
    """T-25: the list, the sheet, the passkey's page and the notices are the same; nobody gets in."""
    await asyncio.to_thread(_forced, town)


def _forced(town: Town) -> None:
    duress = "86420"
    with SoftPhone(town.store) as phone:
        phone.set_duress(CODE, duress)
        sheet = phone.fallbacks.add("sheet", duress)
        made = phone.fallbacks.add("passkey", duress)
        keeper = Keeper(town.base, "localhost")
        assert town.make_passkey(made["url"], keeper) == {"made": True}
        listed = [(each["setup"], each["method"]) for each in phone.fallbacks.listed()]
        assert (sheet["setup"], "sheet") in listed
        assert (made["setup"], "passkey") in listed
        kinds = [each["kind"] for each in phone.notices()]
        assert kinds[:2] == ["fallback_added", "fallback_added"]
        phone.fallbacks.remove(made["setup"], duress)
        assert made["setup"] not in [each["setup"] for each in phone.fallbacks.listed()]
    town.codes, town.keeper = list(sheet["codes"]), keeper
    for method in ("sheet", "passkey", "bank", "eid_card"):
        with pytest.raises(NotToday):
            town.log_in(method)


async def test_ended_evidence_is_told_and_an_identity_that_waits_is_not(town: Town) -> None:
    """Whoever proved themselves may know that something must be renewed; of a pending identity nothing is said."""
    assert town.database is not None
    await town.database.rows("update people_accounts set evidence_expires_at = 1 returning account_id")
    assert "has run out" in await asyncio.to_thread(_told, town)
    await town.database.rows("update people_accounts set state = 'pending' returning account_id")
    assert "That did not work" in await asyncio.to_thread(_told, town)


def _told(town: Town) -> str:
    visitor = town.visitor()
    here = f"{town.base}/v2/sign-in/{visitor.start().handle}/other/sheet"
    answer = submit(visitor, visitor.browser.get(here), {"name": town.name, "code": town.codes.pop()})
    visitor.close()
    assert answer.status_code == 403
    return answer.text


async def test_tries_from_one_network_are_few_whatever_name_is_typed(town: Town) -> None:
    """T-16: the limit counts over all processes, and known and unknown names alike."""
    await asyncio.to_thread(_guess, town)


def _guess(town: Town) -> None:
    visitor = town.visitor()
    here = f"{town.base}/v2/sign-in/{visitor.start().handle}/other/sheet"
    form = visitor.browser.get(here)
    heard = [submit(visitor, form, {"name": f"{number:08d}", "code": "12345678"}).status_code for number in range(102)]
    assert heard[:50] == [403] * 50
    assert heard[-1] == 429
    visitor.close()


def test_the_relying_party_is_the_host() -> None:
    passkeys = Passkeys.__new__(Passkeys)
    object.__setattr__(passkeys, "origin", "https://id.example:8443")
    assert passkeys.relying_party == "id.example"
