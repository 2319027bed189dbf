"""`fapi-ciba-id1-test-plan` with plain_fapi and private_key_jwt, poll and ping, restated (C-5).

Each test is named after the module of the OpenID Foundation's suite whose checks it restates in our words, without the
`fapi-ciba-id1-` that all of them begin with. Tokens are bound to the certificate of the client's connection.
"""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc import jws
from joserfc.jwk import import_key

from ipse.kernel.ids import sha256
from tests.functional.conformance.suite import Client, Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")
GRANT = "urn:openid:params:grant-type:ciba"
_HANDLE = """
select a.handle from actions_actions a join oidc_backchannel b on a.action_id = b.action_id where b.request_hash = $1
"""


@dataclass
class Asking:
    """A client of the back channel, behind the proxy that hands on its certificate."""

    client: Client
    mode: str

    @property
    def lab(self) -> Lab:
        return self.client.lab

    async def signed(
        self, *, header: dict[str, str] | None = None, key: dict[str, Any] | None = None, **changes: Any
    ) -> str:
        """A request object with some members changed; None leaves one out."""
        now, subject = self.lab.now, await self.lab.scheme.people.subject(self.lab.person, self.client.client_id)
        good = {
            "iss": self.client.client_id,
            "aud": self.client.issuer,
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "jti": secrets.token_urlsafe(16),
            "scope": f"openid service:{self.client.service}",
            "login_hint_token": json.dumps({"type": "subject_code", "value": subject}),
            "client_notification_token": secrets.token_urlsafe(20) if self.mode == "ping" else None,
        }
        claims = {name: value for name, value in (good | changes).items() if value is not None}
        signing = key or self.client.signing or {}
        head = {"alg": "PS256", "kid": signing["kid"]} | (header or {})
        return jws.serialize_compact(head, json.dumps(claims), import_key(signing), algorithms=[head["alg"]])

    async def send(self, request: str | None, **changes: str | None) -> httpx.Response:
        form = {"request": request, **self.client.credentials(), **changes}
        data = {name: value for name, value in form.items() if value is not None}
        address = f"{self.client.issuer}/backchannel/authentication"
        return await self.client.browser.post(address, data=data, headers=self.certificate)

    async def ask(self, **changes: Any) -> dict[str, Any]:
        answer = await self.send(await self.signed(**changes))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def fetch(self, asked: dict[str, Any], *, bound: bool = True, **changes: str | None) -> httpx.Response:
        form = {"grant_type": GRANT, "auth_req_id": asked["auth_req_id"], **self.client.credentials(), **changes}
        data = {name: value for name, value in form.items() if value is not None}
        headers = self.certificate if bound else {}
        return await self.client.browser.post(f"{self.client.issuer}/token", data=data, headers=headers)

    @property
    def certificate(self) -> dict[str, str]:
        """The header by which a proxy hands on a certificate (RFC 9440)."""
        pem = self.lab.known[self.client.client_id].certificate
        der = x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)
        return {"Client-Cert": f":{b64encode(der).decode()}:"}

    async def handle(self, asked: dict[str, Any]) -> str:
        row = await self.lab.installation.database.row(_HANDLE, sha256(asked["auth_req_id"]))
        assert row is not None
        return str(row["handle"])

    async def approve(self, asked: dict[str, Any]) -> None:
        await self.lab.approve(await self.handle(asked))

    async def end(self, asked: dict[str, Any]) -> None:
        """Clear the way: one person is asked one thing at a time."""
        await self.lab.installation.reject(await self.handle(asked))


@pytest_asyncio.fixture(loop_scope="module", params=["poll", "ping"])
async def asking(lab: Lab, request: pytest.FixtureRequest) -> AsyncIterator[Asking]:
    client = lab.client("suite_ciba", service=f"SUITE_CIBA_{request.param.upper()}")
    await client.discover()
    transport = httpx.ASGITransport(lab.scheme.application, client=("127.0.0.2", 40_000))
    await client.browser.aclose()
    client.browser = httpx.AsyncClient(transport=transport)
    yield Asking(client, request.param)
    await client.close()


def refused(answer: httpx.Response, *errors: str) -> None:
    assert answer.status_code in {400, 401}, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["error"] in errors, answer.text


