"""The scheme as a bank's client, against a bank that lies (F-8, T-12, T-23): nothing but the truth gets through."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey

from ipse.enrolment.clients import BankClient
from ipse.enrolment.errors import RegistrarError
from ipse.enrolment.rules import reading
from ipse.standards.strict_json import parse_object
from tests.unit.enrolment.hostile_bank import EXCHANGE, ISSUER, Change, HostileBank


async def _push(client: BankClient) -> str:
    return await client.push(
        state="s", exchange=EXCHANGE, claims=reading.CLAIMS, language="nl", activation_text="Activate the app"
    )


async def test_an_honest_bank_is_believed() -> None:
    bank = HostileBank()
    client = bank.client()
    assert await _push(client) == f"{ISSUER}/authorize?client_id=ipse&request_uri=urn%3Ax"
    said = await client.redeem("c-1", EXCHANGE)
    assert isinstance(said.verified_claims, dict)
    assert said.original.count(".") == 2
    await client.close()


async def test_what_is_pushed() -> None:
    bank = HostileBank()
    await _push(bank.client())
    form = dict(bank.asked)["par"]
    assert form["code_challenge_method"] == "S256"
    assert form["activation_text"] == "Activate the app"
    assert (form["state"], form["nonce"], form["prompt"]) == ("s", "n-1", "login")
    claims = parse_object(form["claims"])
    assert claims["userinfo"]["verified_claims"]["verification"]["trust_framework"] == {"value": "be_bank_idv"}


def _set(**members: object) -> Change:
    def change(document: dict[str, Any]) -> None:
        document.update(members)

    return change


def _drop(name: str) -> Change:
    def change(document: dict[str, Any]) -> None:
        del document[name]

    return change


DISCOVERY = ".well-known/openid-configuration"
PUSHING = [
    (DISCOVERY, _set(issuer="https://other.example")),
    (DISCOVERY, _set(authorization_response_iss_parameter_supported=False)),
    (DISCOVERY, _set(token_endpoint="https://evil.example/token")),
    (DISCOVERY, _set(jwks_uri="http://bank.example/oidc/jwks")),
    (DISCOVERY, _set(authorization_endpoint="javascript:alert(1)")),
    (DISCOVERY, _set(pushed_authorization_request_endpoint="https://bank.example@127.0.0.1/par")),
    (DISCOVERY, _set(userinfo_endpoint=None)),
    ("par", _drop("request_uri")),
    ("par", _set(request_uri="x" * 600)),
]


@pytest.mark.parametrize(("path", "change"), PUSHING)
async def test_a_bank_that_lies_before_the_login(path: str, change: Change) -> None:
    bank = HostileBank(changes={path: change})
    with pytest.raises(RegistrarError):
        await _push(bank.client())


REDEEMING = [
    ("token", _drop("id_token")),
    ("token", _set(access_token=7)),
    ("token", _set(id_token="a.b.c")),
    ("id_token", _set(iss="https://other.example")),
    ("id_token", _set(aud="another")),
    ("id_token", _set(aud=["ipse", "another"])),
    ("id_token", _set(nonce="n-2")),
    ("id_token", _drop("nonce")),
    ("id_token", _set(exp=1_700_000_000)),
    ("id_token", _set(iat=1_700_000_000)),
    ("id_token", _set(iat=1_800_000_000)),
    ("id_token", _drop("sub")),
    ("userinfo", _set(sub="somebody-else")),
    ("userinfo", _set(iss="https://other.example")),
    ("userinfo", _set(aud="another")),
    ("jwks", _set(keys=[])),
    ("jwks", _set(keys="none")),
]


@pytest.mark.parametrize(("path", "change"), REDEEMING)
async def test_a_bank_that_lies_after_the_login(path: str, change: Change) -> None:
    bank = HostileBank(changes={path: change})
    with pytest.raises(RegistrarError):
        await bank.client().redeem("c-1", EXCHANGE)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500, text="Out of order"),
        httpx.Response(302, headers={"location": "http://127.0.0.1/"}),
        httpx.Response(200, text="<html>", headers={"content-type": "text/html"}),
        httpx.Response(200, text='{"a":1,"a":2}', headers={"content-type": "application/json"}),
        httpx.Response(200, text="[]", headers={"content-type": "application/json"}),
        httpx.Response(200, text="x" * 500_000, headers={"content-type": "application/json"}),
    ],
)
@pytest.mark.parametrize("path", [DISCOVERY, "token", "jwks", "userinfo"])
async def test_garbage_is_refused_wherever_it_comes(path: str, answer: httpx.Response) -> None:
    bank = HostileBank(raw={path: answer})
    with pytest.raises(RegistrarError):
        await bank.client().redeem("c-1", EXCHANGE)


async def test_userinfo_must_be_signed_and_say_so() -> None:
    plain = httpx.Response(200, json={"sub": "s-1"})
    with pytest.raises(RegistrarError):
        await HostileBank(raw={"userinfo": plain}).client().redeem("c-1", EXCHANGE)


async def test_another_key_of_the_same_name_proves_nothing() -> None:
    stranger = ECKey.generate_key("P-256", {"kid": "k1", "use": "sig"})
    with pytest.raises(RegistrarError):
        await HostileBank(published=stranger).client().redeem("c-1", EXCHANGE)


async def test_the_reason_for_the_log_repeats_nothing_personal() -> None:
    bank = HostileBank(changes={"userinfo": _set(sub="somebody-else")})
    with pytest.raises(RegistrarError) as refused:
        await bank.client().redeem("c-1", EXCHANGE)
    assert "somebody-else" not in str(refused.value)
    assert "Lievens" not in str(refused.value)


async def test_new_keys_of_a_bank_are_found_without_a_restart() -> None:
    bank = HostileBank()
    client = bank.client()
    await client.redeem("c-1", EXCHANGE)
    bank.key = ECKey.generate_key("P-256", {"kid": "k1", "use": "sig"})
    bank.clock.advance(seconds=6)
    await client.redeem("c-2", EXCHANGE)
    assert [path for path, _ in bank.asked].count("jwks") == 2


async def test_unreachable_banks_are_an_error_like_any_other() -> None:
    client = HostileBank().client()
    client._http = httpx.AsyncClient(timeout=0.5, trust_env=False)
    with pytest.raises(RegistrarError):
        await _push(client)
