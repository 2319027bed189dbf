"""An operator's authorization server (CAMARA Security and Interoperability Profile).

Two ways to a token: `client_credentials` for calls about a number that the request names, and the code flow over the
mobile network for calls about the SIM that a browser holds. Nobody is ever shown a page (`prompt=none` is implied).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from ipse.kernel import clock as times
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids, b64u, sha256
from ipse.sandbox import jose
from ipse.sandbox.bank.assertions import ALGORITHMS, SchemeKeys
from ipse.sandbox.bank.errors import Refusal, invalid_client, invalid_grant, invalid_request
from ipse.sandbox.drawers import Drawer
from ipse.sandbox.moods import How, Moods
from ipse.sandbox.operators.model import Operator
from ipse.sandbox.operators.network import Network, Sim, State, compact
from ipse.standards.camara import PHONE_NUMBER, PURPOSE_PREFIX, TOKEN_SECONDS

CODE_SECONDS: Final = 60
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST_ASSERTION: Final = 300
_SKEW_SECONDS: Final = 10
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_PURPOSE: Final = re.compile(r"dpv:[A-Z][A-Za-z]{2,80}")
_OUTSIDE: Final = ("scope", "response_type", "client_id", "redirect_uri")
"""What a request says outside its signed request object as well."""


class Grant(msgspec.Struct, frozen=True):
    """What an access token stands for."""

    client: str
    scopes: tuple[str, ...]
    number: str | None = None
    """The number of the SIM, where the token was given for one."""
    by_network: bool = False
    """Whether that SIM's own connection proved it."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What an authorization server remembers."""

    codes: Drawer
    spent: Drawer
    tokens: Drawer
    assertions: Drawer


