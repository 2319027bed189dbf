"""Where answers may go: partner, service, redirect URI."""

from __future__ import annotations

from ipse.oidc.errors import InvalidScope, UnauthorizedClient, UnknownClient, UnknownRedirectUri
from ipse.oidc.model import Candidate
from ipse.partners.model import ServiceType

SERVED: frozenset[ServiceType] = frozenset(
    {
        ServiceType.AUTHENTICATION,
        ServiceType.IDENTIFICATION,
        ServiceType.CONFIRMATION,
        ServiceType.DATA_SHARING,
    }
)
"""The types of service that are asked for by this way. Signatures are another protocol."""


def check_client(candidate: Candidate) -> None:
    """The partner is known and active."""
    if "client_id" not in candidate.parameters:
        raise UnknownClient("client_id is missing")
    if candidate.partner is None or candidate.partner.state != "active":
        raise UnknownClient


def check_service(candidate: Candidate) -> None:
    """The service is known, active, this partner's, asks for this partner itself, and is of a type served here.

    Another partner's service and one that does not exist get the same answer. What a broker asks for a final partner
    is asked by the REST API, where the person sees both names and the subject is the final partner's (T-11).
    """
    service = candidate.service
    if service is None:
        raise InvalidScope("scope must name one service:CODE of this partner")
    if candidate.partner is None or service.partner_id != candidate.partner.partner_id or service.state != "active":
        raise InvalidScope("scope must name one service:CODE of this partner")
    if service.type not in SERVED:
        raise UnauthorizedClient("a service of this type is not asked for by this endpoint")
    if service.final_partner:
        raise UnauthorizedClient("a service for a final partner is asked for by the REST API")


def check_redirect_uri(candidate: Candidate) -> None:
    """The redirect URI is, character by character, one of this service (RFC 9700 §2.1; R-20)."""
    uri = candidate.parameters.get("redirect_uri")
    if uri is None:
        raise UnknownRedirectUri("redirect_uri is missing")
    if candidate.service is None or uri not in candidate.service.redirect_uris:
        raise UnknownRedirectUri
