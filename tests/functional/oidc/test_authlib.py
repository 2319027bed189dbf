"""Authlib, as it comes, is a relying party: it starts, redeems and judges (partner protocol, section 8)."""

from __future__ import annotations

import hashlib
import json
import warnings
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken, UserInfo
from joserfc import jwe, jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from tests.functional.oidc.conftest import KINDS, Joining
from tests.functional.oidc.installation import Installation
from tests.functional.oidc.relying_party import RelyingParty
from tests.functional.oidc.test_confirmations import DETAIL, confirming

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it announces that it will move from httpx to httpx2
    from authlib.integrations.httpx_client import AsyncOAuth2Client


def imported(jwk: dict[str, Any]) -> RSAKey | ECKey:
    return RSAKey.import_key(jwk) if jwk["kty"] == "RSA" else ECKey.import_key(jwk)


def client(party: RelyingParty, endpoint: str) -> AsyncOAuth2Client:
    method = "private_key_jwt" if party.signing else "client_secret_post"
    session = AsyncOAuth2Client(
        party.client_id,
        imported(party.signing) if party.signing else party.secret,
        token_endpoint_auth_method=method,
        scope=f"openid service:{party.service} email",
        redirect_uri=party.redirect_uri,
        code_challenge_method="S256",
        trust_env=False,
    )
    if party.signing:
        alg = "ES256" if party.signing["kty"] == "EC" else "RS256"
        session.register_client_auth_method(PrivateKeyJWT(endpoint, alg=alg, headers={"kid": party.signing["kid"]}))
    return session


async def claims_of(party: RelyingParty, nested: str, expected: type[Any], **params: Any) -> Any:
    """Decrypt as the partner would, verify with the published keys, let Authlib judge the claims."""
    key: Any = OctKey.import_key(hashlib.sha256((party.secret or "").encode()).digest())
    if party.encryption:
        key = imported(party.encryption)
    inner = jwe.decrypt_compact(nested, key, algorithms=list(party.algorithms[1:])).plaintext or b""
    published = (await party.browser.get(party.metadata["jwks_uri"])).json()
    token = jwt.decode(inner, KeySet.import_key_set(published), algorithms=[party.algorithms[0]])
    if expected is UserInfo:
        return UserInfo(token.claims)
    options = {"iss": {"value": party.issuer}, "aud": {"value": party.client_id}}
    claims = expected(token.claims, token.header, options, params)
    claims.validate(leeway=5)
    return claims


@pytest.mark.parametrize("kind", KINDS)
async def test_a_relying_party_made_with_authlib(installation: Installation, join: Joining, kind: str) -> None:
    party = await join(kind, service="NARROW")
    document = await party.discover()
    async with client(party, document["token_endpoint"]) as session:
        verifier = "v" * 64
        url, state = session.create_authorization_url(
            document["authorization_endpoint"], code_verifier=verifier, nonce="a nonce"
        )
        page = await party.browser.get(url)
        handle = page.text.split("/v2/sign-in/")[1][:22]
        subject = await installation.approve(handle, values={"email": "a@example.org", "email_verified": False})
        back = (await party.browser.get(f"{party.issuer}/sign-in/{handle}/finish")).headers["location"]
        assert parse_qs(urlsplit(back).query)["iss"] == [document["issuer"]]
        tokens = await session.fetch_token(
            document["token_endpoint"], authorization_response=back, code_verifier=verifier, state=state
        )
        claims = await claims_of(party, tokens["id_token"], CodeIDToken, nonce="a nonce", client_id=party.client_id)
        assert claims["sub"] == subject
        answer = await session.get(document["userinfo_endpoint"])
        shared = await claims_of(party, answer.text, UserInfo)
        assert (shared.sub, shared.email, shared.email_verified) == (subject, "a@example.org", False)


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_what_else_it_speaks(installation: Installation, join: Joining) -> None:
    """A pushed request that says what is to be confirmed, tokens of the partner itself, revocation."""
    party = await confirming(installation, await join())
    document = await party.discover()
    async with client(party, document["issuer"]) as session:
        proof = session.client_auth(session.token_endpoint_auth_method)
        session.scope = f"openid service:{party.service}"
        pushed = await session.request(
            "POST",
            document["pushed_authorization_request_endpoint"],
            data={
                "response_type": "code",
                "scope": session.scope,
                "redirect_uri": party.redirect_uri,
                "authorization_details": json.dumps([DETAIL]),
            },
            auth=proof,
            withhold_token=True,
        )
        url = httpx.URL(document["authorization_endpoint"]).copy_with(
            params={"client_id": party.client_id, "request_uri": pushed.json()["request_uri"]}
        )
        handle = (await party.browser.get(url)).text.split("/v2/sign-in/")[1][:22]
        await installation.approve(handle)
        back = (await party.browser.get(f"{party.issuer}/sign-in/{handle}/finish")).headers["location"]
        tokens = await session.fetch_token(document["token_endpoint"], authorization_response=back)
        assert tokens["authorization_details"] == [DETAIL]
        assert (await session.get(document["userinfo_endpoint"])).status_code == 200
        ended = await session.revoke_token(document["revocation_endpoint"], tokens["access_token"], auth=proof)
        assert ended.status_code == 200, ended.text
        assert (await session.get(document["userinfo_endpoint"])).status_code == 401
        own = await session.fetch_token(
            document["token_endpoint"], grant_type="client_credentials", scope="broker partner.log"
        )
        assert own["scope"] == "broker partner.log"
