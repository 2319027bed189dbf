"""How the person is asked: display, prompt, age of the login, strength of the approval, the `claims` parameter."""

from __future__ import annotations

from dataclasses import replace

from ipse.oidc.errors import InvalidRequest, LoginRequired, UnmetAuthenticationRequirements, UnsupportedDisplay
from ipse.oidc.model import Assurance, AuthorizationRequest
from ipse.standards.openid import OpenIdFormError, parse_claims, parse_max_age, parse_prompt


def check_display(request: AuthorizationRequest) -> AuthorizationRequest:
    """`page` only (partner protocol, section 1.4)."""
    if request.parameters.get("display", "page") != "page":
        raise UnsupportedDisplay
    return request


def check_prompt(request: AuthorizationRequest) -> AuthorizationRequest:
    """Everything but `none`: each request asks the person anyway."""
    try:
        prompts = parse_prompt(request.parameters.get("prompt"))
    except OpenIdFormError as error:
        raise InvalidRequest(str(error)) from error
    if "none" in prompts:
        raise LoginRequired
    return request


def check_max_age(request: AuthorizationRequest) -> AuthorizationRequest:
    """Any number of seconds: no login here is older than its request."""
    try:
        parse_max_age(request.parameters.get("max_age"))
    except OpenIdFormError as error:
        raise InvalidRequest(str(error)) from error
    return request


def read_claims(request: AuthorizationRequest) -> AuthorizationRequest:
    """The `claims` parameter, within limits of size and depth (OpenID Connect Core §5.5)."""
    try:
        return replace(request, claims=parse_claims(request.parameters.get("claims")))
    except OpenIdFormError as error:
        raise InvalidRequest(str(error)) from error


def check_acr(request: AuthorizationRequest) -> AuthorizationRequest:
    """Of all ways of approving that are asked for the stricter wins (partner protocol, section 1.4).

    Unknown values of `acr_values` are a wish that cannot be met; an essential `acr` claim with unknown values only is a
    demand that cannot (OpenID Connect Core §5.5.1.1).
    """
    names = request.vocabulary
    wished: list[object] = [*request.parameters.get("acr_values", "").split()]
    for claims in (request.claims.id_token, request.claims.userinfo):
        acr = claims.get("acr")
        if acr is None:
            continue
        if acr.essential and acr.values and not any(names.assurance(value) for value in acr.values):
            raise UnmetAuthenticationRequirements
        wished.extend(acr.values)
    stricter: Assurance = "advanced" if "advanced" in {names.assurance(acr) for acr in wished} else "basic"
    return replace(request, assurance=stricter)


def check_id_of_person(request: AuthorizationRequest) -> AuthorizationRequest:
    """A `sub` asked for by value is a text (OpenID Connect Core §5.5.1); the tokens are made for nobody else."""
    for claims in (request.claims.id_token, request.claims.userinfo):
        asked = claims.get("sub")
        if asked is not None and not (len(asked.values) <= 1 and all(isinstance(sub, str) for sub in asked.values)):
            raise InvalidRequest("claims: sub is asked for with one text at most")
    return request
