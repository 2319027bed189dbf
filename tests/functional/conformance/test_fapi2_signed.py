"""`fapi2-message-signing-final-test-plan`: what it adds to the security profile, restated (C-3).

Signed requests by JAR, signed answers by JARM; plain_fapi, private_key_jwt, dpop. Each test is named after its module,
without the `fapi2-security-profile-final-` that all of them begin with.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from tests.functional.conformance.suite import Lab, Strict

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def client(lab: Lab) -> AsyncIterator[Strict]:
    found = Strict(lab.client("suite_signed"))
    await found.client.discover()
    yield found
    await found.client.close()


async def push(client: Strict, request: str, **beside: str) -> httpx.Response:
    return await client.push({"client_id": client.client.client_id, "request": request, **beside})


async def answered(client: Strict, request: str, **beside: str) -> dict[str, Any]:
    """The claims of the signed answer that the browser brings back."""
    pushed = await push(client, request)
    assert pushed.status_code == 201, pushed.text
    page = await client.open(pushed.json()["request_uri"], **beside)
    back = await client.back(page)
    assert set(back) == {"response"}
    keys = KeySet.import_key_set((await client.client.browser.get(client.client.metadata["jwks_uri"])).json())
    claims = dict(jwt.decode(back["response"], keys, algorithms=["ES256"]).claims)
    assert claims["iss"] == client.client.issuer
    assert claims["aud"] == client.client.client_id
    assert client.lab.now < claims["exp"]
    return claims


async def test_happy_flow_with_signed_messages(client: Strict) -> None:
    claims = await answered(client, client.signed())
    assert claims["state"] == client.state
    assert (await client.redeem(claims["code"])).status_code == 200
    document = client.client.metadata
    assert "jwt" in document["response_modes_supported"]
    assert {"PS256", "ES256"} <= set(document["request_object_signing_alg_values_supported"])
    assert "none" not in document["request_object_signing_alg_values_supported"]
    assert "ES256" in document["authorization_signing_alg_values_supported"]


async def test_ensure_request_object_with_nbf_8_seconds_in_the_future_is_accepted(client: Strict) -> None:
    soon = client.lab.now + 8
    assert (await push(client, client.signed(nbf=soon, exp=soon + 60))).status_code == 201


async def test_ensure_request_object_with_multiple_aud_succeeds(client: Strict) -> None:
    """Our issuer among several audiences."""
    answer = await push(client, client.signed(aud=[client.client.issuer, "https://other.example/"]))
    assert answer.status_code == 201, answer.text


WRONG: Mapping[str, dict[str, Any]] = {
    "ensure-request-object-without-exp-fails": {"exp": None},
    "ensure-request-object-without-nbf-fails": {"nbf": None},
    "ensure-expired-request-object-fails": {"nbf": -400, "exp": -300},
    "ensure-request-object-with-bad-aud-fails": {"aud": "https://other.example/"},
    "ensure-request-object-with-exp-over-60-fails": {"exp": 4200},
    "ensure-request-object-with-nbf-over-60-fails": {"nbf": -4200},
    "ensure-request-object-without-redirect-uri-fails": {"redirect_uri": None},
    "par-authorization-request-containing-request_uri": {"request_uri": "urn:ietf:params:oauth:request_uri:x"},
}


@pytest.mark.parametrize("module", WRONG)
async def test_ensure_request_object_fails(client: Strict, module: str) -> None:
    """One thing wrong in a request object that is signed well."""
    now = client.lab.now
    dated: dict[str, Any] = {
        name: now + value if isinstance(value, int) else value for name, value in WRONG[module].items()
    }
    answer = await push(client, client.signed(**dated))
    assert answer.status_code == 400
    assert answer.json()["error"] in {"invalid_request", "invalid_request_object"}


async def test_ensure_signed_request_object_with_rs256_fails(client: Strict) -> None:
    answer = await push(client, client.signed(header={"alg": "RS256"}))
    assert answer.json()["error"] == "invalid_request_object"


async def test_ensure_request_object_signature_algorithm_is_not_none(client: Strict) -> None:
    _, payload, _ = client.signed().split(".")
    answer = await push(client, f"eyJhbGciOiJub25lIn0.{payload}.")
    assert answer.json()["error"] == "invalid_request_object"


async def test_ensure_request_object_with_invalid_signature_fails(client: Strict) -> None:
    answer = await push(client, client.signed()[:-8] + "AAAAAAAA")
    assert answer.json()["error"] == "invalid_request_object"


async def test_ensure_matching_key_in_authorization_request(client: Strict) -> None:
    """Signed by a key that is not registered."""
    stranger = dict(RSAKey.generate_key(2048, {"kid": "stranger"}).as_dict(private=True))
    answer = await push(client, client.signed(key=stranger))
    assert answer.json()["error"] == "invalid_request_object"


async def test_ensure_unsigned_request_at_par_endpoint_fails(client: Strict) -> None:
    answer = await client.push()
    assert answer.json()["error"] in {"invalid_request", "invalid_request_object"}


@pytest.mark.parametrize("name", ["nonce", "state"])
async def test_ensure_different_nonce_and_state_inside_and_outside(client: Strict, name: str) -> None:
    """Refused as `invalid_request`, told by a signed answer with the `state` that was signed."""
    pushed = (await push(client, client.signed())).json()["request_uri"]
    answer = await client.open(pushed, **{name: "another"})
    token = parse_qs(urlsplit(answer.headers["location"]).query)["response"][0]
    keys = KeySet.import_key_set((await client.client.browser.get(client.client.metadata["jwks_uri"])).json())
    claims = jwt.decode(token, keys, algorithms=["ES256"]).claims
    assert (claims["error"], claims["state"]) == ("invalid_request", client.state)
