"""Ways of asking that this provider says it does not support."""

from __future__ import annotations

from ipse.oidc.errors import RegistrationNotSupported, RequestNotSupported, RequestUriNotSupported
from ipse.oidc.model import AuthorizationRequest


def check_request_object(request: AuthorizationRequest) -> AuthorizationRequest:
    """No `request` (OpenID Connect Core §6.1)."""
    if "request" in request.parameters:
        raise RequestNotSupported
    return request


def check_request_uri(request: AuthorizationRequest) -> AuthorizationRequest:
    """No `request_uri` (OpenID Connect Core §6.2)."""
    if "request_uri" in request.parameters:
        raise RequestUriNotSupported
    return request


def check_registration(request: AuthorizationRequest) -> AuthorizationRequest:
    """No `registration` (OpenID Connect Core §7.2.1)."""
    if "registration" in request.parameters:
        raise RegistrationNotSupported
    return request
