"""Run every expectation that the scheme has of a bank against a candidate, and name what fails.

The parts without a person come first: `EXPECTATIONS` in their order. With a person who logs in, `after_login` goes on.
What each expects, and what a bank must build for it, is in docs/guides/become-a-bank.md under the same names.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import msgspec

from ipse.enrolment.clients.bank import ASSERTION_TYPE, ENDPOINTS, BankClient
from ipse.enrolment.errors import RefusedAnswerError, RegistrarRefusedError
from ipse.enrolment.model import Exchange, Registrar
from ipse.enrolment.rules import judging, reading
from ipse.enrolment.rules.registrars import check_issuer
from ipse.kernel import clock as times
from ipse.kernel.clock import Clock
from ipse.kernel.ids import Ids, b64u, sha256
from ipse.kernel.settings import Environment, Settings
from ipse.standards import ida
from ipse.standards.jose import JoseError, PrivateKey, new_private_jwk, private_keys, public_keys, sign
from ipse.standards.strict_json import JsonError, parse_object

SLOWEST: Final = 3.0
"""Seconds in which every answer must come: a person waits for several of them."""

_ALGORITHMS: Final = frozenset({"ES256", "RS256"})
_LARGEST: Final = 400_000
_TIMEOUT_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """One expectation; `fault` is empty where the candidate fulfils it."""

    name: str
    fault: str

    @property
    def fulfilled(self) -> bool:
        """Whether it is."""
        return not self.fault


class _Fault(Exception):
    """An expectation is not fulfilled; the text says how."""


@dataclass(kw_only=True)
class Examination:
    """One candidate. `signing` gives the key that the scheme publishes for its assertions."""

    registrar: Registrar
    environment: Environment
    redirect_uri: str
    signing: Callable[[], PrivateKey]
    http: httpx.AsyncClient
    clock: Clock
    ids: Ids
    metadata: dict[str, Any] = field(default_factory=dict)
    exchange: Exchange = field(init=False)
    state: str = field(init=False)
    slowest: float = 0.0

    def __post_init__(self) -> None:
        self.exchange = Exchange(nonce=self.ids.secret(), verifier=self.ids.secret())
        self.state = self.ids.secret()

    async def without_person(self) -> list[Finding]:
        """Everything that needs nobody to log in."""
        return [await self._find(name, expectation) for name, expectation in EXPECTATIONS.items()]

    async def login_address(self) -> str:
        """Where a test person logs in, so that `after_login` can go on.

        Raises:
            RegistrarRefusedError: the candidate takes no request.
        """
        try:
            return await self.client().push(
                state=self.state,
                exchange=self.exchange,
                claims=reading.CLAIMS,
                language="en",
                activation_text="Test of this bank",
            )
        except RefusedAnswerError as error:
            raise RegistrarRefusedError(str(error)) from error

    async def after_login(self, returned: str) -> list[Finding]:
        """Go on with the address that the test person was sent back to."""
        answer = dict(parse_qsl(urlsplit(returned).query))
        return [await self._find(name, partial(each, answer=answer)) for name, each in AFTER_LOGIN.items()]

    async def _find(self, name: str, expectation: Callable[[Examination], Awaitable[None]]) -> Finding:
        try:
            await expectation(self)
        except (_Fault, RefusedAnswerError, RegistrarRefusedError) as error:
            return Finding(name, str(error) or "is not fulfilled")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Finding(name, f"no answer: {type(error).__name__}")
        return Finding(name, "")

    # -- what the checks use

    def client(self) -> BankClient:
        """The scheme's own client, for what the candidate must do right."""
        return BankClient(
            self.registrar,
            redirect_uri=self.redirect_uri,
            signing=self.signing,
            http=self.http,
            clock=self.clock,
            ids=self.ids,
        )

    def at(self, endpoint: str) -> str:
        """The address of an endpoint."""
        address = self.metadata.get(endpoint)
        if not isinstance(address, str):
            raise _Fault(f"{endpoint} is not known")
        return address

    async def get(self, address: str, **headers: str) -> httpx.Response:
        """Ask, and remember how long it took."""
        began = time.monotonic()
        answer = await self.http.get(address, headers=headers)
        self.slowest = max(self.slowest, time.monotonic() - began)
        return answer

    async def post(self, endpoint: str, form: Mapping[str, str]) -> httpx.Response:
        """Send a form to an endpoint."""
        began = time.monotonic()
        answer = await self.http.post(self.at(endpoint), data=dict(form))
        self.slowest = max(self.slowest, time.monotonic() - began)
        return answer

    async def push(self, form: Mapping[str, str]) -> httpx.Response:
        """Push a request."""
        return await self.post("pushed_authorization_request_endpoint", form)

    def request(self, *, without: tuple[str, ...] = (), **changes: str) -> dict[str, str]:
        """A request as the scheme pushes it, with a fresh assertion."""
        form = {
            "client_id": self.registrar.client_id,
            "response_type": "code",
            "redirect_uri": self.redirect_uri,
            "scope": "openid",
            "state": self.ids.secret(),
            "nonce": self.ids.secret(),
            "code_challenge": b64u(sha256(self.exchange.verifier)),
            "code_challenge_method": "S256",
            "prompt": "login",
            "ui_locales": "en",
            "claims": _claims(self.registrar),
            "activation_text": "Test of this bank",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion(),
        }
        return {name: value for name, value in (form | changes).items() if name not in without}

    def assertion(self, *, key: PrivateKey | None = None, **changes: object) -> str:
        """A client assertion, with changed claims or by another key."""
        now, client_id = times.seconds(self.clock.now()), self.registrar.client_id
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": self.registrar.issuer,
            "jti": self.ids.identifier(),
            "iat": now,
            "exp": now + 60,
        }
        return sign(claims | changes, key or self.signing(), alg="ES256")

    async def refused(self, answer: httpx.Response, *errors: str) -> None:
        """Make sure that an answer refuses, with one of these errors, as JSON."""
        if answer.is_success:
            raise _Fault("it was accepted")
        if not 400 <= answer.status_code < 500:
            raise _Fault(f"answered {answer.status_code} in place of a refusal")
        if _json(answer).get("error") not in errors:
            raise _Fault(f"the error should be {' or '.join(errors)}")


