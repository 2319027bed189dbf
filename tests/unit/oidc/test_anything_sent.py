"""Whatever is sent, the answer is a refusal of ours or a judged request, never another exception (R-16)."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as any_

from ipse.oidc.errors import InvalidClient, OAuthError
from ipse.oidc.model import DEFAULT, FAPI2, AuthorizationRequest
from ipse.oidc.rules import backchannel
from ipse.oidc.rules.assertions import Assertion, check_assertion
from ipse.oidc.rules.authorization import check_request, check_target, read_parameters, read_service_code, requested
from ipse.oidc.rules.backchannel import BackchannelRequest
from ipse.oidc.rules.request_objects import check_request_object
from ipse.standards import jose
from ipse.standards.oauth import OAuthFormError, basic_credentials, bearer_token, check_verifier, parameters
from tests.unit.oidc.partners import GOOD, VOCABULARY, candidate, partner, service
from tests.unit.oidc.test_request_object_rules import SIGNED_CLAIMS, signed

NAMES = (*GOOD, "prompt", "display", "max_age", "acr_values", "claims", "ui_locales", "code_challenge", "response_mode")
KEY = jose.private_keys([jose.new_private_jwk("ECDH-ES")])
json_values = any_.recursive(
    any_.none() | any_.booleans() | any_.integers() | any_.floats(allow_nan=False) | any_.text(max_size=20),
    lambda inner: any_.lists(inner, max_size=4) | any_.dictionaries(any_.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(any_.dictionaries(any_.sampled_from(NAMES), any_.text(max_size=60)))
def test_parameters(changes: dict[str, str]) -> None:
    asked = candidate(**changes)
    with contextlib.suppress(OAuthError):
        read_parameters(asked.parameters.items())
        read_service_code(dict(asked.parameters))
        requested(check_request(check_target(asked, VOCABULARY)))


@settings(max_examples=200, deadline=None)
@given(any_.dictionaries(any_.sampled_from(["id_token", "userinfo", "x"]), json_values))
def test_claims(value: dict[str, Any]) -> None:
    with contextlib.suppress(OAuthError):
        requested(check_request(check_target(candidate(claims=json.dumps(value)), VOCABULARY)))


@settings(max_examples=200, deadline=None)
@given(any_.dictionaries(any_.sampled_from(["iss", "sub", "aud", "exp", "iat", "nbf", "jti"]), json_values))
def test_assertions(claims: dict[str, Any]) -> None:
    good = {"iss": "shop", "sub": "shop", "aud": "https://id.example", "jti": "j", "exp": 60}
    assertion = Assertion(claims=good | claims, partner_id="shop", audiences={"https://id.example"}, now=1)
    with contextlib.suppress(InvalidClient):
        check_assertion(assertion)


BACKCHANNEL = {
    "iss": "shop",
    "aud": "https://id.example",
    "scope": "openid service:SHOP_LOGIN",
    "login_hint_token": {"type": "subject_code", "value": "x" * 36},
    "exp": 60,
    "nbf": 0,
    "iat": 0,
    "jti": "j",
    "client_notification_token": "t",
}
MORE = ("client_id", "claims", "acr_values", "requested_expiry", "binding_message")


@settings(max_examples=200, deadline=None)
@given(any_.dictionaries(any_.sampled_from([*BACKCHANNEL, *MORE, "authorization_details"]), json_values))
def test_back_channel_requests(changes: dict[str, Any]) -> None:
    claims = BACKCHANNEL | changes
    with contextlib.suppress(OAuthError):
        backchannel.read_scope_service(claims)
        unjudged = BackchannelRequest(
            claims=claims,
            alg="ES256",
            partner=partner(),
            service=service(backchannel_mode="ping", notification_endpoint="https://shop.example/ping"),
            issuer="https://id.example",
            now=1,
        )
        request = backchannel.check_backchannel(unjudged)
        assert backchannel.SHORTEST <= request.expires_in <= backchannel.LONGEST
        assert backchannel.usable_until(request) > 0
        asked = AuthorizationRequest(
            parameters={**backchannel.parameters(claims), "redirect_uri": ""},
            partner=partner(),
            service=service(),
            vocabulary=VOCABULARY,
            source="backchannel",
            signed=True,
        )
        requested(backchannel.check_asked(request, asked))


@settings(max_examples=200, deadline=None)
@given(any_.text(max_size=80) | any_.from_regex(r"[A-Za-z0-9_-]{0,30}(\.[A-Za-z0-9_-]{0,30}){2,4}", fullmatch=True))
def test_tokens_and_headers(text: str) -> None:
    with contextlib.suppress(jose.JoseError):
        jose.UnverifiedToken.parse(text).unverified_claims()
    with contextlib.suppress(jose.JoseError):
        jose.decrypt(text, KEY, allowed={("ECDH-ES", "A256GCM"), ("ECDH-ES", "A128CBC-HS256")})
    for read in (bearer_token, basic_credentials):
        with contextlib.suppress(OAuthFormError):
            read(text)
    with contextlib.suppress(OAuthFormError):
        check_verifier(text, text)
    with contextlib.suppress(OAuthFormError):
        parameters([(text, text), (text[1:], text)])


@settings(max_examples=100, deadline=None)
@given(any_.dictionaries(any_.sampled_from(["alg", "enc", "kid", "cty", "epk", "typ", "apu"]), json_values))
def test_encryption_headers(changes: dict[str, Any]) -> None:
    from ipse.kernel.ids import b64u, b64u_decode

    for enc in ("A256GCM", "A128CBC-HS256"):
        head, _, rest = jose.encrypt(b"x", KEY[0].public, alg="ECDH-ES", enc=enc).partition(".")
        spoilt = b64u(json.dumps(json.loads(b64u_decode(head)) | changes).encode()) + "." + rest
        with contextlib.suppress(jose.JoseError):
            jose.decrypt(spoilt, KEY, allowed={("ECDH-ES", "A256GCM"), ("ECDH-ES", "A128CBC-HS256")})


@settings(max_examples=100, deadline=None)
@given(
    any_.dictionaries(any_.sampled_from(["kty", "kid", "use", "alg", "crv", "x", "y", "n", "e", "keys"]), json_values)
)
def test_key_sets(changes: dict[str, Any]) -> None:
    good = jose.public_jwk(jose.new_private_jwk("ES256"))
    for jwks in (changes, {"keys": [good | changes]}, {"keys": [changes]}):
        with contextlib.suppress(jose.JoseError):
            jose.check_partner_jwks(jwks)


@settings(max_examples=200, deadline=None)
@given(any_.dictionaries(any_.sampled_from([*SIGNED_CLAIMS, "claims", "sub", "authorization_details"]), json_values))
def test_request_objects(changes: dict[str, Any]) -> None:
    for profile in (DEFAULT, FAPI2):
        claims = SIGNED_CLAIMS | changes
        with contextlib.suppress(OAuthError):
            inside = check_request_object(replace(signed("ES256", profile), claims=claims))
            assert all(isinstance(value, str) for value in inside.values())
            asked = replace(candidate(), parameters=inside, source="pushed", beside=GOOD)
            requested(check_request(check_target(asked, VOCABULARY)))
