"""Ways of asking that this provider says it does not support."""

from __future__ import annotations

from typing import Final

from ipse.oidc.errors import RegistrationNotSupported, UnsupportedRequest
from ipse.oidc.model import AuthorizationRequest

FOREIGN: Final = frozenset({"dcql_query", "presentation_definition", "grant_management_action"})
"""Parameters of OpenID for Verifiable Presentations and of Grant Management: ignored, they would promise an answer that
never comes."""


def check_registration(request: AuthorizationRequest) -> AuthorizationRequest:
    """No `registration` (OpenID Connect Core §7.2.1)."""
    if "registration" in request.parameters:
        raise RegistrationNotSupported
    return request


def check_foreign_parameters(request: AuthorizationRequest) -> AuthorizationRequest:
    """Nothing that asks for another protocol's answer (partner protocol, section 1.9)."""
    if not FOREIGN.isdisjoint(request.parameters):
        raise UnsupportedRequest
    return request
