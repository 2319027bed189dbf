"""Who is asking: the scheme, by a signed client assertion (RFC 7523 §3, as OAuth FAPI 2.0 narrows it)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import msgspec

from ipse.kernel.clock import SECOND, Clock
from ipse.sandbox import jose
from ipse.sandbox.bank.errors import Refusal, invalid_client
from ipse.sandbox.drawers import Drawer

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS: Final = ("ES256", "PS256")
_KEYS_SECONDS = 60
_REFETCH_SECONDS = 2
_LONGEST_SECONDS = 300
_SKEW_SECONDS = 10


@dataclass(slots=True)
class SchemeKeys:
    """The scheme's public keys, fetched from where it publishes them and kept for a minute."""

    address: str
    client: httpx.AsyncClient
    clock: Clock
    _keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    _fetched_at: int = 0

    async def key(self, kid: str) -> dict[str, Any] | None:
        """The public JWK of that id. An unknown id makes us fetch again, though not at every request."""
        age = self.clock.now() - self._fetched_at
        if age > _KEYS_SECONDS * SECOND or (kid not in self._keys and age > _REFETCH_SECONDS * SECOND):
            await self._fetch()
        return self._keys.get(kid)

    async def _fetch(self) -> None:
        try:
            response = await self.client.get(self.address)
            response.raise_for_status()
            document = msgspec.json.decode(response.content)
            keys = {key["kid"]: key for key in document["keys"]}
        except (httpx.HTTPError, msgspec.DecodeError, KeyError, TypeError) as error:
            raise Refusal(
                "temporarily_unavailable", f"the client's keys at {self.address} cannot be read", status=503
            ) from error
        self._keys, self._fetched_at = keys, self.clock.now()


@dataclass(frozen=True, slots=True)
class Assertions:
    """Judges client assertions addressed to one bank."""

    issuer: str
    client_id: str
    keys: SchemeKeys
    used: Drawer
    clock: Clock

    async def verify(self, form: Mapping[str, str]) -> None:
        """Make sure that the request comes from the scheme, and comes for the first time.

        Raises:
            Refusal: `invalid_client` says what is wrong.
        """
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise invalid_client(f"client_assertion_type must be {ASSERTION_TYPE}")
        if form.get("client_id", self.client_id) != self.client_id:
            raise invalid_client("unknown client_id")
        claims = await self._signed(form.get("client_assertion", ""))
        self._check_claims(claims)
        if not self.used.add(f"{self.issuer} {claims['jti']}", seconds=_LONGEST_SECONDS + 2 * _SKEW_SECONDS):
            raise invalid_client("this assertion was used before (jti)")

    async def _signed(self, assertion: str) -> dict[str, Any]:
        try:
            kid = str(jose.unverified_header(assertion).get("kid"))
            public = await self.keys.key(kid)
            return jose.verify(assertion, [public] if public else [], algorithms=ALGORITHMS)
        except jose.BadTokenError as error:
            raise invalid_client(f"client_assertion: {error}") from error

    def _check_claims(self, claims: Mapping[str, Any]) -> None:
        now = self.clock.now() / SECOND
        if claims.get("iss") != self.client_id or claims.get("sub") != self.client_id:
            raise invalid_client("iss and sub must both be the client_id")
        if claims.get("aud") != self.issuer:
            raise invalid_client(f"aud must be {self.issuer}, as one string")
        jti, expiry = claims.get("jti"), claims.get("exp")
        if not isinstance(jti, str) or not 1 <= len(jti) <= 255:
            raise invalid_client("jti must be a text of at most 255 characters")
        if not isinstance(expiry, int | float) or not now - _SKEW_SECONDS < expiry <= now + _LONGEST_SECONDS:
            raise invalid_client(f"exp must lie in the next {_LONGEST_SECONDS} seconds")
        for name in ("iat", "nbf"):
            moment = claims.get(name, now)
            if not isinstance(moment, int | float) or moment > now + _SKEW_SECONDS:
                raise invalid_client(f"{name} lies in the future")
