"""User discovery sessions on both databases (the protocol's section 1.12): the moving code, the token, its limits."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ipse.kernel.ids import sha256
from ipse.kernel.keystore import Keystore
from ipse.oidc.service.backchannel import forget_ended
from ipse.partners.model import AuthMethod
from ipse.storage.database import Database
from tests.functional.oidc.back_channel import Door, Street, street
from tests.support.codes import read_code

_TOKEN = "select account_id from oidc_discoveries where token_hash = $1"

ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"])
"""For what does not differ by engine."""


@pytest.fixture
async def lane(keystore: Keystore, database: Database) -> AsyncIterator[Street]:
    async with street(keystore, database) as running:
        yield running


async def begun(door: Door) -> dict[str, Any]:
    answer = await door.session()
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def discovered(lane: Street, door: Door, account_id: str) -> str:
    """Begin, let somebody scan, fetch the token."""
    session_id = (await begun(door))["user_discovery_session_id"]
    await lane.scan(session_id, account_id)
    lane.clock.advance(seconds=5)
    return str((await door.session(session_id)).json()["user_identifier_token"])


@ONE_ENGINE
async def test_each_poll_brings_a_fresh_code_of_the_same_session(lane: Street) -> None:
    door = await lane.door()
    first = await begun(door)
    assert (first["status"], first["interval"]) == ("PENDING_USER_DISCOVERY", 5)
    assert set(first["user_discovery_token"]) == {"qr_code", "expires_at", "digits"}
    contents, digits = [], set()
    answer = first
    for _ in range(3):
        token = answer["user_discovery_token"]
        contents.append(read_code(b64decode(token["qr_code"], validate=True)))
        digits.add(token["digits"])
        assert token["expires_at"] == lane.clock.now() // 1_000_000 + 10
        lane.clock.advance(seconds=5)
        answer = (await door.session(first["user_discovery_session_id"])).json()
        assert answer["user_discovery_session_id"] == first["user_discovery_session_id"]
    assert len(set(contents)) == 3
    assert len(digits) == 1
    assert {content.partition("#")[0] for content in contents} == {lane.installation.settings.app_origin + "/"}


async def test_whoever_scans_is_asked_without_digits_and_becomes_known(lane: Street) -> None:
    door = await lane.door()
    ada = await lane.installation.new_person()
    token = await discovered(lane, door, ada)
    answer = await door.ask(token=token)
    asked = answer.json()
    assert "match" not in asked
    assert await lane.reached(asked)
    await lane.approve(asked, ada)
    tokens = (await door.fetch(asked)).json()
    await door.discover()
    claims = await door.opened(tokens["id_token"])
    lane.clock.advance(seconds=601)
    assert (await door.ask(claims["sub"])).status_code == 200


@ONE_ENGINE
async def test_whoever_scans_is_reached_whatever_others_ask_them(lane: Street) -> None:
    """A partner that keeps somebody's one place taken cannot keep them from what they start themselves; it counts."""
    door, gate = await lane.door("door"), await lane.door("gate")
    ada, (subject,) = await lane.person(gate)
    assert await lane.reached(await gate.asked(subject))
    assert not await lane.reached(await gate.asked(subject))
    scanned = (await door.ask(token=await discovered(lane, door, ada))).json()
    assert await lane.reached(scanned)
    lane.clock.advance(seconds=121)
    assert [await lane.reached(await gate.asked(subject)) for _ in range(2)] == [True, False]
    lane.clock.advance(seconds=121)
    assert not await lane.reached(await gate.asked(subject)), "three in ten minutes, the scanned one among them"


async def test_a_token_is_used_once_and_kept_by_its_hash(lane: Street) -> None:
    """Twenty requests at once with one token: one is taken. Afterwards the session is over."""
    door = await lane.door()
    token = await discovered(lane, door, await lane.installation.new_person())
    answers = await asyncio.gather(*(door.ask(token=token) for _ in range(20)))
    outcomes = Counter(answer.json().get("error", "taken") for answer in answers)
    assert outcomes == {"taken": 1, "expired_login_hint_token": 19}
    database = lane.installation.database
    assert await database.row(_TOKEN, sha256(token)) is not None
    assert await database.row(_TOKEN, token.encode()) is None


