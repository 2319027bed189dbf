"""Every kind of token there is, each good where it belongs, and every place that takes one."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwe, jws

from ipse.kernel.ids import RandomIds
from ipse.standards import phone_channel
from tests.functional.oidc.back_channel import GRANT_TYPE, Door, Street
from tests.functional.oidc.prover import Prover
from tests.functional.oidc.relying_party import ASSERTION_TYPE, imported
from tests.functional.oidc.strict import CHALLENGE, VERIFIER

FOREIGN = ("at+jwt", "secevent+jwt", "logout+jwt", "kb+jwt", "oauth-authz-req+jwt", "ipse-broker-request+jwt")
"""Explicit types, each put on a token that would otherwise be a good client assertion (R-13)."""


@dataclass
class Matrix:
    """One partner that uses everything, its kinds of tokens, and the places it may send them."""

    street: Street
    door: Door
    prover: Prover
    base: str
    """Of the whole scheme, without path."""

    # Kinds.

    async def kinds(self) -> dict[str, str]:
        """One token of each kind, all good now."""
        door, prover = self.door, self.prover
        bearer = await self._tokens()
        bound = (await prover.token(*await self.code())).json()
        userinfo = (await door.userinfo(bearer["access_token"])).text
        jarm = await self._answer(response_mode="jwt")
        person, (subject,) = await self.street.person(door)
        asked = await door.asked(subject)
        session = (await door.session()).json()["user_discovery_session_id"]
        await self.street.scan(session, person)
        self.street.clock.advance(seconds=6)  # between two polls
        identifier = (await door.session(session)).json()["user_identifier_token"]
        code, _ = await self.code()
        url = door.issuer + "/userinfo"
        return {
            "client assertion": door.assertion(),
            "client assertion for the token endpoint": door.assertion(aud=door.issuer + "/token"),
            **{f"client assertion typed {typ}": door.assertion(header={"typ": typ}) for typ in FOREIGN},
            "request object": door.request_object(),
            "request object without a type": door.request_object(header={"typ": "JWT"}),
            "back-channel request": door.signed(door.claims({"type": "subject_code", "value": subject})),
            "DPoP proof of a token request": prover.proof("POST", door.issuer + "/token"),
            "DPoP proof of a pushed request": prover.proof("POST", door.issuer + "/par"),
            "DPoP proof of a UserInfo request": prover.proof("GET", url, token=bound["access_token"]),
            "broker's signed request": self.signed_request(),
            "ID token": bearer["id_token"],
            "ID token, opened": self._opened(bearer["id_token"]),
            "UserInfo": userinfo,
            "UserInfo, opened": self._opened(userinfo),
            "signed answer": parse_qs(urlsplit(jarm).query)["response"][0],
            "phone message": self.phone_message(),
            "code": code,
            "access token": bearer["access_token"],
            "bound access token": bound["access_token"],
            "partner's token for the log": await self.partner_token("partner.log"),
            "partner's token for the broker": await self.partner_token("broker"),
            "pushed request": await self.urn(),
            "auth_req_id": asked["auth_req_id"],
            "user identifier token": identifier,
            "subject": subject,
        }

    async def code(self, **asked: str | None) -> tuple[str, str | None]:
        began = await self.door.begin(**asked)
        await self.street.installation.approve(began.handle)
        return (await self.door.finish(began))["code"], began.verifier

    async def _tokens(self) -> dict[str, Any]:
        answer = await self.door.token(*await self.code())
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def _answer(self, **asked: str | None) -> str:
        began = await self.door.begin(**asked)
        await self.street.installation.approve(began.handle)
        back = await self.door.browser.get(f"{self.door.issuer}/sign-in/{began.handle}/finish")
        location: str = back.headers["location"]
        return location

    def _opened(self, nested: str) -> str:
        assert self.door.encryption
        _, alg, enc = self.door.algorithms
        opened = jwe.decrypt_compact(nested, imported(self.door.encryption), algorithms=[alg, enc])
        return (opened.plaintext or b"").decode()

    async def partner_token(self, scope: str) -> str:
        form = {"grant_type": "client_credentials", "scope": scope, **self.door.credentials()}
        token: str = (await self.door.browser.post(self.door.issuer + "/token", data=form)).json()["access_token"]
        return token

    async def urn(self) -> str:
        answer = await self.door.push(code_challenge=CHALLENGE, code_challenge_method="S256")
        assert answer.status_code == 201, answer.text
        uri: str = answer.json()["request_uri"]
        return uri

    def signed_request(self) -> str:
        """A request to the REST API for a session that is not there."""
        assert self.door.signing
        now = int(time.time())
        claims = {
            "iss": self.door.client_id,
            "aud": self.door.issuer,
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + 60,
            "htm": "GET",
            "htu": self.base + "/broker/v1/sessions/nothing",
        }
        header = {"alg": "ES256", "kid": self.door.signing["kid"], "typ": "ipse-broker-request+jwt"}
        return jws.serialize_compact(header, json.dumps(claims), imported(self.door.signing), algorithms=["ES256"])

    def phone_message(self) -> str:
        """A message that a phone has signed, signed here with the partner's own key, so that only its type is wrong."""
        assert self.door.signing
        numbers = imported(self.door.signing).private_key
        assert isinstance(numbers, ec.EllipticCurvePrivateKey)
        claims = {"iss": self.door.client_id, "sub": self.door.client_id, "aud": self.door.issuer}
        times = {"iat": int(time.time()), "exp": int(time.time()) + 60, "jti": secrets.token_urlsafe(9)}
        return phone_channel.sign(numbers, self.door.signing["kid"], claims | times)

    # Places.

    async def token(self, **form: str) -> httpx.Response:
        """A token request with a code that is none."""
        good = {
            "grant_type": "authorization_code",
            "code": RandomIds().code(),
            "redirect_uri": self.door.redirect_uri,
            "code_verifier": VERIFIER,
        }
        return await self.door.browser.post(
            self.door.issuer + "/token", data={**good, **self.door.credentials(), **form}
        )

    async def asserted(self, path: str, value: str, **form: str) -> httpx.Response:
        """A request with this value as client assertion."""
        form |= {"client_assertion_type": ASSERTION_TYPE, "client_assertion": value}
        return await self.door.browser.post(self.door.issuer + path, data=form)

    async def authorized(self, **query: str) -> httpx.Response:
        good = {
            "client_id": self.door.client_id,
            "response_type": "code",
            "scope": f"openid service:{self.door.service}",
            "redirect_uri": self.door.redirect_uri,
        }
        return await self.door.browser.get(self.door.issuer + "/authorization", params=good | query)

    async def read(self, url: str, value: str, *, scheme: str = "Bearer") -> httpx.Response:
        return await self.door.browser.get(url, headers={"Authorization": f"{scheme} {value}"})

    async def proven(self, path: str, value: str) -> httpx.Response:
        """A good request but for this DPoP proof."""
        headers = {"DPoP": value}
        pushing = {
            "client_id": self.door.client_id,
            "response_type": "code",
            "scope": f"openid service:{self.door.service}",
            "redirect_uri": self.door.redirect_uri,
        }
        form = pushing if path == "/par" else {"grant_type": "authorization_code", "code": RandomIds().code()}
        form |= {"redirect_uri": self.door.redirect_uri, **self.door.credentials()}
        return await self.door.browser.post(self.door.issuer + path, data=form, headers=headers)

    def places(self) -> dict[str, Callable[[str], Awaitable[httpx.Response]]]:
        """Every place that takes a token, as a request that is good but for the value."""
        door, issuer = self.door, self.door.issuer
        return {
            "client assertion at token": lambda value: self.asserted(
                "/token", value, grant_type="client_credentials", scope="partner.log"
            ),
            "client assertion at par": lambda value: self.asserted(
                "/par", value, response_type="code", scope=f"openid service:{door.service}",
                redirect_uri=door.redirect_uri,
            ),
            "client assertion at revocation": lambda value: self.asserted("/connect/revoke", value, token="x" * 43),
            "client assertion at back channel": lambda value: self.asserted(
                "/backchannel/authentication", value, request=door.signed(door.claims(None))
            ),
            "client assertion at user discovery": lambda value: self.asserted("/user_discovery_sessions", value),
            "client secret": lambda value: door.browser.post(
                issuer + "/token", data={"client_id": door.client_id, "client_secret": value}
            ),
            "code": lambda value: self.token(code=value),
            "auth_req_id": lambda value: self.token(grant_type=GRANT_TYPE, auth_req_id=value),
            "DPoP at token": lambda value: self.proven("/token", value),
            "DPoP at par": lambda value: self.proven("/par", value),
            "DPoP at UserInfo": lambda value: door.browser.get(
                issuer + "/userinfo", headers={"Authorization": f"DPoP {self.bound}", "DPoP": value}
            ),
            "request object": lambda value: self.authorized(request=value),
            "request object at par": lambda value: door.push(request=value),
            "request_uri": lambda value: self.authorized(request_uri=value),
            "request_uri at par": lambda value: door.push(request_uri=value),
            "back-channel request": door.send,
            "user identifier token": lambda value: door.ask(token=value),
            "subject code": door.ask,
            "UserInfo": lambda value: self.read(issuer + "/userinfo", value),
            "picture": lambda value: self.read(issuer + "/picture", value),
            "UserInfo with the DPoP scheme": lambda value: self.read(issuer + "/userinfo", value, scheme="DPoP"),
            "request log": lambda value: self.read(issuer + "/partner/log", value),
            "REST API": lambda value: self.read(self.base + "/broker/v1/sessions/nothing", value),
            "REST API, signed": lambda value: self.read(
                self.base + "/broker/v1/sessions/nothing", value, scheme="Signed-Request"
            ),
            "phone": lambda value: door.browser.post(self.base + "/phone/v1/home", content=value),
        }  # fmt: skip

    bound: str = ""
    """A good bound access token, for the place that takes its proof."""


def judged(answer: httpx.Response) -> str:
    """`taken`, or how it was refused."""
    assert answer.status_code < 500, answer.text
    if answer.status_code == 303:
        return parse_qs(urlsplit(answer.headers["location"]).query)["error"][0]
    return "taken" if answer.status_code < 300 else str(answer.status_code)
