"""`fapi2-security-profile-final-test-plan` with plain_fapi, private_key_jwt, dpop and openid_connect, restated (C-3).

Each test is named after the module of the OpenID Foundation's suite whose checks it restates in our words, without the
`fapi2-security-profile-final-` that all of them begin with. The protected resource of the plan is UserInfo.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio
from joserfc.jwk import ECKey

from tests.functional.conformance.suite import Lab, Strict

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def client(lab: Lab) -> AsyncIterator[Strict]:
    found = Strict(lab.client("suite_fapi"))
    await found.client.discover()
    yield found
    await found.client.close()


@pytest_asyncio.fixture(loop_scope="module")
async def second(lab: Lab) -> AsyncIterator[Strict]:
    found = Strict(lab.client("suite_fapi_second"))
    yield found
    await found.client.close()


def refused(answer: httpx.Response, *errors: str) -> None:
    """Refused as JSON with one of these errors."""
    assert answer.status_code in {400, 401}, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["error"] in errors, answer.text


def sent_back(client: Strict, answer: httpx.Response) -> str:
    """The error that a browser takes back to the client."""
    return client.client.error(answer)


async def test_discovery_end_point_verification(client: Strict) -> None:
    document = client.client.metadata
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["pushed_authorization_request_endpoint"].startswith("https://")
    assert isinstance(document["require_pushed_authorization_requests"], bool)
    assert "S256" in document["code_challenge_methods_supported"]
    assert "plain" not in document["code_challenge_methods_supported"]
    assert {"PS256", "ES256"} <= set(document["token_endpoint_auth_signing_alg_values_supported"])
    assert {"ES256"} <= set(document["dpop_signing_alg_values_supported"])
    assert "private_key_jwt" in document["token_endpoint_auth_methods_supported"]


async def test_happy_flow(client: Strict, second: Strict) -> None:
    """For both clients: `state`, `iss`, `nonce`, a bound token, and the resource."""
    for each in (client, second):
        back = await each.code()
        assert back["state"] == each.state
        assert back["iss"] == each.client.issuer
        answer = await each.redeem(back["code"])
        claims = await each.client.opened(answer.json()["id_token"])
        assert claims["nonce"] == each.sends_nonce
        assert (await each.read(answer.json()["access_token"])).status_code == 200


async def test_user_rejects_authentication(client: Strict) -> None:
    back = await client.code(reject=True)
    assert (back["error"], back["state"]) == ("access_denied", client.state)


async def test_ensure_authorization_request_without_state_success(client: Strict) -> None:
    assert "state" not in await client.code(client.asked(state=None))


async def test_ensure_authorization_request_without_nonce_success(client: Strict) -> None:
    assert "nonce" not in (await client.tokens(client.asked(nonce=None))).claims


async def test_ensure_authorization_request_with_64_char_nonce_success(client: Strict) -> None:
    assert (await client.tokens(client.asked(nonce="n" * 64))).claims["nonce"] == "n" * 64


async def test_ensure_other_scope_order_succeeds(client: Strict) -> None:
    assert (await client.tokens(client.asked(scope=f"service:{client.client.service} openid"))).claims["sub"]


async def test_test_claims_parameter_identity_claims(client: Strict) -> None:
    asked: dict[str, Any] = {"id_token": {"name": {"essential": True}}, "userinfo": {"email": None}}
    came = await client.tokens(client.asked(claims=json.dumps(asked)))
    assert came.claims["name"] == "Ada Lievens"
    answer = await client.read(came.tokens["access_token"])
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["email"]


async def test_access_token_type_header_case_sensitivity(client: Strict) -> None:
    """The name of a scheme has no case."""
    came = await client.tokens()
    assert (await client.read(came.tokens["access_token"], scheme="dPOp")).status_code == 200


async def test_check_dpop_proof_nbf_exp(client: Strict) -> None:
    came, now = await client.tokens(), client.lab.now
    assert (await client.read(came.tokens["access_token"], nbf=now - 5, exp=now + 60)).status_code == 200


@pytest.mark.parametrize("seconds", [-10, 10])
async def test_ensure_dpopproof_with_iat_10seconds_before_and_after_succeeds(client: Strict, seconds: int) -> None:
    came, now = await client.tokens(), client.lab.now
    assert (await client.read(came.tokens["access_token"], iat=now + seconds)).status_code == 200


async def test_ensure_mismatched_dpop_jkt_fails(client: Strict) -> None:
    """`dpop_jkt` and the proof at PAR name different keys."""
    other = str(ECKey.generate_key("P-256").thumbprint())
    answer = await client.push(client.asked(dpop_jkt=other), bound=True)
    refused(answer, "invalid_request", "invalid_dpop_proof")


async def test_ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt(client: Strict) -> None:
    pushed = await client.push(bound=True)
    code = (await client.back(await client.open(pushed.json()["request_uri"])))["code"]
    client.key = ECKey.generate_key("P-256")
    refused(await client.redeem(code), "invalid_request", "invalid_grant", "invalid_dpop_proof")


async def test_ensure_token_endpoint_fails_with_mismatched_dpop_jkt(client: Strict) -> None:
    other = str(ECKey.generate_key("P-256").thumbprint())
    code = (await client.code(client.asked(dpop_jkt=other)))["code"]
    refused(await client.redeem(code), "invalid_request", "invalid_grant", "invalid_dpop_proof")


async def test_ensure_dpopproof_at_par_endpoint_binding_success(client: Strict) -> None:
    pushed = await client.push(bound=True)
    code = (await client.back(await client.open(pushed.json()["request_uri"])))["code"]
    assert (await client.redeem(code)).status_code == 200


async def test_ensure_dpop_auth_code_binding_success(client: Strict) -> None:
    assert (await client.tokens(client.asked(dpop_jkt=str(client.key.thumbprint())))).claims["sub"]


@pytest.mark.parametrize("name", ["nonce", "state"])
async def test_ensure_different_nonce_and_state_inside_and_outside_request_object(client: Strict, name: str) -> None:
    """Refused as `invalid_request`, with the `state` that was pushed."""
    answer = await client.open(await client.pushed(), **{name: "another"})
    assert sent_back(client, answer) == "invalid_request"
    assert f"state={client.state}" in answer.headers["location"]


async def test_ensure_authorization_request_with_long_nonce(client: Strict) -> None:
    assert (await client.tokens(client.asked(nonce="n" * 384))).claims["nonce"] == "n" * 384


async def test_ensure_authorization_request_with_long_state(client: Strict) -> None:
    assert (await client.code(client.asked(state="s" * 384)))["state"] == "s" * 384


async def test_state_only_outside_request_object_not_used(client: Strict) -> None:
    answer = await client.open(await client.pushed(client.asked(state=None)), state=client.state)
    assert "state" not in await client.back(answer)


async def test_ensure_request_object_without_redirect_uri_fails(client: Strict) -> None:
    refused(await client.push(client.asked(redirect_uri=None)), "invalid_request", "invalid_request_object")


async def test_ensure_redirect_uri_in_authorization_request(client: Strict) -> None:
    form = client.asked()
    del form["redirect_uri"]
    refused(await client.push(form), "invalid_request")


async def test_ensure_registered_redirect_uri(client: Strict) -> None:
    bad = client.client.redirect_uri + "/x"
    refused(await client.push(client.asked(redirect_uri=bad)), "invalid_request")


async def test_plain_fapi_tolerate_unregistered_redirect_uri(client: Strict) -> None:
    """Expected: refused. RFC 9126 §2.4 would let us tolerate it; we do not."""
    refused(await client.push(client.asked(redirect_uri="https://other.example/back")), "invalid_request")


async def test_ensure_unsigned_authorization_request_without_using_par_fails(client: Strict) -> None:
    address = client.client.issuer + "/authorization"
    answer = await client.client.browser.get(address, params=client.asked())
    assert sent_back(client, answer) == "invalid_request"


@pytest.mark.parametrize("response_type", ["code id_token", "token"])
async def test_ensure_response_type_code_idtoken_and_token_fails(client: Strict, response_type: str) -> None:
    answer = await client.push(client.asked(response_type=response_type))
    refused(answer, "unsupported_response_type", "invalid_request", "unauthorized_client")


async def test_ensure_client_id_in_token_endpoint(client: Strict, second: Strict) -> None:
    """The id of another client beside our proof."""
    code = (await client.code())["code"]
    refused(await client.redeem(code, client_id=second.client.client_id), "invalid_client", "invalid_grant")


async def test_ensure_holder_of_key_required(client: Strict) -> None:
    """No proof, no token; and a bound token is none without its proof."""
    refused(await client.redeem((await client.code())["code"], proof=None), "invalid_request", "invalid_dpop_proof")
    came = await client.tokens()
    assert (await client.read(came.tokens["access_token"], proof=None)).status_code == 401
    assert (await client.read(came.tokens["access_token"], scheme="Bearer", proof=None)).status_code == 401


async def test_ensure_authorization_code_is_bound_to_client(client: Strict, second: Strict) -> None:
    code = (await client.code())["code"]
    second.verifier = client.verifier
    refused(await second.redeem(code, redirect_uri=client.client.redirect_uri), "invalid_grant", "invalid_client")


async def test_attempt_reuse_authorization_code_after_one_second(client: Strict) -> None:
    """Refused, and what the first use gave is revoked."""
    came = await client.tokens()
    client.lab.clock.advance(seconds=1)
    refused(await client.redeem(came.code), "invalid_grant")
    assert (await client.read(came.tokens["access_token"])).status_code == 401


async def test_ensure_token_endpoint_fails_with_expired_auth_code(client: Strict) -> None:
    """A code lives no longer than a minute."""
    code = (await client.code())["code"]
    client.lab.clock.advance(seconds=62)
    refused(await client.redeem(code), "invalid_grant")


async def test_ensure_signed_client_assertion_with_rs256_fails(client: Strict) -> None:
    assertion = client.client.assertion(header={"alg": "RS256"})
    refused(await client.push(client_assertion=assertion), "invalid_client")
    code = (await client.code())["code"]
    refused(
        await client.redeem(code, client_assertion=client.client.assertion(header={"alg": "RS256"})), "invalid_client"
    )


async def test_ensure_client_assertion_in_token_endpoint(client: Strict) -> None:
    code, alone = (await client.code())["code"], {"client_assertion": None, "client_assertion_type": None}
    answer = await client.redeem(code, client_id=client.client.client_id, **alone)
    refused(answer, "invalid_client", "invalid_request")


WRONG_ASSERTIONS: Mapping[str, dict[str, Any]] = {
    "expired five minutes ago": {"iat": -660, "exp": -300},
    "another audience": {"aud": "https://other.example/"},
    "no subject": {"sub": None},
}


@pytest.mark.parametrize("wrong", WRONG_ASSERTIONS)
async def test_ensure_client_assertion_with_exp_is_5_minutes_in_past_wrong_aud_and_no_sub_fails(
    client: Strict, wrong: str
) -> None:
    now, changes = client.lab.now, WRONG_ASSERTIONS[wrong]
    dated = {name: now + value if isinstance(value, int) else value for name, value in changes.items()}
    code = (await client.code())["code"]
    refused(await client.redeem(code, client_assertion=client.client.assertion(**dated)), "invalid_client")


WRONG_PROOFS: Mapping[str, dict[str, Any]] = {
    "no typ": {"header": {"typ": ""}},
    "another typ": {"header": {"typ": "jwt"}},
    "no jti": {"jti": None},
    "no htm": {"htm": None},
    "no htu": {"htu": None},
    "no iat": {"iat": None},
    "no ath": {"ath": None},
    "another htm": {"htm": "PUT"},
    "another htu": {"htu": "https://other.example/v2/userinfo"},
    "another ath": {"ath": "A" * 43},
    "iat in an hour": {"iat": 3600},
    "iat an hour ago": {"iat": -3600},
}


@pytest.mark.parametrize("wrong", WRONG_PROOFS)
async def test_dpop_negative_tests(client: Strict, wrong: str) -> None:
    """A proof that is wrong in one thing opens nothing, and the token is still good."""
    token, now = (await client.tokens()).tokens["access_token"], client.lab.now
    changes: dict[str, Any] = {
        name: now + value if isinstance(value, int) else value for name, value in WRONG_PROOFS[wrong].items()
    }
    answer = await client.read(token, **changes)
    assert answer.status_code in {400, 401}
    assert answer.headers["www-authenticate"].startswith("DPoP ")
    assert (await client.read(token)).status_code == 200


async def test_dpop_negative_tests_as_a_whole(client: Strict) -> None:
    """Two proofs, no JWT, a broken signature, a private key, another key, a proof used twice; and what is good."""
    token = (await client.tokens()).tokens["access_token"]
    path, issuer = "/userinfo", client.client.issuer

    def proof(**changes: Any) -> str:
        return client.proof(path, method="GET", token=token, **changes)

    good = proof()
    assert (await client.read(token, proof=good)).status_code == 200
    broken, private = proof()[:-6] + "AAAAAA", proof(header={"jwk": client.key.as_dict(private=True)})
    other = Strict(client.client, nonce=client.nonce).proof(path, method="GET", token=token)
    for wrong in (good, "no.jwt", broken, private, other):
        assert (await client.read(token, proof=wrong)).status_code in {400, 401}
    headers = [("Authorization", f"DPoP {token}"), ("DPoP", proof()), ("DPoP", proof())]
    assert (await client.client.browser.get(issuer + path, headers=headers)).status_code in {400, 401}
    for taken in (
        proof(more="is ignored"),
        proof(htu=f"{issuer}{path}?a=b#c"),
        proof(htu=f"{issuer}{path}".replace("https://localhost", "HTTPS://LOCALHOST")),
    ):
        assert (await client.read(token, proof=taken)).status_code == 200


async def test_refresh_token(client: Strict) -> None:
    """Expected skip: no refresh token is issued, and none is advertised."""
    assert "refresh_token" not in (await client.tokens()).tokens
    assert "refresh_token" not in client.client.metadata["grant_types_supported"]


async def test_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds(client: Strict) -> None:
    request_uri = await client.pushed()
    assert (await client.open(request_uri)).status_code == 200
    assert (await client.back(await client.open(request_uri)))["code"]


async def test_par_attempt_reuse_request_uri(client: Strict) -> None:
    request_uri = await client.pushed()
    await client.redeem((await client.back(await client.open(request_uri)))["code"])
    answer = await client.open(request_uri)
    assert (answer.status_code, "location" in answer.headers) == (400, False)


async def test_par_attempt_to_use_expired_request_uri(client: Strict) -> None:
    pushed = await client.push()
    client.lab.clock.advance(seconds=pushed.json()["expires_in"])
    answer = await client.open(pushed.json()["request_uri"])
    assert (answer.status_code, "location" in answer.headers) == (400, False)


async def test_par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted(client: Strict) -> None:
    soon = client.lab.now + 8
    assertion = client.client.assertion(iat=soon, nbf=soon, exp=soon + 60)
    assert (await client.push(client_assertion=assertion)).status_code == 201


async def test_par_ensure_jwt_client_assertions_nbf_over_60_seconds_in_the_future_fails(client: Strict) -> None:
    later = client.lab.now + 65
    assertion = client.client.assertion(iat=later, nbf=later, exp=later + 60)
    refused(await client.push(client_assertion=assertion), "invalid_client")


async def test_par_attempt_to_use_request_uri_for_different_client(client: Strict, second: Strict) -> None:
    answer = await second.open(await client.pushed())
    assert (answer.status_code, "location" in answer.headers) == (400, False)


async def test_par_authorization_request_containing_request_uri_form_param(client: Strict) -> None:
    form = client.asked() | {"request_uri": "urn:ietf:params:oauth:request_uri:x"}
    refused(await client.push(form), "invalid_request")


async def test_par_attempt_invalid_http_method(client: Strict) -> None:
    address = client.client.metadata["pushed_authorization_request_endpoint"]
    for method in ("GET", "PUT"):
        assert (await client.client.browser.request(method, address)).status_code == 405


async def test_par_ensure_pkce_required(client: Strict) -> None:
    form = client.asked(code_challenge=None, code_challenge_method=None)
    refused(await client.push(form), "invalid_request")


async def test_ensure_pkce_code_verifier_required(client: Strict) -> None:
    code = (await client.code())["code"]
    refused(await client.redeem(code, code_verifier=None), "invalid_grant", "invalid_request")


async def test_incorrect_pkce_code_verifier_rejected(client: Strict) -> None:
    code = (await client.code())["code"]
    refused(await client.redeem(code, code_verifier="v" * 43), "invalid_grant")


async def test_par_plain_pkce_rejected(client: Strict) -> None:
    form = client.asked(code_challenge="c" * 43, code_challenge_method="plain")
    refused(await client.push(form), "invalid_request")


async def test_par_without_duplicate_parameters(client: Strict) -> None:
    """`client_id` and `request_uri` alone are enough."""
    assert (await client.back(await client.open(await client.pushed())))["code"]


AUDIENCES: Mapping[str, Any] = {
    "array": lambda issuer: [issuer],
    "par endpoint url": lambda issuer: issuer + "/par",
    "token endpoint url": lambda issuer: issuer + "/token",
}


@pytest.mark.parametrize("audience", AUDIENCES)
async def test_par_test_array_par_endpoint_url_and_token_endpoint_url_as_audience_fails(
    client: Strict, audience: str
) -> None:
    """Only the issuer, as one text, is an audience (C-11)."""
    assertion = client.client.assertion(aud=AUDIENCES[audience](client.client.issuer))
    refused(await client.push(client_assertion=assertion), "invalid_client", "invalid_request")


async def test_errors_reach_the_registered_address_alone(client: Strict) -> None:
    """Every module that ends in an error looks at this: `iss` and `state` come along, and nothing unexpected."""
    back = await client.code(reject=True)
    assert set(back) == {"error", "error_description", "state", "iss"}
    query = parse_qs(urlsplit(client.client.redirect_uri).query)
    assert query.items() <= {name: [value] for name, value in back.items()}.items()
