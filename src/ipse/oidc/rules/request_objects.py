"""Every check a request object passes once a registered key has signed it (RFC 9101, OpenID Connect Core §6, R-31).

What such an object says counts alone; what the query says besides must agree and is judged by `check_agreement`. An
object that fails here is not believed: it does not even choose where its refusal goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ipse.oidc.errors import InvalidRequest, InvalidRequestObject
from ipse.oidc.model import AuthorizationRequest, Profile
from ipse.oidc.rules.running import run_checks
from ipse.partners.model import Preset
from ipse.standards.strict_json import JsonError, parse

SKEW_SECONDS: Final = 60
TYPES: Final = frozenset({None, "jwt", "oauth-authz-req+jwt"})
"""A token of another explicit type is no request (R-13)."""
_MAX_JTI: Final = 255
_NOT_PARAMETERS: Final = frozenset({"iss", "aud", "sub", "exp", "nbf", "iat", "jti"})
_OUTER: Final = ("client_id", "response_type", "scope")
_AS_JSON: Final = frozenset({"claims", "authorization_details"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestObject:
    """The signed claims of a request object, and what they are judged against."""

    claims: Mapping[str, Any]
    alg: str
    """What it is signed with."""
    partner_id: str
    profile: Profile
    issuer: str
    authorization_endpoint: str
    now: int
    """Seconds UTC."""

    def number(self, name: str) -> float | None:
        """A time claim in seconds; None where absent.

        Raises:
            InvalidRequestObject: it is there and is no number.
        """
        value = self.claims.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidRequestObject(f"{name} is no number")
        return value

    @property
    def begins(self) -> float | None:
        """From when its lifetime counts: `nbf`, else `iat`."""
        not_before = self.number("nbf")
        return self.number("iat") if not_before is None else not_before

    @property
    def usable_until(self) -> float:
        """The second after which it is refused: also how long its `jti` has to be remembered."""
        begins, expires = self.begins, self.number("exp")
        latest = (self.now if begins is None else begins) + self.profile.request_object_seconds
        return (latest if expires is None else min(expires, latest)) + SKEW_SECONDS


def check_signature_algorithm(request: RequestObject) -> None:
    """The profile of the service takes the algorithm."""
    if request.alg not in request.profile.signing_algorithms:
        raise InvalidRequestObject(f"{request.alg} is not for the profile {request.profile.name}")


def check_issuer(request: RequestObject) -> None:
    """`iss` is the client id (RFC 9101 §4; R-18: exactly)."""
    if request.claims.get("iss") != request.partner_id:
        raise InvalidRequestObject("iss is not the client_id")


def check_client_id(request: RequestObject) -> None:
    """`client_id` inside is the one outside (RFC 9101 §5)."""
    if request.claims.get("client_id") != request.partner_id:
        raise InvalidRequestObject("client_id is not in the request object, or is another")


def check_no_assertion(request: RequestObject) -> None:
    """`sub` is not the client id: what could prove the partner elsewhere is no request here (RFC 9101 §10.8; R-31)."""
    if request.claims.get("sub") == request.partner_id:
        raise InvalidRequestObject("sub is the client_id: this could be taken for a client assertion")


def check_audience(request: RequestObject) -> None:
    """`aud` holds our issuer; the default profile takes the authorization endpoint too (partner protocol, 6)."""
    audience = request.claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    ours = {request.issuer} if request.profile.dated_requests else {request.issuer, request.authorization_endpoint}
    if not any(isinstance(name, str) and name in ours for name in named):
        raise InvalidRequestObject("aud does not name this issuer")


def check_dates(request: RequestObject) -> None:
    """`exp` and `nbf` are there, and `nbf` is fresh, where the profile says so (FAPI 2.0 Message Signing §5.3.1)."""
    if not request.profile.dated_requests:
        return
    not_before = request.number("nbf")
    if not_before is None or request.number("exp") is None:
        raise InvalidRequestObject("exp and nbf are needed")
    if not_before < request.now - request.profile.request_object_seconds:
        raise InvalidRequestObject("nbf is too long ago")


def check_expiry(request: RequestObject) -> None:
    """Not expired, and not made to last for more than an hour (R-31)."""
    expires, begins = request.number("exp"), request.begins
    longest = request.profile.request_object_seconds
    latest = (request.now + SKEW_SECONDS if begins is None else begins) + longest
    if expires is not None and expires > latest:
        raise InvalidRequestObject(f"exp is more than {longest} seconds after nbf or iat")
    if request.usable_until <= request.now:
        raise InvalidRequestObject("the request object has expired")


def check_beginning(request: RequestObject) -> None:
    """Not from the future, give or take a minute (R-17)."""
    if max(request.number("nbf") or 0, request.number("iat") or 0) > request.now + SKEW_SECONDS:
        raise InvalidRequestObject("nbf or iat is in the future")


def check_id(request: RequestObject) -> None:
    """`jti`, where there is one, is a text of bounded size; each is used once."""
    jti = request.claims.get("jti")
    if jti is not None and not (isinstance(jti, str) and 0 < len(jti) <= _MAX_JTI):
        raise InvalidRequestObject("jti is not a text of 1 to 255 characters")


def check_nothing_nested(request: RequestObject) -> None:
    """No `request` and no `request_uri` inside (RFC 9101 §4)."""
    if request.claims.keys() & {"request", "request_uri"}:
        raise InvalidRequestObject("a request object holds no request and no request_uri")


def check_parameters(request: RequestObject) -> None:
    """Each parameter is a text or a whole number, `claims` and `authorization_details` JSON as well (RFC 9101 §4)."""
    for name, value in request.claims.items():
        if name in _NOT_PARAMETERS or isinstance(value, str):
            continue
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole and not (name in _AS_JSON and isinstance(value, dict | list)):
            raise InvalidRequestObject(f"{name if name.isidentifier() else 'a member'} is not a text")


REQUEST_OBJECT_CHECKS: Final[tuple[Callable[[RequestObject], None], ...]] = (
    check_signature_algorithm,
    check_issuer,
    check_client_id,
    check_no_assertion,
    check_audience,
    check_dates,
    check_expiry,
    check_beginning,
    check_id,
    check_nothing_nested,
    check_parameters,
)


def check_request_object(request: RequestObject) -> dict[str, str]:
    """Run `REQUEST_OBJECT_CHECKS` and return the parameters of the request.

    Raises:
        InvalidRequestObject: the first that fails.
    """
    run_checks(REQUEST_OBJECT_CHECKS, request)
    members = request.claims.items()
    texts = {name: _text(value) for name, value in members if name not in _NOT_PARAMETERS}
    return {name: text for name, text in texts.items() if text}


def check_agreement(request: AuthorizationRequest) -> AuthorizationRequest:
    """What is said twice is said the same, and partners that migrate say the essentials twice.

    RFC 9101 §5 needs the `client_id` outside; OpenID Connect Core §6.1 and the partner protocol, section 1.7, need
    `response_type` and `scope` too, so that what is sent is a request by itself.
    """
    if request.source == "query":
        return request
    inside, beside = request.parameters, request.beside
    if request.source != "pushed" and request.partner.preset is Preset.MIGRATING:
        missing = [name for name in _OUTER if name not in beside]
        if missing:
            raise InvalidRequest(f"beside a request object the query holds {' and '.join(missing)} too")
    for name, value in beside.items():
        if name in inside and not _agree(name, inside[name], value):
            raise InvalidRequest(f"parameters do not match: {name if name.isidentifier() else 'one of them'}")
    return request


def _agree(name: str, one: str, other: str) -> bool:
    if name == "scope":
        return set(one.split()) == set(other.split())
    if name in _AS_JSON and one != other:
        try:
            return bool(parse(one) == parse(other))
        except JsonError:
            return False
    return one == other


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()
