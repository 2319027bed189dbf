"""What stops an identity stops it at every server process; what may be tried three times may be so over all of them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from ipse.app.keystores import open_keystore
from ipse.kernel.clock import SECOND, SystemClock
from ipse.kernel.ids import RandomIds, sha256
from ipse.mobile.http import PREFIX
from ipse.people.model import AccountState
from ipse.sim.model import Bound, Outcome, Possession, SimState
from ipse.softphone import effects
from ipse.softphone.phone import Request
from ipse.softphone.state import Pending
from ipse.standards.camara import EVENT_MEDIA_TYPE, EventType, timestamp
from ipse.storage.database import open_database
from tests.functional.oidc import test_race
from tests.functional.oidc.conftest import register
from tests.functional.oidc.handsets import CODE, Handset, Works
from tests.functional.oidc.installation import build, settings_at
from tests.functional.oidc.relying_party import RelyingParty

HERE, THERE = test_race.PORTS
MANY, TRIES = 200, 3
TOKEN, REMOTE = "the-token-of-one-subscription", "remote"
_SUBSCRIBE = """
insert into sim_subscriptions (subscription_id, account_id, operator_id, token_hash, remote_id, state, expires_at,
  due_at, failures, created_at) values ($1, $2, 'lumo', $3, $4, 'active', $5, $5, 0, $6)
"""
pytestmark = pytest.mark.processes


@dataclass
class Town:
    """Two server processes on one database, and a person with a phone beside them."""

    works: Works
    party: RelyingParty
    phone: Handset
    http: list[httpx.AsyncClient]

    async def post(self, port: int, pending: Pending, number: int = 0) -> httpx.Response:
        """Send a phone's message to one of the processes."""
        url = f"http://127.0.0.1:{port}{PREFIX}{pending.path}"
        headers = {"content-type": pending.content_type}
        return await self.http[number % len(self.http)].post(url, content=pending.body, headers=headers)

    async def say(self, port: int, pending: Pending) -> dict[str, Any]:
        """The same, believed by the phone."""
        answer = await self.post(port, pending)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        effects.apply(self.phone.state, pending.purpose, body)
        return body

    async def claimed(self, port: int) -> Request:
        """A new request of the shop, claimed at one of the processes."""
        began = await self.party.begin()
        return Request.of(await self.say(port, await self.claiming(began.handle)))

    async def claiming(self, handle: str) -> Pending:
        actions, database = self.works.installation.actions, self.works.installation.database
        row = await database.row("select action_id from actions_actions where handle = $1", handle)
        assert row is not None
        action = (await actions.find(row["action_id"])).action
        frame = actions.frame(action, self.works.installation.clock.now(), drawn=False)
        return self.phone.writer.signed(self.phone.state, "claim", "claim x", start={"frame": frame})

    async def state(self) -> tuple[str, str | None]:
        account = await self.works.installation.people.account(self.phone.account_id)
        return account.state, account.why


async def test_two_processes_on_one_database(town: Town) -> None:
    """One test, because starting the processes takes longer than what is tried there."""
    for act in (a_swap_told_here_stops_there, two_hundred_wrong_codes_are_three_tries, two_hundred_guesses_are_one_try):
        town.phone = await town.works.handset()
        await act(town)


@pytest.fixture
async def town(database_url: str, keystore_file: Path, partner_keys: dict[str, Any]) -> AsyncIterator[Town]:
    database, keystore = await open_database(database_url), open_keystore(f"file:{keystore_file}")
    installation, _ = build(settings_at(HERE, database_url), keystore, database, clock=SystemClock())
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        for port in (HERE, THERE):
            await stack.enter_async_context(test_race.process(database_url, keystore_file, port))
        works = await Works.of(installation, keystore)
        party = await register(installation, "new-ec", partner_keys["new-ec"], "LOGIN")
        stack.push_async_callback(party.close)
        clients = [httpx.AsyncClient(timeout=60, trust_env=False) for _ in range(20)]
        for client in clients:
            stack.push_async_callback(client.aclose)
        yield Town(works, party, await works.handset(), clients)


async def watched(town: Town) -> None:
    """Bind a number to the person, whose operator reports to one address with one token."""
    works, account_id = town.works, town.phone.account_id
    now, key = works.installation.clock.now(), await works.installation.people.person_key(account_id)
    outcome = Outcome(possession=Possession.NETWORK, sim_state=SimState.READY, operator_id=None)
    bound = Bound(number=town.phone.state.phone_number, outcome=outcome)
    database, watches = works.installation.database, works.features.sims.watches
    await database.transact(lambda: watches.binding(account_id, key, town.phone.state.phone, bound, now=now))
    until = now + 86_400 * SECOND
    await database.rows(_SUBSCRIBE, RandomIds().identifier(), account_id, sha256(TOKEN), REMOTE, until, now)


