"""Signed requests: a compact JWS by a key of the partner in place of an access token.

Its claims name the one request it is for, so that it serves no other: method, address, body. `SIGNED_CHECKS` is the
visible list; signature, algorithm and key were judged before, the single use of `jti` is decided after.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ipse.broker.errors import InvalidSignedRequest
from ipse.broker.rules.running import run_checks

TYP: Final = "ipse-broker-request+jwt"
SCHEME: Final = "Signed-Request"
"""The `Authorization` scheme of requests without a body."""
SKEW_SECONDS: Final = 60
LIFETIME_SECONDS: Final = 300
_MAX_JTI: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """The claims of a signed request, and the request it came with."""

    claims: Mapping[str, Any]
    partner_id: str
    issuer: str
    method: str
    url: str
    now: int
    """Seconds UTC."""

    def number(self, name: str) -> float:
        """A time claim in seconds.

        Raises:
            InvalidSignedRequest: it is missing or no number.
        """
        value = self.claims.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidSignedRequest(f"{name} is no number")
        return value


def check_issuer(signed: SignedRequest) -> None:
    """`iss` is the client id, compared exactly (R-18)."""
    if signed.claims.get("iss") != signed.partner_id:
        raise InvalidSignedRequest("iss is not the client id")


def check_audience(signed: SignedRequest) -> None:
    """`aud` is our issuer, as one text."""
    if signed.claims.get("aud") != signed.issuer:
        raise InvalidSignedRequest("aud is not the issuer")


def check_times(signed: SignedRequest) -> None:
    """Made now, and good for five minutes at most (R-17)."""
    issued, expires = signed.number("iat"), signed.number("exp")
    if not issued - SKEW_SECONDS <= signed.now < expires + SKEW_SECONDS:
        raise InvalidSignedRequest("expired, or from the future")
    if expires - issued > LIFETIME_SECONDS:
        raise InvalidSignedRequest("good for too long")


def check_target(signed: SignedRequest) -> None:
    """`htm` and `htu` are this request's method and address without query (as RFC 9449 §4.2 names them)."""
    if (signed.claims.get("htm"), signed.claims.get("htu")) != (signed.method, signed.url):
        raise InvalidSignedRequest("made for another method or address")


def check_id(signed: SignedRequest) -> None:
    """`jti` is there, of bounded size."""
    jti = signed.claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _MAX_JTI:
        raise InvalidSignedRequest("jti is missing or longer than 255 characters")


SIGNED_CHECKS: Final[tuple[Callable[[SignedRequest], None], ...]] = (
    check_issuer,
    check_audience,
    check_times,
    check_target,
    check_id,
)


def check_signed(signed: SignedRequest) -> None:
    """Run `SIGNED_CHECKS`.

    Raises:
        InvalidSignedRequest: the first that fails, with its name in `check`.
    """
    run_checks(SIGNED_CHECKS, signed)


def usable_until(signed: SignedRequest) -> int:
    """The second after which it is refused: so long its `jti` has to be remembered."""
    return int(signed.number("exp")) + SKEW_SECONDS + 1
