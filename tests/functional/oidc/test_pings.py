"""Notifications (CIBA Core §10.2) on both databases: at once, once, never lost, with the partner's own token."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ipse.kernel.clock import FrozenClock, SystemClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.oidc.service.pings import Pings
from ipse.partners.service import PartnerDesk
from ipse.storage.database import Database
from tests.functional.oidc.back_channel import Door, Street, street
from tests.functional.oidc.installation import build, listening, settings_at

PORTS = itertools.cycle(range(19570, 19599))
TOKEN = "8d67dc78-7faa-4d41-aabd-67707b374255"
_SEALED = "select sealed, state, due_at from oidc_pings where action_id = $1"


@dataclass
class Bellpush:
    """A partner's notification endpoint: what came, and what it answers."""

    url: str
    answers: list[int] = field(default_factory=list)
    came: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    slow: float = 0.0
    """Seconds until it answers."""

    async def ring(self, request: Request) -> Response:
        await asyncio.sleep(self.slow)
        self.came.append((request.headers["authorization"], request.headers["content-type"], await request.json()))
        status = self.answers.pop(0) if self.answers else 204
        return Response(status_code=status, headers={"location": self.url} if 300 <= status < 400 else None)

    async def rung(self, times: int = 1, *, within: float = 3.0) -> float:
        """Seconds until it was rung so often."""
        began = time.monotonic()
        while len(self.came) < times:
            assert time.monotonic() - began < within, f"rung {len(self.came)} times"
            await asyncio.sleep(0.01)
        return time.monotonic() - began


@asynccontextmanager
async def bellpush() -> AsyncIterator[Bellpush]:
    port = next(PORTS)
    bell = Bellpush(f"http://127.0.0.1:{port}/ping")
    app = Starlette(routes=[Route("/ping", bell.ring, methods=["POST", "GET"])])
    async with listening(app, port):
        yield bell


ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"])
"""For what does not differ by engine."""


@pytest.fixture
async def lane(keystore: Keystore, database: Database) -> AsyncIterator[Street]:
    async with street(keystore, database) as running:
        yield running


@pytest.fixture
async def bell() -> AsyncIterator[Bellpush]:
    async with bellpush() as running:
        yield running


async def pinged(lane: Street, bell: Bellpush) -> tuple[Door, str, dict[str, Any]]:
    door = await lane.door(backchannel_mode="ping", notification_endpoint=bell.url)
    ada, (subject,) = await lane.person(door)
    return door, ada, await door.asked(subject, client_notification_token=TOKEN)


async def row_of(lane: Street, asked: dict[str, Any]) -> Any:
    return await lane.installation.database.row(_SEALED, await lane.action_of(asked))


async def looked_after(lane: Street) -> int:
    """What the job of another process does, one that saw nothing of the request's beginning."""
    installation = lane.installation
    desk = PartnerDesk.around(installation.partners, ids=RandomIds())
    actions, keystore = installation.actions, installation.actions.keystore
    pings = Pings(actions, desk.outgoing, lane.log, installation.database, keystore, lane.clock)
    try:
        return await pings.send_due()
    finally:
        await desk.close()


@ONE_ENGINE
async def test_a_slow_partner_holds_up_no_job(lane: Street, bell: Bellpush) -> None:
    """The job sends what is due side by side: rotation, expiry and the notifications of others come after it."""
    door = await lane.door(backchannel_mode="ping", notification_endpoint=bell.url)
    people = [await lane.person(door) for _ in range(5)]
    requests = [await door.asked(subject, client_notification_token=TOKEN) for _, (subject,) in people]
    await lane.installation.provider.pings.close()  # the process that began them is gone
    bell.slow = 0.5
    for (account, _), asked in zip(people, requests, strict=True):
        await lane.approve(asked, account)
    lane.clock.advance(seconds=31)
    began = time.monotonic()
    assert await looked_after(lane) == len(bell.came) == 5
    assert time.monotonic() - began < 2.0


async def test_a_partner_is_notified_within_a_second_of_the_decision(lane: Street, bell: Bellpush) -> None:
    """Once, with its own token; the tokens themselves are fetched. Polls are allowed beside."""
    door, ada, asked = await pinged(lane, bell)
    assert (await door.fetch(asked)).json()["error"] == "authorization_pending"
    await lane.approve(asked, ada)
    assert await bell.rung() < 1.0
    assert bell.came == [(f"Bearer {TOKEN}", "application/json", {"auth_req_id": asked["auth_req_id"]})]
    lane.clock.advance(seconds=31)
    await asyncio.sleep(0.1)
    assert await looked_after(lane) == 0
    assert len(bell.came) == 1
    assert (await door.fetch(asked)).status_code == 200


