"""Whole logins over HTTP: a browser, a phone and a partner's back end in one coroutine per virtual user."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from ipse.cli.bench.model import BenchPartner, Handset
from ipse.cli.bench.relying import RelyingParty
from ipse.cli.bench.wire import Connection, Response
from ipse.kernel.clock import SystemClock, seconds
from ipse.kernel.ids import RandomIds, b64u, b64u_decode, sha256
from ipse.standards import phone_channel

_JOSE = "Content-Type: application/jose\r\n"
_FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
_CONTENT = re.compile(r'id="qr"[^>]*data-content="([^"]+)"|data-content="([^"]+)"[^>]*id="qr"')
_FINISH = re.compile(r"/v2/sign-in/([A-Za-z0-9_-]+)")
_CHECK_EVERY = 50
FAPI2 = "fapi2"
_CLOCK = SystemClock()
_IDS = RandomIds()


class BenchError(Exception):
    """An answer that is not the one a working login gets."""


@dataclass(slots=True)
class Phone:
    """A phone reduced to what an approval needs."""

    handset: Handset
    sealing_key: dict[str, str]
    key: ec.EllipticCurvePrivateKey
    code_key: bytes

    @classmethod
    def of(cls, handset: Handset, sealing_key: dict[str, str]) -> Phone:
        """Take a phone up."""
        salt = b64u_decode(handset.salt)
        return cls(
            handset=handset,
            sealing_key=sealing_key,
            key=phone_channel.private_key({"d": handset.d}),
            code_key=phone_channel.code_key(handset.code, salt, handset.phone),
        )

    def signed(self, kind: str, **members: object) -> str:
        """A signed message."""
        head = {"v": 1, "type": kind, "phone": self.handset.phone, "iat": seconds(_CLOCK.now())}
        return phone_channel.sign(self.key, self.handset.phone, {**head, "chain": self.handset.chain, **members})

    def sealed_approval(self, shown: dict[str, Any]) -> str:
        """Approve everything that is shown."""
        octets = b64u_decode(shown["shown"])
        names = [attribute["name"] for attribute in msgspec.json.decode(octets)["attributes"]]
        compact = self.signed(
            "approval",
            action=shown["action"],
            challenge=shown["challenge"],
            decision="approved",
            shown=b64u(sha256(octets)),
            device={"label": "bench"},
            method="code",
            code_key_id=self.handset.code_key_id,
            shared=names,
        )
        return phone_channel.seal(self.sealing_key, compact, phone_channel.code_proof(self.code_key, compact))


@dataclass(slots=True)
class Round:
    """What one round of logins gave."""

    logins: int = 0
    errors: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(slots=True)
class User:
    """One person at one browser, with one phone, again and again."""

    connection: Connection
    phone: Phone
    relying: RelyingParty
    nonce: str = ""
    """The server's last DPoP nonce."""

    async def log_in(self, number: int) -> None:
        """One whole login.

        Raises:
            BenchError: a step did not answer as it must.
        """
        partner = self.relying.partner
        verifier, state, nonce = _IDS.secret(), _IDS.identifier(), _IDS.identifier()
        page = await self._page(partner, verifier, state, nonce)
        handle, frame, cookie = _read_page(page)
        await self._approve(frame)
        code = await self._finish(handle, cookie, state)
        tokens = await self._redeem(partner, code, verifier)
        subject = ""
        if number % _CHECK_EVERY == 0:
            subject = self.relying.checked(tokens["id_token"], nonce=nonce)
        answer = _expect(await self._userinfo(partner, tokens["access_token"]), 200, "userinfo")
        if number % _CHECK_EVERY == 0 and self.relying.subject(answer.body.decode()) != subject:
            raise BenchError("UserInfo names another subject than the ID token")

    async def _page(self, partner: BenchPartner, verifier: str, state: str, nonce: str) -> Response:
        query = {
            "client_id": partner.client_id,
            "response_type": "code",
            "scope": f"openid service:{partner.service}",
            "redirect_uri": partner.redirect_uri,
            "state": state,
            "nonce": nonce,
            "code_challenge": b64u(sha256(verifier)),
            "code_challenge_method": "S256",
        }
        if partner.preset == FAPI2:
            query = {"client_id": partner.client_id, "request_uri": await self._push(query)}
        page = await self.connection.ask("GET", f"/v2/authorization?{urlencode(query, quote_via=quote)}")
        return _expect(page, 200, "authorization page")

    async def _push(self, parameters: dict[str, str]) -> str:
        form = {**parameters, **self._client()}
        answer = await self.connection.ask("POST", "/v2/par", headers=_FORM, body=urlencode(form).encode())
        return str(msgspec.json.decode(_expect(answer, 201, "par").body)["request_uri"])

    async def _userinfo(self, partner: BenchPartner, token: str) -> Response:
        if partner.preset != FAPI2:
            return await self.connection.ask("GET", "/v2/userinfo", headers=f"Authorization: Bearer {token}\r\n")
        proof = self.relying.proof("GET", "/v2/userinfo", nonce=self.nonce, token=token)
        headers = f"Authorization: DPoP {token}\r\nDPoP: {proof}\r\n"
        return self._noted(await self.connection.ask("GET", "/v2/userinfo", headers=headers))

    def _client(self) -> dict[str, str]:
        return {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self.relying.assertion(),
        }

    def _noted(self, answer: Response) -> Response:
        self.nonce = answer.headers.get(b"dpop-nonce", self.nonce.encode()).decode()
        return answer

    async def _approve(self, frame: str) -> None:
        claim = self.phone.signed("claim", start={"frame": frame}, device={"label": "bench"})
        shown = await self._say("/phone/v1/claims", claim)
        await self._say("/phone/v1/approvals", self.phone.sealed_approval(shown))

    async def _say(self, path: str, message: str) -> dict[str, Any]:
        answer = await self.connection.ask("POST", path, headers=_JOSE, body=message.encode())
        members: dict[str, Any] = msgspec.json.decode(_expect(answer, 200, path).body)
        self.phone.handset.chain = members["chain"]
        return members

    async def _finish(self, handle: str, cookie: str, state: str) -> str:
        answer = await self.connection.ask("GET", f"/v2/sign-in/{handle}/finish", headers=f"Cookie: {cookie}\r\n")
        if answer.status not in {302, 303}:
            raise BenchError(f"finish answered {answer.status}: {answer.body[:200]!r}")
        query = parse_qs(urlsplit(answer.headers[b"location"].decode()).query)
        if query.get("state") != [state] or "code" not in query:
            raise BenchError(f"finish led elsewhere: {answer.headers[b'location']!r}")
        return query["code"][0]

    async def _redeem(self, partner: BenchPartner, code: str, verifier: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": partner.redirect_uri,
            "code_verifier": verifier,
            **self._client(),
        }
        headers = _FORM
        if partner.preset == FAPI2:
            if not self.nonce:
                await self._first_nonce()
            headers += f"DPoP: {self.relying.proof('POST', '/v2/token', nonce=self.nonce)}\r\n"
        answer = self._noted(
            await self.connection.ask("POST", "/v2/token", headers=headers, body=urlencode(form).encode())
        )
        tokens: dict[str, Any] = msgspec.json.decode(_expect(answer, 200, "token").body)
        return tokens

    async def _first_nonce(self) -> None:
        """Learn the server's nonce by a proof without one, which is refused with it (RFC 9449 §8)."""
        form = {"grant_type": "authorization_code", "code": "-", "redirect_uri": "-", **self._client()}
        headers = f"{_FORM}DPoP: {self.relying.proof('POST', '/v2/token', nonce='')}\r\n"
        self._noted(await self.connection.ask("POST", "/v2/token", headers=headers, body=urlencode(form).encode()))


