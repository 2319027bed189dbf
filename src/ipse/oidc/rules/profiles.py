"""What the profile of a service demands of a request beyond the default (FAPI 2.0 Security Profile, Message Signing).

The profiles are values in `model`; `docs/reference/profiles.md` lists them. Client authentication is judged by
`client_proofs`, tokens at the token endpoint.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ipse.oidc.errors import InvalidRequest, UnauthorizedClient
from ipse.oidc.model import AuthorizationRequest


def check_pushed_only(request: AuthorizationRequest) -> AuthorizationRequest:
    """By PAR and by no other way, where the profile says so (FAPI 2.0 Security Profile §5.3.2.2)."""
    if request.profile.pushed_only and request.source != "pushed":
        raise InvalidRequest("this service takes pushed requests only")
    return request


def check_signed_messages(request: AuthorizationRequest) -> AuthorizationRequest:
    """By a signed request object, where the service signs messages (FAPI 2.0 Message Signing §5.3.1)."""
    if request.profile.signed_messages and not request.signed:
        raise InvalidRequest("this service takes signed request objects only")
    return request


def check_client_method(request: AuthorizationRequest) -> AuthorizationRequest:
    """The partner can prove itself as the profile wants it: else nobody could redeem the code."""
    if request.partner.auth_method not in request.profile.client_auth_methods:
        raise UnauthorizedClient("the client authentication of this partner is not for the profile of this service")
    return request


def check_answer_algorithm(request: AuthorizationRequest) -> AuthorizationRequest:
    """What is agreed for our signatures are algorithms of the profile (FAPI 2.0 Security Profile §5.4)."""
    if not request.partner.algorithms.signed_responses.issubset(request.profile.signing_algorithms):
        raise UnauthorizedClient("an algorithm agreed for our answers is not for the profile of this service")
    return request


PROFILE_CHECKS: Final[tuple[Callable[[AuthorizationRequest], AuthorizationRequest], ...]] = (
    check_pushed_only,
    check_signed_messages,
    check_client_method,
    check_answer_algorithm,
)