@asynccontextmanager
async def opened_examination(
    registrar: Registrar,
    settings: Settings,
    *,
    signing: Callable[[], PrivateKey],
    clock: Clock,
    ids: Ids,
) -> AsyncIterator[Examination]:
    """The examination of a candidate by this installation, its connections closed at the end."""
    context = ssl.create_default_context()
    async with httpx.AsyncClient(
        timeout=_TIMEOUT_SECONDS, verify=context, follow_redirects=False, trust_env=False
    ) as http:
        yield Examination(
            registrar=registrar,
            environment=settings.environment,
            redirect_uri=settings.base_url + "/enrolment/return",
            signing=signing,
            http=http,
            clock=clock,
            ids=ids,
        )


Expectation = Callable[[Examination], Awaitable[None]]


def _claims(registrar: Registrar) -> str:
    wanted = ida.request(
        trust_framework=registrar.framework, claims=reading.CLAIMS, evidence=("electronic_record", "document")
    )
    return msgspec.json.encode({"userinfo": {"verified_claims": wanted}}).decode()


def _json(answer: httpx.Response) -> dict[str, Any]:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise _Fault(f"answered {kind or 'something without a type'} in place of JSON")
    try:
        return parse_object(answer.content, max_bytes=_LARGEST)
    except JsonError as error:
        raise _Fault(f"its JSON: {error}") from error


def _lists(metadata: Mapping[str, Any], name: str, wanted: str) -> None:
    value = metadata.get(name)
    if not isinstance(value, list) or wanted not in value:
        raise _Fault(f"{name} should name {wanted}")


async def _address(one: Examination) -> None:
    check_issuer(one.registrar.issuer, one.environment)


async def _discovery(one: Examination) -> None:
    answer = await one.get(f"{one.registrar.issuer}/.well-known/openid-configuration")
    if answer.status_code != httpx.codes.OK:
        raise _Fault(f"answered {answer.status_code}")
    one.metadata = _json(answer)
    if one.metadata.get("issuer") != one.registrar.issuer:
        raise _Fault("issuer is not the one that was asked, letter by letter")


async def _endpoints(one: Examination) -> None:
    origin = urlsplit(one.registrar.issuer)[:2]
    for name in ENDPOINTS:
        if urlsplit(one.at(name))[:2] != origin:
            raise _Fault(f"{name} is not at the bank's own origin")


async def _issuer_in_answers(one: Examination) -> None:
    if one.metadata.get("authorization_response_iss_parameter_supported") is not True:
        raise _Fault("authorization_response_iss_parameter_supported should be true (RFC 9207)")