async def test_two_polls_at_once_and_a_lost_answer_bring_the_same_token(lane: Street) -> None:
    door = await lane.door()
    session_id = (await begun(door))["user_discovery_session_id"]
    await lane.scan(session_id, await lane.installation.new_person())
    lane.clock.advance(seconds=5)
    first, second = await asyncio.gather(door.session(session_id), door.session(session_id))
    lane.clock.advance(seconds=5)
    third = await door.session(session_id)
    told = [answer for answer in (first, second, third) if answer.status_code == 200]
    assert len({answer.json()["user_identifier_token"] for answer in told}) == 1
    assert third.json()["status"] == "USER_DISCOVERED"
    assert third.json()["expires_in"] == 115
    assert (await door.ask(token=third.json()["user_identifier_token"])).status_code == 200
    lane.clock.advance(seconds=5)
    ended = await door.session(session_id)
    assert (ended.status_code, ended.json()["error"]) == (400, "expired_session")


@ONE_ENGINE
async def test_a_token_lives_two_minutes_and_belongs_to_its_partner(lane: Street) -> None:
    door, gate = await lane.door("door"), await lane.door("gate")
    token = await discovered(lane, door, await lane.installation.new_person())
    assert (await gate.ask(token=token)).json()["error"] == "unknown_user_id"
    assert (await door.ask(token="x" * 48)).json()["error"] == "unknown_user_id"
    lane.clock.advance(seconds=121)
    assert (await door.ask(token=token)).json()["error"] == "expired_login_hint_token"


@ONE_ENGINE
async def test_a_refused_request_does_not_use_the_token_up(lane: Street) -> None:
    door = await lane.door()
    token = await discovered(lane, door, await lane.installation.new_person())
    assert (await door.ask(token=token, scope=f"openid service:{door.service} email")).status_code == 400
    assert (await door.ask(token=token)).status_code == 200


@ONE_ENGINE
async def test_faster_than_the_interval_is_429_and_ten_minutes_are_all(lane: Street) -> None:
    door = await lane.door()
    session_id = (await begun(door))["user_discovery_session_id"]
    for after, status in ((0, 429), (3, 429), (2, 200), (4, 429), (1, 200)):
        lane.clock.advance(seconds=after)
        answer = await door.session(session_id)
        assert answer.status_code == status, after
        assert status == 200 or answer.headers["retry-after"] == "5"
    lane.clock.advance(seconds=580)
    assert (await door.session(session_id)).json()["status"] == "PENDING_USER_DISCOVERY"
    await forget_ended(lane.installation.database, lane.clock)
    lane.clock.advance(seconds=15)
    ended = await door.session(session_id)
    assert (ended.status_code, ended.json()["error"]) == (400, "expired_session")


async def test_a_token_of_the_last_second_outlives_its_session(lane: Street) -> None:
    """What is forgotten now and then is nothing that can still be used."""
    door = await lane.door()
    session_id = (await begun(door))["user_discovery_session_id"]
    lane.clock.advance(seconds=595)
    await lane.scan(session_id, await lane.installation.new_person())
    token = (await door.session(session_id)).json()["user_identifier_token"]
    lane.clock.advance(seconds=110)
    assert await forget_ended(lane.installation.database, lane.clock) == 0
    assert (await door.ask(token=token)).status_code == 200
    lane.clock.advance(seconds=4800)
    assert await forget_ended(lane.installation.database, lane.clock) == 2


@ONE_ENGINE
async def test_sessions_of_others_unknown_ones_and_strangers(lane: Street) -> None:
    door, gate = await lane.door("door"), await lane.door("gate")
    session_id = (await begun(door))["user_discovery_session_id"]
    lane.clock.advance(seconds=5)
    for strange in (session_id, "A" * 43, "x"):
        answer = await gate.session(strange)
        assert (answer.status_code, answer.json()["error"]) == (404, "unknown_session")
    nobody = await door.session(client_assertion="x.y.z")
    assert (nobody.status_code, nobody.json()["error"]) == (401, "invalid_client")
    secret = await lane.door("shop", method=AuthMethod.CLIENT_SECRET_POST, backchannel_mode="")
    unregistered = await lane.door("porch", backchannel_mode="")
    for partner in (secret, unregistered):
        answer = await partner.session()
        assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")
