"""Each check of an authorization request, alone (partner protocol 1.3 to 1.9; R-20, R-22, R-23, R-25)."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ipse.oidc import errors
from ipse.oidc.errors import OAuthError
from ipse.oidc.model import Candidate, Vocabulary
from ipse.oidc.rules.authorization import (
    REQUEST_CHECKS,
    TARGET_CHECKS,
    check_request,
    check_target,
    read_parameters,
    read_service_code,
    requested,
)
from ipse.oidc.rules.confirmation import CONFIRMATION_CHECKS
from ipse.oidc.rules.details import DETAIL_CHECKS
from ipse.oidc.rules.profiles import PROFILE_CHECKS
from ipse.partners.model import ServiceType
from tests.unit.oidc.partners import CALLBACK, PREFIX, VOCABULARY, candidate, judged, partner, service


def refused(code: str) -> pytest.RaisesExc[OAuthError]:
    return pytest.RaisesExc(OAuthError, check=lambda error: error.code == code)


def test_the_good_request_passes_unchanged() -> None:
    kept = requested(judged())
    assert (kept.redirect_uri, kept.state, kept.nonce, kept.code_challenge) == (CALLBACK, "s", "n", None)
    assert (kept.door, kept.id_token, kept.userinfo) == ("oidc", (), ())


def test_every_check_is_in_the_lists_once() -> None:
    names = [check.__name__ for check in (*TARGET_CHECKS, *REQUEST_CHECKS)]
    assert len(set(names)) == len(names)


class TestTarget:
    """What is wrong here is told to the person and never redirected (R-25)."""

    @pytest.mark.parametrize(
        ("spoilt", "code"),
        [
            (replace(candidate(), partner=None), "invalid_client_id"),
            (candidate(client_id=None), "invalid_client_id"),
            (replace(candidate(), partner=partner(state="stopped")), "invalid_client_id"),
            (replace(candidate(), service=None), "invalid_scope"),
            (replace(candidate(), service=service(partner_id="other")), "invalid_scope"),
            (replace(candidate(), service=service(state="stopped")), "invalid_scope"),
            (candidate(redirect_uri=None), "invalid_redirect_uri"),
            (replace(candidate(), service=service(redirect_uris=())), "invalid_redirect_uri"),
        ],
    )
    def test_refused(self, spoilt: Candidate, code: str) -> None:
        with refused(code):
            check_target(spoilt, VOCABULARY)

    @pytest.mark.parametrize(
        "uri",
        [
            "https://shop.example/callback",
            "https://shop.example/callback?from=ipse&more=1",
            "https://shop.example/callback?From=ipse",
            "https://shop.example/callback/?from=ipse",
            "https://shop.example:443/callback?from=ipse",
            "https://SHOP.example/callback?from=ipse",
            "https://shop.example/callback?from=ipse#fragment",
            "https://shop.example/callback?from=ips%65",
            "https://shop.example/x/../callback?from=ipse",
            "https://shop.example@stranger.example/callback?from=ipse",
            "http://shop.example/callback?from=ipse",
            " https://shop.example/callback?from=ipse",
            "https://stranger.example/",
            "javascript:alert(1)",
            "//shop.example/callback?from=ipse",
        ],
    )
    def test_redirect_uri_is_compared_character_by_character(self, uri: str) -> None:
        """R-20."""
        with refused("invalid_redirect_uri"):
            check_target(candidate(redirect_uri=uri), VOCABULARY)

    def test_every_registered_redirect_uri_is_good(self) -> None:
        proven = check_target(candidate(redirect_uri="https://shop.example/second"), VOCABULARY)
        assert proven.partner.partner_id == "shop"

    def test_repeated_parameters(self) -> None:
        with refused("invalid_request"):
            read_parameters([("state", "1"), ("scope", "openid"), ("state", "1")])

    def test_parameters_without_value_are_absent(self) -> None:
        assert read_parameters([("state", ""), ("nonce", "n")]) == {"nonce": "n"}

    @pytest.mark.parametrize(
        ("scope", "code"),
        [
            ("openid service:A", "A"),
            ("service:A openid service:A", "A"),
            ("openid", None),
            ("openid services:A", None),
            ("", None),
        ],
    )
    def test_service_of_a_scope(self, scope: str, code: str | None) -> None:
        assert read_service_code({"scope": scope}) == code

    def test_two_services(self) -> None:
        with refused("invalid_scope"):
            read_service_code({"scope": "openid service:A service:B"})


def claims(**members: object) -> str:
    return json.dumps(members)


REFUSED: list[tuple[dict[str, str | None], str]] = [
    ({"dcql_query": "{}"}, "unsupported_request"),
    ({"presentation_definition": "{}"}, "unsupported_request"),
    ({"grant_management_action": "create"}, "unsupported_request"),
    ({"dpop_jkt": "x"}, "invalid_request"),
    ({"dpop_jkt": "x" * 44}, "invalid_request"),
    ({"registration": "{}"}, "registration_not_supported"),
    ({"response_type": None}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"response_type": "id_token"}, "unsupported_response_type"),
    ({"response_type": "Code"}, "unsupported_response_type"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"response_mode": "form_post.jwt"}, "invalid_request"),
    ({"response_mode": "Query"}, "invalid_request"),
    ({"state": "x" * 4097}, "invalid_request"),
    ({"state": "a\x00b"}, "invalid_request"),
    ({"nonce": "x" * 1025}, "invalid_request"),
    ({"nonce": "a\nb"}, "invalid_request"),
    ({"scope": "service:SHOP_LOGIN"}, "invalid_scope"),
    ({"scope": "OpenID service:SHOP_LOGIN"}, "invalid_scope"),
    ({"scope": "openid service:SHOP_LOGIN unknown"}, "invalid_scope"),
    ({"scope": "openid service:SHOP_LOGIN offline_access"}, "invalid_scope"),
    ({"scope": "openid service:SHOP_LOGIN Profile"}, "invalid_scope"),
    ({"scope": 'openid service:SHOP_LOGIN "'}, "invalid_scope"),
    ({"scope": "openid service:SHOP_LOGIN\tprofile"}, "invalid_scope"),
    ({"display": "popup"}, "unsupported_display"),
    ({"display": "touch"}, "unsupported_display"),
    ({"prompt": "none"}, "login_required"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "create"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"max_age": "1.5"}, "invalid_request"),
    ({"max_age": "x"}, "invalid_request"),
    ({"max_age": "٣"}, "invalid_request"),
    ({"max_age": "9999999999"}, "invalid_request"),
    ({"code_challenge": "x" * 43}, "invalid_request"),
    ({"code_challenge": "x" * 43, "code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge": "x" * 43, "code_challenge_method": "s256"}, "invalid_request"),
    ({"code_challenge": "x" * 42, "code_challenge_method": "S256"}, "invalid_request"),
    ({"code_challenge": "x" * 43 + "\n", "code_challenge_method": "S256"}, "invalid_request"),
    ({"code_challenge": "x" * 42 + "=", "code_challenge_method": "S256"}, "invalid_request"),
    ({"code_challenge_method": "S256"}, "invalid_request"),
    ({"claims": "{"}, "invalid_request"),
    ({"claims": "[]"}, "invalid_request"),
    ({"claims": '{"id_token":{},"id_token":{}}'}, "invalid_request"),
    ({"claims": claims(id_token=[])}, "invalid_request"),
    ({"claims": claims(userinfo={"name": "yes"})}, "invalid_request"),
    ({"claims": claims(userinfo={"name": {"essential": "true"}})}, "invalid_request"),
    ({"claims": claims(userinfo={"name": {"values": "x"}})}, "invalid_request"),
    ({"claims": claims(userinfo={f"x{n}": None for n in range(101)})}, "invalid_request"),
    ({"claims": claims(userinfo={"name": {"value": [[[[[1]]]]]}})}, "invalid_request"),
    ({"claims": claims(userinfo={"x" * 9000: None})}, "invalid_request"),
    ({"claims": claims(id_token={"sub": {"value": 5}})}, "invalid_request"),
    ({"claims": claims(id_token={"sub": {"values": ["a", "b"]}})}, "invalid_request"),
    (
        {"claims": claims(id_token={"acr": {"essential": True, "values": ["urn:other"]}})},
        "unmet_authentication_requirements",
    ),
]


@pytest.mark.parametrize(("changes", "code"), REFUSED, ids=lambda case: str(case)[:60])
def test_request_refused(changes: dict[str, str | None], code: str) -> None:
    with refused(code):
        judged(**changes)


ELSEWHERE = {check.__name__ for check in (*PROFILE_CHECKS, *DETAIL_CHECKS, *CONFIRMATION_CHECKS)} | {
    "check_agreement",
    "collect_attributes",
    "check_contract",
    "check_something_is_asked",
}
"""Checks with tests of their own, and one that refuses nothing."""


def test_every_check_refuses_something() -> None:
    """A new check without a request that it refuses fails here."""
    refusing = set()
    for changes, _ in REFUSED:
        with pytest.raises(OAuthError) as error:
            judged(**changes)
        refusing.add(error.value.check)
    assert {check.__name__ for check in REQUEST_CHECKS} - ELSEWHERE <= refusing


TOLERATED: list[dict[str, str | None]] = [
    {"state": None, "nonce": None},
    {"prompt": "login"},
    {"prompt": "login consent"},
    {"prompt": "select_account"},
    {"display": "page"},
    {"response_mode": "query"},
    {"response_mode": "query.jwt"},
    {"response_mode": "form_post"},
    {"dpop_jkt": "x" * 43},
    {"max_age": "0"},
    {"max_age": "1"},
    {"acr_values": "urn:unknown"},
    {"ui_locales": "xx fr"},
    {"login_hint": "32+123456789"},
    {"id_token_hint": "a.b.c"},
    {"claims_locales": "fr"},
    {"something": "else"},
    {"scope": "service:SHOP_LOGIN  openid openid"},
    {"code_challenge": "x" * 43, "code_challenge_method": "S256"},
    {"claims": "{}"},
    {"claims": claims(id_token=None, userinfo=None, other={"x": 1})},
    {"claims": claims(userinfo={"unknown": None, PREFIX + "unknown": {"essential": True}, "verified_claims": {}})},
    {"claims": claims(id_token={"acr": {"values": ["urn:other"]}, "auth_time": {"essential": True}})},
]


@pytest.mark.parametrize("changes", TOLERATED, ids=lambda case: str(case)[:60])
def test_request_accepted(changes: dict[str, str | None]) -> None:
    assert judged(**changes).asked == {}


def test_pkce_is_demanded_where_the_service_demands_it() -> None:
    """R-23."""
    strict = service(pkce_required=True)
    with refused("invalid_request"):
        judged(strict)
    kept = requested(judged(strict, code_challenge="x" * 43, code_challenge_method="S256"))
    assert kept.code_challenge == "x" * 43


@pytest.mark.parametrize(
    ("changes", "assurance"),
    [
        ({}, "basic"),
        ({"acr_values": PREFIX + "acr_basic"}, "basic"),
        ({"acr_values": PREFIX + "acr_advanced"}, "advanced"),
        ({"acr_values": f"{PREFIX}acr_basic {PREFIX}acr_advanced"}, "advanced"),
        ({"acr_values": "http://itsme.services/V2/claim/acr_advanced"}, "advanced"),
        ({"acr_values": "acr_advanced"}, "basic"),
        ({"claims": claims(id_token={"acr": {"value": PREFIX + "acr_advanced"}})}, "advanced"),
        ({"claims": claims(userinfo={"acr": {"values": ["x", PREFIX + "acr_advanced"]}})}, "advanced"),
        ({"claims": claims(id_token={"acr": {"essential": True, "values": ["x", PREFIX + "ACR_BASIC"]}})}, "basic"),
        (
            {
                "acr_values": PREFIX + "acr_advanced",
                "claims": claims(id_token={"acr": {"value": PREFIX + "acr_basic"}}),
            },
            "advanced",
        ),
    ],
)
def test_the_stricter_way_of_approving_wins(changes: dict[str, str | None], assurance: str) -> None:
    assert judged(**changes).assurance == assurance


LOA = "http://eidas.europa.eu/LoA/"


@pytest.mark.parametrize(
    ("changes", "level", "essential", "values", "assurance"),
    [
        ({"acr_values": LOA + "substantial"}, "substantial", False, (), "basic"),
        ({"acr_values": f"{LOA}high {LOA}low"}, "low", False, (), "basic"),
        ({"acr_values": LOA + "high"}, "high", False, (), "advanced"),
        ({"acr_values": f"urn:x {LOA}low {PREFIX}acr_advanced"}, "low", False, (), "advanced"),
        ({"acr_values": f"{PREFIX}acr_basic {LOA}high"}, None, False, (), "basic"),
        ({"acr_values": LOA + "Higher"}, None, False, (), "basic"),
        ({"claims": claims(id_token={"acr": {"values": [LOA + "low"]}})}, "low", False, (), "basic"),
        (
            {"claims": claims(id_token={"acr": {"essential": True, "values": [LOA + "high", LOA + "substantial"]}})},
            "substantial", True, ("substantial", "high"), "basic",
        ),
        (
            {"claims": claims(id_token={"acr": {"essential": True, "value": LOA + "high"}})},
            "high", True, ("high",), "advanced",
        ),
        (
            {
                "acr_values": PREFIX + "acr_advanced",
                "claims": claims(userinfo={"acr": {"essential": True, "value": LOA + "low"}}),
            },
            "low", True, ("low",), "advanced",
        ),
        (
            {
                "claims": claims(
                    id_token={"acr": {"essential": True, "value": PREFIX + "acr_basic"}},
                    userinfo={"acr": {"essential": True, "value": LOA + "substantial"}},
                )
            },
            "substantial", True, ("substantial",), "basic",
        ),
        (
            {"claims": claims(id_token={"acr": {"essential": True, "values": [PREFIX + "acr_basic", LOA + "high"]}})},
            None, False, (), "basic",
        ),
    ],
)  # fmt: skip
def test_eidas_levels_as_acr(
    changes: dict[str, str | None], level: str | None, essential: bool, values: tuple[str, ...], assurance: str
) -> None:
    asked = judged(**changes)
    assert (asked.eidas_level, asked.eidas_essential, asked.eidas_values) == (level, essential, values)
    assert asked.assurance == assurance
    assert requested(asked).eidas is (level is not None)


def test_the_person_asked_for_is_remembered() -> None:
    kept = requested(judged(claims=claims(id_token={"sub": {"value": "abc"}})))
    assert kept.subject == "abc"
    hint = requested(judged(claims=claims(userinfo={"sub": {"value": "abc"}})))
    assert hint.subject is None


def test_services_of_other_types_are_not_asked_for_here() -> None:
    from ipse.oidc.rules.target import SERVED

    assert set(ServiceType) - {ServiceType.SIGNING} == SERVED, "a new type needs its own rules before it is let in"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ServiceType.AUTHENTICATION, "login_required"),
        (ServiceType.IDENTIFICATION, "login_required"),
        (ServiceType.CONFIRMATION, "interaction_required"),
        (ServiceType.DATA_SHARING, "interaction_required"),
    ],
)
def test_prompt_none_is_never_met(kind: ServiceType, code: str) -> None:
    """Partner protocol, section 1.4: there is never a session."""
    with refused(code):
        judged(service(type=kind), prompt="none")


def test_an_installation_may_leave_unknown_scopes_out() -> None:
    """Partner protocol, section 6: an error, with a switch."""
    asked = candidate(scope="openid service:SHOP_LOGIN email offline_access")
    with refused("invalid_scope"):
        check_request(check_target(asked, VOCABULARY))
    lenient = Vocabulary(PREFIX, ignores_unknown_scopes=True)
    assert check_request(check_target(asked, lenient)).scopes == ("email",)
    with refused("invalid_scope"):
        check_request(check_target(candidate(scope="service:SHOP_LOGIN unknown"), lenient))


OF_THE_PROTOCOL = {
    "invalid_request", "access_denied", "login_required", "interaction_required", "unsupported_request",
    "invalid_client_id", "invalid_redirect_uri", "unsupported_grant_type", "invalid_grant", "invalid_scope",
    "unsupported_display", "unauthorized_client", "unsupported_response_type", "invalid_request_object",
    "invalid_request_uri", "temporary_unavailable", "invalid_client", "invalid_token", "unsupported_token_type",
}  # fmt: skip


def test_the_errors_of_the_partner_protocol_are_there() -> None:
    """Partner protocol, section 1.9."""
    codes = {error.code for error in vars(errors).values() if isinstance(error, type) and issubclass(error, OAuthError)}
    assert codes >= OF_THE_PROTOCOL
