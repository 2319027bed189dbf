"""The protocol of a partner: where to send the browser, and what to do when it comes back.

OpenID Connect Core 1.0 code flow, RFC 7636 (S256), RFC 7523, RFC 9207. ID token and UserInfo are signed then encrypted;
a token that is only signed or only encrypted is refused.
"""

from __future__ import annotations

import asyncio
import hmac
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import msgspec

from ipse.kernel import clock
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids, b64u, sha256
from ipse.sandbox import jose
from ipse.sandbox.partner.errors import LoginFailedError
from ipse.sandbox.partner.model import ACR_ADVANCED, CLAIM, PartnerProfile, ServiceProfile
from ipse.sandbox.partner.orders import ORDERS, check_confirmed
from ipse.sandbox.partner.orders import parameters as ordered
from ipse.sandbox.published import Published, read_json

PATIENCE_SECONDS: Final = 15
"""So long a partner tries again when the scheme cannot be reached."""
_PAUSE_SECONDS: Final = 0.25
_SKEW_SECONDS: Final = 30
_LARGEST_PICTURE: Final = 500_000


@dataclass(frozen=True, slots=True)
class Identity:
    """How a partner proves who it is, and what it reads encrypted answers with."""

    secret: str | None = None
    signing_key: Mapping[str, Any] | None = None
    encryption_key: Mapping[str, Any] | None = None

    def opening_key(self) -> Mapping[str, Any]:
        """The key that tokens are encrypted to."""
        if self.encryption_key is not None:
            return self.encryption_key
        return jose.secret_key(self.secret or "")


@dataclass(frozen=True, slots=True)
class Started:
    """What must be remembered of a login until the browser returns."""

    service: str
    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    order: str = ""
    """What is to be confirmed, by its id."""
    subject: str = ""
    """The customer it is meant for, if the partner knows them."""
    way: str = ""
    """What the person chose to use instead of the phone."""


@dataclass(frozen=True, slots=True)
class Received:
    """What a finished login brought, verified."""

    service: str
    subject: str
    acr: str
    id_token: dict[str, Any]
    userinfo: dict[str, Any]
    picture: str | None = None
    """The document's picture as data URI, when it was shared."""
    order: str = ""
    """What was confirmed, by its id."""

    @property
    def claims(self) -> dict[str, Any]:
        """Everything about the person, from both places."""
        technical = {"iss", "aud", "sub", "exp", "iat", "nbf", "auth_time", "nonce", "acr", "amr", "at_hash", "azp"}
        technical |= {"authorization_details", CLAIM + "authorization_details_digest", CLAIM + "approval_digest"}
        everything = {**self.userinfo, **self.id_token}
        return {
            name: value
            for name, value in everything.items()
            if name not in technical and not name.startswith(CLAIM + "claim_approval_")
        }


