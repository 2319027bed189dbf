"""`oidcc-basic-certification-test-plan` and `oidcc-formpost-basic-certification-test-plan`: what they add (C-2).

Their modules are those of `test_oidcc`, with a client secret in the header; secrets in headers and plain UserInfo are
the lab's alone.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.functional.conformance.suite import Client, Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def client(lab: Lab) -> AsyncIterator[Client]:
    found = lab.client("suite_basic")
    yield found
    await found.close()


async def test_oidcc_server_with_client_secret_basic(client: Client) -> None:
    came = await client.login(scope="openid profile")
    assert (await client.shared(came.tokens["access_token"]))["sub"] == came.claims["sub"]
    assert "client_secret_basic" in client.metadata["token_endpoint_auth_methods_supported"]


async def test_oidcc_server_client_secret_post(lab: Lab) -> None:
    client = lab.client("suite_post")
    assert (await client.login()).claims["sub"]
    await client.close()


@pytest.mark.parametrize("client_id", ["suite_post", "suite_oidcc"])
async def test_a_secret_in_the_header_is_for_the_named_clients_alone(lab: Lab, client_id: str) -> None:
    client = lab.client(client_id)
    client.basic, client.secret = True, client.secret or "a secret of nobody, 32 characters"
    answer = await client.token("x" * 43, None)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    await client.close()


async def test_a_wrong_secret_in_the_header_is_refused(client: Client) -> None:
    client.secret = "another secret of 32 characters!!"
    answer = await client.token("x" * 43, None)
    assert answer.json()["error"] == "invalid_client"


async def test_oidcc_server_with_form_post(client: Client) -> None:
    """A page whose form sends itself, or waits for its button where scripts do not run."""
    began = await client.begin(scope="openid", response_mode="form_post")
    await client.lab.approve(began.handle)
    page = await client.browser.get(f"{client.issuer}/sign-in/{began.handle}/finish")
    assert f'<form id="post" method="post" action="{client.redirect_uri}">' in page.text
    assert 'id="go-on"' in page.text
    fields = dict(re.findall(r'name="([a-z_]+)" value="([^"]*)"', page.text))
    assert fields.keys() >= {"code", "state", "iss"}
    assert (await client.token(fields["code"], began.verifier)).status_code == 200


async def test_oidcc_prompt_none_not_logged_in_with_form_post(client: Client) -> None:
    page = await client.authorize(scope="openid", response_mode="form_post", prompt="none")
    assert 'name="error" value="login_required"' in page.text


async def test_pages_are_plain(client: Client) -> None:
    """Forms and a reload, with ids that stay: an old engine finishes by itself (security criteria, section 1.3)."""
    page = (await client.authorize(scope="openid")).text
    assert '<meta http-equiv="refresh"' in page
    assert "<script" not in page
    for name in ("signin", "qr", "open-app", "cancel-button", "extend-button", "digits"):
        assert f'id="{name}"' in page