@ONE_ENGINE
async def test_a_refusal_is_told_as_well(lane: Street, bell: Bellpush) -> None:
    door, _, asked = await pinged(lane, bell)
    await lane.reject(asked)
    await bell.rung()
    assert (await door.fetch(asked)).json()["error"] == "access_denied"


async def test_a_stop_between_approval_and_notification_loses_nothing(lane: Street, bell: Bellpush) -> None:
    """Whoever began the request is gone; another process's job finds the row and sends, once."""
    _, ada, asked = await pinged(lane, bell)
    await lane.installation.provider.pings.close()
    await lane.approve(asked, ada)
    await asyncio.sleep(0.1)
    assert bell.came == []
    lane.clock.advance(seconds=31)
    sent = await asyncio.gather(*(looked_after(lane) for _ in range(5)))
    assert sum(sent) == 1
    assert len(bell.came) == 1
    assert (await row_of(lane, asked))["state"] == "sent"


@pytest.mark.processes
async def test_killing_the_process_that_began_loses_nothing(
    database: Database, database_url: str, keystore_file: Path, keystore: Keystore, bell: Bellpush
) -> None:
    """Kill -9 after the answer to the partner, before the approval (G2)."""
    port = 19507
    killed = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.functional.oidc.process", database_url, f"file:{keystore_file}", str(port), str(port)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert killed.stdout
    assert await asyncio.wait_for(killed.stdout.readline(), 30) == b"ready\n"
    clock = FrozenClock(SystemClock().now())
    beside, _ = build(settings_at(port, database_url), keystore, database, clock=clock)
    lane = Street(beside, clock)
    try:
        _, ada, asked = await pinged(lane, bell)
    finally:
        killed.kill()
        await killed.wait()
    await lane.approve(asked, ada)
    lane.clock.advance(seconds=31)
    assert await looked_after(lane) == 1
    assert bell.came == [(f"Bearer {TOKEN}", "application/json", {"auth_req_id": asked["auth_req_id"]})]
    await lane.close()


@ONE_ENGINE
async def test_a_partner_that_is_down_is_tried_again_until_it_answers(lane: Street, bell: Bellpush) -> None:
    door, ada, asked = await pinged(lane, bell)
    await lane.installation.provider.pings.close()
    bell.answers = [503, 500]
    await lane.approve(asked, ada)
    for pause, rung in ((31, 1), (1, 1), (1.1, 2), (3, 2), (1.1, 3), (60, 3)):
        lane.clock.advance(seconds=pause)
        await looked_after(lane)
        assert len(bell.came) == rung, pause
    checks = await lane.log.lines(door.client_id)
    assert {line.description for line in checks if line.check == "send_notification"} == {
        "notification endpoint: answered 503",
        "notification endpoint: answered 500",
    }


@ONE_ENGINE
@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403])
async def test_a_no_is_taken_as_one_and_redirects_lead_nowhere(lane: Street, bell: Bellpush, status: int) -> None:
    """The partner's developer reads why; the result can still be fetched."""
    door, ada, asked = await pinged(lane, bell)
    bell.answers = [status]
    await lane.approve(asked, ada)
    await bell.rung()
    await asyncio.sleep(0.1)
    assert (await row_of(lane, asked))["state"] == "refused"
    lines = await lane.log.lines(door.client_id)
    assert any(str(status) in line.description for line in lines)
    assert len(bell.came) == 1
    assert (await door.fetch(asked)).status_code == 200


@ONE_ENGINE
async def test_nothing_is_sent_for_what_expired_or_was_fetched(lane: Street, bell: Bellpush) -> None:
    """Also nothing for a request that the limits held back: its partner must not learn of them."""
    door, ada, asked = await pinged(lane, bell)
    await lane.installation.provider.pings.close()
    lane.clock.advance(seconds=121)
    assert await looked_after(lane) == 0
    assert (await row_of(lane, asked))["state"] == "over"
    lane.clock.advance(seconds=601)
    other = await door.asked(await lane.installation.people.subject(ada, "door"), client_notification_token=TOKEN)
    await lane.installation.provider.pings.close()
    await lane.approve(other, ada)
    assert (await door.fetch(other)).status_code == 200
    lane.clock.advance(seconds=31)
    assert await looked_after(lane) == 0
    assert bell.came == []


@ONE_ENGINE
async def test_the_partners_token_is_kept_sealed(lane: Street, bell: Bellpush) -> None:
    _, _, asked = await pinged(lane, bell)
    sealed = bytes((await row_of(lane, asked))["sealed"])
    assert TOKEN.encode() not in sealed
    assert asked["auth_req_id"].encode() not in sealed
