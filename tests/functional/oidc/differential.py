"""Requests that go to two providers alike, and what each says to them in words that can be compared."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.functional.oidc.relying_party import RelyingParty
from tests.functional.oidc.strict import CHALLENGE, VERIFIER

STATE = "the state"
# What is changed of a good request, by what it is called in the table; None leaves a parameter out.
ASKED: dict[str, dict[str, Any]] = {
    "good": {},
    "with PKCE": {"code_challenge": CHALLENGE, "code_challenge_method": "S256"},
    "with a nonce": {"nonce": "n"},
    "response_type missing": {"response_type": None},
    "response_type token": {"response_type": "token"},
    "response_type id_token": {"response_type": "id_token", "nonce": "n"},
    "response_type code token": {"response_type": "code token"},
    "response_type code id_token": {"response_type": "code id_token", "nonce": "n"},
    "response_type none": {"response_type": "none"},
    "response_type unheard": {"response_type": "unheard"},
    "response_type CODE": {"response_type": "CODE"},
    "response_type code code": {"response_type": "code code"},
    "response_mode query": {"response_mode": "query"},
    "response_mode form_post": {"response_mode": "form_post"},
    "response_mode fragment": {"response_mode": "fragment"},
    "response_mode jwt": {"response_mode": "jwt"},
    "response_mode query.jwt": {"response_mode": "query.jwt"},
    "response_mode form_post.jwt": {"response_mode": "form_post.jwt"},
    "response_mode web_message": {"response_mode": "web_message"},
    "response_mode unheard": {"response_mode": "unheard"},
    "scope missing": {"scope": None},
    "scope openid alone": {"scope": "openid"},
    "scope without openid": {"scope": "service:NEW_EC_NARROW"},
    "scope with an unheard word": {"scope": "openid service:NEW_EC_NARROW unheard"},
    "scope of two services": {"scope": "openid service:NEW_EC_NARROW service:NEW_EC_LOGIN"},
    "scope of another partner": {"scope": "openid service:NEW_RSA_NARROW"},
    "scope of an unheard service": {"scope": "openid service:UNHEARD"},
    "scope twice the same word": {"scope": "openid openid service:NEW_EC_NARROW"},
    "scope with two spaces": {"scope": "openid  service:NEW_EC_NARROW"},
    "scope with a tab": {"scope": "openid\tservice:NEW_EC_NARROW"},
    "scope with offline_access": {"scope": "openid offline_access service:NEW_EC_NARROW"},
    "redirect_uri missing": {"redirect_uri": None},
    "redirect_uri of a stranger": {"redirect_uri": "https://stranger.example/"},
    "redirect_uri with another path": {"redirect_uri": "http://127.0.0.1:18499/new_ec/elsewhere"},
    "redirect_uri with another port": {"redirect_uri": "http://127.0.0.1:18498/new_ec/second"},
    "redirect_uri with another case": {"redirect_uri": "http://127.0.0.1:18499/NEW_EC/second"},
    "redirect_uri with a query": {"redirect_uri": "http://127.0.0.1:18499/new_ec/second?x=1"},
    "redirect_uri with a fragment": {"redirect_uri": "http://127.0.0.1:18499/new_ec/second#x"},
    "redirect_uri with a slash": {"redirect_uri": "http://127.0.0.1:18499/new_ec/second/"},
    "redirect_uri by a dot segment": {"redirect_uri": "http://127.0.0.1:18499/new_ec/x/../second"},
    "redirect_uri with a user": {"redirect_uri": "http://a@127.0.0.1:18499/new_ec/second"},
    "redirect_uri by localhost": {"redirect_uri": "http://localhost:18499/new_ec/second"},
    "redirect_uri percent-encoded": {"redirect_uri": "http://127.0.0.1:18499/new_ec/%73econd"},
    "redirect_uri with javascript": {"redirect_uri": "javascript:alert(1)"},
    "redirect_uri of a stranger and a wrong type": {
        "redirect_uri": "https://stranger.example/",
        "response_type": "token",
    },
    "code_challenge plain": {"code_challenge": CHALLENGE, "code_challenge_method": "plain"},
    "code_challenge without a method": {"code_challenge": CHALLENGE},
    "code_challenge_method alone": {"code_challenge_method": "S256"},
    "code_challenge too short": {"code_challenge": "x" * 42, "code_challenge_method": "S256"},
    "code_challenge too long": {"code_challenge": "x" * 129, "code_challenge_method": "S256"},
    "code_challenge with odd characters": {"code_challenge": "!" * 43, "code_challenge_method": "S256"},
    "code_challenge by an unheard method": {"code_challenge": CHALLENGE, "code_challenge_method": "S512"},
    "prompt none": {"prompt": "none"},
    "prompt none and consent": {"prompt": "none consent"},
    "prompt login": {"prompt": "login"},
    "prompt consent": {"prompt": "consent"},
    "prompt unheard": {"prompt": "unheard"},
    "display page": {"display": "page"},
    "display popup": {"display": "popup"},
    "display unheard": {"display": "unheard"},
    "max_age 0": {"max_age": "0"},
    "max_age negative": {"max_age": "-1"},
    "max_age no number": {"max_age": "soon"},
    "max_age with a fraction": {"max_age": "1.5"},
    "max_age huge": {"max_age": "9" * 30},
    "claims no JSON": {"claims": "{"},
    "claims a list": {"claims": "[]"},
    "claims a text": {"claims": '"x"'},
    "claims empty": {"claims": "{}"},
    "claims with a wrong member": {"claims": '{"userinfo":7}'},
    "claims of sub by value": {"claims": '{"id_token":{"sub":{"value":"somebody else"}}}'},
    "claims of an essential acr that is unheard": {
        "claims": '{"id_token":{"acr":{"essential":true,"value":"urn:unheard"}}}',
    },
    "claims with an unheard name": {"claims": '{"userinfo":{"unheard":null}}'},
    "acr_values unheard": {"acr_values": "urn:unheard"},
    "ui_locales": {"ui_locales": "nl fr"},
    "ui_locales that are none": {"ui_locales": "!!"},
    "login_hint": {"login_hint": "somebody"},
    "id_token_hint that is none": {"id_token_hint": "e30.e30.e30"},
    "registration": {"registration": "{}"},
    "request that is none": {"request": "a.b.c"},
    "request unsigned": {"request": "eyJhbGciOiJub25lIn0.e30."},
    "request beside request_uri": {"request": "a.b.c", "request_uri": "https://x.example/"},
    "request_uri of a stranger": {"request_uri": "https://stranger.example/request"},
    "request_uri of a push that never was": {"request_uri": "urn:ietf:params:oauth:request_uri:unheard"},
    "request_uri that is none": {"request_uri": "unheard"},
    "dpop_jkt that is none": {"dpop_jkt": "short"},
    "an unheard parameter": {"unheard": "x"},
    "state with a control character": {"state": "a\nb"},
    "nonce with a control character": {"nonce": "a\nb"},
    "client_id missing": {"client_id": None},
    "client_id unheard": {"client_id": "unheard"},
    "client_id of another": {"client_id": "new_rsa"},
    "client_id with another case": {"client_id": "NEW_EC"},
    "dcql_query": {"dcql_query": "{}"},
    "resource": {"resource": "https://api.example/"},
}
# Members of a good request object, changed. A function of now says a time.
OBJECTS: dict[str, dict[str, Any]] = {
    "good": {},
    "iss of another": {"iss": "new_rsa"},
    "iss missing": {"iss": None},
    "aud of another": {"aud": "https://other.example"},
    "aud missing": {"aud": None},
    "client_id of another": {"client_id": "new_rsa"},
    "client_id missing": {"client_id": None},
    "expired": {"exp": -100, "nbf": -200},
    "exp missing": {"exp": None},
    "exp a text": {"exp": "soon"},
    "exp in two hours": {"exp": 7200},
    "nbf in the future": {"nbf": 200, "exp": 400},
    "iat in the future": {"iat": 200},
    "sub the client_id": {"sub": "new_ec"},
    "with a request": {"request": "e30.e30.e30"},
    "with a request_uri": {"request_uri": "https://x.example/"},
    "response_type token": {"response_type": "token"},
    "redirect_uri of a stranger": {"redirect_uri": "https://stranger.example/"},
    "scope missing": {"scope": None},
    "typ of a DPoP proof": {"header": {"typ": "dpop+jwt"}},
    "typ JWT": {"header": {"typ": "JWT"}},
    "kid unheard": {"header": {"kid": "unheard"}},
    "max_age a number": {"max_age": 60},
    "claims an object": {"claims": {"userinfo": {"email": None}}},
    "state a list": {"state": ["a"]},
}
ASSERTIONS: dict[str, dict[str, Any]] = {
    "good": {},
    "iss of another": {"iss": "new_rsa"},
    "iss missing": {"iss": None},
    "sub of another": {"sub": "new_rsa"},
    "sub missing": {"sub": None},
    "aud of another": {"aud": "https://other.example"},
    "aud missing": {"aud": None},
    "aud a list": {"aud": ["ISSUER"]},
    "aud the token endpoint": {"aud": "TOKEN"},
    "jti missing": {"jti": None},
    "jti a number": {"jti": 7},
    "exp missing": {"exp": None},
    "expired": {"iat": -400, "exp": -200},
    "exp a text": {"exp": "soon"},
    "exp in a day": {"exp": 86_400},
    "from the future": {"iat": 300, "nbf": 300, "exp": 400},
    "iat missing": {"iat": None},
    "typ of a DPoP proof": {"header": {"typ": "dpop+jwt"}},
    "kid unheard": {"header": {"kid": "unheard"}},
    "kid missing": {"header": {"kid": ""}},
}
TOKENS: dict[str, dict[str, Any]] = {
    "grant_type missing": {"grant_type": None},
    "grant_type password": {"grant_type": "password", "username": "a", "password": "b"},
    "grant_type refresh_token": {"grant_type": "refresh_token", "refresh_token": "x"},
    "grant_type unheard": {"grant_type": "unheard"},
    "code missing": {"code": None},
    "code unheard": {"code": "x" * 43},
    "code empty": {"code": ""},
    "code with odd characters": {"code": "\u00e9\n"},
    "redirect_uri missing": {"redirect_uri": None, "code": "x" * 43},
    "client_secret of a partner with a key": {
        "client_assertion": None,
        "client_assertion_type": None,
        "client_id": "new_ec",
        "client_secret": "x" * 32,
    },
    "client_secret beside an assertion": {"client_secret": "x"},
    "client_assertion missing": {"client_assertion": None, "client_id": "new_ec"},
    "client_assertion that is none": {"client_assertion": "a.b.c"},
    "client_assertion_type missing": {"client_assertion_type": None},
    "client_assertion_type unheard": {"client_assertion_type": "urn:unheard"},
    "client_id of another": {"client_id": "new_rsa"},
    "nothing that says who": {"client_assertion": None, "client_assertion_type": None},
    "client_credentials": {"grant_type": "client_credentials", "scope": "broker"},
    "client_credentials without a scope": {"grant_type": "client_credentials"},
    "client_credentials of openid": {"grant_type": "client_credentials", "scope": "openid"},
    "client_credentials of an unheard scope": {"grant_type": "client_credentials", "scope": "unheard"},
}
# Of a code that is good, and was asked with PKCE.
CODES: dict[str, dict[str, Any]] = {
    "good": {},
    "another code_verifier": {"code_verifier": "w" * 43},
    "code_verifier missing": {"code_verifier": None},
    "code_verifier too short": {"code_verifier": "x"},
    "another redirect_uri": {"redirect_uri": "http://127.0.0.1:18499/new_ec/back?a=1"},
    "redirect_uri of a stranger": {"redirect_uri": "https://stranger.example/"},
    "twice": {},
    "of another partner": {},
}


@dataclass
class Side:
    """One of the two providers, and the same partner there."""

    party: RelyingParty
    other: RelyingParty
    """Another partner, with the same keys."""
    approve: Any
    """Lets somebody approve what the answer asks for; where the browser is sent then."""
    endpoints: dict[str, Any] = field(default_factory=dict)

    async def verdicts(self) -> dict[str, str]:
        """What this provider says to each request, by its name."""
        self.endpoints = await self.party.discover()
        said = {}
        for name, request in self._requests():
            said[name] = verdict(await request)
        for name in CODES:
            said[f"code: {name}"] = verdict(await self._redeemed(name))
        return said

    def _requests(self) -> Iterator[tuple[str, Any]]:
        for name, changes in ASKED.items():
            yield f"authorize: {name}", self._authorize(changes)
            yield f"push: {name}", self._push(changes)
        for name, changes in OBJECTS.items():
            yield f"signed: {name}", self._signed(changes)
        for name, changes in ASSERTIONS.items():
            yield f"assertion: {name}", self._asserted(changes)
        for name, changes in TOKENS.items():
            yield f"token: {name}", self._token(changes)
        for name, pairs in (
            ("client_id twice", [("client_id", "new_ec")] * 2),
            ("state twice", [("state", "a"), ("state", "b")]),
            ("scope twice", [("scope", "openid")] * 2),
        ):
            yield f"authorize: {name}", self._twice(pairs)

    async def _authorize(self, changes: dict[str, Any]) -> httpx.Response:
        self.party.browser.cookies.clear()
        return await self.party.authorize(**({"state": STATE} | changes))

    async def _push(self, changes: dict[str, Any]) -> httpx.Response:
        return await self.party.push(**({"state": STATE} | changes))

    async def _twice(self, pairs: list[tuple[str, str]]) -> httpx.Response:
        party = self.party
        names = {name for name, _ in pairs}
        good = {"client_id": party.client_id, "response_type": "code", "state": STATE}
        good |= {"scope": f"openid service:{party.service}", "redirect_uri": party.redirect_uri}
        query = [(name, value) for name, value in good.items() if name not in names]
        return await party.browser.get(
            self.endpoints["authorization_endpoint"], params=httpx.QueryParams([*query, *pairs])
        )

    async def _signed(self, changes: dict[str, Any]) -> httpx.Response:
        text = self.party.request_object(**_timed({"state": STATE} | changes))
        return await self._authorize({"request": text})

    async def _asserted(self, changes: dict[str, Any]) -> httpx.Response:
        text = json.dumps(_timed(changes))
        text = text.replace("ISSUER", self.party.issuer).replace(
            '"TOKEN"', json.dumps(self.endpoints["token_endpoint"])
        )
        assertion = self.party.assertion(**json.loads(text))
        return await self.party.push(client_assertion=assertion)

    async def _token(self, changes: dict[str, Any]) -> httpx.Response:
        return await self.party.token("x" * 43, None, **changes)

    async def _redeemed(self, name: str) -> httpx.Response:
        asked = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
        back = await self.approve(self.party, await self._authorize(asked))
        code = parse_qs(urlsplit(back).query)["code"][0]
        asker = self.other if name == "of another partner" else self.party
        if name == "twice":
            await self.party.token(code, VERIFIER)
        return await asker.token(code, VERIFIER, **({"redirect_uri": self.party.redirect_uri} | CODES[name]))


def _timed(changes: dict[str, Any]) -> dict[str, Any]:
    """With seconds from now as times."""
    now = int(time.time())
    times = {"exp", "nbf", "iat"}
    return {name: now + value if name in times and isinstance(value, int) else value for name, value in changes.items()}


def verdict(answer: httpx.Response) -> str:
    """`accepted`, `back: CODE` to the redirect URI, `page: CODE` in the browser, or the CODE a server reads."""
    if answer.status_code >= 500:
        return f"fault: {answer.status_code}"
    if "location" in answer.headers:
        return _sent(answer.headers["location"])
    kind = answer.headers.get("content-type", "")
    if answer.status_code in {200, 201}:
        return _posted(answer.text) if 'name="error"' in answer.text else "accepted"
    if kind.startswith("application/json"):
        said = answer.json()
        where = "page: " if answer.request.method == "GET" else ""
        return where + str(said.get("error"))
    found = answer.text.split(f"{answer.status_code} ")
    return "page: " + found[1].split("<")[0].split()[0].strip(".,") if len(found) > 1 else f"page: {answer.status_code}"


def _sent(location: str) -> str:
    parts = urlsplit(location)
    said = parse_qs(parts.query) | parse_qs(parts.fragment)
    assert not parts.netloc.startswith("stranger"), location
    if "error" in said:
        return f"back: {said['error'][0]}"
    return "back: a signed answer" if "response" in said else "accepted"


def _posted(page: str) -> str:
    return "back: " + page.split('name="error"')[1].split('value="')[1].split('"', maxsplit=1)[0]