async def test_discovery_end_point_verification(asking: Asking) -> None:
    document = asking.client.metadata
    assert document["backchannel_authentication_endpoint"].startswith("https://")
    assert {"poll", "ping"} <= set(document["backchannel_token_delivery_modes_supported"])
    assert GRANT in document["grant_types_supported"]
    assert {"PS256", "ES256"} <= set(document["backchannel_authentication_request_signing_alg_values_supported"])
    assert document["tls_client_certificate_bound_access_tokens"] is True


async def test_fapi_ciba_id1(asking: Asking) -> None:
    """Asked, pending, approved, tokens bound to the certificate, and the resource."""
    asked = await asking.ask()
    assert asked["expires_in"] > 0
    assert len(asked["auth_req_id"]) >= 22
    refused(await asking.fetch(asked), "authorization_pending")
    await asking.approve(asked)
    asking.lab.clock.advance(seconds=asked["interval"])
    answer = await asking.fetch(asked)
    assert answer.status_code == 200, answer.text
    claims = await asking.client.opened(answer.json()["id_token"])
    assert claims["sub"] == await asking.lab.scheme.people.subject(asking.lab.person, asking.client.client_id)
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    address = asking.client.metadata["userinfo_endpoint"]
    assert (await asking.client.browser.get(address, headers=headers | asking.certificate)).status_code == 200


async def test_user_rejects_authentication(asking: Asking) -> None:
    asked = await asking.ask()
    await asking.end(asked)
    refused(await asking.fetch(asked), "access_denied")


async def test_multiple_call_to_token_endpoint(asking: Asking) -> None:
    """Too early is told to slow down; and tokens are given once."""
    asked = await asking.ask()
    refused(await asking.fetch(asked), "authorization_pending")
    refused(await asking.fetch(asked), "slow_down")
    await asking.approve(asked)
    asking.lab.clock.advance(seconds=20)
    assert (await asking.fetch(asked)).status_code == 200
    refused(await asking.fetch(asked), "invalid_grant")


async def test_auth_req_id_expired(asking: Asking) -> None:
    asked = await asking.ask(requested_expiry=30)
    asking.lab.clock.advance(seconds=31)
    refused(await asking.fetch(asked), "expired_token")


async def test_ensure_authorization_request_with_binding_message_succeeds(asking: Asking) -> None:
    await asking.end(await asking.ask(binding_message="1234"))


async def test_ensure_authorization_request_with_potentially_bad_binding_message(asking: Asking) -> None:
    """Shown, or refused as such."""
    answer = await asking.send(await asking.signed(binding_message="1234 \U0001f44d\U0001f3ff 品川"))
    refused(answer, "invalid_binding_message")


async def test_ensure_other_scope_order_succeeds(asking: Asking) -> None:
    await asking.end(await asking.ask(scope=f"service:{asking.client.service} openid"))


async def test_ensure_requested_expiry_as_string_succeeds(asking: Asking) -> None:
    asked = await asking.ask(requested_expiry="30")
    assert asked["expires_in"] == 30
    await asking.end(asked)


