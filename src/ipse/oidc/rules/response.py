"""How the answer is to come back, and what ties it to the one who asked."""

from __future__ import annotations

from typing import Final

from ipse.oidc.errors import InvalidRequest, UnsupportedResponseType
from ipse.oidc.model import AuthorizationRequest
from ipse.standards.oauth import OAuthFormError, check_challenge

_LONGEST: Final = {"state": 4096, "nonce": 1024}


def check_response_type(request: AuthorizationRequest) -> AuthorizationRequest:
    """The code flow only (R-22)."""
    response_type = request.parameters.get("response_type")
    if response_type is None:
        raise InvalidRequest("response_type is missing")
    if response_type != "code":
        raise UnsupportedResponseType
    return request


def check_response_mode(request: AuthorizationRequest) -> AuthorizationRequest:
    """By query only."""
    if request.parameters.get("response_mode", "query") != "query":
        raise InvalidRequest("response_mode must be query")
    return request


def check_state_and_nonce(request: AuthorizationRequest) -> AuthorizationRequest:
    """Any text of sensible length: both are recommended, neither is required."""
    for name, longest in _LONGEST.items():
        value = request.parameters.get(name, "")
        if len(value) > longest or not value.isprintable():
            raise InvalidRequest(f"{name} must be printable and at most {longest} characters long")
    return request


def check_pkce(request: AuthorizationRequest) -> AuthorizationRequest:
    """S256 only, and present where the service demands it (RFC 7636; R-23)."""
    asked = request.parameters
    try:
        challenge = check_challenge(asked.get("code_challenge"), asked.get("code_challenge_method"))
    except OAuthFormError as error:
        raise InvalidRequest(str(error)) from error
    if challenge is None and request.service.pkce_required:
        raise InvalidRequest("this service needs PKCE: code_challenge with code_challenge_method S256")
    return request