async def _client_by_key(one: Examination) -> None:
    _lists(one.metadata, "token_endpoint_auth_methods_supported", "private_key_jwt")
    _lists(one.metadata, "token_endpoint_auth_signing_alg_values_supported", "ES256")


async def _pushed_only(one: Examination) -> None:
    if one.metadata.get("require_pushed_authorization_requests") is not True:
        raise _Fault("require_pushed_authorization_requests should be true (RFC 9126)")
    query = urlencode(one.request(without=("client_assertion", "client_assertion_type")))
    answer = await one.get(f"{one.at('authorization_endpoint')}?{query}")
    if answer.is_success or answer.has_redirect_location:
        raise _Fault("a request that was not pushed is taken")


async def _pkce(one: Examination) -> None:
    _lists(one.metadata, "code_challenge_methods_supported", "S256")
    without = ("code_challenge", "code_challenge_method")
    await one.refused(await one.push(one.request(without=without)), "invalid_request")


async def _pkce_plain(one: Examination) -> None:
    answer = await one.push(one.request(code_challenge=one.exchange.verifier, code_challenge_method="plain"))
    await one.refused(answer, "invalid_request")


async def _claims_parameter(one: Examination) -> None:
    for name in ("claims_parameter_supported", "verified_claims_supported"):
        if one.metadata.get(name) is not True:
            raise _Fault(f"{name} should be true")
    _lists(one.metadata, "trust_frameworks_supported", one.registrar.framework)
    for evidence in ("electronic_record", "document"):
        _lists(one.metadata, "evidence_supported", evidence)


async def _signed_answers(one: Examination) -> None:
    for name in ("id_token_signing_alg_values_supported", "userinfo_signing_alg_values_supported"):
        value = one.metadata.get(name)
        if not isinstance(value, list) or not _ALGORITHMS & {str(each) for each in value}:
            raise _Fault(f"{name} should name ES256 or RS256")


async def _keys(one: Examination) -> None:
    answer = await one.get(one.at("jwks_uri"))
    if answer.status_code != httpx.codes.OK:
        raise _Fault(f"answered {answer.status_code}")
    document = _json(answer)
    try:
        public_keys(document)
    except JoseError as error:
        raise _Fault(error.reason) from error
    keys = [key for key in document["keys"] if isinstance(key, dict)]
    if any("d" in key or "k" in key for key in keys):
        raise _Fault("a private key is published")
    if not any(key.get("use", "sig") == "sig" and key.get("kid") for key in keys):
        raise _Fault("there is no signing key with a kid")


async def _push_accepted(one: Examination) -> None:
    answer = await one.push(one.request())
    if answer.status_code != httpx.codes.CREATED:
        raise _Fault(f"answered {answer.status_code} {answer.text[:200] if answer.is_client_error else ''}".strip())
    if not isinstance(_json(answer).get("request_uri"), str):
        raise _Fault("request_uri is missing")


async def _no_client(one: Examination) -> None:
    answer = await one.push(one.request(without=("client_assertion", "client_assertion_type")))
    await one.refused(answer, "invalid_client", "invalid_request")


async def _wrong_client(one: Examination) -> None:
    other = one.ids.identifier()
    answer = await one.push(one.request(client_id=other, client_assertion=one.assertion(iss=other, sub=other)))
    await one.refused(answer, "invalid_client")


async def _wrong_key(one: Examination) -> None:
    jwk = new_private_jwk("ES256") | {"kid": one.signing().kid}
    stranger = private_keys([jwk])[0]
    await one.refused(await one.push(one.request(client_assertion=one.assertion(key=stranger))), "invalid_client")


async def _wrong_audience(one: Examination) -> None:
    elsewhere = one.assertion(aud="https://another.bank.example")
    await one.refused(await one.push(one.request(client_assertion=elsewhere)), "invalid_client")


async def _expired_assertion(one: Examination) -> None:
    past = times.seconds(one.clock.now()) - 3600
    await one.refused(
        await one.push(one.request(client_assertion=one.assertion(iat=past, exp=past + 60))), "invalid_client"
    )


async def _replayed_assertion(one: Examination) -> None:
    assertion = one.assertion()
    if (await one.push(one.request(client_assertion=assertion))).status_code != httpx.codes.CREATED:
        raise _Fault("the first use was refused already")
    await one.refused(await one.push(one.request(client_assertion=assertion)), "invalid_client")


async def _wrong_redirect(one: Examination) -> None:
    answer = await one.push(one.request(redirect_uri=one.redirect_uri + "/elsewhere"))
    await one.refused(answer, "invalid_request", "invalid_redirect_uri")


