"""Each check of a request object, a pushed request and a profile, alone (RFC 9101, RFC 9126, FAPI 2.0; R-30, R-31)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from ipse.oidc.errors import InvalidRequest, OAuthError
from ipse.oidc.model import DEFAULT, FAPI2, SIGNED, Candidate, Profile, profile_of
from ipse.oidc.rules.authorization import check_request, check_target, requested
from ipse.oidc.rules.profiles import PROFILE_CHECKS
from ipse.oidc.rules.pushed import PUSHED_CHECKS, check_pushed_form, is_pushed
from ipse.oidc.rules.request_objects import REQUEST_OBJECT_CHECKS, SKEW_SECONDS, RequestObject, check_request_object
from ipse.partners.model import AuthMethod, Partner, Preset, Service
from tests.unit.oidc.partners import GOOD, VOCABULARY, partner, service

NOW = 1_790_000_000
ISSUER = "https://id.example/v2"
ENDPOINT = ISSUER + "/authorization"
SIGNED_CLAIMS = GOOD | {"iss": "shop", "aud": ISSUER, "nbf": NOW, "iat": NOW, "exp": NOW + 300, "jti": "once"}
HOUR = 3600


def signed(alg: str = "ES256", profile: Profile = DEFAULT, /, **changes: Any) -> RequestObject:
    """The good object with some claims changed, or removed by None."""
    claims = {name: value for name, value in (SIGNED_CLAIMS | changes).items() if value is not None}
    return RequestObject(
        claims=claims, alg=alg, partner_id="shop", profile=profile, issuer=ISSUER, authorization_endpoint=ENDPOINT,
        now=NOW,
    )  # fmt: skip


SPOILT: Mapping[str, list[RequestObject]] = {
    "check_signature_algorithm": [signed("RS256", FAPI2), signed("none"), signed("HS256"), signed("es256")],
    "check_issuer": [signed(iss=None), signed(iss="other"), signed(iss="Shop"), signed(iss=["shop"])],
    "check_client_id": [signed(client_id=None), signed(client_id="other"), signed(client_id="shop ")],
    "check_no_assertion": [signed(sub="shop")],
    "check_audience": [
        signed(aud=None), signed(aud="https://id.example"), signed(aud=ISSUER + "/"), signed(aud=[]), signed(aud=[{}]),
        signed(aud=ISSUER + "/token"), signed("ES256", FAPI2, aud=ENDPOINT), signed(aud={"a": 1}),
    ],
    "check_dates": [
        signed("ES256", FAPI2, exp=None), signed("ES256", FAPI2, nbf=None),
        signed("ES256", FAPI2, nbf=NOW - HOUR - 1, exp=NOW),
    ],
    "check_expiry": [
        signed(exp=NOW - SKEW_SECONDS), signed(exp=NOW + HOUR + 1), signed("ES256", FAPI2, exp=NOW + HOUR + 1),
        signed(nbf=None, iat=NOW - HOUR - SKEW_SECONDS, exp=None), signed(nbf=None, iat=None, exp=NOW + HOUR + 61),
        signed(exp="soon"), signed(exp=True), signed(nbf="now"), signed(exp=0), signed(exp=-1), signed(exp=1e999),
    ],
    "check_beginning": [
        signed(nbf=NOW + SKEW_SECONDS + 1, exp=None), signed(nbf=None, iat=NOW + SKEW_SECONDS + 1, exp=None),
    ],
    "check_id": [signed(jti=""), signed(jti="x" * 256), signed(jti=5)],
    "check_nothing_nested": [signed(request="a.b.c"), signed(request_uri="https://shop.example:443/r")],
    "check_parameters": [signed(max_age=True), signed(state=1.5), signed(scope=["openid"]), signed(x={"y": 1})],
}  # fmt: skip
"""At least one for each check: a check without one fails below."""


@pytest.mark.parametrize("check", REQUEST_OBJECT_CHECKS, ids=lambda check: check.__name__)
def test_every_check_refuses_and_is_named(check: Any) -> None:
    for spoilt in SPOILT[check.__name__]:
        with pytest.raises(OAuthError) as refused:
            check_request_object(spoilt)
        assert refused.value.code == "invalid_request_object"
        assert refused.value.check == check.__name__, spoilt.claims


@pytest.mark.parametrize(
    "good",
    [
        signed(),
        signed("RS256"),
        signed(aud=ENDPOINT),
        signed(aud=["https://other.example", ISSUER]),
        signed("ES256", FAPI2, aud=["https://other.example", ISSUER]),
        signed(sub="somebody"),
        signed(nbf=None, iat=None, exp=None, jti=None),
        signed(nbf=NOW - HOUR, exp=NOW),
        signed(nbf=NOW + SKEW_SECONDS, exp=NOW + SKEW_SECONDS + HOUR),
        signed("ES256", FAPI2, nbf=NOW + 8, iat=NOW + 8),
        signed(claims={"id_token": {}}, max_age=1),
    ],
)
def test_good_ones_pass(good: RequestObject) -> None:
    assert check_request_object(good).keys() >= GOOD.keys()


def test_parameters_become_the_texts_of_a_query() -> None:
    found = check_request_object(signed(max_age=300, claims={"id_token": {"acr": None}}, nonce=""))
    assert found["max_age"] == "300"
    assert found["claims"] == '{"id_token":{"acr":null}}'
    assert not found.keys() & {"iss", "aud", "exp", "nbf", "iat", "jti", "sub", "nonce"}


@pytest.mark.parametrize(
    ("changes", "until"),
    [
        ({}, NOW + 300),
        ({"exp": None}, NOW + HOUR),
        ({"exp": None, "nbf": None, "iat": NOW - 100}, NOW - 100 + HOUR),
        ({"exp": None, "nbf": None, "iat": None}, NOW + HOUR),
    ],
)
def test_how_long_its_id_is_remembered(changes: dict[str, Any], until: int) -> None:
    assert signed(**changes).usable_until == until + SKEW_SECONDS


class TestPushed:
    SPOILT: Mapping[str, dict[str, str]] = {
        "check_no_request_uri": {"request_uri": "https://shop.example:443/r"},
        "check_same_client": {"client_id": "other"},
    }

    @pytest.mark.parametrize("check", PUSHED_CHECKS, ids=lambda check: check.__name__)
    def test_every_check_refuses_and_is_named(self, check: Any) -> None:
        with pytest.raises(InvalidRequest) as refused:
            check_pushed_form(GOOD | self.SPOILT[check.__name__], "shop")
        assert refused.value.check == check.__name__

    def test_what_proves_the_partner_is_no_part_of_the_request(self) -> None:
        proof = {"client_assertion": "a.b.c", "client_assertion_type": "x", "client_secret": "y"}
        assert check_pushed_form(GOOD | proof, "shop") == GOOD
        without = {name: value for name, value in GOOD.items() if name != "client_id"}
        assert check_pushed_form(without, "shop") == GOOD

    def test_which_addresses_are_of_pushed_requests(self) -> None:
        assert is_pushed("urn:ietf:params:oauth:request_uri:x")
        for other in ("https://shop.example:443/r", "urn:ietf:params:oauth:request_uri", "URN:ietf:params:oauth:x"):
            assert not is_pushed(other)


PKCE = {"code_challenge": "x" * 43, "code_challenge_method": "S256"}
STRICT = service(profile="fapi2")
SIGNING = service(profile="fapi2", message_signing=True)


def asked(at: Service, by: Partner | None = None, /, **given: Any) -> Candidate:
    """A request for a service that has come as its profile wants, with some facts changed."""
    good: dict[str, Any] = {"source": "pushed", "signed": at.message_signing, "parameters": GOOD | PKCE}
    return Candidate(partner=by or partner(), service=at, **(good | given))


def signed_with_rs256(answer: str) -> Partner:
    agreed = {f"{answer}_signed_response_alg": "RS256"}
    return partner(algorithms=msgspec.structs.replace(partner().algorithms, **agreed))


class TestProfiles:
    SPOILT: Mapping[str, list[Candidate]] = {
        "check_pushed_only": [asked(STRICT, source=way) for way in ("query", "request", "request_uri")],
        "check_signed_messages": [
            asked(SIGNING, signed=False),
            asked(service(message_signing=True), source="query", signed=False),
        ],
        "check_client_method": [asked(STRICT, partner(auth_method=AuthMethod.CLIENT_SECRET_POST))],
        "check_answer_algorithm": [
            asked(STRICT, signed_with_rs256(answer)) for answer in ("id_token", "userinfo", "authorization")
        ],
    }

    @pytest.mark.parametrize("check", PROFILE_CHECKS, ids=lambda check: check.__name__)
    def test_every_check_refuses_and_is_named(self, check: Any) -> None:
        for spoilt in self.SPOILT[check.__name__]:
            with pytest.raises(OAuthError) as refused:
                check_request(check_target(spoilt, VOCABULARY))
            assert refused.value.check == check.__name__

    def test_each_profile_has_a_way_through(self) -> None:
        for at in (STRICT, SIGNING, service(message_signing=True), service()):
            judged = check_request(check_target(asked(at), VOCABULARY))
            assert judged.profile is profile_of(at)
            kept = requested(judged)
            assert kept.response_mode == ("jwt" if at.message_signing else "query")
            assert kept.client_id == ("shop" if at.message_signing else None)

    def test_fapi_demands_pkce(self) -> None:
        """R-23."""
        with pytest.raises(InvalidRequest) as refused:
            check_request(check_target(asked(STRICT, parameters=GOOD), VOCABULARY))
        assert refused.value.check == "check_pkce"

    @pytest.mark.parametrize(("at", "mode"), [(STRICT, "form_post"), (SIGNING, "query"), (SIGNING, "form_post")])
    def test_response_modes_are_the_profile_s(self, at: Service, mode: str) -> None:
        with pytest.raises(InvalidRequest) as refused:
            check_request(check_target(asked(at, parameters=GOOD | PKCE | {"response_mode": mode}), VOCABULARY))
        assert refused.value.check == "check_response_mode"

    def test_prompt_none_never_succeeds(self) -> None:
        for at in (STRICT, SIGNING, service()):
            with pytest.raises(OAuthError):
                check_request(check_target(asked(at, parameters=GOOD | PKCE | {"prompt": "none"}), VOCABULARY))

    def test_a_profile_that_nobody_knows_is_the_strictest(self) -> None:
        assert profile_of(service(profile="later")) is SIGNED["fapi2"]

    def test_what_fapi_is_made_of(self) -> None:
        """FAPI 2.0 Security Profile §5.3.2.2, §5.4.1; FAPI 2.0 Message Signing §5.3.1, §5.4.1."""
        assert FAPI2.pushed_only
        assert FAPI2.pkce_required
        assert FAPI2.sender_constrained
        assert set(FAPI2.signing_algorithms) == {"PS256", "ES256", "EdDSA"}
        assert "client_secret_post" not in FAPI2.client_auth_methods
        assert FAPI2.assertion_audience == "issuer"
        assert (FAPI2.code_seconds, FAPI2.token_seconds, FAPI2.pushed_seconds) == (60, 600, 90)
        assert FAPI2.request_object_seconds == HOUR
        assert SIGNED["fapi2"] == replace(FAPI2, signed_messages=True, response_modes=("jwt", "query.jwt"))


class TestAgreement:
    """What is said inside counts; what is said beside it agrees (partner protocol, section 1.7)."""

    BESIDE: Mapping[str, str] = {name: GOOD[name] for name in ("client_id", "response_type", "scope")}

    @pytest.mark.parametrize(
        "beside",
        [
            {"client_id": "other"},
            {"response_type": "token"},
            {"scope": "openid"},
            {"scope": "openid service:SHOP_LOGIN email"},
            {"redirect_uri": "https://shop.example/second"},
            {"state": "other"},
            {"claims": '{"id_token":{"acr":null}}'},
            {"claims": "{"},
        ],
    )
    @pytest.mark.parametrize("source", ["request", "request_uri", "pushed"])
    def test_contradictions(self, beside: dict[str, str], source: str) -> None:
        inside = GOOD | {"claims": '{"id_token": {}}'}
        candidate = asked(service(), source=source, signed=True, parameters=inside, beside=dict(self.BESIDE) | beside)
        with pytest.raises(InvalidRequest) as refused:
            check_request(check_target(candidate, VOCABULARY))
        assert refused.value.check == "check_agreement"
        assert "do not match" in refused.value.public

    @pytest.mark.parametrize(
        "beside",
        [
            {},
            {"scope": "service:SHOP_LOGIN openid"},
            {"claims": '{ "id_token" : {} }'},
            {"max_age": "5"},
            {"prompt": "none"},
            GOOD,
        ],
    )
    def test_what_agrees_or_does_not_count(self, beside: dict[str, str]) -> None:
        inside = GOOD | {"claims": '{"id_token": {}}'}
        candidate = asked(
            service(), source="request", signed=True, parameters=inside, beside=dict(self.BESIDE) | beside
        )
        assert check_request(check_target(candidate, VOCABULARY)).parameters == inside

    @pytest.mark.parametrize("missing", ["response_type", "scope"])
    def test_partners_that_migrate_say_the_essentials_twice(self, missing: str) -> None:
        beside = {name: value for name, value in self.BESIDE.items() if name != missing}
        for source, preset, good in (
            ("request", Preset.MIGRATING, False),
            ("request_uri", Preset.MIGRATING, False),
            ("request", Preset.NEW, True),
            ("pushed", Preset.MIGRATING, True),
        ):
            candidate = asked(
                service(), partner(preset=preset), source=source, signed=True, parameters=GOOD, beside=beside
            )
            proven = check_target(candidate, VOCABULARY)
            if good:
                check_request(proven)
                continue
            with pytest.raises(InvalidRequest) as refused:
                check_request(proven)
            assert refused.value.check == "check_agreement"