WRONG: Mapping[str, dict[str, Any]] = {
    "missing-aud": {"aud": None},
    "bad-aud": {"aud": "https://other.example/"},
    "missing-iss": {"iss": None},
    "bad-iss": {"iss": "somebody"},
    "missing-exp": {"exp": None},
    "expired-exp": {"exp": -300},
    "exp-is-70-minutes-in-future": {"exp": 4200},
    "missing-iat": {"iat": None},
    "missing-nbf": {"nbf": None},
    "nbf-is-10-minutes-in-future": {"nbf": 600},
    "nbf-is-70-minutes-in-past": {"nbf": -4200},
    "missing-jti": {"jti": None},
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_ensure_request_object_fails(asking: Asking, wrong: str) -> None:
    """`ensure-request-object-…-fails`: one claim wrong in an object that is signed well."""
    now = asking.lab.now
    dated: dict[str, Any] = {
        name: now + value if isinstance(value, int) else value for name, value in WRONG[wrong].items()
    }
    refused(await asking.send(await asking.signed(**dated)), "invalid_request", "invalid_request_object")


async def test_ensure_request_object_signature_algorithm_is_none_fails(asking: Asking) -> None:
    _, payload, _ = (await asking.signed()).split(".")
    refused(await asking.send(f"eyJhbGciOiJub25lIn0.{payload}."), "invalid_request", "invalid_request_object")


async def test_ensure_request_object_signature_algorithm_is_bad_fails(asking: Asking) -> None:
    """PS256 in the header, but the signature is not."""
    bad = (await asking.signed())[:-8] + "AAAAAAAA"
    refused(await asking.send(bad), "invalid_request", "invalid_request_object")


async def test_ensure_request_object_signature_algorithm_is_rs256_fails(asking: Asking) -> None:
    refused(
        await asking.send(await asking.signed(header={"alg": "RS256"})), "invalid_request", "invalid_request_object"
    )


async def test_ensure_request_object_signed_by_other_client_fails(asking: Asking) -> None:
    other = dict(asking.lab.known["suite_ciba_second"].keys[0])
    refused(await asking.send(await asking.signed(key=other)), "invalid_request", "invalid_request_object")


async def test_ensure_authorization_request_with_multiple_hints_fails(asking: Asking) -> None:
    refused(await asking.send(await asking.signed(login_hint="ada")), "invalid_request")


async def test_ensure_wrong_auth_req_id_in_token_endpoint_request(asking: Asking) -> None:
    refused(await asking.fetch({"auth_req_id": "x" * 43}), "invalid_grant")


async def test_ensure_without_client_assertion_in_token_endpoint_request(asking: Asking) -> None:
    asked = await asking.ask()
    answer = await asking.fetch(asked, client_assertion=None, client_assertion_type=None)
    refused(answer, "invalid_client", "invalid_request")
    await asking.end(asked)


async def test_ensure_without_client_assertion_in_backchannel_authorization_request(asking: Asking) -> None:
    answer = await asking.send(await asking.signed(), client_assertion=None, client_assertion_type=None)
    refused(answer, "invalid_client", "invalid_request")


async def test_ensure_client_assertion_signature_algorithm_is_rs256_fails(asking: Asking) -> None:
    """At the back-channel endpoint and at the token endpoint."""
    rs256 = asking.client.assertion(header={"alg": "RS256"})
    refused(await asking.send(await asking.signed(), client_assertion=rs256), "invalid_client")
    asked = await asking.ask()
    await asking.approve(asked)
    again = asking.client.assertion(header={"alg": "RS256"})
    refused(await asking.fetch(asked, client_assertion=again), "invalid_client")


async def test_ensure_client_assertion_with_iss_aud_to_token_endpoint_succeeds(asking: Asking) -> None:
    asked = await asking.ask()
    await asking.approve(asked)
    assertion = asking.client.assertion(aud=asking.client.issuer)
    assert (await asking.fetch(asked, client_assertion=assertion)).status_code == 200


async def test_ensure_unsigned_backchannel_authorization_request_fails(asking: Asking) -> None:
    scope = f"openid service:{asking.client.service}"
    refused(await asking.send(None, scope=scope, login_hint="ada"), "invalid_request")


async def test_refresh_token(asking: Asking) -> None:
    """Expected skip: no refresh token is issued, and none is advertised."""
    assert "refresh_token" not in asking.client.metadata["grant_types_supported"]


async def test_ensure_mtls_holder_of_key_required(asking: Asking) -> None:
    """Without the certificate there is no token, and a bound one opens nothing."""
    asked = await asking.ask()
    await asking.approve(asked)
    refused(await asking.fetch(asked, bound=False), "invalid_request", "invalid_client", "invalid_grant")
    asked = await asking.ask()
    await asking.approve(asked)
    token = (await asking.fetch(asked)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert (
        await asking.client.browser.get(asking.client.metadata["userinfo_endpoint"], headers=headers)
    ).status_code == 401


async def test_requests_of_the_second_client_stay_its_own(asking: Asking) -> None:
    """`ensure-wrong-client-id-…`: nobody fetches what another client asked."""
    asked = await asking.ask()
    other = asking.lab.client("suite_ciba_second", service="SUITE_CIBA_SECOND_POLL")
    proven: dict[str, Any] = dict(other.credentials())
    answer = await asking.fetch(asked, **proven)
    refused(answer, "invalid_grant", "invalid_client")
    await asking.end(asked)
    await other.close()