@dataclass(frozen=True, slots=True)
class Registered:
    """The one client in an operator's registry: the scheme."""

    client_id: str
    redirect_uris: tuple[str, ...]
    keys: SchemeKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationServer:
    """An operator's tokens. HTTP is in `http`."""

    operator: Operator
    issuer: str
    client: Registered
    key: Mapping[str, Any]
    subject_salt: str
    memory: Memory
    network: Network
    moods: Moods
    clock: Clock
    ids: Ids

    def metadata(self) -> dict[str, Any]:
        """The discovery document (OpenID Connect Discovery 1.0 §3)."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "scopes_supported": ["openid", *sorted(self.operator.scopes)],
            "subject_types_supported": ["pairwise"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
            "request_object_signing_alg_values_supported": list(ALGORITHMS),
            "id_token_signing_alg_values_supported": ["ES256"],
            "authorization_response_iss_parameter_supported": True,
            "request_parameter_supported": True,
            "request_uri_parameter_supported": False,
            "claims_parameter_supported": False,
        }

    async def authorize(self, query: Mapping[str, str], browser: str) -> str:
        """Where to send a browser back to: with a code if a SIM of this operator carries its connection.

        Raises:
            Refusal: unknown client or address to return to; the browser must not be sent there.
        """
        if query.get("client_id") != self.client.client_id:
            raise invalid_request("unknown client_id")
        if query.get("redirect_uri") not in self.client.redirect_uris:
            raise invalid_request("redirect_uri is not registered")
        try:
            asked = await self._asked(query)
            scopes = self._judged(asked)
            sim = self._carrier(asked, browser)
        except Refusal as refusal:
            said = {"error": refusal.error, "error_description": refusal.description}
            return self._back(query, query.get("state"), said)
        code = self.ids.secret()
        kept = {
            "number": sim.number,
            "scopes": scopes,
            "redirect_uri": asked["redirect_uri"],
            "challenge": asked.get("code_challenge", ""),
            "nonce": asked.get("nonce", ""),
        }
        self.memory.codes.put(code, kept, seconds=CODE_SECONDS)
        return self._back(asked, asked.get("state"), {"code": code})

    async def token(self, form: Mapping[str, str]) -> dict[str, Any]:
        """The token endpoint.

        Raises:
            Refusal: as RFC 6749 §5.2 and the profile's appendix A.
        """
        await self._authenticate(form)
        match form.get("grant_type"):
            case "client_credentials":
                grant = Grant(self.client.client_id, self._scopes(form.get("scope", ""), two_legged=True))
                return self._tokens(grant)
            case "authorization_code":
                return self._redeem(form)
            case None:
                raise invalid_request("grant_type is missing")
        raise Refusal("unsupported_grant_type", "grant_type must be client_credentials or authorization_code")

    def granted(self, token: str) -> Grant | None:
        """What an access token stands for; None if it is not good, or not any more."""
        kept = self.memory.tokens.look(token) if token else None
        return msgspec.convert(kept, Grant) if kept is not None else None

    def use_up(self, token: str) -> None:
        """Number Verification tokens work for one call."""
        self.memory.tokens.take(token)

    async def _asked(self, query: Mapping[str, str]) -> dict[str, str]:
        """The parameters, from the signed request object where there is one (OpenID Connect Core 1.0 §6.1)."""
        if "request_uri" in query:
            raise Refusal("request_uri_not_supported", "send the request itself")
        if "request" not in query:
            return dict(query)
        try:
            claims = await self._signed(query["request"])
        except (jose.BadTokenError, Refusal) as error:
            raise Refusal("invalid_request_object", "the request object cannot be verified") from error
        said = {name: str(value) for name, value in claims.items() if isinstance(value, str)}
        self._check_object(claims)
        if any(said.get(name) != query.get(name) for name in _OUTSIDE):
            raise Refusal("invalid_request_object", "the request object says something else than the query")
        return said

    def _check_object(self, claims: Mapping[str, Any]) -> None:
        now = self.clock.now() / SECOND
        issued, expiry = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, int | float) or not isinstance(expiry, int | float):
            raise Refusal("invalid_request_object", "iat and exp must be there")
        if issued > now + _SKEW_SECONDS or expiry < now or expiry - issued > _LONGEST_ASSERTION:
            raise Refusal("invalid_request_object", "iat and exp must be of now, at most 300 seconds apart")
        if claims.get("iss") != self.client.client_id or not claims.get("jti"):
            raise Refusal("invalid_request_object", "iss must be the client_id, and jti must be there")
        if claims.get("aud") not in (self.issuer, f"{self.issuer}/authorize"):
            raise Refusal("invalid_request_object", "aud must be this authorization server")

    def _judged(self, asked: Mapping[str, str]) -> tuple[str, ...]:
        if asked.get("response_type") != "code":
            raise Refusal("unsupported_response_type", "response_type must be code")
        if not asked.get("state"):
            raise invalid_request("state is required")
        if asked.get("prompt", "none") != "none":
            raise invalid_request("this server shows no pages: prompt is none")
        if asked.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(asked.get("code_challenge", "")):
            raise invalid_request("code_challenge with code_challenge_method S256 is required")
        return self._scopes(asked.get("scope", ""), two_legged=False)

    def _scopes(self, text: str, *, two_legged: bool) -> tuple[str, ...]:
        """The scopes asked for: exactly one purpose, nothing that is not served."""
        asked = text.split()
        purposes = [scope for scope in asked if scope.startswith(PURPOSE_PREFIX)]
        if len(purposes) != 1 or not _PURPOSE.fullmatch(purposes[0]):
            raise Refusal("invalid_scope", "exactly one purpose is needed: dpv:<Purpose>")
        others = [scope for scope in asked if scope not in {"openid", purposes[0]}]
        if not others or not set(others) <= {str(scope) for scope in self.operator.scopes}:
            raise Refusal("invalid_scope", "a scope is missing, unknown, or not served here")
        if two_legged and "openid" in asked:
            raise Refusal("invalid_scope", "openid needs a person; client_credentials has none")
        return tuple(asked)

    def _carrier(self, asked: Mapping[str, str], browser: str) -> Sim:
        if self.moods.of(self.operator.id).how is How.REFUSE:
            raise Refusal("access_denied", "the operator refuses everybody, as asked on the world page")
        hint = compact(asked.get("login_hint", "").removeprefix("tel:"))
        if hint and not PHONE_NUMBER.fullmatch(hint):
            raise invalid_request("login_hint must be tel: and a number")
        sim = self.network.online(browser, hint)
        if self.moods.of(self.operator.id).how is How.LIE and hint:
            sim = self.network.sim(hint) or sim
        if sim is None or sim.operator != self.operator.id or sim.state is not State.ACTIVE:
            raise Refusal("access_denied", "this connection is not carried by a SIM of ours that can be checked")
        return sim

    def _redeem(self, form: Mapping[str, str]) -> dict[str, Any]:
        code = form.get("code", "")
        kept = self.memory.codes.take(code)
        if kept is None:
            spent = self.memory.spent.take(code)
            if spent is not None:
                self.memory.tokens.take(spent["token"])
            raise invalid_grant("the code is unknown, used or too old")
        if form.get("redirect_uri") != kept["redirect_uri"]:
            raise invalid_grant("redirect_uri is not the one of the request")
        verifier = form.get("code_verifier", "")
        if not _VERIFIER.fullmatch(verifier) or b64u(sha256(verifier)) != kept["challenge"]:
            raise invalid_grant("code_verifier does not fit code_challenge")
        grant = Grant(self.client.client_id, tuple(kept["scopes"]), kept["number"], by_network=True)
        answer = self._tokens(grant)
        self.memory.spent.put(code, {"token": answer["access_token"]}, seconds=TOKEN_SECONDS)
        if "openid" in grant.scopes:
            answer["id_token"] = self._id_token(kept)
        return answer

    def _tokens(self, grant: Grant) -> dict[str, Any]:
        token = self.ids.secret()
        self.memory.tokens.put(token, msgspec.to_builtins(grant), seconds=TOKEN_SECONDS)
        scope = " ".join(grant.scopes)
        return {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS, "scope": scope}

    def _id_token(self, kept: Mapping[str, Any]) -> str:
        now = times.seconds(self.clock.now())
        claims = {
            "iss": self.issuer,
            "aud": self.client.client_id,
            "sub": b64u(sha256(f"{self.subject_salt}|{kept['number']}")),
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "auth_time": now,
            "amr": ["nba"],
        }
        if kept["nonce"]:
            claims["nonce"] = kept["nonce"]
        forged = self.moods.of(self.operator.id).how is How.FORGE
        return jose.sign(claims, jose.generate(self.key["kid"], "sig", "ES256") if forged else self.key)

    async def _authenticate(self, form: Mapping[str, str]) -> None:
        """The client proves itself by a signed assertion, once (RFC 7523 §3, 300 seconds at most)."""
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise invalid_client("private_key_jwt is the only way to authenticate")
        if form.get("client_id", self.client.client_id) != self.client.client_id:
            raise invalid_client("unknown client_id")
        try:
            claims = await self._signed(form.get("client_assertion", ""))
        except jose.BadTokenError as error:
            raise invalid_client(f"client_assertion: {error}") from error
        self._check_assertion(claims)
        if not self.memory.assertions.add(str(claims["jti"]), seconds=_LONGEST_ASSERTION + 2 * _SKEW_SECONDS):
            raise invalid_client("this assertion was used before (jti)")

    async def _signed(self, token: str) -> dict[str, Any]:
        public = await self.client.keys.key(str(jose.unverified_header(token).get("kid")))
        return jose.verify(token, [public] if public else [], algorithms=ALGORITHMS)

    def _check_assertion(self, claims: Mapping[str, Any]) -> None:
        now = self.clock.now() / SECOND
        if claims.get("iss") != self.client.client_id or claims.get("sub") != self.client.client_id:
            raise invalid_client("iss and sub must both be the client_id")
        if claims.get("aud") not in (f"{self.issuer}/token", self.issuer):
            raise invalid_client("aud must be the token endpoint")
        jti, expiry, issued = claims.get("jti"), claims.get("exp"), claims.get("iat", now)
        if not isinstance(jti, str) or not 1 <= len(jti) <= 255:
            raise invalid_client("jti must be a text of at most 255 characters")
        if not isinstance(expiry, int | float) or not now - _SKEW_SECONDS < expiry <= now + _LONGEST_ASSERTION:
            raise invalid_client("exp must lie in the next 300 seconds")
        if not isinstance(issued, int | float) or issued > now + _SKEW_SECONDS:
            raise invalid_client("iat lies in the future")
        if expiry - issued > _LONGEST_ASSERTION:
            raise invalid_client("an assertion lives 300 seconds at most")

    def _back(self, asked: Mapping[str, str], state: str | None, said: Mapping[str, str]) -> str:
        answer = {**said, **({"state": state} if state else {}), "iss": self.issuer}
        return f"{asked['redirect_uri']}?{urlencode(answer)}"