def _expect(answer: Response, status: int, what: str) -> Response:
    if answer.status != status:
        raise BenchError(f"{what} answered {answer.status}: {answer.body[:300]!r}")
    return answer


def _read_page(page: Response) -> tuple[str, str, str]:
    """Handle, frame and cookie of a sign-in page."""
    text = page.body.decode()
    content, handle = _CONTENT.search(text), _FINISH.search(text)
    if content is None or handle is None:
        raise BenchError("the sign-in page shows no QR")
    frame = unescape(content.group(1) or content.group(2)).partition("#f=")[2]
    return handle.group(1), frame, page.headers.get(b"set-cookie", b"").decode().partition(";")[0]


async def run(users: list[User], duration_seconds: float, at_least: int = 0) -> Round:
    """Let every user log in again and again, without pause, for that long and that often; a login begun is finished."""
    result = Round()
    start = time.perf_counter()
    end = start + duration_seconds

    async def live(user: User) -> None:
        while (begun := time.perf_counter()) < end or result.logins < at_least:
            try:
                await user.log_in(result.logins)
            except Exception as error:  # noqa: BLE001 -- counted and told; one broken user must not end the round
                result.errors.append(f"{type(error).__name__}: {error}")
                return
            result.logins += 1
            result.latencies.append(time.perf_counter() - begun)

    await asyncio.gather(*(live(user) for user in users))
    result.seconds = time.perf_counter() - start
    return result
