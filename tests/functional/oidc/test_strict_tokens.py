"""The token endpoint under FAPI 2.0: who may come with what, how long things live, what binds tokens (C-3, C-11)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ipse.kernel.clock import FrozenClock
from ipse.kernel.keystore import Keystore
from ipse.storage.database import Database
from tests.functional.oidc.conftest import register
from tests.functional.oidc.in_process import installed, reach
from tests.functional.oidc.installation import Installation
from tests.functional.oidc.prover import Prover
from tests.functional.oidc.relying_party import private_jwk
from tests.functional.oidc.strict import CHALLENGE, pushed
from tests.functional.oidc.test_dpop import ONE_ENGINE, Keys, said
from tests.functional.oidc.test_request_objects import change_service

pytestmark = ONE_ENGINE
Strict = tuple[Installation, Prover, FrozenClock]


@pytest.fixture
async def strict(keystore: Keystore, database: Database, partner_keys: Keys) -> AsyncIterator[Strict]:
    """A partner whose service demands the stricter profile, at an installation whose time stands still."""
    clock = FrozenClock(round(time.time()) * 1_000_000)
    async with installed(keystore, database, clock=clock) as (installation, application):
        party = await register(installation, "new-ec", partner_keys["new-ec"], "LOGIN")
        await change_service(installation, party, profile="fapi2")
        await reach(party, application)
        yield installation, Prover(party), clock
        await party.close()


async def test_a_login(strict: Strict) -> None:
    installation, prover, clock = strict
    answer = await prover.token(*await pushed(installation, prover.party))
    assert answer.status_code == 200, answer.text
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("DPoP", 600)
    token = answer.json()["access_token"]
    assert (await prover.read(token)).status_code == 200
    clock.advance(seconds=59)
    prover.nonce = installation.provider.proofs.nonce
    late = prover.proof("GET", installation.issuer + "/userinfo", token=token, iat=clock.now() // 1_000_000)
    assert (await prover.read(token, late)).status_code == 200
    clock.advance(seconds=542)
    prover.nonce = installation.provider.proofs.nonce
    late = prover.proof("GET", installation.issuer + "/userinfo", token=token, iat=clock.now() // 1_000_000)
    assert said(await prover.read(token, late)) == (401, "invalid_token"), "ten minutes"


@pytest.mark.parametrize(("seconds", "expected"), [(59, 200), (61, 400)])
async def test_a_code_lives_a_minute(strict: Strict, seconds: int, expected: int) -> None:
    installation, prover, clock = strict
    code, verifier = await pushed(installation, prover.party)
    clock.advance(seconds=seconds)
    prover.nonce = installation.provider.proofs.nonce
    answer = await prover.token(code, verifier, proof={"iat": clock.now() // 1_000_000})
    assert answer.status_code == expected


async def test_a_token_must_be_bound(strict: Strict) -> None:
    installation, prover, _ = strict
    code, verifier = await pushed(installation, prover.party)
    assert said(await prover.party.token(code, verifier)) == (400, "invalid_request")
    assert said(await prover.token(code, verifier)) == (400, "invalid_grant"), "the attempt has burnt the code"


REFUSED: dict[str, dict[str, Any]] = {
    "the token endpoint as audience": {"aud": "http://localhost:18480/v2/token"},
    "a list as audience": {"aud": ["http://localhost:18480/v2"]},
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED.keys())
async def test_the_issuer_alone_is_the_audience(strict: Strict, changes: dict[str, Any]) -> None:
    """C-11."""
    installation, prover, _ = strict
    code, verifier = await pushed(installation, prover.party)
    await prover.token("x" * 36, verifier)  # brings a nonce
    answer = await prover.token(code, verifier, client_assertion=prover.party.assertion(**changes))
    assert said(answer) == (400, "invalid_client")


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated:joserfc.errors.SecurityWarning")
@pytest.mark.parametrize(
    ("alg", "kty", "expected"), [("PS256", "RSA", 200), ("EdDSA", "OKP", 200), ("RS256", "RSA", 400)]
)
async def test_algorithms(
    keystore: Keystore, database: Database, partner_keys: Keys, *, alg: str, kty: str, expected: int
) -> None:
    signing = private_jwk(kty, "sig", "s2") | {"alg": alg}
    async with installed(keystore, database) as (installation, application):
        party = await register(installation, "new-ec", (signing, partner_keys["new-ec"][1]), "LOGIN")
        await change_service(installation, party, profile="fapi2")
        await reach(party, application)
        assert (await party.push(code_challenge=CHALLENGE, code_challenge_method="S256")).status_code == (
            201 if expected == 200 else 400
        )
        if expected == 200:
            assert (await Prover(party).token(*await pushed(installation, party))).status_code == 200
        await party.close()


@pytest.mark.parametrize("refused", [True, False])
async def test_a_proof_at_the_pushed_request_binds_the_code(strict: Strict, *, refused: bool) -> None:
    """RFC 9449 §10.1."""
    installation, prover, _ = strict
    thief = Prover(prover.party)
    code, verifier = await pushed(installation, prover.party, dpop_jkt=prover.thumbprint)
    answer = await (thief if refused else prover).token(code, verifier)
    assert answer.status_code == (400 if refused else 200)


async def test_the_partner_is_told_which_check_refused(strict: Strict) -> None:
    installation, prover, clock = strict
    code, verifier = await pushed(installation, prover.party)
    await prover.party.token(code, verifier)
    clock.advance(seconds=1)
    await prover.party.token("x" * 36, verifier, client_assertion=prover.party.assertion(exp=1))
    lines = await installation.provider.request_log.lines(prover.party.client_id)
    assert [(line.endpoint, line.check, line.error, line.kid) for line in lines] == [
        ("token", "check_times", "invalid_client", "s1"),
        ("token", "check_sender_constraint", "invalid_request", "s1"),
    ]
    assert lines[0].description == "assertion: expired"
