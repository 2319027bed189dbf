"""Which attributes a request asks for, by scope and by the `claims` parameter, and whether it may (T-10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ipse.oidc.errors import InvalidRequest, InvalidScope
from ipse.oidc.model import SCOPES, AuthorizationRequest
from ipse.partners.model import ServiceType
from ipse.standards.openid import ClaimRequest

_ASKING: Final = frozenset({ServiceType.IDENTIFICATION, ServiceType.DATA_SHARING})


def collect_attributes(request: AuthorizationRequest) -> AuthorizationRequest:
    """Scopes deliver by UserInfo only; the `claims` parameter where it asks.

    Names that are no attribute here are ignored (OpenID Connect Core §5.5). A `value` or `values` asked of an attribute
    is a wish (§5.5.1): it changes neither what the person sees nor what the partner receives.
    """
    by_scope = dict.fromkeys(name for scope in request.scopes for name in SCOPES[scope])
    id_token = _attributes(request, request.claims.id_token)
    userinfo = _attributes(request, request.claims.userinfo)
    dispensable = _dispensable(id_token, userinfo)
    names = dict.fromkeys([*by_scope, *id_token, *userinfo])
    if not names:
        return request
    contract = request.service.contract
    return replace(
        request,
        asked={name: contract.get(name) == "required" and name not in dispensable for name in names},
        in_id_token=tuple(id_token),
        in_userinfo=tuple(dict.fromkeys([*by_scope, *userinfo])),
    )


def check_contract(request: AuthorizationRequest) -> AuthorizationRequest:
    """Nothing beyond the contract of the service, whatever the partner calls it (T-10)."""
    beyond = [request.vocabulary.claim(name) for name in request.asked if name not in request.service.contract]
    if beyond:
        raise InvalidScope("not in the contract of this service: " + " ".join(beyond))
    return request


def check_something_is_asked(request: AuthorizationRequest) -> AuthorizationRequest:
    """An identification and a sharing of data ask for one attribute at least (partner protocol, section 1.3)."""
    if request.service.type in _ASKING and not request.asked:
        raise InvalidRequest("this type of service asks for at least one attribute, by scope or by claims")
    return request


def _attributes(request: AuthorizationRequest, claims: Mapping[str, ClaimRequest]) -> dict[str, ClaimRequest]:
    named = ((request.vocabulary.attribute(claim), how) for claim, how in claims.items())
    return {name: how for name, how in named if name is not None}


def _dispensable(*places: Mapping[str, ClaimRequest]) -> frozenset[str]:
    """Attributes that the partner itself calls not essential, and nowhere essential.

    This can make a required attribute of the contract voluntary for one request; nothing does the opposite.
    """
    said = [(name, how.essential) for place in places for name, how in place.items()]
    return frozenset(name for name, essential in said if essential is False) - frozenset(
        name for name, essential in said if essential
    )
