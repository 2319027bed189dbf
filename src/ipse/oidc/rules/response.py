"""How the answer is to come back, and what ties it to the one who asked."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from ipse.oidc.errors import InvalidRequest, UnsupportedResponseType
from ipse.oidc.model import AuthorizationRequest
from ipse.standards.oauth import OAuthFormError, check_challenge

_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")
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
    """One that the profile offers; without one, the first that it offers (JARM §2.3, Form Post Response Mode §2)."""
    modes = request.profile.response_modes
    asked = request.parameters.get("response_mode")
    if asked is None and modes[0] == request.response_mode:
        return request
    if asked is not None and asked not in modes:
        raise InvalidRequest(f"response_mode must be {' or '.join(modes)}")
    return replace(request, response_mode=asked or modes[0])


def check_state_and_nonce(request: AuthorizationRequest) -> AuthorizationRequest:
    """Any text of sensible length: both are recommended, neither is required."""
    for name, longest in _LONGEST.items():
        value = request.parameters.get(name, "")
        if len(value) > longest or not value.isprintable():
            raise InvalidRequest(f"{name} must be printable and at most {longest} characters long")
    return request


def read_dpop_key(request: AuthorizationRequest) -> AuthorizationRequest:
    """The thumbprint of the key that the code shall be for, if any (RFC 9449 §10)."""
    thumbprint = request.parameters.get("dpop_jkt")
    if thumbprint is None:
        return request
    if not _THUMBPRINT.fullmatch(thumbprint):
        raise InvalidRequest("dpop_jkt must be a SHA-256 thumbprint: 43 characters of base64url")
    return replace(request, dpop_jkt=thumbprint)


def check_pkce(request: AuthorizationRequest) -> AuthorizationRequest:
    """S256 only, and present where the service or its profile demands it (RFC 7636; R-23)."""
    asked = request.parameters
    try:
        challenge = check_challenge(asked.get("code_challenge"), asked.get("code_challenge_method"))
    except OAuthFormError as error:
        raise InvalidRequest(str(error)) from error
    if challenge is None and (request.service.pkce_required or request.profile.pkce_required):
        raise InvalidRequest("this service needs PKCE: code_challenge with code_challenge_method S256")
    return request
