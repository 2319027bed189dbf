"""A candidate, and how it is asked: everything with time-outs and limits, and nothing followed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from ipse.cli.mobile_operator.checking.listener import Listener
from ipse.kernel.clock import Clock, seconds
from ipse.kernel.hosts import names_loopback
from ipse.kernel.ids import Ids
from ipse.standards.camara import CORRELATOR_HEADER, PURPOSE, Api, Code, Problem, Scope, read
from ipse.standards.jose import PrivateKey, sign
from ipse.standards.oauth import ASSERTION_TYPE, CLIENT_CREDENTIALS

SLOWEST: Final = 5.0
"""Seconds in which each answer must be there: what an operator may take before it counts as down."""
_LARGEST: Final = 65_536
_ASSERTION_SECONDS: Final = 60
T = TypeVar("T", bound=msgspec.Struct)


class UnmetError(Exception):
    """The candidate does not do what is expected; says how it differs."""


class SkippedError(Exception):
    """It could not be tried; says what would be needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What the candidate gave for trying, as E.164 without spaces."""

    ready: str
    """A SIM that all checks work for."""
    unknown: str
    """A number that is not its own."""
    unready: str = ""
    """A number of its own whose SIM cannot be checked; left out when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Whom we ask, as whom, and about what."""

    issuer: str
    api_root: str
    client_id: str
    redirect_uri: str
    apis: frozenset[Api]
    numbers: Numbers
    key: PrivateKey
    other_key: PrivateKey
    """A key that the candidate does not know, with the id of the one it knows."""
    http: httpx.AsyncClient
    clock: Clock
    ids: Ids
    production: bool = False
    over_mobile: bool = False
    """Whether this machine's connection is carried by the ready SIM."""
    listener: Listener | None = None
    _found: dict[str, Any] = field(default_factory=dict)

    async def metadata(self) -> Mapping[str, Any]:
        """The discovery document, fetched once."""
        if not self._found:
            answer = await self.get(f"{self.issuer}/.well-known/openid-configuration")
            expect(answer.status_code, 200, "status of the discovery document")
            self._found.update(json_object(answer))
        return self._found

    async def get(self, address: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - as httpx takes them
        """An answer in time, of a bounded size."""
        return await self.send("GET", address, **options)

    async def send(self, method: str, address: str, **options: Any) -> httpx.Response:  # noqa: ANN401
        """An answer in time, of a bounded size."""
        parts = urlsplit(address)
        if self.production and (parts.scheme != "https" or names_loopback(parts.hostname or "")):
            raise UnmetError(f"{parts.scheme}://{parts.netloc} is no address for production")
        began = time.monotonic()
        async with self.http.stream(method, address, **options) as answer:
            body = b""
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > _LARGEST:
                    raise UnmetError(f"an answer larger than {_LARGEST} bytes")
        if time.monotonic() - began > SLOWEST:
            raise UnmetError(f"it took longer than {SLOWEST:g} s to answer")
        return httpx.Response(answer.status_code, headers=_plain(answer.headers), content=body)

    def assertion(self, *, key: PrivateKey | None = None, **changes: Any) -> dict[str, str]:  # noqa: ANN401 - JSON
        """A fresh client assertion, with members changed."""
        now = seconds(self.clock.now())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.issuer,
            "jti": self.ids.identifier(),
            "iat": now,
            "exp": now + _ASSERTION_SECONDS,
            **changes,
        }
        signed = sign(claims, key or self.key, alg="ES256")
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}

    async def token_answer(self, scope: str, *, proof: Mapping[str, str] | None = None, **more: str) -> httpx.Response:
        """What the token endpoint says to client credentials for a scope."""
        form = {"grant_type": CLIENT_CREDENTIALS, "client_id": self.client_id, "scope": scope, **more}
        endpoint = str((await self.metadata()).get("token_endpoint", ""))
        if not endpoint:
            raise UnmetError("the discovery document names no token_endpoint")
        return await self.send("POST", endpoint, data=form | dict(proof or self.assertion()))

    async def token(self, scope: Scope) -> str:
        """A token of our own."""
        answer = await self.token_answer(f"{PURPOSE} {scope}")
        expect(answer.status_code, 200, f"status of a token request for {scope}")
        token = json_object(answer).get("access_token")
        if not isinstance(token, str):
            raise UnmetError("the token answer holds no access_token")
        return token

    async def call(
        self, method: str, path: str, body: object = None, *, token: str = "", correlator: str = "check-1"
    ) -> httpx.Response:
        """Call an API. `path` begins with its base path."""
        headers = {CORRELATOR_HEADER: correlator}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        options = {"json": body} if body is not None else {}
        return await self.send(method, self.api_root + path, headers=headers, **options)


def expect(found: object, wanted: object, what: str) -> None:
    """Be content only with exactly this.

    Raises:
        UnmetError: something else.
    """
    if found != wanted or type(found) is not type(wanted):
        raise UnmetError(f"{what}: expected {wanted!r}, found {str(found)[:80]!r}")


def expect_problem(answer: httpx.Response, status: int, code: Code) -> None:
    """Be content only with this error, its body as the standard has it, and the correlator.

    Raises:
        UnmetError: something else.
    """
    expect(answer.status_code, status, "status")
    problem = told(answer, Problem)
    expect((problem.status, problem.code), (status, str(code)), "error")
    if not problem.message:
        raise UnmetError("the error has no message")
    expect(answer.headers.get(CORRELATOR_HEADER), "check-1", CORRELATOR_HEADER)


def expect_oauth_error(answer: httpx.Response, error: str, *statuses: int) -> None:
    """Be content only with this OAuth error (RFC 6749 §5.2).

    Raises:
        UnmetError: something else.
    """
    if answer.status_code not in statuses:
        raise UnmetError(f"status: expected {statuses[0]} {error}, found {answer.status_code}")
    expect(json_object(answer).get("error"), error, "error")


def json_object(answer: httpx.Response) -> dict[str, Any]:
    """The body.

    Raises:
        UnmetError: it is no JSON object.
    """
    try:
        document = answer.json()
    except ValueError as error:
        raise UnmetError("the answer is not JSON") from error
    if not isinstance(document, dict):
        raise UnmetError("the answer is no JSON object")
    return document


def told(answer: httpx.Response, kind: type[T]) -> T:
    """The body, as one of the shapes of CAMARA.

    Raises:
        UnmetError: it is not of that shape.
    """
    try:
        return read(answer.content, kind)
    except ValueError as error:
        raise UnmetError(f"the body is {error}") from error


def _plain(headers: httpx.Headers) -> list[tuple[str, str]]:
    """Without what described the body on its way."""
    coded = {"content-encoding", "transfer-encoding", "content-length"}
    return [(name, value) for name, value in headers.multi_items() if name.lower() not in coded]
