"""Number Verification: what a token of our own must not open, and the code flow from the phone's own connection."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

import httpx

from ipse.cli.mobile_operator.checking.candidate import (
    Candidate,
    SkippedError,
    UnmetError,
    expect,
    expect_oauth_error,
    expect_problem,
    json_object,
    told,
)
from ipse.cli.mobile_operator.checking.expectation import Expectation
from ipse.standards.camara import (
    DEVICE_PHONE_NUMBER,
    PURPOSE,
    VERIFY,
    Api,
    Code,
    DeviceNumber,
    NumberVerified,
    Scope,
    hashed,
)
from ipse.standards.oauth import AUTHORIZATION_CODE, challenge_of

_FOUND: Final = (302, 303)


async def needs_a_person(candidate: Candidate) -> None:
    """A token of our own opens nothing: the person did not come over the mobile network."""
    token = await candidate.token(Scope.VERIFY)
    answer = await candidate.call("POST", VERIFY, {"phoneNumber": candidate.numbers.ready}, token=token)
    expect_problem(answer, 403, Code.NOT_ON_MOBILE_NETWORK)


async def needs_a_token(candidate: Candidate) -> None:
    """Without a token: UNAUTHENTICATED."""
    answer = await candidate.call("POST", VERIFY, {"phoneNumber": candidate.numbers.ready})
    expect_problem(answer, 401, Code.UNAUTHENTICATED)


async def sends_nobody_elsewhere(candidate: Candidate) -> None:
    """An address to return to that is not registered is not followed."""
    answer = await _authorized(candidate, "verifier" * 6, redirect_uri="https://elsewhere.example/")
    if "elsewhere.example" in answer.headers.get("location", ""):
        raise UnmetError("it sent the browser to an address that is not registered")


async def asks_for_a_purpose(candidate: Candidate) -> None:
    """Without a purpose the browser comes back with invalid_scope."""
    answer = await _authorized(candidate, "verifier" * 6, scope=f"openid {Scope.VERIFY}")
    expect(_returned(candidate, answer).get("error"), "invalid_scope", "error")


async def recognises_the_sim(candidate: Candidate) -> None:
    """The number of the SIM is verified, by itself and hashed; another is not; each token works once."""
    bodies: tuple[tuple[dict[str, str], bool], ...] = (
        ({"phoneNumber": candidate.numbers.ready}, True),
        ({"hashedPhoneNumber": hashed(candidate.numbers.ready)}, True),
        ({"phoneNumber": candidate.numbers.unknown}, False),
    )
    for body, wanted in bodies:
        token = await _token(candidate, Scope.VERIFY)
        answer = await candidate.call("POST", VERIFY, body, token=token)
        expect(answer.status_code, 200, "status")
        verified = told(answer, NumberVerified).device_phone_number_verified
        expect(verified, wanted, f"devicePhoneNumberVerified of {next(iter(body))}")


async def shares_the_number(candidate: Candidate) -> None:
    """`/device-phone-number` says the number."""
    token = await _token(candidate, Scope.DEVICE_PHONE_NUMBER)
    answer = await candidate.call("GET", DEVICE_PHONE_NUMBER, token=token)
    expect(answer.status_code, 200, "status")
    expect(told(answer, DeviceNumber).device_phone_number, candidate.numbers.ready, "devicePhoneNumber")


async def refuses_two_ways(candidate: Candidate) -> None:
    """Number and hash together: INVALID_ARGUMENT."""
    token = await _token(candidate, Scope.VERIFY)
    both = {"phoneNumber": candidate.numbers.ready, "hashedPhoneNumber": hashed(candidate.numbers.ready)}
    expect_problem(await candidate.call("POST", VERIFY, both, token=token), 400, Code.INVALID_ARGUMENT)


async def binds_the_code(candidate: Candidate) -> None:
    """A code with another verifier gives nothing, and a code works once."""
    verifier = candidate.ids.secret()
    code = await _code(candidate, verifier)
    expect_oauth_error(await _redeemed(candidate, code, candidate.ids.secret()), "invalid_grant", 400)
    code = await _code(candidate, verifier)
    expect((await _redeemed(candidate, code, verifier)).status_code, 200, "status of the first use of a code")
    expect_oauth_error(await _redeemed(candidate, code, verifier), "invalid_grant", 400)


async def _token(candidate: Candidate, scope: Scope) -> str:
    verifier = candidate.ids.secret()
    answer = await _redeemed(candidate, await _code(candidate, verifier, scope), verifier)
    expect(answer.status_code, 200, "status of the token answer")
    tokens = json_object(answer)
    if not isinstance(tokens.get("id_token"), str):
        raise UnmetError("the token answer holds no id_token")
    return str(tokens.get("access_token"))


async def _code(candidate: Candidate, verifier: str, scope: Scope = Scope.VERIFY) -> str:
    if not candidate.over_mobile:
        raise SkippedError("needs --over-mobile: this machine connected by the SIM of --number")
    answer = await _authorized(candidate, verifier, scope=f"openid {PURPOSE} {scope}")
    back = _returned(candidate, answer)
    expect(back.get("state"), "check-state", "state")
    expect(back.get("iss"), candidate.issuer, "iss")
    if "code" not in back:
        raise UnmetError(f"no code came back, but {back.get('error', 'nothing')}")
    return back["code"]


async def _authorized(candidate: Candidate, verifier: str, **changes: str) -> httpx.Response:
    asked = {
        "client_id": candidate.client_id,
        "redirect_uri": candidate.redirect_uri,
        "response_type": "code",
        "scope": f"openid {PURPOSE} {Scope.VERIFY}",
        "state": "check-state",
        "nonce": "check-nonce",
        "prompt": "none",
        "login_hint": f"tel:{candidate.numbers.ready}",
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
        **changes,
    }
    endpoint = (await candidate.metadata()).get("authorization_endpoint", "")
    return await candidate.get(f"{endpoint}?{urlencode(asked)}")


def _returned(candidate: Candidate, answer: httpx.Response) -> dict[str, str]:
    """What came back to our address."""
    address = answer.headers.get("location", "")
    if answer.status_code not in _FOUND or not address.startswith(candidate.redirect_uri + "?"):
        raise UnmetError(f"status {answer.status_code}, and no way back to our address")
    return dict(httpx.URL(address).params)


async def _redeemed(candidate: Candidate, code: str, verifier: str) -> httpx.Response:
    form = {
        "grant_type": AUTHORIZATION_CODE,
        "client_id": candidate.client_id,
        "code": code,
        "redirect_uri": candidate.redirect_uri,
        "code_verifier": verifier,
    }
    endpoint = str((await candidate.metadata()).get("token_endpoint", ""))
    return await candidate.send("POST", endpoint, data=form | candidate.assertion())


ALL: Final = tuple(
    Expectation(f"number verification: {name}", Api.NUMBER_VERIFICATION, put)
    for name, put in (
        ("needs a token", needs_a_token),
        ("needs a person on the mobile network", needs_a_person),
        ("sends nobody to a strange address", sends_nobody_elsewhere),
        ("asks for a purpose", asks_for_a_purpose),
        ("recognises the SIM", recognises_the_sim),
        ("shares the number", shares_the_number),
        ("refuses number and hash together", refuses_two_ways),
        ("binds the code to its exchange", binds_the_code),
    )
)
