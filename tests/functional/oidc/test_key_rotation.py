"""Our keys change while partners log people in: none of them fails, with key sets cached as long as they like.

Two processes take turns behind one address. They share the database only; each looks at the keys as late as it may. The
keys' time is moved by the test, days at a time; everything else runs on the machine's clock.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from joserfc import jwe, jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from starlette.types import ASGIApp, Receive, Scope, Send

from ipse.kernel.clock import SECOND, FrozenClock, SystemClock
from ipse.kernel.keystore import Keystore
from ipse.keyring.model import Plan
from ipse.keyring.rules import SPREAD_SECONDS
from ipse.keyring.service import KeyRing
from ipse.storage.database import Database, open_database
from tests.functional.oidc.conftest import register
from tests.functional.oidc.installation import PORTS, Installation, build, listening, settings_at
from tests.functional.oidc.relying_party import ASSERTION_TYPE, RelyingParty

HOUR, DAY = 3600, 86_400
PLAN = Plan(announcement=DAY, overlap=DAY, rotation=90 * DAY)
LOOK_SECONDS = 5


@dataclass
class Process:
    """One of several servers: its keys are as old as its last look."""

    installation: Installation
    application: ASGIApp
    ring: KeyRing
    clock: FrozenClock
    looked_at: int = 0

    async def look(self) -> None:
        await self.ring.refresh()
        self.looked_at = self.clock.now()


@dataclass
class Servers:
    """Processes that answer in turn."""

    processes: list[Process]
    clock: FrozenClock
    _turn: Any = field(default_factory=itertools.count)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.processes[next(self._turn) % len(self.processes)].application(scope, receive, send)

    async def advance(self, seconds: float) -> None:
        """Let time pass: each process looks when its five seconds are over, not earlier."""
        self.clock.advance(seconds=seconds)
        for process in self.processes:
            if self.clock.now() - process.looked_at >= LOOK_SECONDS * SECOND:
                await process.look()


@asynccontextmanager
async def two_processes(keystore: Keystore, url: str) -> AsyncIterator[Servers]:
    clock, port = FrozenClock(), next(PORTS)
    async with AsyncExitStack() as stack:
        processes = []
        for _ in range(2):
            database: Database = await open_database(url, connections=4)
            stack.push_async_callback(database.close)
            ring = KeyRing(database, keystore, clock, PLAN)
            await ring.load()
            installation, application = build(settings_at(port, url), ring, database, clock=SystemClock())
            processes.append(Process(installation, application, ring, clock, clock.now()))
        servers = Servers(processes, clock)
        await stack.enter_async_context(listening(servers, port))
        yield servers


@dataclass
class Strict:
    """A partner that fetches our key set once a day at most, encrypts to any key in it and believes no other."""

    party: RelyingParty
    servers: Servers
    drawn: random.Random
    cached: Any = None
    cached_at: int = 0
    seen: set[str] = field(default_factory=set)

    async def login(self, keep: int = DAY) -> None:
        await self._fetch(keep)
        party, installation = self.party, self.servers.processes[0].installation
        began = await party.begin()
        await installation.approve(began.handle)
        came = await party.finish(began)
        answer = await party.token(came["code"], began.verifier, **self._credentials())
        assert answer.status_code == 200, answer.text
        tokens = answer.json()
        assert self._opened(tokens["id_token"])["nonce"] == began.nonce
        shared = await party.userinfo(tokens["access_token"])
        assert self._opened(shared.text)["iss"] == party.issuer

    async def _fetch(self, keep: int) -> None:
        now = self.servers.clock.now()
        if not self.cached or now - self.cached_at >= keep * SECOND:
            metadata = await self.party.discover()
            self.cached, self.cached_at = (await self.party.browser.get(metadata["jwks_uri"])).json(), now

    def _credentials(self) -> dict[str, str]:
        """A signed assertion, encrypted to one of our keys as this partner knows them."""
        offered = [jwk for jwk in self.cached["keys"] if jwk["use"] == "enc"]
        jwk = self.drawn.choice(offered)
        header = {"alg": jwk["alg"], "enc": "A128CBC-HS256", "cty": "JWT", "kid": jwk["kid"]}
        assertion = self.party.assertion(jti=secrets.token_urlsafe(16), exp=int(time.time()) + 60)
        sealed = jwe.encrypt_compact(header, assertion.encode(), RSAKey.import_key(jwk), algorithms=[*header.values()])
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": sealed}

    def _opened(self, nested: str) -> dict[str, Any]:
        signing, alg, enc = self.party.algorithms
        own = self.party.encryption or {}
        key = RSAKey.import_key(own) if own["kty"] == "RSA" else ECKey.import_key(own)
        inner = jwe.decrypt_compact(nested, key, algorithms=[alg, enc]).plaintext or b""
        token = jwt.decode(inner, KeySet.import_key_set(self.cached), algorithms=[signing])
        self.seen.add(token.header["kid"])
        return dict(token.claims)


@pytest.fixture
async def servers(keystore: Keystore, database_url: str) -> AsyncIterator[Servers]:
    async with two_processes(keystore, database_url) as running:
        yield running


@pytest.fixture
async def partners(
    servers: Servers, partner_keys: dict[str, tuple[dict[str, Any], dict[str, Any]]]
) -> AsyncIterator[list[Strict]]:
    """One of each preset."""
    joined = [
        await register(servers.processes[0].installation, kind, partner_keys[kind], "LOGIN")
        for kind in ("new-ec", "migrating-key")
    ]
    yield [Strict(party, servers, random.Random(number)) for number, party in enumerate(joined)]
    for party in joined:
        await party.close()


async def test_steady_logins_see_three_rotations_and_none_fails(servers: Servers, partners: list[Strict]) -> None:
    """S-15, T-22: both presets, answers verified with key sets up to a day old, assertions to keys replaced since."""
    before = [1, 4, SPREAD_SECONDS - 5, 11 * HOUR, 13 * HOUR - 12]
    around = [10, 4, 4, 6]
    after = [DAY - 2 * HOUR, 2 * HOUR, DAY]
    for rotation in range(3):
        who = servers.processes[rotation % 2]
        await who.ring.rotate("oidc", actor="test")  # the other one has not looked yet
        for step in (*before, *around, *after):
            await servers.advance(step)
            await asyncio.gather(*(partner.login() for partner in partners))
    for partner in partners:
        assert len(partner.seen) == 4, "each generation has signed"


async def test_by_schedule_with_nobody_at_the_keyboard(servers: Servers, partners: list[Strict]) -> None:
    """Both processes run the job; a year of logins, one every few days."""
    generations = set()
    for _ in range(61):
        await servers.advance(6 * DAY)
        made = await asyncio.gather(*(process.ring.follow_schedule() for process in servers.processes))
        generations |= {one.kids for ones in made for one in ones if one.key_set == "oidc"}
        await partners[0].login()
    assert len(generations) == 4
    assert len(partners[0].seen) in {4, 5}


async def test_an_emergency_takes_seconds_and_the_old_key_signs_and_opens_nothing(
    servers: Servers, partners: list[Strict]
) -> None:
    """T-22: who fetches our keys again logs in; what the stolen keys sign or open is worth nothing any more."""
    partner = partners[0]
    await partner.login()
    stolen = {jwk["kid"] for jwk in partner.cached["keys"]}
    await servers.processes[0].ring.rotate("oidc", urgent=True, actor="test")
    await servers.advance(LOOK_SECONDS)
    await partner.login(keep=0)
    await servers.advance(SPREAD_SECONDS - LOOK_SECONDS)
    with pytest.raises(AssertionError, match="invalid_client"):
        await partner.login()
    await partner.login(keep=0)
    assert stolen.isdisjoint(jwk["kid"] for jwk in partner.cached["keys"])
    for process in servers.processes:
        assert stolen.isdisjoint(key.kid for key in process.installation.provider.keys.decryption)
        assert stolen.isdisjoint(key.kid for key in process.installation.provider.keys.signing.values())
        published = msgspec.json.decode(process.installation.provider.keys.published)["keys"]
        assert stolen.isdisjoint(jwk["kid"] for jwk in published)