async def report(port: int) -> None:
    """Tell one process that the SIM was changed."""
    event = {
        "id": RandomIds().identifier(),
        "source": "https://operator.example",
        "specversion": "1.0",
        "type": EventType.SWAPPED,
        "time": timestamp(SystemClock().now()),
        "datacontenttype": "application/json",
        "data": {"subscriptionId": REMOTE},
    }
    headers = {"content-type": EVENT_MEDIA_TYPE, "authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(timeout=30, trust_env=False) as operator:
        answer = await operator.post(f"http://127.0.0.1:{port}/sim/events/any", json=event, headers=headers)
    assert answer.status_code == 204, answer.text


async def a_swap_told_here_stops_there(town: Town) -> None:
    """T-5: below five seconds from the event to the refusal of the phone's next message, and of what waits already."""
    await watched(town)
    waiting, other = await town.party.begin(), await town.party.begin()
    await town.say(THERE, await town.claiming(waiting.handle))
    began = time.monotonic()
    page = f"http://localhost:{THERE}/v2/sign-in/{waiting.handle}/events"

    async def told() -> float:
        """A browser that waits at the other process: when it hears that it is over."""
        async with town.party.browser.stream("GET", page, timeout=20) as stream:
            async for line in stream.aiter_lines():
                if any(word in line for word in ("over", "ended", "refused", "finish", "revoked")):
                    return time.monotonic() - began
        return time.monotonic() - began  # the stream ended: the page looks again

    hearing = asyncio.create_task(told())
    await asyncio.sleep(0.3)
    began = time.monotonic()
    await report(HERE)
    next_claim = await town.post(THERE, await town.claiming(other.handle))
    refused_after = time.monotonic() - began
    assert (next_claim.status_code, next_claim.json()["code"], next_claim.json()["why"]) == (
        403, "phone_stopped", "sim_changed",
    )  # fmt: skip
    assert refused_after < 5
    assert await hearing < 6, "the waiting browser did not hear of it"
    assert await town.state() == (AccountState.BLOCKED, "sim_changed")
    over = await town.party.browser.get(f"http://localhost:{THERE}/v2/sign-in/{waiting.handle}/finish")
    assert "code=" not in over.headers.get("location", "")


async def two_hundred_wrong_codes_are_three_tries(town: Town) -> None:
    """T-1, T-14: three messages, each sent by seventy at once to both: two wrong codes, and the third blocks."""
    request = await town.claimed(THERE)
    seen: list[Any] = []
    for guess in ("20001", "20002", "20003"):
        message = town.phone.approval(request, guess)
        answers = await at_once(town, [message] * (MANY // TRIES + 1))
        said = {(answer.json()["code"], answer.json().get("tries_left")) for answer in answers if _judged(answer)}
        assert len(said) == 1, Counter(answer.text for answer in answers)
        seen.append(said.pop())
        judged = next(answer.json() for answer in answers if _judged(answer))
        if "challenge" in judged:
            effects.refuse(town.phone.state, message.purpose, judged)
            request = request.renewed(judged["challenge"])
    assert seen == [("wrong_code", 2), ("wrong_code", 1), ("account_blocked", None)]
    assert await failures(town) == TRIES
    assert await town.state() == (AccountState.BLOCKED, "wrong_codes")
    late = await town.post(HERE, town.phone.approval(request, CODE))
    assert late.json()["code"] == "phone_stopped"


async def two_hundred_guesses_are_one_try(town: Town) -> None:
    """T-1, T-14: 200 different codes on one challenge: one is judged, and the copies that it takes stop the phone."""
    request = await town.claimed(HERE)
    guesses = [town.phone.approval(request, f"{number:05}") for number in range(20_000, 20_000 + MANY)]
    answers = await at_once(town, guesses)
    codes = Counter(answer.json()["code"] for answer in answers)
    assert codes["wrong_code"] + codes["attempt_lost"] <= 1, codes
    assert set(codes) <= {"wrong_code", "attempt_lost", "phone_copied", "phone_stopped", "account_blocked"}, codes
    assert await failures(town) <= 1
    assert (await town.state())[0] == AccountState.BLOCKED


async def at_once(town: Town, messages: list[Pending]) -> list[httpx.Response]:
    """Send all at the same moment, alternating between the processes."""
    return await asyncio.gather(
        *(town.post((HERE, THERE)[number % 2], each, number) for number, each in enumerate(messages))
    )


async def failures(town: Town) -> int:
    row = await town.works.installation.database.row(
        "select failures from people_accounts where account_id = $1", town.phone.account_id
    )
    assert row is not None
    return int(row["failures"])


def _judged(answer: httpx.Response) -> bool:
    return answer.json()["code"] in {"wrong_code", "attempt_lost", "account_blocked"}
