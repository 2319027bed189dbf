"""What a token request has to be: the visible lists of the token endpoint (RFC 6749 §4.1.3, §4.4, RFC 9449 §5).

`TOKEN_CHECKS` judge the form of a request and spend nothing. `CODE_CHECKS` judge a redeemed code against the request
that it was asked with, `GRANT_CHECKS` every approval against the profile of its service: whoever fails there holds what
is not theirs, so the code stays spent and its token is revoked (T-9).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from ipse.oidc.errors import InvalidGrant, InvalidRequest, InvalidScope, UnsupportedGrantType
from ipse.oidc.model import PROFILES, Profile, Requested
from ipse.oidc.rules.client_proofs import ClientProof, check_client
from ipse.oidc.rules.running import run_checks
from ipse.oidc.rules.senders import Sender
from ipse.standards.oauth import AUTHORIZATION_CODE, CLIENT_CREDENTIALS, OAuthFormError, check_verifier, scope_words

PARTNER_SCOPES: Final = ("broker", "partner.log", "partner.manage")
"""What a token of the partner itself may be for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A token request of a proven partner."""

    client: ClientProof
    form: Mapping[str, str]
    sender: Sender
    grants: Collection[str]
    """The grant types there are."""


@dataclass(frozen=True, slots=True)
class RedeemedRequest:
    """A token request, and what the approval it redeems was asked with."""

    request: TokenRequest
    requested: Requested

    @property
    def profile(self) -> Profile:
        """The profile the approval was asked under."""
        return PROFILES[self.requested.profile]


def check_grant_type(request: TokenRequest) -> None:
    """A grant there is."""
    if "grant_type" not in request.form:
        raise InvalidRequest("grant_type is missing")
    if request.form["grant_type"] not in request.grants:
        raise UnsupportedGrantType


def check_code_form(request: TokenRequest) -> None:
    """A code comes with the redirect URI it was sent to."""
    if request.form["grant_type"] != AUTHORIZATION_CODE:
        return
    for name in ("code", "redirect_uri"):
        if name not in request.form:
            raise InvalidRequest(f"{name} is missing")


def check_partner_scope(request: TokenRequest) -> None:
    """A token of the partner itself is for something that there is."""
    if request.form["grant_type"] != CLIENT_CREDENTIALS:
        return
    try:
        words = scope_words(request.form.get("scope", ""))
    except OAuthFormError as error:
        raise InvalidScope(str(error)) from error
    if not words or not set(words) <= set(PARTNER_SCOPES):
        raise InvalidScope(f"scope must be one or more of {', '.join(PARTNER_SCOPES)}")


TOKEN_CHECKS: Final[tuple[Callable[[TokenRequest], None], ...]] = (
    check_grant_type,
    check_code_form,
    check_partner_scope,
)


def check_redirect_uri(redeemed: RedeemedRequest) -> None:
    """The redirect URI is the one of the authorization request (RFC 6749 §4.1.3)."""
    if redeemed.request.form["redirect_uri"] != redeemed.requested.redirect_uri:
        raise InvalidGrant("redirect_uri is not the one of the authorization request")


def check_code_verifier(redeemed: RedeemedRequest) -> None:
    """The verifier fits the challenge, and neither comes without the other (RFC 7636 §4.6, RFC 9700 §2.1.1)."""
    try:
        check_verifier(redeemed.request.form.get("code_verifier"), redeemed.requested.code_challenge)
    except OAuthFormError as error:
        raise InvalidGrant(str(error)) from error


def check_dpop_key(redeemed: RedeemedRequest) -> None:
    """A code asked for one DPoP key is redeemed with it (RFC 9449 §10)."""
    wanted, proof = redeemed.requested.dpop_jkt, redeemed.request.sender.proof
    if wanted is not None and (proof is None or not hmac.compare_digest(proof.thumbprint.encode(), wanted.encode())):
        raise InvalidGrant("the code was asked for another DPoP key than that of this request")


CODE_CHECKS: Final[tuple[Callable[[RedeemedRequest], None], ...]] = (
    check_redirect_uri,
    check_code_verifier,
    check_dpop_key,
)


def check_profile(redeemed: RedeemedRequest) -> None:
    """The partner has proven itself as the profile of the service demands."""
    check_client(redeemed.request.client, redeemed.profile)


def check_sender_constraint(redeemed: RedeemedRequest) -> None:
    """Where the profile demands it, the token has something to be bound to (FAPI 2.0 Security Profile §5.3.2.1)."""
    if redeemed.profile.sender_constrained and not redeemed.request.sender.binding:
        raise InvalidRequest("this service's tokens are bound: send a DPoP proof, or connect with a certificate")


GRANT_CHECKS: Final[tuple[Callable[[RedeemedRequest], None], ...]] = (check_profile, check_sender_constraint)


def check_token_request(request: TokenRequest) -> None:
    """Run `TOKEN_CHECKS`.

    Raises:
        OAuthError: the first that fails; nothing is spent.
    """
    run_checks(TOKEN_CHECKS, request)


def check_code(redeemed: RedeemedRequest) -> None:
    """Run `CODE_CHECKS`, then `GRANT_CHECKS`.

    Raises:
        OAuthError: the first that fails; the code is spent.
    """
    run_checks((*CODE_CHECKS, *GRANT_CHECKS), redeemed)


def check_grant(redeemed: RedeemedRequest) -> None:
    """Run `GRANT_CHECKS`, for approvals that no browser carried.

    Raises:
        OAuthError: the first that fails; the approval is spent.
    """
    run_checks(GRANT_CHECKS, redeemed)
