"""Tokens of an operator: OpenID discovery, `private_key_jwt`, client credentials, code flow without interaction.

After CAMARA's security and interoperability profile: each token request names exactly one purpose (`dpv:…`). Tokens of
our own (two-legged) are kept by scope in this process until shortly before they end; those of a person are used once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from ipse.kernel import clock as times
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids
from ipse.sim.clients.wire import Refusal, Reply, Silence, Wire
from ipse.sim.model import Exchange, Operator
from ipse.standards.camara import PURPOSE, Scope, msisdn
from ipse.standards.jose import JoseError, KeySet, PrivateKey, UnverifiedToken, public_keys, sign, verify
from ipse.standards.oauth import ASSERTION_TYPE, AUTHORIZATION_CODE, CLIENT_CREDENTIALS, challenge_of
from ipse.standards.strict_json import JsonError, parse_object

_METADATA_SECONDS: Final = 600
_ASSERTION_SECONDS: Final = 60
_SPARE_SECONDS: Final = 20
"""A token that ends sooner than this is not used any more."""
_SKEW_SECONDS: Final = 60
_LONGEST: Final = 4096
_PAR: Final = "pushed_authorization_request_endpoint"
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_ALGORITHMS: Final = ("ES256", "RS256", "PS256")


@dataclass
class Tokens:
    """Gets tokens from one operator."""

    operator: Operator
    wire: Wire
    signing: Callable[[], PrivateKey]
    clock: Clock
    ids: Ids
    redirect_uri: str
    _metadata_kept: tuple[Mapping[str, str], int] | None = None
    _kept: dict[Scope, tuple[str, int]] = field(default_factory=dict)
    _locks: dict[Scope, asyncio.Lock] = field(default_factory=dict)

    async def own(self, scope: Scope) -> str:
        """A token of our own for a scope (client credentials), the kept one while it lives.

        Raises:
            Silence, Refusal: there is none.
        """
        async with self._locks.setdefault(scope, asyncio.Lock()):
            kept = self._kept.get(scope)
            now = self.clock.now()
            if kept is not None and now < kept[1]:
                return kept[0]
            answer = await self._token({"grant_type": CLIENT_CREDENTIALS, "scope": f"{PURPOSE} {scope}"})
            token, seconds = _token_in(answer)
            self._kept[scope] = (token, now + max(0, seconds - _SPARE_SECONDS) * SECOND)
            return token

    def forget(self, scope: Scope) -> None:
        """Forget a token that the operator did not take."""
        self._kept.pop(scope, None)

    async def authorization(self, exchange: Exchange, scope: Scope, number: str) -> str:
        """The address that recognises the SIM of a browser without asking its person anything (`prompt=none`).

        Raises:
            Silence, Refusal: it cannot be made.
        """
        metadata = await self._metadata()
        asked = {
            "client_id": self.operator.client_id,
            "response_type": "code",
            "redirect_uri": self.redirect_uri,
            "scope": f"openid {PURPOSE} {scope}",
            "state": exchange.state,
            "nonce": exchange.nonce,
            "code_challenge": challenge_of(exchange.verifier),
            "code_challenge_method": "S256",
            "prompt": "none",
            "login_hint": f"tel:{msisdn(number)}",
        }
        if _PAR in metadata:
            answer = await self._posted(metadata[_PAR], asked)
            request_uri = answer.get("request_uri")
            if not isinstance(request_uri, str) or len(request_uri) > _LONGEST:
                raise Silence("request_uri is missing")
            asked = {"client_id": self.operator.client_id, "request_uri": request_uri}
        return f"{metadata['authorization_endpoint']}?{urlencode(asked)}"

    async def redeemed(self, code: str, exchange: Exchange) -> str:
        """The token of a person, for one call. Its ID token is of this exchange.

        Raises:
            Silence, Refusal: there is none.
        """
        form = {
            "grant_type": AUTHORIZATION_CODE,
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": exchange.verifier,
        }
        answer = await self._token(form)
        await self._check_id_token(answer.get("id_token"), exchange.nonce)
        return _token_in(answer)[0]

    async def _token(self, form: Mapping[str, str]) -> dict[str, Any]:
        return await self._posted((await self._metadata())["token_endpoint"], form)

    async def _posted(self, address: str, form: Mapping[str, str]) -> dict[str, Any]:
        proof = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self._assertion()}
        reply = await self.wire.call("POST", address, form={"client_id": self.operator.client_id, **form, **proof})
        document = _object(reply)
        if reply.status not in {200, 201}:
            raise Refusal(reply.status, str(document.get("error", ""))[:96])
        return document

    async def _metadata(self) -> Mapping[str, str]:
        now = self.clock.now()
        if self._metadata_kept and now - self._metadata_kept[1] < _METADATA_SECONDS * SECOND:
            return self._metadata_kept[0]
        issuer = self.operator.issuer
        document = await self._fetched(f"{issuer}/.well-known/openid-configuration")
        if document.get("issuer") != issuer:
            raise Silence("the metadata are of another issuer")
        found: dict[str, str] = {name: document[name] for name in (*_ENDPOINTS, _PAR) if name in document}
        origin = urlsplit(issuer)[:2]
        for name in (*_ENDPOINTS, *found):
            address = found.get(name)
            if not isinstance(address, str) or urlsplit(address)[:2] != origin:
                raise Silence(f"{name} is not at the operator's own origin")
        self._metadata_kept = (found, now)
        return found

    async def _keys(self) -> KeySet:
        try:
            return public_keys(await self._fetched((await self._metadata())["jwks_uri"]))
        except JoseError as error:
            raise Silence(f"key set: {error.reason}") from error

    async def _fetched(self, address: str) -> dict[str, Any]:
        reply = await self.wire.call("GET", address, headers={"Accept": "application/json"})
        document = _object(reply)
        if reply.status != 200:
            raise Silence(f"answered {reply.status}")
        return document

    async def _check_id_token(self, text: object, nonce: str) -> None:
        """The parts of OpenID Connect Core 3.1.3.7 that bind the answer to this exchange and this operator."""
        if not isinstance(text, str):
            raise Silence("the ID token is missing")
        try:
            token = UnverifiedToken.parse(text)
            claims = verify(token, await self._keys(), algorithms=_ALGORITHMS, types=(None, "jwt")).claims
        except JoseError as error:
            raise Silence(f"ID token: {error.reason}") from error
        expires = claims.get("exp")
        late = not isinstance(expires, int) or expires + _SKEW_SECONDS < times.seconds(self.clock.now())
        ours = claims.get("iss") == self.operator.issuer and claims.get("aud") in (
            self.operator.client_id,
            [self.operator.client_id],
        )
        if late or not ours or claims.get("nonce") != nonce:
            raise Silence("the ID token is of something else")

    def _assertion(self) -> str:
        now = times.seconds(self.clock.now())
        client_id = self.operator.client_id
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": self.operator.issuer,
            "jti": self.ids.identifier(),
            "iat": now,
            "exp": now + _ASSERTION_SECONDS,
        }
        return sign(claims, self.signing(), alg="ES256")


def _token_in(answer: Mapping[str, Any]) -> tuple[str, int]:
    token, seconds = answer.get("access_token"), answer.get("expires_in", 60)
    if not isinstance(token, str) or not 1 <= len(token) <= _LONGEST or not isinstance(seconds, int):
        raise Silence("the token answer holds no token")
    return token, seconds


def _object(reply: Reply) -> dict[str, Any]:
    try:
        return parse_object(reply.body, max_bytes=65_536)
    except JsonError as error:
        raise Silence(f"answered {reply.status} with something else than JSON") from error
