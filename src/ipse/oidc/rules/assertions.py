"""Client assertions: RFC 7523 §3 and OpenID Connect Core §9, as strict as R-34 and C-11.

`ASSERTION_CHECKS` is the visible list. Signature, algorithm and key were judged before; the single use of `jti` is
decided after, by the database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ipse.oidc.errors import InvalidClient
from ipse.oidc.rules.client_proofs import Endpoint
from ipse.oidc.rules.provider import PATHS
from ipse.oidc.rules.running import run_checks

SKEW_SECONDS: Final = 60
"""How long after its end an assertion still counts."""
AHEAD_SECONDS: Final = 30
"""How far its beginning may lie ahead: FAPI 2.0 takes ten seconds at least and less than sixty (§5.3.2.1)."""
LIFETIME_SECONDS: Final = 300
"""No assertion is good for longer, whatever its `exp` says (R-17)."""
TYPES: Final = frozenset({None, "jwt", "client-authentication+jwt"})
"""A token of another explicit type is no client assertion (R-13)."""
_MAX_JTI: Final = 255
_ELSEWHERE: Final = {Endpoint.TOKEN: PATHS["token_endpoint"], Endpoint.DISCOVERY: "/backchannel/authentication"}
"""What existing partners write as `aud` beside the issuer, and where alone it counts (C-11)."""


def audiences(issuer: str, at: Endpoint) -> frozenset[str]:
    """What `aud` may be at an endpoint: the issuer, and where partners that migrate say so, exactly one address.

    Never another at the endpoints for pushed and back-channel requests: an assertion for one server could be taken to
    another there (RFC 9126 §2, FAPI 2.0 Security Profile §5.3.2.1).
    """
    address = _ELSEWHERE.get(at)
    return frozenset({issuer} if address is None else {issuer, issuer + address})


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """The signed claims of a client assertion, and what they are judged against."""

    claims: Mapping[str, Any]
    partner_id: str
    audiences: Collection[str]
    now: int
    """Seconds UTC."""

    def number(self, name: str) -> float | None:
        """A time claim in seconds; None where absent.

        Raises:
            InvalidClient: it is there and is no number.
        """
        value = self.claims.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidClient(f"assertion: {name} is no number")
        return value


def check_issuer_and_subject(assertion: Assertion) -> None:
    """`iss` and `sub` are the client id, compared exactly (R-18)."""
    if not assertion.claims.get("iss") == assertion.claims.get("sub") == assertion.partner_id:
        raise InvalidClient("assertion: iss and sub are not the client id")


def check_audience(assertion: Assertion) -> None:
    """`aud` is one text: our issuer, or for partners that migrate exactly the address of this endpoint (C-11)."""
    audience = assertion.claims.get("aud")
    if not isinstance(audience, str) or audience not in assertion.audiences:
        raise InvalidClient(f"assertion: aud must be, as one text, {' or '.join(sorted(assertion.audiences))}")


def check_times(assertion: Assertion) -> None:
    """Not expired, not from the future, `exp` there; without `iat` it may not lie far ahead (R-17, R-34)."""
    expires, issued, not_before = (assertion.number(name) for name in ("exp", "iat", "nbf"))
    if expires is None:
        raise InvalidClient("assertion: exp is missing")
    if issued is None and expires > assertion.now + LIFETIME_SECONDS + SKEW_SECONDS:
        raise InvalidClient("assertion: exp is too far ahead and there is no iat")
    if usable_until(assertion) <= assertion.now:
        raise InvalidClient("assertion: expired")
    if max(issued or 0, not_before or 0) > assertion.now + AHEAD_SECONDS:
        raise InvalidClient("assertion: from the future")


def check_id(assertion: Assertion) -> None:
    """`jti` is there, of bounded size."""
    jti = assertion.claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _MAX_JTI:
        raise InvalidClient("assertion: jti is missing or longer than 255 characters")


ASSERTION_CHECKS: Final[tuple[Callable[[Assertion], None], ...]] = (
    check_issuer_and_subject,
    check_audience,
    check_times,
    check_id,
)


def check_assertion(assertion: Assertion) -> None:
    """Run `ASSERTION_CHECKS`.

    Raises:
        InvalidClient: the first that fails.
    """
    run_checks(ASSERTION_CHECKS, assertion)


def usable_until(assertion: Assertion) -> float:
    """The second after which the assertion is refused: also how long its `jti` has to be remembered."""
    expires, issued = assertion.number("exp") or 0, assertion.number("iat")
    latest = expires if issued is None else min(expires, issued + LIFETIME_SECONDS)
    return latest + SKEW_SECONDS
