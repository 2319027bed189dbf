"""`oidcc-test-plan` with private_key_jwt, code and a static client, and the config plan, restated (C-1).

Each test is named after the module of the OpenID Foundation's suite whose checks it restates in our words. Where the
provider differs on purpose, the test says what the suite is expected to say: see docs/conformance/README.md.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from ipse.keyring.rules import SPREAD_SECONDS
from tests.functional.conformance.suite import Client, Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def client(lab: Lab) -> AsyncIterator[Client]:
    found = lab.client("suite_oidcc")
    await found.discover()
    yield found
    await found.close()


async def test_oidcc_discovery_endpoint_verification(client: Client) -> None:
    """The config plan: issuer, https everywhere, a code flow, RS256, keys that are public and named."""
    document = client.metadata
    assert all(value.startswith("https://") for name, value in document.items() if name.endswith("_endpoint"))
    assert document["jwks_uri"].startswith("https://")
    assert "code" in document["response_types_supported"]
    assert set(document["subject_types_supported"]) <= {"public", "pairwise"}
    assert "RS256" in document["id_token_signing_alg_values_supported"]
    assert "openid" in document["scopes_supported"]
    assert "authorization_code" in document["grant_types_supported"]
    keys = (await client.browser.get(document["jwks_uri"])).json()["keys"]
    assert len({key["kid"] for key in keys}) == len(keys)
    assert not any("d" in key for key in keys)


async def test_oidcc_server(client: Client) -> None:
    came = await client.login(nonce="n" * 20)
    assert came.claims["nonce"] == "n" * 20
    assert {"sub", "exp", "iat", "auth_time", "acr"} <= came.claims.keys()
    assert came.tokens["token_type"] == "Bearer"
    assert came.tokens["expires_in"] > 0
    assert (await client.shared(came.tokens["access_token"]))["sub"] == came.claims["sub"]


async def test_oidcc_refresh_token(client: Client) -> None:
    """Expected skip: no refresh token is issued, and none is advertised."""
    assert "refresh_token" not in (await client.login()).tokens
    assert "refresh_token" not in client.metadata["grant_types_supported"]


async def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(client: Client) -> None:
    assert "nonce" not in (await client.login(nonce=None)).claims


async def test_oidcc_claims_essential(client: Client) -> None:
    claims = json.dumps({"userinfo": {"name": {"essential": True}}})
    came = await client.login(claims=claims)
    assert (await client.shared(came.tokens["access_token"]))["name"] == "Ada Lievens"


async def shared_by_scope(client: Client, scope: str) -> dict[str, Any]:
    came = await client.login(scope=f"openid {scope}")
    return await client.shared(came.tokens["access_token"])


async def test_oidcc_scope_address(client: Client) -> None:
    assert (await shared_by_scope(client, "address"))["address"]["country"] == "BE"


async def test_oidcc_scope_email(client: Client) -> None:
    assert (await shared_by_scope(client, "email")).items() >= {"email_verified": True}.items()


async def test_oidcc_scope_phone(client: Client) -> None:
    assert (await shared_by_scope(client, "phone"))["phone_number"].startswith("+32")


async def test_oidcc_scope_profile(client: Client) -> None:
    assert {"name", "given_name", "family_name"} <= (await shared_by_scope(client, "profile")).keys()


async def test_oidcc_scope_all(client: Client) -> None:
    found = await shared_by_scope(client, "profile email phone address")
    assert {"name", "email", "phone_number", "address"} <= found.keys()


async def test_oidcc_alternate_happy_flow(client: Client) -> None:
    """Parameters in another order, a long state, and a second login in the same browser."""
    first = await client.login(state="s" * 128)
    second = await client.login(state="s" * 128)
    assert first.claims["sub"] == second.claims["sub"]


async def test_oidcc_prompt_login(client: Client, lab: Lab) -> None:
    """The person is asked again, and `auth_time` is later."""
    first = await client.login()
    lab.clock.advance(seconds=2)
    second = await client.login(prompt="login")
    assert second.claims["auth_time"] > first.claims["auth_time"]


async def silently(client: Client, lab: Lab, **changes: str | None) -> dict[str, Any]:
    """A request without a page: the browser is remembered, the phone approves meanwhile."""
    approving = asyncio.create_task(lab.approve_the_next())
    answer = await client.authorize(scope="openid", **changes)
    await approving
    assert answer.status_code == 303, answer.text
    code = answer.headers["location"].partition("code=")[2].partition("&")[0]
    tokens = (await client.token(code, None)).json()
    return await client.opened(tokens["id_token"])


async def test_oidcc_prompt_none_logged_in(client: Client, lab: Lab) -> None:
    """A lab alone remembers browsers: the same person, and the same moment of authentication."""
    first = await client.login()
    lab.clock.advance(seconds=5)
    second = await silently(client, lab, prompt="none")
    assert (second["sub"], second["auth_time"]) == (first.claims["sub"], first.claims["auth_time"])


async def test_oidcc_prompt_none_not_logged_in(client: Client) -> None:
    answer = await client.authorize(scope="openid", prompt="none", state="s" * 128)
    assert client.error(answer) == "login_required"
    assert "state=" + "s" * 128 in answer.headers["location"]


async def test_oidcc_claims_locales(client: Client) -> None:
    assert (await client.login(claims_locales="se")).claims["sub"]


async def test_oidcc_id_token_hint(client: Client, lab: Lab) -> None:
    first = await client.login()
    lab.clock.advance(seconds=5)
    second = await silently(client, lab, prompt="none", id_token_hint=first.tokens["id_token"])
    assert (second["sub"], second["auth_time"]) == (first.claims["sub"], first.claims["auth_time"])


async def test_oidcc_login_hint(client: Client) -> None:
    assert (await client.login(login_hint="ada@localhost")).claims["sub"]


async def test_oidcc_max_age_1(client: Client, lab: Lab) -> None:
    """The person is asked again once the login is older."""
    first = await client.login()
    lab.clock.advance(seconds=2)
    second = await client.login(max_age="1")
    assert second.claims["auth_time"] > first.claims["auth_time"]


async def test_oidcc_max_age_10000(client: Client, lab: Lab) -> None:
    """The login is young enough: no page, and the same moment of authentication."""
    first = await client.login()
    lab.clock.advance(seconds=5)
    second = await silently(client, lab, max_age="10000")
    assert second["auth_time"] == first.claims["auth_time"]


async def test_oidcc_userinfo_get(client: Client) -> None:
    came = await client.login(scope="openid profile")
    assert (await client.shared(came.tokens["access_token"]))["sub"] == came.claims["sub"]


async def test_oidcc_userinfo_post_header(client: Client) -> None:
    came = await client.login(scope="openid profile")
    headers = {"Authorization": f"Bearer {came.tokens['access_token']}"}
    answer = await client.browser.post(client.metadata["userinfo_endpoint"], headers=headers)
    assert answer.json()["sub"] == came.claims["sub"]


async def test_oidcc_userinfo_post_body(client: Client) -> None:
    """Expected warning: a token in a body is refused (RFC 9700 §4.3.2)."""
    came = await client.login()
    form = {"access_token": came.tokens["access_token"]}
    assert (await client.browser.post(client.metadata["userinfo_endpoint"], data=form)).status_code == 401


async def test_oidcc_ensure_request_with_acr_values_succeeds(client: Client) -> None:
    for acr in client.metadata["acr_values_supported"][:2]:
        assert (await client.login(acr_values=acr)).claims["acr"] == acr
    assert (await client.login(acr_values="1 2")).claims["sub"]


async def test_oidcc_ensure_request_with_unknown_parameter_succeeds(client: Client) -> None:
    assert (await client.login(extra="foobar")).claims["sub"]


async def test_oidcc_ui_locales(client: Client) -> None:
    page = await client.authorize(scope="openid", ui_locales="se de")
    assert 'lang="de"' in page.text


async def test_oidcc_display_page(client: Client) -> None:
    assert (await client.login(display="page")).claims["sub"]


async def test_oidcc_display_popup(client: Client) -> None:
    """A lab alone takes it as `page`."""
    assert (await client.login(display="popup")).claims["sub"]


async def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(client: Client) -> None:
    """Expected skip: `none` is not advertised for request objects, and refused."""
    assert "none" not in client.metadata["request_object_signing_alg_values_supported"]
    answer = await client.authorize(scope="openid", request="eyJhbGciOiJub25lIn0.e30.")
    assert answer.status_code != 200


async def test_oidcc_server_rotate_keys(client: Client, lab: Lab) -> None:
    """A new key to sign with is published, beside the old one."""

    async def published() -> set[str]:
        keys = (await client.browser.get(client.metadata["jwks_uri"])).json()["keys"]
        return {key["kid"] for key in keys if key["use"] == "sig"}

    before = await published()
    await lab.scheme.keys.rotate("oidc", actor="test")
    await lab.scheme.keys.refresh()
    lab.clock.advance(seconds=SPREAD_SECONDS)
    assert await published() > before


async def test_oidcc_ensure_request_with_valid_pkce_succeeds(client: Client) -> None:
    began = await client.begin(scope="openid")
    await client.lab.approve(began.handle)
    assert (await client.came(began)).claims["sub"]


async def test_oidcc_ensure_client_assertion_with_iss_aud_succeeds(client: Client) -> None:
    began = await client.begin(scope="openid")
    await client.lab.approve(began.handle)
    code = (await client.finish(began))["code"]
    assertion = client.assertion(aud=client.issuer)
    assert (await client.token(code, began.verifier, client_assertion=assertion)).status_code == 200


async def test_oidcc_codereuse(client: Client) -> None:
    came = await client.login()
    assert (await client.token(came.code, came.verifier)).json()["error"] == "invalid_grant"


async def test_oidcc_codereuse_30seconds(client: Client, lab: Lab) -> None:
    """Refused as well, and the access token of the first use is revoked."""
    came = await client.login()
    lab.clock.advance(seconds=30)
    assert (await client.token(came.code, came.verifier)).json()["error"] == "invalid_grant"
    assert (await client.userinfo(came.tokens["access_token"])).status_code == 401


async def test_oidcc_ensure_registered_redirect_uri(client: Client) -> None:
    """Our own page, never a redirect."""
    answer = await client.authorize(scope="openid", redirect_uri=client.redirect_uri + "x")
    assert answer.status_code == 400
    assert 'id="main"' in answer.text


async def test_oidcc_ensure_request_object_with_redirect_uri(client: Client) -> None:
    """Expected skip, for the same reason as unsigned request objects; in signed ones what they say counts."""
    now = client.lab.now
    signed = client.request_object(scope=f"openid service:{client.service}", nbf=now, exp=now + 60)
    answer = await client.authorize(redirect_uri=client.redirect_uri + "x", request=signed)
    assert "location" not in answer.headers or not answer.headers["location"].startswith(client.redirect_uri + "x")


async def test_oidcc_redirect_uri_query_added(client: Client) -> None:
    answer = await client.authorize(scope="openid", redirect_uri=client.redirect_uri + "?foo=bar")
    assert answer.status_code == 400


async def test_oidcc_response_type_missing(client: Client) -> None:
    assert client.error(await client.authorize(scope="openid", response_type=None)) == "invalid_request"


async def test_encrypted_id_tokens(lab: Lab) -> None:
    """The same flow as partners really have it: RSA-OAEP-256 with A128CBC-HS256 (C-3)."""
    client = lab.client("suite_encrypted")
    assert (await client.login()).tokens["id_token"].count(".") == 4
    await client.close()