@dataclass(slots=True)
class RelyingParty:
    """One partner's back end."""

    profile: PartnerProfile
    issuer: str
    redirect_uri: str
    identity: Identity
    http: httpx.AsyncClient
    clock: Clock
    ids: Ids
    _published: Published = field(init=False)

    def __post_init__(self) -> None:
        """Keep what the scheme publishes."""
        self._published = Published(self.issuer, self.clock, self._fetch)

    def begin(self, service: ServiceProfile, *, order: str = "", subject: str = "", way: str = "") -> Started:
        """Fresh values for one login or confirmation."""
        return Started(
            service=service.code,
            state=self.ids.secret(),
            nonce=self.ids.secret(),
            verifier=self.ids.secret(),
            redirect_uri=self.redirect_uri,
            order=order,
            subject=subject,
            way=way,
        )

    async def authorization_url(self, started: Started, service: ServiceProfile, *, language: str) -> str:
        """Where to send the browser. What is to be confirmed is left with the scheme before (RFC 9126).

        Raises:
            LoginFailedError: the scheme does not take it, or cannot be reached.
        """
        claims: dict[str, dict[str, Any]] = {
            "id_token": {name: _essential(name, service) for name in service.asks_in_id_token},
            "userinfo": {name: _essential(name, service) for name in service.asks_in_userinfo},
        }
        details = ""
        if started.order:
            id_token, userinfo, details = ordered(ORDERS[started.order], started.subject)
            claims = {"id_token": claims["id_token"] | id_token, "userinfo": claims["userinfo"] | userinfo}
        parameters = {
            "client_id": self.profile.id,
            "response_type": "code",
            "scope": service.scope,
            "redirect_uri": started.redirect_uri,
            "state": started.state,
            "nonce": started.nonce,
            "code_challenge": b64u(sha256(started.verifier)),
            "code_challenge_method": "S256",
            "acr_values": f"{CLAIM}acr_fallback_{started.way} {service.acr}" if started.way else service.acr,
            "ui_locales": language,
            "claims": msgspec.json.encode({place: asked for place, asked in claims.items() if asked}).decode(),
        }
        if started.order:
            parameters = await self._pushed(parameters | ({"authorization_details": details} if details else {}))
        return f"{(await self._published.metadata())['authorization_endpoint']}?{urlencode(parameters)}"

    async def _pushed(self, parameters: Mapping[str, str]) -> dict[str, str]:
        """Leave a request with the scheme; what remains for the browser to carry."""
        endpoint = str((await self._published.metadata()).get("pushed_authorization_request_endpoint", ""))
        if not endpoint:
            raise LoginFailedError("broken", "the scheme takes no pushed requests")

        async def once() -> httpx.Response:
            return await self.http.post(endpoint, data={**parameters, **self._credentials(self.issuer)})

        response = await self._insist(once)
        document = read_json(response)
        if response.status_code != httpx.codes.CREATED or "request_uri" not in document:
            detail = document.get("error_description", "")
            raise LoginFailedError("broken", f"pushed request: {response.status_code} {document.get('error')} {detail}")
        return {"client_id": self.profile.id, "request_uri": str(document["request_uri"])}

    async def finish(self, started: Started, answer: Mapping[str, str]) -> Received:
        """Redeem the answer that the browser brought back.

        Raises:
            LoginFailedError: refused, expired, unreachable, or something in it is not right.
        """
        metadata = await self._published.metadata()
        if answer.get("iss", self.issuer) != self.issuer:
            raise LoginFailedError("suspicious", f"the answer comes from {answer['iss']}")
        if "error" in answer:
            raise LoginFailedError(
                _kind_of(answer["error"]), f"{answer['error']}: {answer.get('error_description', '')}"
            )
        if not answer.get("code"):
            raise LoginFailedError("broken", "the answer holds neither code nor error")
        tokens = await self._redeem(str(metadata["token_endpoint"]), answer["code"], started)
        id_token = await self._open(str(tokens.get("id_token", "")))
        self._check_id_token(id_token, started)
        if started.order:
            check_confirmed(ORDERS[started.order], id_token)
        userinfo = await self._userinfo(str(metadata["userinfo_endpoint"]), str(tokens["access_token"]))
        if userinfo.get("sub") != id_token["sub"]:
            raise LoginFailedError("suspicious", "UserInfo speaks of another person than the ID token")
        picture = await self._picture({**userinfo, **id_token}.get("picture"), str(tokens["access_token"]))
        return Received(
            started.service, str(id_token["sub"]), str(id_token["acr"]), id_token, userinfo, picture, started.order
        )

    async def heard(self, token: str) -> str:
        """Whom a security event token is about: believed only as the scheme has signed it for us (RFC 8417).

        Raises:
            LoginFailedError: it cannot be trusted, or speaks of nobody.
        """
        try:
            header = jose.unverified_header(token)
            keys = await self._published.keys(header.get("kid"))
            claims = jose.verify(token, keys, algorithms=[self.profile.signed])
        except jose.BadTokenError as error:
            raise LoginFailedError("suspicious", f"an event cannot be trusted: {error}") from error
        self._check_issuer_and_audience(claims, "the event")
        about = claims.get("sub_id")
        subject = about.get("sub") if isinstance(about, dict) else None
        if header.get("typ") != "secevent+jwt" or not claims.get("events") or not isinstance(subject, str):
            raise LoginFailedError("suspicious", "this is no security event token")
        return subject

    async def _redeem(self, endpoint: str, code: str, started: Started) -> dict[str, Any]:
        async def once() -> httpx.Response:
            form = {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": started.redirect_uri,
                "code_verifier": started.verifier,
                **self._credentials(endpoint),
            }
            return await self.http.post(endpoint, data=form)

        response = await self._insist(once)
        document = read_json(response)
        if response.status_code != httpx.codes.OK or "access_token" not in document:
            detail = document.get("detail") or document.get("error_description") or ""
            raise LoginFailedError("broken", f"token endpoint: {response.status_code} {document.get('error')} {detail}")
        return document

    def _credentials(self, endpoint: str) -> dict[str, str]:
        """The secret, or a new assertion: each is used once, so each try has its own."""
        if self.identity.secret is not None:
            return {"client_id": self.profile.id, "client_secret": self.identity.secret}
        now = clock.seconds(self.clock.now())
        claims = {
            "iss": self.profile.id,
            "sub": self.profile.id,
            "aud": endpoint,
            "jti": self.ids.identifier(),
            "iat": now,
            "exp": now + 60,
        }
        return {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jose.sign(claims, self.identity.signing_key or {}),
        }

    async def _userinfo(self, endpoint: str, token: str) -> dict[str, Any]:
        response = await self._insist(lambda: self.http.get(endpoint, headers={"Authorization": f"Bearer {token}"}))
        if response.status_code != httpx.codes.OK:
            raise LoginFailedError("broken", f"userinfo endpoint: {response.status_code}")
        claims = await self._open(response.text)
        self._check_issuer_and_audience(claims, "UserInfo")
        return claims

    async def _picture(self, address: object, token: str) -> str | None:
        """The picture behind its address, which wants the access token; only from the scheme itself."""
        if not isinstance(address, str) or not address.startswith(self.issuer + "/"):
            return None
        response = await self._insist(lambda: self.http.get(address, headers={"Authorization": f"Bearer {token}"}))
        kind = response.headers.get("content-type", "").partition(";")[0]
        good = response.status_code == httpx.codes.OK and kind in {"image/jpeg", "image/png"}
        return _data_uri(kind, response.content) if good and len(response.content) <= _LARGEST_PICTURE else None

    async def _open(self, token: str) -> dict[str, Any]:
        """Decrypt, then verify the signature inside."""
        algorithm, encryption = self.profile.encrypted
        try:
            signed = jose.decrypt(token, self.identity.opening_key(), algorithm=algorithm, encryption=encryption)
            kid = jose.unverified_header(signed).get("kid")
            keys = await self._published.keys(kid)
            return jose.verify(signed, keys, algorithms=[self.profile.signed])
        except jose.BadTokenError as error:
            raise LoginFailedError("suspicious", f"a token cannot be trusted: {error}") from error

    def _check_id_token(self, claims: Mapping[str, Any], started: Started) -> None:
        """OpenID Connect Core 1.0 §3.1.3.7."""
        self._check_issuer_and_audience(claims, "the ID token")
        now = self.clock.now() / SECOND
        if not isinstance(claims.get("exp"), int) or claims["exp"] <= now - _SKEW_SECONDS:
            raise LoginFailedError("suspicious", "the ID token has expired")
        if not isinstance(claims.get("iat"), int) or claims["iat"] > now + _SKEW_SECONDS:
            raise LoginFailedError("suspicious", "the ID token was made in the future")
        if not hmac.compare_digest(str(claims.get("nonce", "")), started.nonce):
            raise LoginFailedError("suspicious", "the ID token answers another login (nonce)")
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise LoginFailedError("suspicious", "the ID token names nobody")
        if started.subject and claims["sub"] != started.subject:
            raise LoginFailedError("suspicious", "another person has confirmed than the customer")
        service = self.profile.service(started.service)
        wanted = service.acr if service else ACR_ADVANCED
        allowed = {wanted, ACR_ADVANCED, *(service.fallback_acrs if service else ())}
        if claims.get("acr") not in allowed:
            raise LoginFailedError("suspicious", f"approved as {claims.get('acr')}, but {wanted} was asked")

    def _check_issuer_and_audience(self, claims: Mapping[str, Any], what: str) -> None:
        if claims.get("iss") != self.issuer:
            raise LoginFailedError("suspicious", f"{what} comes from {claims.get('iss')}")
        if claims.get("aud") not in (self.profile.id, [self.profile.id]):
            raise LoginFailedError("suspicious", f"{what} is meant for {claims.get('aud')}")

    async def _fetch(self, address: str) -> httpx.Response:
        return await self._insist(lambda: self.http.get(address))

    async def _insist(self, call: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        """The answer to a call, tried again for `PATIENCE_SECONDS` while nobody answers."""
        give_up_at = self.clock.now() + PATIENCE_SECONDS * SECOND
        while True:
            try:
                return await call()
            except httpx.TransportError as error:
                if self.clock.now() >= give_up_at:
                    raise LoginFailedError("away", f"the scheme does not answer: {error!r}") from error
                await asyncio.sleep(_PAUSE_SECONDS)


def _essential(name: str, service: ServiceProfile) -> dict[str, bool] | None:
    return {"essential": True} if name in service.required else None


def _kind_of(error: str) -> str:
    return {"access_denied": "refused", "temporary_unavailable": "away", "temporarily_unavailable": "away"}.get(
        error, "broken"
    )


def _data_uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{b64encode(content).decode()}"
