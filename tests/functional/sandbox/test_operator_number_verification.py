"""Number Verification 2.1 as CAMARA's own test plan has it, and the code flow over the mobile network before it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt

from ipse.sandbox import jose
from tests.functional.sandbox.telecom import ADA, RETURN, UNREADY, Telecom, assert_problem, telecom

VERIFY, SHARE = "/number-verification/v2/verify", "/number-verification/v2/device-phone-number"
MAY_VERIFY, MAY_SHARE = "number-verification:verify", "number-verification:device-phone-number:read"
OTHER = "+32400000103"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Telecom]:
    with telecom(tmp_path) as running:
        yield running


async def verify(net: Telecom, body: object) -> Any:
    return await net.call("POST", VERIFY, body, token=await net.token_of(ADA, MAY_VERIFY))


def hashed(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()


async def test_verify_01_any_good_call_has_the_shape_and_the_correlator(net: Telecom) -> None:
    answer = await verify(net, {"phoneNumber": ADA})
    assert (answer.status_code, answer.headers["x-correlator"]) == (200, "corr-1")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json().keys() == {"devicePhoneNumberVerified"}


async def test_verify_02_the_number_of_the_sim(net: Telecom) -> None:
    assert (await verify(net, {"phoneNumber": ADA})).json() == {"devicePhoneNumberVerified": True}


async def test_verify_03_another_number(net: Telecom) -> None:
    assert (await verify(net, {"phoneNumber": OTHER})).json() == {"devicePhoneNumberVerified": False}


async def test_verify_04_the_hash_of_the_number(net: Telecom) -> None:
    assert (await verify(net, {"hashedPhoneNumber": hashed(ADA).upper()})).json()["devicePhoneNumberVerified"] is True


async def test_verify_05_the_hash_of_another_number(net: Telecom) -> None:
    assert (await verify(net, {"hashedPhoneNumber": hashed(OTHER)})).json()["devicePhoneNumberVerified"] is False


async def test_verify_400_1_no_body(net: Telecom) -> None:
    assert_problem(await verify(net, None), 400, "INVALID_ARGUMENT")


async def test_verify_400_2_an_empty_object(net: Telecom) -> None:
    assert_problem(await verify(net, {}), 400, "INVALID_ARGUMENT")


async def test_verify_400_3_something_else_alone(net: Telecom) -> None:
    assert_problem(await verify(net, {"additional": "value"}), 400, "INVALID_ARGUMENT")


async def test_verify_400_4_number_and_hash_together(net: Telecom) -> None:
    both = {"phoneNumber": ADA, "hashedPhoneNumber": hashed(ADA)}
    assert_problem(await verify(net, both), 400, "INVALID_ARGUMENT")


async def test_verify_401_1_without_authorization(net: Telecom) -> None:
    assert_problem(await net.call("POST", VERIFY, {"phoneNumber": ADA}), 401, "UNAUTHENTICATED")


async def test_verify_401_2_with_a_token_that_has_expired(net: Telecom) -> None:
    token = await net.token_of(ADA, MAY_VERIFY)
    net.clock.advance(seconds=301)
    assert_problem(await net.call("POST", VERIFY, {"phoneNumber": ADA}, token=token), 401, "UNAUTHENTICATED")


async def test_verify_401_3_with_a_token_that_is_none(net: Telecom) -> None:
    assert_problem(await net.call("POST", VERIFY, {"phoneNumber": ADA}, token="no"), 401, "UNAUTHENTICATED")


async def test_verify_403_1_with_a_token_for_the_other_call(net: Telecom) -> None:
    token = await net.token_of(ADA, MAY_SHARE)
    assert_problem(await net.call("POST", VERIFY, {"phoneNumber": ADA}, token=token), 403, "PERMISSION_DENIED")


async def test_verify_403_2_with_a_token_that_no_network_proved(net: Telecom) -> None:
    answer = await net.call("POST", VERIFY, {"phoneNumber": ADA}, token=await net.token(MAY_VERIFY))
    assert_problem(answer, 403, "NUMBER_VERIFICATION.USER_NOT_AUTHENTICATED_BY_MOBILE_NETWORK")


@pytest.mark.parametrize("wrong", ["32400000101", "+32 400000101", "", 7])
async def test_verify_c02_01_a_number_that_is_none(net: Telecom, wrong: object) -> None:
    assert_problem(await verify(net, {"phoneNumber": wrong}), 400, "INVALID_ARGUMENT")


async def test_share_01_any_good_call_has_the_shape_and_the_correlator(net: Telecom) -> None:
    answer = await net.call("GET", SHARE, token=await net.token_of(ADA, MAY_SHARE))
    assert (answer.status_code, answer.headers["x-correlator"]) == (200, "corr-1")
    assert answer.headers["content-type"] == "application/json"


async def test_share_02_the_number_of_the_sim(net: Telecom) -> None:
    answer = await net.call("GET", SHARE, token=await net.token_of(ADA, MAY_SHARE))
    assert answer.json() == {"devicePhoneNumber": ADA}


async def test_share_401_1_without_authorization(net: Telecom) -> None:
    assert_problem(await net.call("GET", SHARE), 401, "UNAUTHENTICATED")


async def test_share_401_2_with_a_token_that_has_expired(net: Telecom) -> None:
    token = await net.token_of(ADA, MAY_SHARE)
    net.clock.advance(seconds=301)
    assert_problem(await net.call("GET", SHARE, token=token), 401, "UNAUTHENTICATED")


async def test_share_401_3_with_a_token_that_is_none(net: Telecom) -> None:
    assert_problem(await net.call("GET", SHARE, token="no"), 401, "UNAUTHENTICATED")


async def test_share_403_1_with_a_token_for_the_other_call(net: Telecom) -> None:
    token = await net.token_of(ADA, MAY_VERIFY)
    assert_problem(await net.call("GET", SHARE, token=token), 403, "PERMISSION_DENIED")


async def test_share_403_2_with_a_token_that_no_network_proved(net: Telecom) -> None:
    answer = await net.call("GET", SHARE, token=await net.token(MAY_SHARE))
    assert_problem(answer, 403, "NUMBER_VERIFICATION.USER_NOT_AUTHENTICATED_BY_MOBILE_NETWORK")


async def test_a_token_of_a_person_works_for_one_call(net: Telecom) -> None:
    token = await net.token_of(ADA, MAY_VERIFY, MAY_SHARE)
    assert (await net.call("GET", SHARE, token=token)).status_code == 200
    assert_problem(await net.call("GET", SHARE, token=token), 401, "UNAUTHENTICATED")


# The code flow over the mobile network.


async def test_the_id_token_is_of_this_exchange_and_holds_no_number(net: Telecom) -> None:
    back = await net.authorize(ADA, MAY_VERIFY)
    assert (back["state"], back["iss"]) == ("s1", net.issuer)
    answer = (await net.redeem(back["code"])).json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 300)
    keys = (await net.http.get(f"{net.issuer}/jwks")).json()["keys"]
    claims = jose.verify(answer["id_token"], keys, algorithms=["ES256"])
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (net.issuer, "ipse", "n1")
    assert "400000101" not in str(claims)


async def test_a_code_works_once_and_takes_its_token_with_it(net: Telecom) -> None:
    back = await net.authorize(ADA, MAY_VERIFY)
    token = (await net.redeem(back["code"])).json()["access_token"]
    assert (await net.redeem(back["code"])).json()["error"] == "invalid_grant"
    assert_problem(await net.call("POST", VERIFY, {"phoneNumber": ADA}, token=token), 401, "UNAUTHENTICATED")


@pytest.mark.parametrize("wrong", [{"code_verifier": "w" * 43}, {"redirect_uri": RETURN + "/"}, {"code_verifier": ""}])
async def test_a_code_of_another_exchange_gives_nothing(net: Telecom, wrong: dict[str, str]) -> None:
    back = await net.authorize(ADA, MAY_VERIFY)
    assert (await net.redeem(back["code"], **wrong)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "openid number-verification:verify"}, "invalid_scope"),
        ({"scope": "openid dpv:A dpv:B number-verification:verify"}, "invalid_scope"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"state": ""}, "invalid_request"),
        ({"prompt": "login"}, "invalid_request"),
        ({"login_hint": "tel:nobody"}, "invalid_request"),
        ({"request": "x.y.z"}, "invalid_request_object"),
        ({"request_uri": "urn:x"}, "request_uri_not_supported"),
    ],
)
async def test_a_request_that_breaks_the_profile_is_refused(net: Telecom, wrong: dict[str, str], error: str) -> None:
    assert (await net.authorize(ADA, MAY_VERIFY, **wrong))["error"] == error


@pytest.mark.parametrize("wrong", [{"client_id": "other"}, {"redirect_uri": "https://evil.example/"}])
async def test_nobody_is_sent_to_an_address_that_is_not_registered(net: Telecom, wrong: dict[str, str]) -> None:
    query = {"client_id": "ipse", "redirect_uri": RETURN, "response_type": "code", **wrong}
    answer = await net.http.get(f"{net.issuer}/authorize", params=query)
    assert (answer.status_code, "location" in answer.headers) == (400, False)


async def test_a_signed_request_object_counts_alone(net: Telecom) -> None:
    now = net.clock.now() // 1_000_000
    said = dict(httpx_query(await net.http.get(f"{net.issuer}/.well-known/openid-configuration")))
    scope = f"openid dpv:FraudPreventionAndDetection {MAY_VERIFY}"
    claims = {
        "iss": "ipse",
        "aud": said["authorization_endpoint"],
        "iat": now,
        "exp": now + 60,
        "jti": "j1",
        "client_id": "ipse",
        "redirect_uri": RETURN,
        "response_type": "code",
        "scope": scope,
        "state": "signed",
        "login_hint": f"tel:{ADA}",
        "code_challenge": "c" * 43,
        "code_challenge_method": "S256",
    }
    signed = jwt.encode({"alg": "ES256", "kid": "scheme-1"}, claims, net.key, algorithms=["ES256"])
    back = await net.authorize(OTHER, MAY_VERIFY, request=signed, scope=scope)
    assert (back["state"], "code" in back) == ("signed", True)
    late = jwt.encode({"alg": "ES256", "kid": "scheme-1"}, claims | {"exp": now + 301}, net.key, algorithms=["ES256"])
    assert (await net.authorize(ADA, MAY_VERIFY, request=late, scope=scope))["error"] == "invalid_request_object"


def httpx_query(answer: Any) -> dict[str, Any]:
    document: dict[str, Any] = answer.json()
    return document


# Which SIM a browser holds.


async def test_a_sim_that_is_not_ready_removed_or_elsewhere_carries_nobody(net: Telecom) -> None:
    assert (await net.at("tellus").authorize(UNREADY, MAY_VERIFY))["error"] == "access_denied"
    await net.happen(ADA, "remove")
    assert (await net.authorize(ADA, MAY_VERIFY))["error"] == "access_denied"
    await net.happen(ADA, "insert")
    assert "code" in await net.authorize(ADA, MAY_VERIFY)
    await net.happen(ADA, "recycle")
    assert (await net.authorize(ADA, MAY_VERIFY))["error"] == "access_denied"


async def test_the_sim_in_a_browser_is_the_one_that_is_verified(net: Telecom) -> None:
    """T-4: with somebody else's SIM in the browser the number asked for is not verified."""
    put = await net.http.post(
        "http://127.0.0.1:2/operators/sim", data={"number": OTHER, "person": "noor", "do": "put"}, headers=FORM
    )
    assert put.status_code == 303
    token = await net.token_of(ADA, MAY_VERIFY)
    answer = await net.call("POST", VERIFY, {"phoneNumber": ADA}, token=token)
    assert answer.json() == {"devicePhoneNumberVerified": False}
    net.http.cookies.clear()
    assert (await net.authorize(OTHER, MAY_VERIFY))["error"] == "access_denied"
    assert "code" in await net.authorize(ADA, MAY_VERIFY)


async def test_a_swapped_sim_no_longer_works_in_its_browser(net: Telecom) -> None:
    await net.http.post("http://127.0.0.1:2/operators/sim", data={"number": ADA, "person": "ada", "do": "put"})
    assert "code" in await net.authorize(ADA, MAY_VERIFY)
    await net.happen(ADA, "swap")
    assert (await net.authorize(ADA, MAY_VERIFY))["error"] == "access_denied"


async def test_an_operator_without_number_verification_has_no_such_scope_and_no_such_address(net: Telecom) -> None:
    karavel = net.at("karavel")
    assert (await karavel.authorize("+40700000108", MAY_VERIFY))["error"] == "invalid_scope"
    answer = await karavel.call("POST", VERIFY, {"phoneNumber": "+40700000108"})
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