async def _wrong_response_type(one: Examination) -> None:
    answer = await one.push(one.request(response_type="code id_token"))
    await one.refused(answer, "unsupported_response_type", "invalid_request")


async def _unknown_request(one: Examination) -> None:
    query = urlencode({"client_id": one.registrar.client_id, "request_uri": "urn:ietf:params:oauth:request_uri:x"})
    answer = await one.get(f"{one.at('authorization_endpoint')}?{query}")
    if answer.is_success or answer.has_redirect_location or answer.is_server_error:
        raise _Fault(f"a request_uri of nobody was answered with {answer.status_code}, not with a page of refusal")


async def _unknown_code(one: Examination) -> None:
    answer = await one.post("token_endpoint", _redeeming(one, one.ids.secret()))
    await one.refused(answer, "invalid_grant")


async def _userinfo_guarded(one: Examination) -> None:
    for token in ("", one.ids.secret()):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = await one.get(one.at("userinfo_endpoint"), **headers)
        if answer.status_code != httpx.codes.UNAUTHORIZED:
            raise _Fault(f"without a good token it answered {answer.status_code}, not 401")


async def _quick(one: Examination) -> None:
    if one.slowest > SLOWEST:
        raise _Fault(f"the slowest answer took {one.slowest:.1f} s; {SLOWEST:.0f} s are allowed")


EXPECTATIONS: Final[Mapping[str, Expectation]] = {
    "address": _address,
    "discovery": _discovery,
    "endpoints": _endpoints,
    "issuer in answers": _issuer_in_answers,
    "client by key": _client_by_key,
    "claims parameter": _claims_parameter,
    "signed answers": _signed_answers,
    "key set": _keys,
    "pushed request": _push_accepted,
    "pushed only": _pushed_only,
    "PKCE demanded": _pkce,
    "PKCE S256 alone": _pkce_plain,
    "no client": _no_client,
    "wrong client": _wrong_client,
    "wrong key": _wrong_key,
    "wrong audience": _wrong_audience,
    "expired assertion": _expired_assertion,
    "replayed assertion": _replayed_assertion,
    "wrong redirect URI": _wrong_redirect,
    "wrong response type": _wrong_response_type,
    "unknown request": _unknown_request,
    "unknown code": _unknown_code,
    "UserInfo guarded": _userinfo_guarded,
    "quick answers": _quick,
}
"""What is expected without a person, in the order in which it is tried."""


def _redeeming(one: Examination, code: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": one.redirect_uri,
        "client_id": one.registrar.client_id,
        "code_verifier": one.exchange.verifier,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": one.assertion(),
    }


async def _answer_bound(one: Examination, answer: Mapping[str, str]) -> None:
    if answer.get("state") != one.state:
        raise _Fault("state did not come back as it was sent")
    if answer.get("iss") != one.registrar.issuer:
        raise _Fault("iss in the answer is not the issuer (RFC 9207)")
    if not answer.get("code"):
        raise _Fault(f"there is no code; error is {answer.get('error', 'absent')}")


async def _told(one: Examination, answer: Mapping[str, str]) -> None:
    """Redeem as the scheme does, and judge what is said as it would be for an activation."""
    said = await one.client().redeem(answer.get("code", ""), one.exchange)
    now = one.clock.now()
    try:
        verified = ida.parse(said.verified_claims, trust_framework=one.registrar.framework)
    except ida.IdaError as error:
        raise _Fault(str(error)) from error
    reading.check_evidence(verified, now=now)
    facts = reading.facts(verified, email=None)
    production = one.environment is Environment.PRODUCTION
    judging.check(facts, today=times.day(now), test_numbers=not production, minors=True)
    if verified.assurance_level is None:
        raise _Fault("verification.assurance_level is missing: such an identity would be of level low")
    if not any(check.check_id for evidence in verified.evidence for check in evidence.checks):
        raise _Fault("no check_id: such an identity would stay pending")


async def _code_once(one: Examination, answer: Mapping[str, str]) -> None:
    again = await one.post("token_endpoint", _redeeming(one, answer.get("code", "")))
    await one.refused(again, "invalid_grant")


AFTER_LOGIN: Final[Mapping[str, Callable[..., Awaitable[None]]]] = {
    "answer bound": _answer_bound,
    "verified claims": _told,
    "code once": _code_once,
}
"""What is expected after a login, in order."""
