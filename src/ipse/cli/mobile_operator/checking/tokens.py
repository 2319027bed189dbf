"""Discovery, and who gets a token for what (CAMARA Security and Interoperability Profile)."""

from __future__ import annotations

from typing import Final

from ipse.cli.mobile_operator.checking.candidate import Candidate, UnmetError, expect, expect_oauth_error, json_object
from ipse.cli.mobile_operator.checking.expectation import Expectation
from ipse.kernel.clock import seconds
from ipse.standards.camara import PURPOSE, Api, Scope, scopes

_LONGEST: Final = 301
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


def a_scope(candidate: Candidate) -> Scope:
    """Any scope that the candidate serves."""
    return min(scopes(min(candidate.apis)))


async def names_itself(candidate: Candidate) -> None:
    """The discovery document is of this issuer, and names its endpoints."""
    metadata = await candidate.metadata()
    expect(metadata.get("issuer"), candidate.issuer, "issuer")
    for name in _ENDPOINTS:
        if not str(metadata.get(name, "")).startswith(_origin(candidate.issuer) + "/"):
            raise UnmetError(f"{name} is missing, or not at the issuer's own origin")


async def says_what_it_takes(candidate: Candidate) -> None:
    """`private_key_jwt` with ES256, client credentials and, with Number Verification, the code flow with PKCE."""
    metadata = await candidate.metadata()
    wanted = [
        ("token_endpoint_auth_methods_supported", "private_key_jwt"),
        ("token_endpoint_auth_signing_alg_values_supported", "ES256"),
        ("grant_types_supported", "client_credentials"),
    ]
    if Api.NUMBER_VERIFICATION in candidate.apis:
        wanted += [("grant_types_supported", "authorization_code"), ("code_challenge_methods_supported", "S256")]
    for member, value in wanted:
        if value not in (metadata.get(member) or ()):
            raise UnmetError(f"{member} does not hold {value}")


async def publishes_keys(candidate: Candidate) -> None:
    """The key set holds public keys only."""
    answer = await candidate.get(str((await candidate.metadata()).get("jwks_uri", "")))
    expect(answer.status_code, 200, "status of the key set")
    keys = json_object(answer).get("keys")
    if not isinstance(keys, list) or not keys:
        raise UnmetError("the key set holds no keys")
    if any("d" in key or "k" in key for key in keys):
        raise UnmetError("the key set shows a private key")


async def gives_tokens(candidate: Candidate) -> None:
    """A bearer token for one purpose and one scope, with its life."""
    answer = await candidate.token_answer(f"{PURPOSE} {a_scope(candidate)}")
    expect(answer.status_code, 200, "status")
    token = json_object(answer)
    expect(str(token.get("token_type", "")).lower(), "bearer", "token_type")
    if not isinstance(token.get("expires_in"), int):
        raise UnmetError("expires_in is missing")
    if "refresh_token" in token:
        raise UnmetError("client credentials must give no refresh token")


async def needs_our_key(candidate: Candidate) -> None:
    """An assertion signed by another key opens nothing."""
    await _refuses(candidate, candidate.assertion(key=candidate.other_key))


async def needs_an_assertion(candidate: Candidate) -> None:
    """A client id alone opens nothing."""
    await _refuses(candidate, {"client_secret": "guessed"})


async def needs_its_own_name(candidate: Candidate) -> None:
    """An assertion for another server opens nothing."""
    await _refuses(candidate, candidate.assertion(aud="https://elsewhere.example"))


async def refuses_late_assertions(candidate: Candidate) -> None:
    """An assertion that has expired opens nothing."""
    now = seconds(candidate.clock.now())
    await _refuses(candidate, candidate.assertion(iat=now - 700, exp=now - 600))


async def refuses_long_assertions(candidate: Candidate) -> None:
    """An assertion that lives longer than 300 seconds opens nothing."""
    now = seconds(candidate.clock.now())
    await _refuses(candidate, candidate.assertion(exp=now + 10 * _LONGEST))


async def takes_an_assertion_once(candidate: Candidate) -> None:
    """The same assertion opens nothing a second time."""
    proof = candidate.assertion()
    first = await candidate.token_answer(f"{PURPOSE} {a_scope(candidate)}", proof=proof)
    expect(first.status_code, 200, "status of the first use")
    await _refuses(candidate, proof)


async def needs_a_purpose(candidate: Candidate) -> None:
    """A token request without a purpose is refused."""
    expect_oauth_error(await candidate.token_answer(str(a_scope(candidate))), "invalid_scope", 400)


async def takes_one_purpose(candidate: Candidate) -> None:
    """A token request with two purposes is refused."""
    answer = await candidate.token_answer(f"{PURPOSE} dpv:Marketing {a_scope(candidate)}")
    expect_oauth_error(answer, "invalid_scope", 400)


async def refuses_unknown_scopes(candidate: Candidate) -> None:
    """A scope that is not served is refused."""
    expect_oauth_error(await candidate.token_answer(f"{PURPOSE} no-such-api:read"), "invalid_scope", 400)


async def refuses_other_grants(candidate: Candidate) -> None:
    """A grant that the profile does not know is refused."""
    answer = await candidate.token_answer(f"{PURPOSE} {a_scope(candidate)}", grant_type="password")
    expect_oauth_error(answer, "unsupported_grant_type", 400)


async def _refuses(candidate: Candidate, proof: dict[str, str]) -> None:
    answer = await candidate.token_answer(f"{PURPOSE} {a_scope(candidate)}", proof=proof)
    expect_oauth_error(answer, "invalid_client", 401, 400)


def _origin(address: str) -> str:
    return "/".join(address.split("/", 3)[:3])


ALL: Final = (
    Expectation("discovery: names itself and its endpoints", None, names_itself),
    Expectation("discovery: says what it takes", None, says_what_it_takes),
    Expectation("discovery: publishes its keys", None, publishes_keys),
    Expectation("token: given for one purpose and one scope", None, gives_tokens),
    Expectation("token: only to our key", None, needs_our_key),
    Expectation("token: only with an assertion", None, needs_an_assertion),
    Expectation("token: only when addressed itself", None, needs_its_own_name),
    Expectation("token: not for an assertion that has expired", None, refuses_late_assertions),
    Expectation("token: not for an assertion of more than 300 seconds", None, refuses_long_assertions),
    Expectation("token: once for an assertion", None, takes_an_assertion_once),
    Expectation("token: not without a purpose", None, needs_a_purpose),
    Expectation("token: not for two purposes", None, takes_one_purpose),
    Expectation("token: not for an unknown scope", None, refuses_unknown_scopes),
    Expectation("token: not by another grant", None, refuses_other_grants),
)
