"""The scheme as a bank's OpenID client: pushed request, code, ID token, signed UserInfo with verified claims.

OpenID Connect Core 1.0, RFC 9126 (pushed requests), RFC 7636 (S256), RFC 7523 (`private_key_jwt`), RFC 9207 (`iss`).
One client for each bank, built at first use; every call ends, no answer is larger than expected. Which addresses are
called is fixed by the operator: each must lie at the bank's own origin, and redirects are never followed (T-23).
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, NoReturn
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec

from ipse.enrolment.errors import RegistrarError
from ipse.enrolment.model import Exchange, Registrar, RegistrarAnswer
from ipse.kernel import clock as times
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids, b64u, sha256
from ipse.standards import ida
from ipse.standards.jose import JoseError, KeySet, PrivateKey, UnverifiedToken, public_keys, sign, verify
from ipse.standards.strict_json import JsonError, parse_object
from ipse.telemetry.calls import calling

DEADLINE: Final = 10.0
"""Seconds for everything a bank has to answer to one step of a person."""

_TIMEOUT: Final = httpx.Timeout(5.0, connect=3.0)
_CONNECTIONS: Final = httpx.Limits(max_connections=20, max_keepalive_connections=4)
_LARGEST: Final = 400_000
_ASSERTION_SECONDS: Final = 60
_SKEW_SECONDS: Final = 30
_OLDEST_SECONDS: Final = 600
_METADATA_SECONDS: Final = 600
_KEYS_SECONDS: Final = 600
_REFETCH_SECONDS: Final = 5
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMS: Final = ("ES256", "RS256")
_TYPES: Final = (None, "jwt")
_ERROR: Final = re.compile(rb'"error"\s*:\s*"([a-z_]{1,60})"')
ENDPOINTS: Final = (
    "authorization_endpoint",
    "pushed_authorization_request_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
)


class BankClient:
    """Speaks with one bank.

    Every method raises RegistrarError when the bank does not answer in time, or answers what the specifications do not
    allow; the text is for the log and repeats no personal data.
    """

    def __init__(
        self,
        registrar: Registrar,
        *,
        redirect_uri: str,
        signing: Callable[[], PrivateKey],
        http: httpx.AsyncClient,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self.registrar = registrar
        self._redirect_uri = redirect_uri
        self._signing = signing
        self._http = http
        self._clock = clock
        self._ids = ids
        self._metadata_kept: tuple[Mapping[str, str], int] | None = None
        self._keys_kept: tuple[KeySet, int] | None = None

    async def push(
        self, *, state: str, exchange: Exchange, claims: Mapping[str, bool], language: str, activation_text: str
    ) -> str:
        """Push an authorization request and return the address to send the browser to.

        `activation_text` names what the person is about to activate; the bank's page shows it.
        """
        asked = {
            "userinfo": {
                "verified_claims": ida.request(
                    trust_framework=self.registrar.framework, claims=claims, evidence=("electronic_record", "document")
                )
            }
        }
        form = {
            "client_id": self.registrar.client_id,
            "response_type": "code",
            "redirect_uri": self._redirect_uri,
            "scope": "openid",
            "state": state,
            "nonce": exchange.nonce,
            "code_challenge": b64u(sha256(exchange.verifier)),
            "code_challenge_method": "S256",
            "prompt": "login",
            "ui_locales": language,
            "claims": msgspec.json.encode(asked).decode(),
            "activation_text": activation_text,
        }
        async with self._deadline():
            metadata = await self._metadata()
            answer = await self._post(metadata["pushed_authorization_request_endpoint"], form, status=201)
        request_uri = answer.get("request_uri")
        if not isinstance(request_uri, str) or not 1 <= len(request_uri) <= 512:
            self._fail("request_uri is missing")
        query = urlencode({"client_id": self.registrar.client_id, "request_uri": request_uri})
        return f"{metadata['authorization_endpoint']}?{query}"

    async def redeem(self, code: str, exchange: Exchange) -> RegistrarAnswer:
        """Redeem a code and return what the bank says of the person, its signatures verified."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "client_id": self.registrar.client_id,
            "code_verifier": exchange.verifier,
        }
        async with self._deadline():
            metadata = await self._metadata()
            tokens = await self._post(metadata["token_endpoint"], form, status=200)
            id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
            if not isinstance(id_token, str) or not isinstance(access_token, str):
                self._fail("the token answer lacks a token")
            subject = await self._subject(id_token, exchange.nonce, hashed={"at_hash": access_token, "c_hash": code})
            original = await self._userinfo(metadata["userinfo_endpoint"], access_token)
            claims = await self._verified(original)
        if claims.get("sub") != subject:
            self._fail("UserInfo is about somebody else")
        self._check_times(claims, "UserInfo", needed=False)
        return RegistrarAnswer(original=original, verified_claims=claims.get("verified_claims"))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    @asynccontextmanager
    async def _deadline(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(DEADLINE):
                yield
        except TimeoutError:
            self._fail("no answer in time")

    async def _metadata(self) -> Mapping[str, str]:
        now = self._clock.now()
        if self._metadata_kept and now - self._metadata_kept[1] < _METADATA_SECONDS * SECOND:
            return self._metadata_kept[0]
        issuer = self.registrar.issuer
        document = await self._get_json(f"{issuer}/.well-known/openid-configuration")
        if document.get("issuer") != issuer:
            self._fail("the metadata are of another issuer")
        if document.get("authorization_response_iss_parameter_supported") is not True:
            self._fail("the bank does not say its name in the answer (RFC 9207)")
        origin = urlsplit(issuer)[:2]
        endpoints: dict[str, str] = {}
        for name in ENDPOINTS:
            address = document.get(name)
            if not isinstance(address, str) or urlsplit(address)[:2] != origin:
                self._fail(f"{name} is not at the bank's own origin")
            endpoints[name] = address
        self._metadata_kept = (endpoints, now)
        return endpoints

    async def _keys(self, *, again: bool) -> KeySet:
        now = self._clock.now()
        seconds = _REFETCH_SECONDS if again else _KEYS_SECONDS
        if self._keys_kept and now - self._keys_kept[1] < seconds * SECOND:
            return self._keys_kept[0]
        document = await self._get_json((await self._metadata())["jwks_uri"])
        try:
            keys = public_keys(document)
        except JoseError as error:
            self._fail(f"key set: {error.reason}")
        self._keys_kept = (keys, now)
        return keys

    async def _verified(self, text: str) -> dict[str, Any]:
        """Claims of a token that this bank signed for us; an unknown key makes us fetch its keys again."""
        try:
            token = UnverifiedToken.parse(text, max_bytes=_LARGEST)
            try:
                verified = verify(token, await self._keys(again=False), algorithms=_ALGORITHMS, types=_TYPES)
            except JoseError:
                verified = verify(token, await self._keys(again=True), algorithms=_ALGORITHMS, types=_TYPES)
            claims = verified.claims
        except JoseError as error:
            self._fail(f"token: {error.reason}")
        if claims.get("iss") != self.registrar.issuer:
            self._fail("a token of another issuer")
        if claims.get("aud") != self.registrar.client_id:
            self._fail("a token for somebody else")
        return claims

    async def _subject(self, id_token: str, nonce: str, *, hashed: Mapping[str, str]) -> str:
        """Whom the ID token is about (OpenID Connect Core section 3.1.3.7); `hashed` may stand in it halved."""
        claims = await self._verified(id_token)
        self._check_times(claims, "the ID token", needed=True)
        subject = claims.get("sub")
        if claims.get("nonce") != nonce:
            self._fail("the ID token answers another request")
        if claims.get("azp", self.registrar.client_id) != self.registrar.client_id:
            self._fail("the ID token was made for another client (azp)")
        for name, value in hashed.items():
            if claims.get(name, _half_digest(value)) != _half_digest(value):
                self._fail(f"the ID token came with another token or code ({name})")
        if not isinstance(subject, str) or not subject:
            self._fail("the ID token is about nobody")
        return subject

    def _check_times(self, claims: Mapping[str, Any], what: str, *, needed: bool) -> None:
        now = times.seconds(self._clock.now())
        issued, expires = claims.get("iat"), claims.get("exp")
        if not needed and issued is None and expires is None:
            return
        if isinstance(issued, bool) or not isinstance(issued, int) or not isinstance(expires, int):
            self._fail(f"{what} has no times")
        if issued > now + _SKEW_SECONDS:
            self._fail(f"{what} is from the future")
        if issued < now - _OLDEST_SECONDS or expires <= now - _SKEW_SECONDS:
            self._fail(f"{what} is too old")

    async def _userinfo(self, address: str, access_token: str) -> str:
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/jwt"}
        kind, body = await self._call("GET", address, headers=headers, status=200)
        if kind != "application/jwt":
            self._fail("UserInfo is not signed")
        try:
            text = body.decode("ascii")
        except UnicodeDecodeError:
            self._fail("UserInfo is not a token")
        if text.count(".") == 4:
            self._fail("UserInfo is encrypted, and nobody agreed on that")
        return text

    async def _post(self, address: str, form: Mapping[str, str], *, status: int) -> dict[str, Any]:
        proof = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self._assertion()}
        return self._json(*await self._call("POST", address, data={**form, **proof}, status=status))

    async def _get_json(self, address: str) -> dict[str, Any]:
        return self._json(*await self._call("GET", address, status=200))

    def _json(self, kind: str, body: bytes) -> dict[str, Any]:
        if kind != "application/json":
            self._fail("not JSON")
        try:
            return parse_object(body, max_bytes=_LARGEST)
        except JsonError as error:
            self._fail(f"JSON: {error}")

    def _assertion(self) -> str:
        now = times.seconds(self._clock.now())
        client_id = self.registrar.client_id
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": self.registrar.issuer,
            "jti": self._ids.identifier(),
            "iat": now,
            "exp": now + _ASSERTION_SECONDS,
        }
        return sign(claims, self._signing(), alg="ES256")

    async def _call(
        self,
        method: str,
        address: str,
        *,
        status: int,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[str, bytes]:
        """Media type and body of an answer with the expected status, read no further than the largest size."""
        place = urlsplit(address).path
        try:
            with calling("bank") as call:
                async with self._http.stream(method, address, data=data, headers=headers) as response:
                    call.answered(response.status_code)
                    body = bytearray()
                    async for chunk in response.aiter_bytes():
                        body += chunk
                        if len(body) > _LARGEST:
                            self._fail(f"{place} answered too much")
                if response.status_code != status:
                    error = _ERROR.search(body)
                    self._fail(f"{place} answered {response.status_code} {error[1].decode() if error else ''}")
                kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._fail(f"{place}: {type(error).__name__}")
        return kind, bytes(body)

    def _fail(self, why: str) -> NoReturn:
        raise RegistrarError(f"{self.registrar.id}: {why}")


def _half_digest(value: str) -> str:
    """`at_hash` and `c_hash` for algorithms on SHA-256 (OpenID Connect Core section 3.3.2.11)."""
    return b64u(sha256(value)[:16])


class Banks:
    """One client for each bank, made when it is first needed, and anew when the bank's row names another issuer."""

    def __init__(self, *, redirect_uri: str, signing: Callable[[], PrivateKey], clock: Clock, ids: Ids) -> None:
        self._redirect_uri = redirect_uri
        self._signing = signing
        self._clock = clock
        self._ids = ids
        self._context: ssl.SSLContext | None = None
        self._clients: dict[tuple[str, ...], BankClient] = {}

    def __call__(self, registrar: Registrar) -> BankClient:
        """The client of a bank."""
        name = (registrar.id, registrar.issuer, registrar.client_id, registrar.framework)
        if name not in self._clients:
            # Shared by all: making one takes 50 ms.
            self._context = self._context or ssl.create_default_context()
            self._clients[name] = BankClient(
                registrar,
                redirect_uri=self._redirect_uri,
                signing=self._signing,
                http=httpx.AsyncClient(
                    timeout=_TIMEOUT, limits=_CONNECTIONS, verify=self._context, follow_redirects=False, trust_env=False
                ),
                clock=self._clock,
                ids=self._ids,
            )
        return self._clients[name]

    async def close(self) -> None:
        """Let go of all connections."""
        for client in self._clients.values():
            await client.close()
