"""Every check an authorization request passes, in order.

Compare the tuples with RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.2 and section 1.4 of the partner protocol. Before
the redirect URI is proven, errors are shown to the person; after it they go back to the partner (RFC 9700 §4.11.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ipse.oidc.errors import InvalidRequest, InvalidScope
from ipse.oidc.model import DOOR, SIGNED_MODES, AuthorizationRequest, Candidate, Requested, Vocabulary, profile_of
from ipse.oidc.rules.attributes import check_contract, check_something_is_asked, collect_attributes
from ipse.oidc.rules.confirmation import CONFIRMATION_CHECKS
from ipse.oidc.rules.details import DETAIL_CHECKS
from ipse.oidc.rules.interaction import (
    check_acr,
    check_display,
    check_id_of_person,
    check_max_age,
    check_prompt,
    read_claims,
)
from ipse.oidc.rules.profiles import PROFILE_CHECKS
from ipse.oidc.rules.request_objects import check_agreement
from ipse.oidc.rules.response import (
    check_pkce,
    check_response_mode,
    check_response_type,
    check_state_and_nonce,
    read_dpop_key,
)
from ipse.oidc.rules.running import run_checks
from ipse.oidc.rules.scopes import check_scope, service_code
from ipse.oidc.rules.target import check_client, check_redirect_uri, check_service
from ipse.oidc.rules.unsupported import check_foreign_parameters, check_registration
from ipse.standards.oauth import OAuthFormError, parameters

TARGET_CHECKS: Final[tuple[Callable[[Candidate], None], ...]] = (
    check_client,
    check_service,
    check_redirect_uri,
)
"""Prove where answers may go. Errors stay on our own page."""

REQUEST_CHECKS: Final[tuple[Callable[[AuthorizationRequest], AuthorizationRequest], ...]] = (
    check_agreement,
    *PROFILE_CHECKS,
    check_registration,
    check_foreign_parameters,
    check_response_type,
    check_response_mode,
    check_state_and_nonce,
    check_scope,
    check_display,
    check_prompt,
    check_max_age,
    check_pkce,
    read_dpop_key,
    read_claims,
    check_acr,
    check_id_of_person,
    *DETAIL_CHECKS,
    *CONFIRMATION_CHECKS,
    collect_attributes,
    check_contract,
    check_something_is_asked,
)
"""Judge what is asked. Errors go back to the partner."""


def read_parameters(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The parameters of a request, each once.

    Raises:
        InvalidRequest: one appears twice.
    """
    try:
        return parameters(pairs)
    except OAuthFormError as error:
        raise InvalidRequest(str(error)) from error


def read_service_code(parameters: Mapping[str, str]) -> str | None:
    """The code of the service asked for, None without one.

    Raises:
        InvalidScope: there are several: nobody can say whose redirect URIs would count.
    """
    codes = service_code(parameters.get("scope", ""))
    if len(codes) > 1:
        raise InvalidScope("scope must name exactly one service:CODE")
    return codes[0] if codes else None


def check_target(candidate: Candidate, vocabulary: Vocabulary) -> AuthorizationRequest:
    """Run `TARGET_CHECKS`.

    Raises:
        OAuthError: the first that fails; to be shown, never redirected.
    """
    run_checks(TARGET_CHECKS, candidate)
    if candidate.partner is None or candidate.service is None:  # pragma: no cover - the checks have refused it
        raise InvalidRequest
    return AuthorizationRequest(
        parameters=candidate.parameters,
        partner=candidate.partner,
        service=candidate.service,
        vocabulary=vocabulary,
        profile=profile_of(candidate.service),
        source=candidate.source,
        signed=candidate.signed,
        beside=candidate.beside,
    )


def check_request(request: AuthorizationRequest) -> AuthorizationRequest:
    """Run `REQUEST_CHECKS`.

    Raises:
        OAuthError: the first that fails; to be sent to the redirect URI.
    """
    return run_checks(REQUEST_CHECKS, request)


def requested(request: AuthorizationRequest) -> Requested:
    """What has to be remembered of a judged request until its tokens."""
    asked = request.parameters
    subject = request.claims.id_token.get("sub")
    return Requested(
        redirect_uri=asked["redirect_uri"],
        door=DOOR,
        state=asked.get("state"),
        nonce=asked.get("nonce"),
        code_challenge=asked.get("code_challenge"),
        id_token=request.in_id_token,
        userinfo=request.in_userinfo,
        response_mode=request.response_mode,
        client_id=request.partner.partner_id if request.response_mode in SIGNED_MODES else None,
        profile=request.profile.name,
        dpop_jkt=request.dpop_jkt,
        subject=subject.values[0] if subject and subject.values else request.subject_hint,
        authorization_details=tuple(dict(detail) for detail in request.authorization_details),
        template=dict(request.template),
        template_in=request.template_in,
        eidas=request.eidas_level is not None,
        eidas_values=request.eidas_values,
    )
