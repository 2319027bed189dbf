"""The protocol of a partner without a browser: user discovery sessions and back-channel requests.

OpenID CIBA Core 1.0 in poll mode, with signed requests (§7.1.1) and `private_key_jwt`. The ID token is signed, then
encrypted to the house; one that is only signed or only encrypted is refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import httpx
import msgspec

from ipse.kernel import clock
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids
from ipse.sandbox import jose
from ipse.sandbox.house.model import ACT, HOUSE, PAIR, Deed
from ipse.sandbox.partner.errors import LoginFailedError
from ipse.sandbox.partner.model import ACR_ADVANCED
from ipse.sandbox.published import Published, read_json

GRANT_TYPE: Final = "urn:openid:params:grant-type:ciba"
_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SKEW_SECONDS: Final = 30
_WAITING: Final = frozenset({"authorization_pending", "slow_down"})


class Screen(msgspec.Struct, frozen=True):
    """What the screen shows for pairing: an image as base64, two digits, and which session they belong to."""

    session: str
    qr: str
    digits: str
    interval: int


class Asked(msgspec.Struct, frozen=True):
    """A request that lies on a phone."""

    auth_req_id: str
    interval: int
    until: int
    """Second at which it ends."""
    digits: str = ""
    """What the person types; empty where they have just scanned."""
    subject: str = ""
    """Who must approve; empty where nobody is known yet."""


class Approved(msgspec.Struct, frozen=True):
    """What came of it."""

    subject: str
    name: str
    confirmed: tuple[dict[str, Any], ...] = ()


@dataclass(slots=True)
class HouseClient:
    """The back end of the house."""

    issuer: str
    signing_key: Mapping[str, Any]
    encryption_key: Mapping[str, Any]
    http: httpx.AsyncClient
    clock: Clock
    ids: Ids
    _published: Published = field(init=False)

    def __post_init__(self) -> None:
        """Keep what the scheme publishes."""
        self._published = Published(self.issuer, self.clock, lambda address: self._call(self.http.get(address)))

    async def discover(self) -> Screen:
        """Begin a user discovery session."""
        return _screen(await self._session(""))

    async def look(self, session: str) -> Screen | str:
        """The session as it is now: a fresh code, or the identifier token once somebody has scanned."""
        answer = await self._session("/" + session)
        if answer.get("status") == "USER_DISCOVERED":
            return str(answer["user_identifier_token"])
        return _screen(answer)

    async def ask_to_pair(self, identifier_token: str) -> Asked:
        """Ask whoever has scanned to become a key of the house."""
        claims = {
            "scope": f"openid service:{PAIR.code}",
            "claims": {"id_token": {"given_name": None}},
            "login_hint_token": {"type": "user_identifier_token", "value": identifier_token},
        }
        return await self._ask(claims, subject="")

    async def ask_to_act(self, subject: str, deed: Deed) -> Asked:
        """Ask somebody the house knows to have something done."""
        claims = {
            "scope": f"openid service:{ACT.code}",
            "acr_values": ACR_ADVANCED,
            "authorization_details": [deed.described()],
            "login_hint_token": {"type": "subject_code", "value": subject},
        }
        return await self._ask(claims, subject=subject)

    async def fetch(self, asked: Asked) -> Approved | Literal["waiting"]:
        """Whether the person has decided.

        Raises:
            LoginFailedError: refused, too late, or something in the answer is not right.
        """
        endpoint = str((await self._published.metadata())["token_endpoint"])
        form = {"grant_type": GRANT_TYPE, "auth_req_id": asked.auth_req_id, **self._credentials()}
        status, answer = await self._post(endpoint, form)
        if answer.get("error") in _WAITING:
            return "waiting"
        if status != httpx.codes.OK:
            kind = "refused" if answer.get("error") == "access_denied" else "broken"
            raise LoginFailedError(kind, f"token endpoint: {status} {answer.get('error')} {answer.get('detail', '')}")
        claims = await self._open(str(answer.get("id_token", "")))
        self._check(claims, asked)
        confirmed = claims.get("authorization_details", [])
        return Approved(str(claims["sub"]), str(claims.get("given_name", "")), tuple(confirmed))

    async def _ask(self, claims: Mapping[str, Any], *, subject: str) -> Asked:
        endpoint = str((await self._published.metadata())["backchannel_authentication_endpoint"])
        now = clock.seconds(self.clock.now())
        envelope = {
            "iss": HOUSE.id,
            "client_id": HOUSE.id,
            "aud": self.issuer,
            "iat": now,
            "nbf": now,
            "exp": now + 60,
            "jti": self.ids.identifier(),
        }
        signed = jose.sign({**envelope, **claims}, self.signing_key)
        status, answer = await self._post(endpoint, {"request": signed, **self._credentials()})
        if status != httpx.codes.OK:
            raise LoginFailedError(
                "broken", f"back-channel endpoint: {status} {answer.get('error')} {answer.get('detail', '')}"
            )
        return Asked(
            auth_req_id=str(answer["auth_req_id"]),
            interval=int(answer.get("interval", 5)),
            until=now + int(answer["expires_in"]),
            digits=str(answer.get("match", "")),
            subject=subject,
        )

    async def _session(self, path: str) -> dict[str, Any]:
        status, answer = await self._post(f"{self.issuer}/user_discovery_sessions{path}", self._credentials())
        if status != httpx.codes.OK:
            raise LoginFailedError(
                "broken", f"discovery session: {status} {answer.get('error')} {answer.get('detail', '')}"
            )
        return answer

    def _credentials(self) -> dict[str, str]:
        """A new assertion: each is used once."""
        now = clock.seconds(self.clock.now())
        claims = {
            "iss": HOUSE.id,
            "sub": HOUSE.id,
            "aud": self.issuer,
            "jti": self.ids.identifier(),
            "iat": now,
            "exp": now + 60,
        }
        return {"client_assertion_type": _ASSERTION_TYPE, "client_assertion": jose.sign(claims, self.signing_key)}

    def _check(self, claims: Mapping[str, Any], asked: Asked) -> None:
        """OpenID Connect Core 1.0 §3.1.3.7, and that the one who was asked has answered."""
        now = self.clock.now() / SECOND
        if claims.get("iss") != self.issuer or claims.get("aud") not in (HOUSE.id, [HOUSE.id]):
            raise LoginFailedError("suspicious", "the ID token comes from or is meant for somebody else")
        if not isinstance(claims.get("exp"), int) or claims["exp"] <= now - _SKEW_SECONDS:
            raise LoginFailedError("suspicious", "the ID token has expired")
        if not isinstance(claims.get("sub"), str) or (asked.subject and claims["sub"] != asked.subject):
            raise LoginFailedError("suspicious", "the ID token is about another person")

    async def _open(self, token: str) -> dict[str, Any]:
        """Decrypt, then verify the signature inside."""
        try:
            signed = jose.decrypt(token, self.encryption_key, algorithm="ECDH-ES", encryption="A256GCM")
            keys = await self._published.keys(jose.unverified_header(signed).get("kid"))
            return jose.verify(signed, keys, algorithms=["ES256"])
        except jose.BadTokenError as error:
            raise LoginFailedError("suspicious", f"a token cannot be trusted: {error}") from error

    async def _post(self, address: str, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        response = await self._call(self.http.post(address, data=dict(form)))
        return response.status_code, read_json(response)

    @staticmethod
    async def _call(call: Awaitable[httpx.Response]) -> httpx.Response:
        try:
            return await call
        except httpx.TransportError as error:
            raise LoginFailedError("away", f"the scheme does not answer: {error!r}") from error


def _screen(answer: Mapping[str, Any]) -> Screen:
    token = answer["user_discovery_token"]
    return Screen(
        session=str(answer["user_discovery_session_id"]),
        qr=str(token["qr_code"]),
        digits=str(token.get("digits", "")),
        interval=int(answer.get("interval", 5)),
    )
