"""Tokens bound to a key (R-33, RFC 9449): at the token endpoint, at UserInfo and picture, over restarts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from ipse.kernel.clock import FrozenClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.oidc.errors import UseDpopNonce
from ipse.partners.service import Replays
from ipse.storage.database import Database
from tests.functional.oidc.conftest import register
from tests.functional.oidc.in_process import installed, reach
from tests.functional.oidc.installation import Installation
from tests.functional.oidc.prover import Prover

Keys = dict[str, tuple[dict[str, Any], dict[str, Any]]]
ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"])
PICTURE = {"format": "image/jpeg", "value": "AAAA"}


@dataclass
class Bench:
    """A partner that proves possession, at an installation."""

    installation: Installation
    prover: Prover

    async def code(self, *, service: str = "LOGIN", **asked: str | None) -> tuple[str, str | None]:
        party = self.prover.party
        party.service = f"{party.client_id.upper()}_{service}"
        began = await party.begin(**asked)
        await self.installation.approve(began.handle, values={"family_name": "Peeters", "picture": PICTURE})
        return (await party.finish(began))["code"], began.verifier

    async def access_token(self, **asked: Any) -> str:
        answer = await self.prover.token(*await self.code(**asked))
        assert answer.status_code == 200, answer.text
        assert answer.json()["token_type"] == "DPoP"
        token: str = answer.json()["access_token"]
        return token


@pytest.fixture
async def bench(keystore: Keystore, database: Database, partner_keys: Keys) -> AsyncIterator[Bench]:
    async with installed(keystore, database) as (installation, application):
        party = await register(installation, "new-ec", partner_keys["new-ec"], "LOGIN")
        await reach(party, application)
        yield Bench(installation, Prover(party))
        await party.close()


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


async def test_a_bound_token_from_code_to_picture(bench: Bench) -> None:
    token = await bench.access_token(service="SHARE", scope="openid service:NEW_EC_SHARE profile")
    userinfo = await bench.prover.read(token)
    assert userinfo.status_code == 200
    assert (await bench.prover.party.opened(userinfo.text))["family_name"] == "Peeters"
    assert (await bench.prover.read(token, method="POST")).status_code == 200
    picture = await bench.prover.read(token, path="/picture")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    metadata = await bench.prover.party.discover()
    assert "ES256" in metadata["dpop_signing_alg_values_supported"]


@ONE_ENGINE
async def test_a_nonce_comes_first(bench: Bench) -> None:
    """RFC 9449 §8, §9: the same assertion and code are good once the nonce is there."""
    url = (await bench.prover.party.discover())["token_endpoint"]
    code, verifier = await bench.code()
    form = bench.prover.redemption(code, verifier)
    first = await bench.prover.post(url, form, bench.prover.proof("POST", url))
    assert said(first) == (400, "use_dpop_nonce")
    assert first.json()["detail"]
    nonce = first.headers["dpop-nonce"]
    assert first.headers["cache-control"] == "no-store"
    second = await bench.prover.post(url, form, bench.prover.proof("POST", url))
    assert second.status_code == 200, second.text
    assert second.headers["dpop-nonce"] == nonce

    token = second.json()["access_token"]
    wrong = bench.prover.proof("GET", bench.prover.party.issuer + "/userinfo", token=token, nonce="made up")
    refused = await bench.prover.read(token, wrong)
    assert said(refused) == (401, "use_dpop_nonce")
    assert refused.headers["www-authenticate"].startswith('DPoP realm="ipse", error="use_dpop_nonce"')
    assert 'algs="ES256 ' in refused.headers["www-authenticate"]
    assert (await bench.prover.read(token)).status_code == 200


@ONE_ENGINE
async def test_nonces_roll(keystore: Keystore, database: Database, partner_keys: Keys) -> None:
    clock = FrozenClock(round(time.time()) * 1_000_000)
    async with installed(keystore, database, clock=clock) as (installation, _):
        proofs = installation.provider.proofs
        first = proofs.nonce
        clock.advance(seconds=300)
        second = proofs.nonce
        assert first != second
        prover = Prover(await register(installation, "new-ec", partner_keys["new-ec"], "LOGIN"))
        url = installation.issuer + "/token"

        def judged(nonce: str) -> bool:
            proof = prover.proof("POST", url, nonce=nonce, iat=clock.now() // 1_000_000)
            try:
                return proofs.read([proof], method="POST", path="/token") is not None
            except UseDpopNonce:
                return False

        assert judged(first)
        assert judged(second)
        clock.advance(seconds=300)
        assert not judged(first)
        assert judged(second)


WRONG: dict[str, dict[str, Any]] = {
    "another method": {"htm": "GET"},
    "another address": {"htu": "http://localhost:18480/v2/userinfo"},
    "another host": {"htu": "http://evil.example/v2/token"},
    "too old": {"iat": int(time.time()) - 300},
    "from the future": {"iat": int(time.time()) + 3600},
    "another type": {"header": {"typ": "JWT"}},
    "no jti": {"jti": None},
}


@ONE_ENGINE
async def test_a_wrong_proof_spends_nothing(bench: Bench) -> None:
    code, verifier = await bench.code()
    url = (await bench.prover.party.discover())["token_endpoint"]
    await bench.prover.token("x" * 36, verifier)  # brings a nonce
    for why, changes in WRONG.items():
        answer = await bench.prover.token(code, verifier, proof=changes)
        assert said(answer) == (400, "invalid_dpop_proof"), why
    proofs = [bench.prover.proof("POST", url) for _ in range(2)]
    for several in (proofs, [proofs[0], "x"], ["x"], [""]):
        answer = await bench.prover.post(url, bench.prover.redemption(code, verifier), *several)
        assert said(answer) == (400, "invalid_dpop_proof"), several
    assert (await bench.prover.token(code, verifier)).status_code == 200


async def test_a_proof_counts_once(bench: Bench) -> None:
    """Over all processes: fifty at once have one winner, and a restart forgets nothing."""
    token = await bench.access_token()
    url = bench.prover.party.issuer + "/userinfo"
    proof = bench.prover.proof("GET", url, token=token)
    answers = await asyncio.gather(*(bench.prover.read(token, proof) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 19
    assert {said(answer) for answer in answers if answer.status_code == 401} == {(401, "invalid_dpop_proof")}
    again = bench.prover.proof("GET", url, token=token, jti="mine")
    assert (await bench.prover.read(token, again)).status_code == 200
    restarted = Replays(bench.installation.database, bench.installation.clock)
    assert not await restarted.first_use("dpop", bench.prover.thumbprint, "mine", 2**53)
    assert await restarted.first_use("dpop", "another key", "mine", 2**53)

    code, verifier = await bench.code()
    endpoint = (await bench.prover.party.discover())["token_endpoint"]
    used = bench.prover.proof("POST", endpoint)
    form = bench.prover.redemption(code, verifier)
    assert (await bench.prover.post(endpoint, form, used)).status_code == 200
    code, verifier = await bench.code()
    refused = await bench.prover.post(endpoint, bench.prover.redemption(code, verifier), used)
    assert said(refused) == (400, "invalid_dpop_proof")
    assert (await bench.prover.token(code, verifier)).status_code == 200, "the code was not spent"


@ONE_ENGINE
async def test_a_stolen_token_is_of_no_use(bench: Bench) -> None:
    token, prover = await bench.access_token(), bench.prover
    url = prover.party.issuer + "/userinfo"
    thief = Prover(prover.party, nonce=prover.nonce)
    other = await bench.access_token()
    for why, answer, error in (
        ("as a bearer token", await prover.read(token, "", scheme="Bearer"), "invalid_token"),
        ("as a bearer token with a proof", await prover.read(token, scheme="Bearer"), "invalid_token"),
        ("without a proof", await prover.read(token, ""), "invalid_dpop_proof"),
        ("with another key", await thief.read(token), "invalid_token"),
        ("with a proof for another token", await prover.read(token, prover.proof("GET", url, token=other)),
         "invalid_dpop_proof"),
        ("with a proof of a token request", await prover.read(token, prover.proof("GET", url)), "invalid_dpop_proof"),
        ("with a proof for the picture",
         await prover.read(token, prover.proof("GET", prover.party.issuer + "/picture", token=token)),
         "invalid_dpop_proof"),
        ("with a proof for POST", await prover.read(token, prover.proof("POST", url, token=token)),
         "invalid_dpop_proof"),
    ):  # fmt: skip
        assert said(answer) == (401, error), why
        assert answer.headers["www-authenticate"].startswith('DPoP realm="ipse"'), why
    assert (await prover.read(token)).status_code == 200


@ONE_ENGINE
async def test_an_unbound_token_is_a_bearer_token(bench: Bench) -> None:
    party = bench.prover.party
    answer = await party.token(*await bench.code())
    assert answer.json()["token_type"] == "Bearer"
    assert "dpop-nonce" not in answer.headers
    token = answer.json()["access_token"]
    assert (await party.userinfo(token)).status_code == 200
    await bench.access_token()  # brings a nonce
    assert said(await bench.prover.read(token)) == (401, "invalid_token")


@ONE_ENGINE
async def test_a_code_asked_for_one_key(bench: Bench) -> None:
    """RFC 9449 §10: `dpop_jkt` binds the code."""
    jkt = bench.prover.thumbprint
    assert (await bench.prover.token(*await bench.code(dpop_jkt=jkt))).status_code == 200
    thief = Prover(bench.prover.party, nonce=bench.prover.nonce)
    code, verifier = await bench.code(dpop_jkt=jkt)
    assert said(await thief.token(code, verifier)) == (400, "invalid_grant")
    assert said(await bench.prover.token(code, verifier)) == (400, "invalid_grant"), "T-9: the attempt has burnt it"
    code, verifier = await bench.code(dpop_jkt=jkt)
    assert said(await bench.prover.party.token(code, verifier)) == (400, "invalid_grant")


@ONE_ENGINE
async def test_a_second_use_of_the_code_ends_the_bound_token(bench: Bench) -> None:
    """R-21."""
    code, verifier = await bench.code()
    token = (await bench.prover.token(code, verifier)).json()["access_token"]
    assert (await bench.prover.read(token)).status_code == 200
    assert said(await bench.prover.token(code, verifier)) == (400, "invalid_grant")
    assert said(await bench.prover.read(token)) == (401, "invalid_token")


@ONE_ENGINE
async def test_strangers_fill_no_memory(bench: Bench) -> None:
    """A proof is remembered only once its token or partner is known to be good."""
    database = bench.installation.database
    count = "select count(*) as n from partners_replays"
    await bench.access_token()
    before = await database.row(count)
    for token in ("x" * 43, RandomIds().secret()):
        assert said(await bench.prover.read(token)) == (401, "invalid_token")
    url = (await bench.prover.party.discover())["token_endpoint"]
    nobody: dict[str, str | None] = {"grant_type": "authorization_code", "client_id": "nobody"}
    answer = await bench.prover.post(url, nobody, bench.prover.proof("POST", url))
    assert said(answer) == (400, "invalid_client")
    after = await database.row(count)
    assert before is not None
    assert after is not None
    assert after["n"] == before["n"]
