"""Authlib, as it comes, refuses what somebody between it and the provider has changed (C-10).

It opens no encrypted tokens and does not read `iss` beside a code: the partner's own code opens them, with joserfc.
What is signed within is judged by Authlib's OpenID Connect client, with the discovery document and the published keys.
"""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx
import pytest
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.errors import JoseError
from starlette.responses import JSONResponse, Response

from ipse.kernel.keystore import Keystore
from ipse.storage.database import Database
from tests.functional.oidc.conftest import KINDS, register
from tests.functional.oidc.relying_party import RelyingParty, imported
from tests.functional.oidc.rivals import Between, Tamper, between
from tests.functional.oidc.tampering import ID_TOKENS, Change, Forger, later, said

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it announces that it will move from httpx to httpx2
    from authlib.integrations.base_client import FrameworkIntegration
    from authlib.integrations.starlette_client import StarletteOAuth2App

Keys = dict[str, tuple[dict[str, Any], dict[str, Any]]]
REFUSALS = (AuthlibBaseError, JoseError)
MORE: dict[str, Change] = {
    "another hash of the access token": said(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "authorized for another party": said(azp="somebody else"),
    "from the future": said(iat=later(600), exp=later(900)),
    "without a time": said(iat=None),
}


@pytest.fixture
def engine() -> str:
    """The library does not see the database."""
    return "sqlite"


@pytest.fixture
async def middle(keystore: Keystore, database: Database) -> AsyncIterator[Between]:
    async with between(keystore, database) as made:
        yield made


def app(party: RelyingParty) -> StarletteOAuth2App:
    """The library's client of one provider, configured by its discovery document."""
    method = "private_key_jwt" if party.signing else "client_secret_post"
    options: dict[str, Any] = {
        "scope": f"openid service:{party.service} email",
        "code_challenge_method": "S256",
        "token_endpoint_auth_method": method,
        "trust_env": False,
    }
    made = StarletteOAuth2App(
        FrameworkIntegration("ipse"),
        "ipse",
        client_id=party.client_id,
        client_secret=imported(party.signing) if party.signing else party.secret,
        server_metadata_url=f"{party.issuer}/.well-known/openid-configuration",
        client_kwargs=options,
    )
    if party.signing:
        alg = "ES256" if party.signing["kty"] == "EC" else "RS256"
        proof = PrivateKeyJWT(f"{party.issuer}/token", alg=alg, headers={"kid": party.signing["kid"]})
        made.client_auth_methods = [proof]
    return made


async def login(
    middle: Between, party: RelyingParty, *, tamper: Tamper | None = None, changes: dict[str, str] | None = None
) -> dict[str, Any]:
    """A login with the library; what it believes. Raises what it refuses with."""
    ours, forger = app(party), Forger(middle.installation, party)
    began = await ours.create_authorization_url(party.redirect_uri)
    party.browser.cookies.clear()
    subject, back = await middle.approve(began["url"], party.browser)
    address = urlsplit(back)
    query = urlencode(dict(parse_qsl(address.query)) | (changes or {}))
    middle.tamper = tamper
    try:
        tokens = await ours.fetch_access_token(
            party.redirect_uri,
            authorization_response=urlunsplit(address._replace(query=query)),
            state=began["state"],
            code_verifier=began["code_verifier"],
        )
        opened = {**tokens, "id_token": forger.opened(tokens["id_token"])}
        claims = await ours.parse_id_token(opened, nonce=began["nonce"])
    finally:
        middle.tamper = None
    assert claims["sub"] == subject
    return dict(claims)


async def why(middle: Between, party: RelyingParty, **how: Any) -> str:
    """Why the library refused, or nothing."""
    try:
        await login(middle, party, **how)
    except REFUSALS as error:
        return type(error).__name__
    return ""


@pytest.mark.parametrize("kind", KINDS)
async def test_a_login_and_its_tampered_id_tokens(middle: Between, partner_keys: Keys, kind: str) -> None:
    party = await register(middle.installation, kind, partner_keys.get(kind), "NARROW")
    forger = Forger(middle.installation, party)
    await login(middle, party)
    await login(middle, party, tamper=forger.tampered(said()))
    changed = ID_TOKENS | MORE if kind == "new-ec" else dict(list(ID_TOKENS.items())[:4])
    refused = {name: await why(middle, party, tamper=forger.tampered(each)) for name, each in changed.items()}
    await party.close()
    assert all(refused.values()), refused


async def test_where_the_browser_comes_back(middle: Between, partner_keys: Keys) -> None:
    party = await register(middle.installation, "new-ec", partner_keys["new-ec"], "NARROW")
    refused = {
        "another state": await why(middle, party, changes={"state": "another"}),
        "no state": await why(middle, party, changes={"state": ""}),
        "another code": await why(middle, party, changes={"code": "x" * 43}),
    }
    await party.close()
    assert all(refused.values()), refused


async def test_another_issuers_discovery_and_keys(middle: Between, partner_keys: Keys) -> None:
    """The document names another issuer, or the keys are a stranger's: no ID token of ours fits."""
    party = await register(middle.installation, "new-ec", partner_keys["new-ec"], "NARROW")

    def issuer(path: str, answer: httpx.Response) -> Response | None:
        return JSONResponse({**answer.json(), "issuer": "https://other.example/v2"}) if "well-known" in path else None

    def keys(path: str, answer: httpx.Response) -> Response | None:
        return JSONResponse({"keys": [{**imported(party.signing or {}).as_dict(private=False), "kid": "x"}]})

    middle.tamper = issuer
    ours = app(party)
    await ours.load_server_metadata()
    middle.tamper = None
    began = await ours.create_authorization_url(party.redirect_uri)
    _, back = await middle.approve(began["url"], party.browser)
    tokens = await ours.fetch_access_token(
        party.redirect_uri,
        authorization_response=back,
        state=began["state"],
        code_verifier=began["code_verifier"],
    )
    opened = {**tokens, "id_token": Forger(middle.installation, party).opened(tokens["id_token"])}
    with pytest.raises(REFUSALS):
        await ours.parse_id_token(opened, nonce=began["nonce"])
    middle.tamper = keys
    other = app(party)
    other.server_metadata |= {**ours.server_metadata, "issuer": party.issuer}
    other.server_metadata.pop("jwks", None)
    with pytest.raises((*REFUSALS, ValueError)):
        await other.parse_id_token(opened, nonce=began["nonce"])
    middle.tamper = None
    await party.close()
