"""openid-client refuses what somebody between it and the provider has changed, so our answers can be judged (C-10)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx
import pytest
from starlette.responses import JSONResponse, Response

from ipse.kernel.keystore import Keystore
from ipse.storage.database import Database
from tests.functional.oidc.relying_party import RelyingParty, private_jwk
from tests.functional.oidc.rivals import Tamper, between, openid_client, registration
from tests.functional.oidc.tampering import (
    ID_TOKENS,
    Change,
    Forger,
    altered,
    anyhow,
    by_another_key,
    later,
    said,
    unsigned,
)
from tests.functional.oidc.test_openid_client_flows import Arena, Keys

Redirect = Callable[[Forger, dict[str, str]], dict[str, str | None]]
LATE = {"exp": later(-600)}


@pytest.fixture
def engine() -> str:
    """The library does not see the database."""
    return "sqlite"


@pytest.fixture
async def arena(keystore: Keystore, database: Database, partner_keys: Keys) -> AsyncIterator[Arena]:
    async with between(keystore, database) as middle, openid_client() as rival:
        yield Arena(middle, rival, partner_keys)


def redirected(**changes: str | None) -> Redirect:
    return lambda _, query: {**query, **changes}


def answered(change: Change) -> Redirect:
    """Another signed answer (JARM)."""
    return lambda forger, query: {**query, "response": change(forger, query["response"])}


REDIRECTS: dict[str, Redirect] = {
    "from another issuer": redirected(iss="https://other.example/v2"),
    "from the issuer with a slash": lambda _, query: {**query, "iss": query["iss"] + "/"},
    "from nobody": redirected(iss=None),
    "another state": redirected(state="another"),
    "no state": redirected(state=None),
    "no code": redirected(code=None),
    "a signed answer nobody has asked for": redirected(response="e30.e30.e30"),
}
SIGNED_ANSWERS: dict[str, Redirect] = {
    "altered": answered(anyhow(altered)),
    "not signed": answered(anyhow(unsigned)),
    "by another key": answered(anyhow(by_another_key)),
    "for another partner": answered(said(aud="somebody else")),
    "from another issuer": answered(said(iss="https://other.example/v2")),
    "another state": answered(said(state="another")),
    "expired": answered(said(**LATE)),
    "plain": lambda forger, query: {"code": "x", "state": "y", "iss": forger.party.issuer},
}
USERINFO: dict[str, Change] = {
    "of another person": said(sub="somebody else"),
    "for another partner": said(aud="somebody else"),
    "from another issuer": said(iss="https://other.example/v2"),
    "altered": anyhow(altered),
    "not signed": anyhow(unsigned),
    "by another key": anyhow(by_another_key),
}


async def attempt(
    arena: Arena,
    party: RelyingParty,
    *,
    tamper: Tamper | None = None,
    redirect: Redirect | None = None,
    **more: Any,
) -> str:
    """A login in which something is changed; why the library refused it, or nothing."""
    request = {"response_mode": "jwt"} if more.get("jarm") else {}
    began = await arena.rival.do("begin", partner=registration(party, **more), request=request)
    party.browser.cookies.clear()
    _, back = await arena.between.approve(began["address"], party.browser)
    if redirect is not None:
        address = urlsplit(back)
        changed = redirect(Forger(arena.between.installation, party), dict(parse_qsl(address.query)))
        query = urlencode({name: value for name, value in changed.items() if value is not None})
        back = urlunsplit(address._replace(query=query))
    arena.between.tamper = tamper
    answer = await arena.rival.do("finish", back=back)
    arena.between.tamper = None
    refused: str = answer.get("refused", "")
    return refused


def by_the_library(refused: dict[str, str]) -> bool:
    """Whether each was refused, and not by an error code of the provider."""
    return all(why.startswith("OAUTH_") for why in refused.values())


async def test_where_the_browser_comes_back(arena: Arena) -> None:
    party = await arena.join()
    refused = {name: await attempt(arena, party, redirect=redirect) for name, redirect in REDIRECTS.items()}
    assert by_the_library(refused), refused
    assert await attempt(arena, party, redirect=redirected()) == "", "unchanged"
    await party.close()


async def test_signed_answers(arena: Arena) -> None:
    party = await arena.join()
    more: dict[str, Any] = {"jarm": True}
    refused = {name: await attempt(arena, party, redirect=each, **more) for name, each in SIGNED_ANSWERS.items()}
    assert by_the_library(refused), refused
    assert await attempt(arena, party, redirect=answered(said()), **more) == "", "signed again, unchanged"
    await party.close()


@pytest.mark.parametrize("kind", ["new-ec", "new-rsa"])
async def test_id_tokens(arena: Arena, kind: str) -> None:
    """Encrypted to an elliptic curve and to RSA."""
    party = await arena.join(kind)
    forger = Forger(arena.between.installation, party)
    refused = {name: await attempt(arena, party, tamper=forger.tampered(each)) for name, each in ID_TOKENS.items()}
    kty = "EC" if kind == "new-ec" else "RSA"
    other = forger.tampered(said(), to=private_jwk(kty, "enc", "e1"))
    refused["encrypted to somebody else"] = await attempt(arena, party, tamper=other)
    assert by_the_library(refused), refused
    assert await attempt(arena, party, tamper=forger.tampered(said())) == "", "signed and encrypted again, unchanged"
    await party.close()


async def test_userinfo(arena: Arena) -> None:
    party = await arena.join()
    forger = Forger(arena.between.installation, party)
    refused = {
        name: await attempt(arena, party, tamper=forger.tampered(each, member="")) for name, each in USERINFO.items()
    }
    assert by_the_library(refused), refused
    assert await attempt(arena, party, tamper=forger.tampered(said(), member="")) == "", "unchanged"
    await party.close()


async def test_token_answers(arena: Arena) -> None:
    party = await arena.join()

    def without(member: str, value: object = None) -> Tamper:
        def tamper(path: str, answer: httpx.Response) -> Response | None:
            if not path.endswith("/token"):
                return None
            body = {**answer.json(), member: value}
            return JSONResponse({name: each for name, each in body.items() if each is not None})

        return tamper

    tampers = {
        "no ID token": without("id_token"),
        "an ID token that is none": without("id_token", "e30.e30.e30"),
        "no access token": without("access_token"),
        "no type": without("token_type"),
        "another type": without("token_type", "mac"),
    }
    refused = {name: await attempt(arena, party, tamper=tamper) for name, tamper in tampers.items()}
    assert by_the_library(refused), refused
    await party.close()


async def test_another_issuers_discovery(arena: Arena) -> None:
    """Mix-up: the document at our address is of another issuer (RFC 8414 §3.3)."""
    party = await arena.join()

    def tamper(path: str, answer: httpx.Response) -> Response | None:
        return JSONResponse({**answer.json(), "issuer": "https://other.example/v2"}) if "well-known" in path else None

    arena.between.tamper = tamper
    answer = await arena.rival.do("begin", partner=registration(party))
    await party.close()
    assert answer["refused"].startswith("OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED"), answer
