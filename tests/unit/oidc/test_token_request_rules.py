"""Each check of a token request, alone: its form, the code it redeems, the profile of the service (R-21, C-11)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ipse.oidc.errors import (
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    InvalidScope,
    OAuthError,
    UnsupportedGrantType,
)
from ipse.oidc.model import DEFAULT, FAPI2, Requested
from ipse.oidc.rules.assertions import audiences
from ipse.oidc.rules.client_proofs import CLIENT_CHECKS, ClientProof, Endpoint, check_client
from ipse.oidc.rules.senders import Sender
from ipse.oidc.rules.token_requests import (
    CODE_CHECKS,
    GRANT_CHECKS,
    TOKEN_CHECKS,
    RedeemedRequest,
    TokenRequest,
    check_code,
    check_grant,
    check_token_request,
)
from ipse.partners.model import AuthMethod
from ipse.standards.oauth import AUTHORIZATION_CODE, CIBA, CLIENT_CREDENTIALS, challenge_of
from tests.unit.oidc.partners import partner
from tests.unit.oidc.test_sender_rules import BEARER, CERTIFIED, PROVEN

ISSUER = "https://id.example/v2"
VERIFIER = "v" * 43
PROOF = ClientProof(
    partner=partner(), method=AuthMethod.PRIVATE_KEY_JWT, issuer=ISSUER, alg="ES256", audience=ISSUER, kid="s1"
)
FORM = {"grant_type": AUTHORIZATION_CODE, "code": "c", "redirect_uri": "https://x.example/", "code_verifier": VERIFIER}


def request(*, client: ClientProof = PROOF, sender: Sender = BEARER, **form: Any) -> TokenRequest:
    members = {name: value for name, value in (FORM | form).items() if value is not None}
    return TokenRequest(
        client=client, form=members, sender=sender, grants=(AUTHORIZATION_CODE, CLIENT_CREDENTIALS, CIBA)
    )


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"grant_type": CIBA, "code": None, "redirect_uri": None},
        {"grant_type": CLIENT_CREDENTIALS, "scope": "broker"},
        {"grant_type": CLIENT_CREDENTIALS, "scope": "broker partner.log"},
        {"grant_type": CLIENT_CREDENTIALS, "scope": "broker", "sender": CERTIFIED},
        {"grant_type": CLIENT_CREDENTIALS, "scope": "broker partner.log", "sender": PROVEN},
        {"extra": "x"},
    ],
)
def test_a_good_form(form: dict[str, Any]) -> None:
    check_token_request(request(**form))


FORMS: dict[str, list[tuple[dict[str, Any], type[OAuthError]]]] = {
    "check_grant_type": [
        ({"grant_type": None}, InvalidRequest),
        ({"grant_type": "password"}, UnsupportedGrantType),
        ({"grant_type": "refresh_token"}, UnsupportedGrantType),
        ({"grant_type": "Authorization_Code"}, UnsupportedGrantType),
    ],
    "check_code_form": [({"code": None}, InvalidRequest), ({"redirect_uri": None}, InvalidRequest)],
    "check_partner_scope": [
        ({"grant_type": CLIENT_CREDENTIALS}, InvalidScope),
        ({"grant_type": CLIENT_CREDENTIALS, "scope": "openid"}, InvalidScope),
        ({"grant_type": CLIENT_CREDENTIALS, "scope": "broker openid"}, InvalidScope),
        ({"grant_type": CLIENT_CREDENTIALS, "scope": " "}, InvalidScope),
        ({"grant_type": CLIENT_CREDENTIALS, "scope": 'bro"ker'}, InvalidScope),
    ],
}


@pytest.mark.parametrize(("check", "form", "error"), [(check, *case) for check, cs in FORMS.items() for case in cs])
def test_a_wrong_form(check: str, form: dict[str, Any], error: type[OAuthError]) -> None:
    with pytest.raises(error) as refused:
        check_token_request(request(**form))
    assert refused.value.check == check


REQUESTED = Requested(redirect_uri="https://x.example/", door="oidc", code_challenge=challenge_of(VERIFIER))
STRICT = Requested(
    redirect_uri="https://x.example/", door="oidc", code_challenge=challenge_of(VERIFIER), profile="fapi2"
)
SECRET = replace(PROOF, method=AuthMethod.CLIENT_SECRET_POST, alg=None, audience=None)


def redeemed(*, requested: Requested = REQUESTED, **changes: Any) -> RedeemedRequest:
    return RedeemedRequest(request(**changes), requested)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"client": SECRET},
        {"requested": Requested(redirect_uri="https://x.example/", door="oidc"), "code_verifier": None},
        {"requested": STRICT, "sender": PROVEN},
        {"requested": STRICT, "sender": CERTIFIED},
        {"requested": STRICT, "sender": PROVEN, "client": replace(PROOF, alg="PS256")},
        {"sender": PROVEN, "requested": Requested(redirect_uri="https://x.example/", door="oidc", dpop_jkt="key"),
         "code_verifier": None},
    ],
)  # fmt: skip
def test_a_code_that_fits(changes: dict[str, Any]) -> None:
    check_code(redeemed(**changes))


BOUND = Requested(
    redirect_uri="https://x.example/", door="oidc", dpop_jkt="other", code_challenge=challenge_of(VERIFIER)
)
CODES: dict[str, list[tuple[dict[str, Any], type[OAuthError]]]] = {
    "check_redirect_uri": [({"redirect_uri": "https://x.example"}, InvalidGrant)],
    "check_code_verifier": [
        ({"code_verifier": None}, InvalidGrant),
        ({"code_verifier": "w" * 43}, InvalidGrant),
        ({"requested": Requested(redirect_uri="https://x.example/", door="oidc")}, InvalidGrant),
    ],
    "check_dpop_key": [({"requested": BOUND}, InvalidGrant), ({"requested": BOUND, "sender": PROVEN}, InvalidGrant)],
}
PROFILES: dict[str, list[tuple[dict[str, Any], type[OAuthError]]]] = {
    "check_profile": [],
    "check_method": [({"requested": STRICT, "sender": PROVEN, "client": SECRET}, InvalidClient)],
    "check_algorithm": [
        ({"requested": STRICT, "sender": PROVEN, "client": replace(PROOF, alg="RS256")}, InvalidClient)
    ],
    "check_audience": [
        ({"requested": STRICT, "sender": PROVEN, "client": replace(PROOF, audience=ISSUER + "/token")}, InvalidClient)
    ],
    "check_sender_constraint": [({"requested": STRICT}, InvalidRequest)],
}


def test_every_check_refuses_something() -> None:
    assert set(FORMS) == {check.__name__ for check in TOKEN_CHECKS}
    assert set(CODES) == {check.__name__ for check in CODE_CHECKS}
    assert set(PROFILES) == {check.__name__ for check in (*GRANT_CHECKS, *CLIENT_CHECKS)}


@pytest.mark.parametrize(
    ("check", "changes", "error"), [(check, *case) for check, cs in (CODES | PROFILES).items() for case in cs]
)
def test_a_code_that_does_not(check: str, changes: dict[str, Any], error: type[OAuthError]) -> None:
    with pytest.raises(error) as refused:
        check_code(redeemed(**changes))
    assert refused.value.check == check


@pytest.mark.parametrize(
    ("check", "changes", "error"), [(check, *case) for check, cs in PROFILES.items() for case in cs]
)
def test_an_approval_that_no_browser_carried(check: str, changes: dict[str, Any], error: type[OAuthError]) -> None:
    check_grant(redeemed(redirect_uri="elsewhere", code_verifier=None))
    with pytest.raises(error) as refused:
        check_grant(redeemed(**changes))
    assert refused.value.check == check


def test_who_may_come_with_what() -> None:
    for method in AuthMethod:
        check_client(replace(PROOF, method=method, alg=None, audience=None), DEFAULT)
    for audience in (ISSUER, ISSUER + "/token"):
        check_client(replace(PROOF, audience=audience), DEFAULT)
    for method in (AuthMethod.TLS_CLIENT_AUTH, AuthMethod.SELF_SIGNED_TLS_CLIENT_AUTH):
        check_client(replace(PROOF, method=method, alg=None, audience=None), FAPI2)


def test_audiences_of_assertions() -> None:
    """C-11: the issuer everywhere; one address more at two endpoints, never for pushed or back-channel requests."""
    assert {endpoint: audiences(ISSUER, endpoint) - {ISSUER} for endpoint in Endpoint} == {
        Endpoint.TOKEN: {ISSUER + "/token"},
        Endpoint.PUSHED: set(),
        Endpoint.BACKCHANNEL: set(),
        Endpoint.DISCOVERY: {ISSUER + "/backchannel/authentication"},
        Endpoint.REVOCATION: set(),
    }
    assert all(ISSUER in audiences(ISSUER, endpoint) for endpoint in Endpoint)
