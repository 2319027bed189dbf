"""Every check a back-channel request passes, in order.

Compare the tuples with OpenID CIBA Core 1.0 §7.1, FAPI-CIBA 1.0 §5.2.2 and section 1.12 of the partner protocol. The
request is one signed object; nothing beside it counts. `BACKCHANNEL_CHECKS` judge the object, the service and the way
the answer comes; what is asked of the person is then judged as at the authorization endpoint, by those of its checks
that need no browser (`ASKED_CHECKS`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import msgspec

from ipse.oidc.errors import InvalidBindingMessage, InvalidRequest, InvalidScope, UnauthorizedClient
from ipse.oidc.model import DEFAULT, AuthorizationRequest, Profile, profile_of
from ipse.oidc.rules.attributes import check_contract, check_something_is_asked, collect_attributes
from ipse.oidc.rules.confirmation import CONFIRMATION_CHECKS
from ipse.oidc.rules.details import DETAIL_CHECKS
from ipse.oidc.rules.interaction import check_acr, check_id_of_person, read_claims
from ipse.oidc.rules.profiles import check_answer_algorithm, check_client_method
from ipse.oidc.rules.running import run_checks
from ipse.oidc.rules.scopes import check_scope, service_code
from ipse.partners.model import AuthMethod, Partner, Service, ServiceType
from ipse.standards.strict_json import JsonError, parse_object

IDENTIFIER_TOKEN: Final = "user_identifier_token"
"""The hint that a user discovery session gives: somebody has scanned."""
SUBJECT_CODE: Final = "subject_code"
"""The hint that is the partner's own subject: somebody it knows."""
EXPIRES_IN: Final = 120
"""Seconds the person has, when the partner does not say (partner protocol, section 1.13)."""
SHORTEST: Final = 10
LONGEST: Final = 600
INTERVAL: Final = 2
"""Seconds between polls."""
SLOWER: Final = 5
"""Seconds more after each poll that came too early."""
SKEW: Final = 60
TYPES: Final = frozenset({None, "jwt", "oauth-authz-req+jwt"})
"""A token of another explicit type is no request (R-13)."""
SERVED: Final = frozenset(
    {ServiceType.AUTHENTICATION, ServiceType.IDENTIFICATION, ServiceType.CONFIRMATION, ServiceType.DATA_SHARING}
)
WITH_KEYS: Final = frozenset(
    {AuthMethod.PRIVATE_KEY_JWT, AuthMethod.TLS_CLIENT_AUTH, AuthMethod.SELF_SIGNED_TLS_CLIENT_AUTH}
)
BESIDE: Final = frozenset({"request", "client_id", "client_assertion", "client_assertion_type"})
"""All that may come in the form: the request, and who sends it."""
_MISPLACED: Final = frozenset({"response_type", "redirect_uri", "response_mode", "code_challenge", "request_uri"})
_JTI: Final = 255
_NOTIFICATION_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]{1,1024}={0,2}")
_BINDING_MESSAGE: Final = re.compile(r"[0-9A-Za-zÀ-ÖØ-öø-ÿ .,:!?+/'()_#-]{1,64}")
_HINTED: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_CODE: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""No service code looks otherwise; others are not even looked up."""
_WHOLE: Final = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """Who shall be asked."""

    type: Literal["user_identifier_token", "subject_code"]
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackchannelRequest:
    """The claims of a request that was signed by the partner, and what they are judged against."""

    claims: Mapping[str, Any]
    alg: str
    """What it is signed with."""
    partner: Partner
    service: Service | None
    issuer: str
    now: int
    """Seconds UTC."""
    hint: Hint | None = None
    notification_token: str | None = None
    expires_in: int = EXPIRES_IN
    binding_message: str = ""

    @property
    def profile(self) -> Profile:
        """The profile of the service."""
        return profile_of(self.service) if self.service is not None else DEFAULT


def check_form(form: Mapping[str, str]) -> str:
    """The request object, with nothing beside it but who sends it (CIBA Core §7.1.1).

    Raises:
        InvalidRequest: there is none, or a parameter stands outside it.
    """
    if "request" not in form:
        raise InvalidRequest("request is missing: a back-channel request is one signed object")
    if beside := sorted(form.keys() - BESIDE):
        raise InvalidRequest(f"not beside the request object: {' '.join(beside)}")
    return form["request"]


def check_kind(request: BackchannelRequest) -> None:
    """Made for this endpoint: an authorization request of a browser is none (R-13)."""
    if found := sorted(_MISPLACED & request.claims.keys()):
        raise InvalidRequest(f"not in a back-channel request: {' '.join(found)}")


def check_issuer(request: BackchannelRequest) -> None:
    """`iss`, and `client_id` where there is one, are the partner that has proven itself."""
    partner_id = request.partner.partner_id
    if request.claims.get("iss") != partner_id or request.claims.get("client_id", partner_id) != partner_id:
        raise InvalidRequest("request: iss and client_id must be the client_id of the sender")


def check_audience(request: BackchannelRequest) -> None:
    """`aud` names our issuer (CIBA Core §7.1.1)."""
    audience = request.claims.get("aud")
    if request.issuer not in (audience if isinstance(audience, list) else [audience]):
        raise InvalidRequest("request: aud must name the issuer")


def check_times(request: BackchannelRequest) -> None:
    """`exp`, `nbf` and `iat` are there, now is between them, and they are an hour apart at most."""
    expires, not_before, issued = (_time(request, name) for name in ("exp", "nbf", "iat"))
    if expires <= request.now - SKEW:
        raise InvalidRequest("request: expired")
    if max(not_before, issued) > request.now + SKEW:
        raise InvalidRequest("request: from the future")
    if expires - not_before > request.profile.request_object_seconds:
        raise InvalidRequest(f"request: exp may be {request.profile.request_object_seconds} s after nbf at most")


def check_id(request: BackchannelRequest) -> None:
    """`jti` is there; the database decides that it comes once."""
    jti = request.claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _JTI:
        raise InvalidRequest(f"request: jti is missing or longer than {_JTI} characters")


def check_service(request: BackchannelRequest) -> None:
    """The service is known, active, this partner's, asks for this partner itself, and needs no browser by its type.

    What a broker asks for a final partner is asked by the REST API, which shows both names (T-11).
    """
    service = request.service
    if service is None or service.partner_id != request.partner.partner_id or service.state != "active":
        raise InvalidScope("scope must name one service:CODE of this partner")
    if service.type not in SERVED:
        raise UnauthorizedClient("a service of this type is not asked for by this endpoint")
    if service.final_partner:
        raise UnauthorizedClient("a service for a final partner is asked for by the REST API")


def check_registered(request: BackchannelRequest) -> None:
    """The service is registered for the back channel, and the partner has a key."""
    if request.service is None or not request.service.backchannel_mode:
        raise UnauthorizedClient("this service is not registered for back-channel requests")
    if request.partner.auth_method not in WITH_KEYS:
        raise UnauthorizedClient("back-channel requests are for partners with a key")


def check_algorithm(request: BackchannelRequest) -> None:
    """Signed with an algorithm of the service's profile."""
    if request.alg not in request.profile.signing_algorithms:
        raise InvalidRequest(f"request: {request.alg} is not for the profile {request.profile.name}")


