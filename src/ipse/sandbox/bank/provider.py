"""One bank as OpenID provider: what it keeps between push, login, code and token, each for its own short time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from ipse.kernel import clock
from ipse.kernel.clock import Clock
from ipse.kernel.ids import Ids, b64u, sha256
from ipse.sandbox import jose
from ipse.sandbox.bank import dossier, verified
from ipse.sandbox.bank.assertions import ALGORITHMS, Assertions
from ipse.sandbox.bank.errors import Refusal, invalid_grant, invalid_request
from ipse.sandbox.bank.model import Bank
from ipse.sandbox.bank.requests import pushed
from ipse.sandbox.drawers import Drawer
from ipse.sandbox.persons import Person, everybody, persons

REQUEST_SECONDS: Final = 60
LOGIN_SECONDS: Final = 900
CODE_SECONDS: Final = 60
TOKEN_SECONDS: Final = 300
_REQUEST_URI: Final = "urn:ietf:params:oauth:request_uri:"
ACR: Final = "urn:ipse:acr:bank-card-and-reader"


@dataclass(frozen=True, slots=True)
class Memory:
    """What a bank remembers."""

    pushed: Drawer
    logins: Drawer
    codes: Drawer
    spent: Drawer
    tokens: Drawer


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A bank's answers to the scheme. HTTP is in `http`."""

    bank: Bank
    issuer: str
    client_id: str
    redirect_uri: str
    key: Mapping[str, Any]
    subject_salt: str
    memory: Memory
    assertions: Assertions
    clock: Clock
    ids: Ids

    def metadata(self) -> dict[str, Any]:
        """The discovery document (OpenID Connect Discovery 1.0 §3, RFC 8414 §2, Identity Assurance §7)."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "pushed_authorization_request_endpoint": f"{self.issuer}/par",
            "require_pushed_authorization_requests": True,
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "scopes_supported": ["openid"],
            "subject_types_supported": ["pairwise"],
            "acr_values_supported": [ACR],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
            "id_token_signing_alg_values_supported": ["ES256"],
            "userinfo_signing_alg_values_supported": ["ES256"],
            "authorization_response_iss_parameter_supported": True,
            "claims_parameter_supported": True,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
            "ui_locales_supported": ["nl", "fr", "de", "en"],
            "verified_claims_supported": True,
            "trust_frameworks_supported": [self.bank.trust_framework],
            "evidence_supported": ["electronic_record", "document"],
            "electronic_records_supported": ["bank_account"],
            "documents_supported": ["idcard", "passport"],
            "documents_check_methods_supported": ["vpip"],
            "claims_in_verified_claims_supported": sorted(dossier.claims(self.people()[0])),
        }

    def people(self) -> tuple[Person, ...]:
        """Everybody who can log in here; the bank's own customers first."""
        today: date = clock.day(self.clock.now())
        return tuple(sorted(persons(today), key=lambda person: person.home_bank != self.bank.id))

    def person(self, person_id: str) -> Person | None:
        """The customer of that id."""
        return next((one for one in everybody(clock.day(self.clock.now())) if one.id == person_id), None)

    async def push(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Keep a pushed request (RFC 9126 §2.2).

        Raises:
            Refusal: the client is not the scheme, or the request is not acceptable.
        """
        await self.assertions.verify(form)
        request = pushed(form, redirect_uri=self.redirect_uri)
        request_uri = _REQUEST_URI + self.ids.secret()
        self.memory.pushed.put(request_uri, request, seconds=REQUEST_SECONDS)
        return {"request_uri": request_uri, "expires_in": REQUEST_SECONDS}

    def begin_login(self, query: Mapping[str, str], browser: str) -> str:
        """Turn a pushed request into a login in this browser, once; returns the login's handle.

        Raises:
            Refusal: no such request, or not any more.
        """
        if query.get("client_id") != self.client_id:
            raise invalid_request("unknown client_id")
        request = self.memory.pushed.take(query.get("request_uri", ""))
        if request is None:
            raise invalid_request("this request is unknown, used or too old; requests must be pushed first")
        handle = self.ids.identifier()
        login = {"request": request, "browser": b64u(sha256(browser))}
        self.memory.logins.put(handle, login, seconds=LOGIN_SECONDS)
        return handle

    def login(self, handle: str, browser: str) -> dict[str, Any] | None:
        """The request that waits for a login in this browser."""
        login = self.memory.logins.look(handle)
        if login is None or login["browser"] != b64u(sha256(browser)):
            return None
        request: dict[str, Any] = login["request"]
        return request

    def approve(self, handle: str, person: Person) -> str | None:
        """End a login with a code; returns where to send the browser. Once."""
        login = self.memory.logins.take(handle)
        if login is None:
            return None
        code = self.ids.secret()
        grant = {"request": login["request"], "person": person.id, "auth_time": clock.seconds(self.clock.now())}
        self.memory.codes.put(code, grant, seconds=CODE_SECONDS)
        return self._back(login["request"], code=code)

    def refuse(self, handle: str, description: str) -> str | None:
        """End a login without; returns where to send the browser. Once."""
        login = self.memory.logins.take(handle)
        if login is None:
            return None
        return self._back(login["request"], error="access_denied", error_description=description)

    async def redeem(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Give tokens for a code (OpenID Connect Core 1.0 §3.1.3).

        Raises:
            Refusal: the client is not the scheme, or the code is not good.
        """
        if form.get("grant_type") != "authorization_code":
            raise Refusal("unsupported_grant_type", "grant_type must be authorization_code")
        await self.assertions.verify(form)
        code = form.get("code", "")
        grant = self.memory.codes.take(code)
        if grant is None:
            self._revoke_tokens_of(code)
            raise invalid_grant("the code is unknown, used or too old")
        request = grant["request"]
        if form.get("redirect_uri") != request["redirect_uri"]:
            raise invalid_grant("redirect_uri is not the one of the request")
        challenge = b64u(sha256(form.get("code_verifier", "")))
        if challenge != request["code_challenge"]:
            raise invalid_grant("code_verifier does not fit code_challenge")
        token = self.ids.secret()
        self.memory.tokens.put(token, grant, seconds=TOKEN_SECONDS)
        self.memory.spent.put(code, {"token": token}, seconds=TOKEN_SECONDS)
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "id_token": self._id_token(grant),
        }

    def userinfo(self, token: str) -> str | None:
        """The signed UserInfo answer (OpenID Connect Core 1.0 §5.3.2); None if the token is not good."""
        grant = self.memory.tokens.look(token)
        if grant is None:
            return None
        return jose.sign(self._common(grant) | self._asked(grant, "userinfo"), self.key)

    def _revoke_tokens_of(self, code: str) -> None:
        """A code that comes twice may have been stolen: what it gave ends (RFC 6749 §4.1.2)."""
        spent = self.memory.spent.take(code)
        if spent is not None:
            self.memory.tokens.take(spent["token"])

    def _id_token(self, grant: Mapping[str, Any]) -> str:
        about_login = {
            "auth_time": grant["auth_time"],
            "nonce": grant["request"]["nonce"],
            "acr": ACR,
            "amr": ["pin", "hwk"],
        }
        return jose.sign(self._common(grant) | about_login | self._asked(grant, "id_token"), self.key)

    def _common(self, grant: Mapping[str, Any]) -> dict[str, Any]:
        now = clock.seconds(self.clock.now())
        subject = b64u(sha256(f"{self.subject_salt}|{grant['person']}"))
        return {"iss": self.issuer, "aud": self.client_id, "sub": subject, "iat": now, "exp": now + TOKEN_SECONDS}

    def _asked(self, grant: Mapping[str, Any], place: str) -> dict[str, Any]:
        """The claims that were asked for at this place."""
        person = self.person(grant["person"])
        if person is None:
            return {}
        asked = dict(grant["request"]["claims"][place])
        wanted = asked.pop("verified_claims", None)
        now, known = self.clock.now(), dossier.claims(person)
        answer = verified.plain(asked, known, now)
        if wanted is not None:
            verification = dossier.verification(person, self.bank, grant["auth_time"] * clock.SECOND)
            claims = verified.answer(wanted, verification=verification, claims=known, now=now)
            if claims is not None:
                answer["verified_claims"] = claims
        return answer

    def _back(self, request: Mapping[str, Any], **parameters: str) -> str:
        """The redirect URI with the answer, `state` and `iss` (RFC 9207)."""
        answer = {**parameters, "state": request["state"], "iss": self.issuer}
        return f"{request['redirect_uri']}?{urlencode(answer)}"
