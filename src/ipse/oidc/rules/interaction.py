"""How the person is asked: display, prompt, age of the login, strength of the approval, the `claims` parameter."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ipse.oidc.errors import (
    InteractionRequired,
    InvalidRequest,
    LoginRequired,
    UnmetAuthenticationRequirements,
    UnsupportedDisplay,
)
from ipse.oidc.model import LEVELS, Assurance, AuthorizationRequest, eidas_level
from ipse.partners.model import ServiceType
from ipse.standards.openid import MAX_CLAIMS_BYTES, OpenIdFormError, parse_claims, parse_max_age, parse_prompt

_EACH_TIME: Final = frozenset({ServiceType.CONFIRMATION, ServiceType.DATA_SHARING})
"""What a person decides anew each time, whoever has a session where."""
_MAX_CLAIMS_BYTES: Final = 49_152


def check_display(request: AuthorizationRequest) -> AuthorizationRequest:
    """`page` only (partner protocol, section 1.4)."""
    if request.parameters.get("display", "page") != "page":
        raise UnsupportedDisplay
    return request


def check_prompt(request: AuthorizationRequest) -> AuthorizationRequest:
    """Everything but `none`: each request asks the person anyway (OpenID Connect Core §3.1.2.6)."""
    try:
        prompts = parse_prompt(request.parameters.get("prompt"))
    except OpenIdFormError as error:
        raise InvalidRequest(str(error)) from error
    if "none" in prompts:
        raise InteractionRequired if request.service.type in _EACH_TIME else LoginRequired
    return request


def check_max_age(request: AuthorizationRequest) -> AuthorizationRequest:
    """Any number of seconds: no login here is older than its request."""
    try:
        parse_max_age(request.parameters.get("max_age"))
    except OpenIdFormError as error:
        raise InvalidRequest(str(error)) from error
    return request


def read_claims(request: AuthorizationRequest) -> AuthorizationRequest:
    """The `claims` parameter, within limits of size and depth (OpenID Connect Core §5.5).

    What does not come in the address may be larger: it can hold the longest text to confirm, however JSON writes it.
    """
    if "claims" not in request.parameters:
        return request
    most = MAX_CLAIMS_BYTES if request.source == "query" else _MAX_CLAIMS_BYTES
    try:
        return replace(request, claims=parse_claims(request.parameters.get("claims"), max_bytes=most))
    except OpenIdFormError as error:
        raise InvalidRequest(str(error)) from error


def check_acr(request: AuthorizationRequest) -> AuthorizationRequest:
    """Of all ways of approving that are asked for the stricter wins (partner protocol, section 1.4).

    `acr` speaks two languages here: the ways of approving, and eIDAS levels. It answers in the one that is asked for
    first; an essential claim is asked before the others. Unknown values of `acr_values` are a wish that cannot be met;
    an essential `acr` claim with unknown values only is a demand that cannot (OpenID Connect Core §5.5.1.1).
    """
    names = request.vocabulary
    claims = [
        acr for each in (request.claims.id_token, request.claims.userinfo) if (acr := each.get("acr")) and acr.values
    ]
    demanded = [[acr for acr in claim.values if names.understands(acr)] for claim in claims if claim.essential]
    if not all(demanded):
        raise UnmetAuthenticationRequirements
    others = [acr for claim in claims if not claim.essential for acr in claim.values]
    wished = [
        *(acr for values in demanded for acr in values),
        *others,
        *request.parameters.get("acr_values", "").split(),
    ]
    if not wished:
        return request
    advanced = "advanced" in {names.assurance(acr) for acr in wished}
    on_phone = any(all(names.assurance(acr) is not None for acr in values) for values in demanded)
    request = replace(request, phone_essential=on_phone)
    return _with_level(replace(request, assurance="advanced" if advanced else "basic"), demanded, wished)


def _with_level(
    request: AuthorizationRequest, demanded: list[list[object]], wished: list[object]
) -> AuthorizationRequest:
    """The eIDAS level asked for, when `acr` is to speak in levels: the lowest that would do."""
    first = next((acr for acr in wished if request.vocabulary.understands(acr)), None)
    essential = [levels for values in demanded if len(levels := _levels(values)) == len(values)]
    if not essential and eidas_level(first) is None:
        return request
    lowest = max((levels[0] for levels in essential or [_levels(wished)]), key=LEVELS.index)
    # A high level needs the code, and no fingerprint in its place.
    assurance: Assurance = "advanced" if lowest == "high" else request.assurance
    values = tuple(essential[0]) if essential else ()
    return replace(
        request, assurance=assurance, eidas_level=lowest, eidas_essential=bool(essential), eidas_values=values
    )


def _levels(values: list[object]) -> list[str]:
    """The eIDAS levels among `acr` values, lowest first."""
    return sorted((level for acr in values if (level := eidas_level(acr))), key=LEVELS.index)


def check_id_of_person(request: AuthorizationRequest) -> AuthorizationRequest:
    """A `sub` asked for by value is a text (OpenID Connect Core §5.5.1); the tokens are made for nobody else."""
    for claims in (request.claims.id_token, request.claims.userinfo):
        asked = claims.get("sub")
        if asked is not None and not (len(asked.values) <= 1 and all(isinstance(sub, str) for sub in asked.values)):
            raise InvalidRequest("claims: sub is asked for with one text at most")
    return request