def check_hints(request: BackchannelRequest) -> None:
    """One hint, and it is a `login_hint_token`: a bare number, name or ID token of somebody starts nothing here."""
    for name in ("login_hint", "id_token_hint"):
        if name in request.claims:
            raise InvalidRequest(f"{name} is not supported; use login_hint_token")
    if "login_hint_token" not in request.claims:
        raise InvalidRequest("login_hint_token is missing")


def read_hint(request: BackchannelRequest) -> BackchannelRequest:
    """`{"type": …, "value": …}`, as an object or as its JSON text."""
    token = request.claims["login_hint_token"]
    try:
        hint = parse_object(token, max_bytes=1024, max_depth=2) if isinstance(token, str) else token
    except JsonError as error:
        raise InvalidRequest("login_hint_token must be an object with type and value") from error
    kind, value = (hint.get("type"), hint.get("value")) if isinstance(hint, dict) else (None, None)
    if kind not in (IDENTIFIER_TOKEN, SUBJECT_CODE):
        raise InvalidRequest(f"login_hint_token: type must be {IDENTIFIER_TOKEN} or {SUBJECT_CODE}")
    if not isinstance(value, str) or not _HINTED.fullmatch(value):
        raise InvalidRequest("login_hint_token: value is missing or no such text")
    return replace(request, hint=Hint(type=kind, value=value))


def check_notification_token(request: BackchannelRequest) -> BackchannelRequest:
    """Where we are to notify, what we shall prove ourselves with there (CIBA Core §7.1)."""
    if request.service is None or request.service.backchannel_mode != "ping":
        return request
    token = request.claims.get("client_notification_token")
    if not isinstance(token, str) or not _NOTIFICATION_TOKEN.fullmatch(token) or len(token) > 1024:
        raise InvalidRequest("client_notification_token is missing, or no bearer token of at most 1024 characters")
    return replace(request, notification_token=token)


def read_expiry(request: BackchannelRequest) -> BackchannelRequest:
    """`requested_expiry` in seconds, a number or its text, kept within our limits (CIBA Core §7.1)."""
    wanted = request.claims.get("requested_expiry")
    if wanted is None:
        return request
    if isinstance(wanted, str) and _WHOLE.fullmatch(wanted):
        wanted = int(wanted)
    if isinstance(wanted, bool) or not isinstance(wanted, int) or wanted <= 0:
        raise InvalidRequest("requested_expiry must be a positive whole number of seconds")
    return replace(request, expires_in=min(max(wanted, SHORTEST), LONGEST))


def read_binding_message(request: BackchannelRequest) -> BackchannelRequest:
    """A short plain text that both screens show (CIBA Core §7.1)."""
    message = request.claims.get("binding_message")
    if message is None:
        return request
    if not isinstance(message, str) or not _BINDING_MESSAGE.fullmatch(message):
        raise InvalidBindingMessage
    return replace(request, binding_message=message)


BACKCHANNEL_CHECKS: Final[tuple[Callable[[BackchannelRequest], BackchannelRequest | None], ...]] = (
    check_kind,
    check_issuer,
    check_audience,
    check_service,
    check_registered,
    check_algorithm,
    check_times,
    check_id,
    check_hints,
    read_hint,
    check_notification_token,
    read_expiry,
    read_binding_message,
)
"""Judge the object, the service, and how the answer comes. The partner has proven itself and has signed it."""


ASKED_CHECKS: Final[tuple[Callable[[AuthorizationRequest], AuthorizationRequest], ...]] = (
    check_client_method,
    check_answer_algorithm,
    check_scope,
    read_claims,
    check_acr,
    check_id_of_person,
    *DETAIL_CHECKS,
    *CONFIRMATION_CHECKS,
    collect_attributes,
    check_contract,
    check_something_is_asked,
)
"""Judge what is asked of the person."""


def check_backchannel(request: BackchannelRequest) -> BackchannelRequest:
    """Run `BACKCHANNEL_CHECKS`.

    Raises:
        OAuthError: the first that fails.
    """
    return run_checks(BACKCHANNEL_CHECKS, request)


def check_asked(judged: BackchannelRequest, request: AuthorizationRequest) -> AuthorizationRequest:
    """Run `ASKED_CHECKS`, and hold what is asked to the person whom the hint names.

    Raises:
        OAuthError: the first that fails.
    """
    asked = run_checks(ASKED_CHECKS, request)
    hint = judged.hint.value if judged.hint is not None and judged.hint.type == SUBJECT_CODE else None
    demanded = asked.claims.id_token.get("sub")
    named = {asked.subject_hint, *(demanded.values if demanded is not None else ())} - {None, hint}
    if hint is not None and named:
        raise InvalidRequest("claims: sub is another than the one of login_hint_token")
    return replace(asked, subject_hint=hint or asked.subject_hint)


def read_scope_service(claims: Mapping[str, Any]) -> str | None:
    """The code of the service that a request names, None when it names none, several, or what is no code."""
    scope = claims.get("scope")
    codes = service_code(scope) if isinstance(scope, str) else []
    return codes[0] if len(codes) == 1 and _CODE.fullmatch(codes[0]) else None


def parameters(claims: Mapping[str, Any]) -> dict[str, str]:
    """The members that an authorization request has too, as its parameters: objects as JSON text."""
    found = {}
    for name in ("scope", "acr_values", "claims", "authorization_details"):
        value = claims.get(name)
        if value is None:
            continue
        found[name] = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return found


def usable_until(request: BackchannelRequest) -> int:
    """The second after which the request is refused as expired: so long its `jti` is remembered."""
    return int(_time(request, "exp")) + SKEW + 1


def has_scanned(request: BackchannelRequest) -> bool:
    """Whether the person named by the hint has scanned a code of this partner a moment ago."""
    return request.hint is not None and request.hint.type == IDENTIFIER_TOKEN


def needs_match(request: BackchannelRequest) -> bool:
    """Whether the person must type the two digits that the partner shows.

    Whoever has just scanned has made the match already.
    """
    optional = request.service is not None and request.service.match_optional
    return not (optional or has_scanned(request))


def purpose(request: BackchannelRequest, texts: Mapping[str, str]) -> Mapping[str, str]:
    """Why the person is asked, in each language, with the binding message that the other screen shows as well."""
    message = request.binding_message
    if not message:
        return texts
    return {language: f"{text} – {message}" for language, text in texts.items()} or {"en": message}


def _time(request: BackchannelRequest, name: str) -> float:
    value = request.claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidRequest(f"request: {name} is missing or no number")
    return value
