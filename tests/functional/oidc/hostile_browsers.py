"""Requests of browsers that each check of the authorization and PAR endpoints refuses, by list and check."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from tests.functional.oidc.hostile import STATE, Asker, Case, Send, Where, World
from tests.functional.oidc.tampering import (
    altered,
    by_a_key_of_its_own,
    by_an_unknown_key,
    by_another_key,
    unsigned,
)

PREFIX = "http://itsme.services/v2/claim/"
APPROVAL = PREFIX + "claim_approval_"
PAYMENT = {"template_name": "adv_payment", "amount_key": "100", "currency_key": "EUR", "iban_key": "BE71096123456769"}
FREE_TEXT = {"template_name": "free_text", "text_key": "Agreed"}
DETAIL: dict[str, Any] = {
    "type": "payment",
    "instructedAmount": {"currency": "EUR", "amount": "24.50"},
    "creditorName": "Pot & Linde",
}
Forge = Callable[[str], str]
FORGERIES: tuple[Forge, ...] = (altered, unsigned, by_another_key, by_an_unknown_key, by_a_key_of_its_own)
"""What a stranger can make of a good token."""
UNKNOWN_ACR = {"id_token": {"acr": {"essential": True, "value": "urn:unheard"}}}


def template(good: dict[str, str], **changes: str | None) -> dict[str, Any]:
    """The claims of a template with changes; None leaves one out."""
    claims = {name: value for name, value in (good | changes).items() if value is not None}
    return {"userinfo": {APPROVAL + name: {"essential": True, "value": value} for name, value in claims.items()}}


def browser(code: str, *, service: str = "LOGIN", party: str = "ec", where: Where = "back", **changes: Any) -> Case:
    """A plain request of a browser; objects are sent as JSON."""

    async def send(world: World) -> httpx.Response:
        return await world.party(party).at(service).authorize(**({"state": STATE} | _texts(changes)))

    return Case(send, code, where, party)


def page(code: str, **changes: Any) -> Case:
    """The same, where nothing proves a redirect URI."""
    return browser(code, where="page", **changes)


def pushed(code: str, *, service: str = "LOGIN", party: str = "ec", **changes: Any) -> Case:
    """A pushed request."""

    async def send(world: World) -> httpx.Response:
        return await world.party(party).at(service).push(**({"state": STATE} | _texts(changes)))

    return Case(send, code, party=party)


def signed(code: str = "invalid_request_object", **claims: Any) -> Case:
    """A request object in the query, beside a good request that proves the redirect URI."""

    async def send(world: World) -> httpx.Response:
        return await world.ec.authorize(state=STATE, request=world.ec.request_object(**claims))

    return Case(send, code, "back")


def forged(forge: Forge) -> Case:
    """A good request object after somebody has had it in hand (R-10, R-11)."""

    async def send(world: World) -> httpx.Response:
        return await world.ec.authorize(state=STATE, request=forge(world.ec.request_object()))

    return Case(send, "invalid_request_object", "back")


def pushed_object(*, service: str, party: str = "ec", **claims: Any) -> Case:
    """A request object that is pushed."""

    async def send(world: World) -> httpx.Response:
        asker = world.party(party).at(service)
        return await asker.push(
            request=asker.request_object(**claims), response_type=None, scope=None, redirect_uri=None
        )

    return Case(send, "invalid_request_object", party=party)


def dated(**offsets: int) -> Case:
    """A request object whose times lie so many seconds from now."""

    async def send(world: World) -> httpx.Response:
        now = world.clock.now() // 1_000_000
        claims = {name: now + offset for name, offset in offsets.items()}
        return await world.ec.authorize(state=STATE, request=world.ec.request_object(**claims))

    return Case(send, "invalid_request_object", "back")


async def _another_nonce(world: World) -> httpx.Response:
    inside = world.ec.request_object(state=STATE, nonce="inside")
    return await world.ec.authorize(state=STATE, nonce="outside", request=inside)


async def _half_of_it(world: World) -> httpx.Response:
    """A partner that migrates says the essentials in the query, too."""
    return await world.old.authorize(response_type=None, state=STATE, request=world.old.request_object(state=STATE))


async def _open(world: World, party: Asker, request_uri: str) -> httpx.Response:
    endpoint = (await party.discover())["authorization_endpoint"]
    return await party.browser.get(endpoint, params={"client_id": party.client_id, "request_uri": request_uri})


async def _stricter_in_between(world: World) -> httpx.Response:
    """The service is put under `fapi2` while a request with a secret waits for its browser."""
    answer = await world.shared.push(state=STATE)
    await world.stricter(world.shared)
    return await _open(world, world.shared, answer.json()["request_uri"])


async def _weak_answers(world: World) -> httpx.Response:
    party = await world.stricter(world.old)
    return await party.push(client_assertion=party.assertion(header={"alg": "PS256"}))


async def _pushed_by_a_stranger(world: World) -> httpx.Response:
    answer = await world.ec.push(state=STATE)
    return await _open(world, world.rsa, answer.json()["request_uri"])


async def _object_twice(world: World) -> httpx.Response:
    text = world.ec.request_object(jti="once")
    await world.ec.push(request=text, response_type=None, scope=None, redirect_uri=None)
    return await world.ec.push(request=text, response_type=None, scope=None, redirect_uri=None)


async def _stopped(world: World) -> httpx.Response:
    await world.installation.partners.set_state("new_rsa", "stopped", actor="test")
    return await world.rsa.authorize(state=STATE)


def _texts(changes: dict[str, Any]) -> dict[str, str | None]:
    return {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in changes.items()}


def as_page(send: Send, code: str, party: str = "ec", named: str = "") -> Case:
    return Case(send, code, "page", party, named)


CASES: dict[str, dict[str, list[Case]]] = {
    "TARGET_CHECKS": {
        "check_client": [
            Case(browser("", client_id=None).send, "invalid_client_id", "page", logged=False),
            Case(browser("", client_id="unknown").send, "invalid_client_id", "page", logged=False),
            Case(
                browser("", client_id="'; drop table partners_partners; --").send,
                "invalid_client_id",
                "page",
                logged=False,
            ),
            as_page(_stopped, "invalid_client_id", "rsa"),
        ],
        "check_service": [
            page("invalid_scope", scope="openid"),
            page("invalid_scope", scope="openid service:UNKNOWN"),
            page("invalid_scope", scope="openid service:NEW_RSA_LOGIN"),
            page("invalid_scope", scope="openid service:NEW_EC_LOGIN service:NEW_EC_SHARE"),
            page("invalid_scope", service="STOPPED"),
            page("unauthorized_client", service="SIGN"),
            pushed("invalid_scope", scope="openid service:NEW_RSA_LOGIN"),
            pushed("unauthorized_client", service="SIGN"),
        ],
        "check_redirect_uri": [
            page("invalid_redirect_uri", redirect_uri=None),
            page("invalid_redirect_uri", redirect_uri="https://stranger.example/"),
            page("invalid_redirect_uri", redirect_uri="http://127.0.0.1:18499/new_ec/back?a=1&b=2"),
            page("invalid_redirect_uri", redirect_uri="https://stranger.example/", prompt="none"),
            pushed("invalid_redirect_uri", redirect_uri="https://stranger.example/"),
        ],
    },
    "REQUEST_CHECKS": {
        "check_agreement": [
            Case(_another_nonce, "invalid_request", "back"),
            Case(_half_of_it, "invalid_request", "back", "old"),
        ],
        "check_pushed_only": [browser("invalid_request", service="FAPI")],
        "check_signed_messages": [pushed("invalid_request", service="SIGNED")],
        "check_client_method": [Case(_stricter_in_between, "unauthorized_client", "back", "shared")],
        "check_answer_algorithm": [Case(_weak_answers, "unauthorized_client", party="old")],
        "check_registration": [browser("registration_not_supported", registration={})],
        "check_foreign_parameters": [
            browser("unsupported_request", dcql_query={}),
            browser("unsupported_request", grant_management_action="create"),
            pushed("unsupported_request", presentation_definition={}),
        ],
        "check_response_type": [
            browser("invalid_request", response_type=None),
            browser("unsupported_response_type", response_type="token"),
            browser("unsupported_response_type", response_type="code id_token"),
            pushed("unsupported_response_type", response_type="none"),
        ],
        "check_response_mode": [
            browser("invalid_request", response_mode="fragment"),
            browser("invalid_request", response_mode="fragment.jwt"),
            pushed("invalid_request", service="FAPI", response_mode="form_post"),
        ],
        "check_state_and_nonce": [
            browser("invalid_request", nonce="a\nb"),
            browser("invalid_request", nonce="x" * 1025),
        ],
        "check_scope": [
            browser("invalid_scope", scope="service:NEW_EC_LOGIN"),
            browser("invalid_scope", scope="openid service:NEW_EC_LOGIN unheard"),
        ],
        "check_display": [browser("unsupported_display", display="popup")],
        "check_prompt": [
            browser("login_required", prompt="none"),
            browser("invalid_request", prompt="none consent"),
            pushed("interaction_required", service="PAY", prompt="none"),
        ],
        "check_max_age": [browser("invalid_request", max_age="-1"), browser("invalid_request", max_age="1e3")],
        "check_pkce": [
            browser("invalid_request", code_challenge="x" * 43, code_challenge_method="plain"),
            browser("invalid_request", code_challenge="x" * 42, code_challenge_method="S256"),
            browser("invalid_request", service="STRICT"),
            pushed("invalid_request", service="FAPI"),
        ],
        "read_dpop_key": [browser("invalid_request", dpop_jkt="short")],
        "read_claims": [
            browser("invalid_request", claims="{"),
            browser("invalid_request", claims='{"userinfo":' * 40),
            browser("invalid_request", claims='{"userinfo":{},"userinfo":{}}'),
        ],
        "check_acr": [browser("unmet_authentication_requirements", claims=UNKNOWN_ACR)],
        "check_id_of_person": [browser("invalid_request", claims={"id_token": {"sub": {"values": ["a", "b"]}}})],
        "read_details": [
            browser("invalid_authorization_details", authorization_details="{"),
            browser("invalid_authorization_details", authorization_details={}),
            browser("invalid_authorization_details", authorization_details=[]),
        ],
        "check_details_allowed": [browser("invalid_authorization_details", authorization_details=[DETAIL])],
        "check_details": [
            pushed("invalid_authorization_details", service="PAY", authorization_details=[{"type": "unheard"}]),
            pushed("invalid_authorization_details", service="PAY", authorization_details=[DETAIL | {"more": 1}]),
        ],
        "read_template": [
            pushed(
                "invalid_request",
                service="PAY",
                claims={"userinfo": {APPROVAL + "template_name": {"essential": False, "value": "adv_payment"}}},
            )
        ],
        "check_template_allowed": [browser("invalid_request", claims=template(PAYMENT))],
        "check_template": [
            pushed("invalid_request", service="PAY", claims=template(PAYMENT, template_name="unheard")),
            pushed("invalid_request", service="PAY", claims=template(PAYMENT, iban_key=None)),
        ],
        "check_amount": [
            pushed("invalid_request", service="PAY", claims=template(PAYMENT, amount_key=amount))
            for amount in ("-1", "01", "1.5", "1" * 16, "\u0661")
        ],
        "check_currency": [pushed("invalid_request", service="PAY", claims=template(PAYMENT, currency_key="EURO"))],
        "check_account": [
            pushed("invalid_request", service="PAY", claims=template(PAYMENT, iban_key="BE71096123456760"))
        ],
        "check_text": [
            pushed("invalid_request", service="PAY", claims=template(FREE_TEXT, text_key=text))
            for text in ("\u4e2d\u6587", "x" * 7501, "   ")
        ],
        "check_something_is_confirmed": [pushed("invalid_request", service="PAY")],
        "check_way_of_asking": [browser("invalid_request", service="PAY", claims=template(PAYMENT))],
        "read_subject_hint": [
            pushed(
                "invalid_request",
                service="PAY",
                claims={
                    "userinfo": template(PAYMENT)["userinfo"] | {"sub": {"value": "a"}},
                    "id_token": {"sub": {"value": "b"}},
                },
            )
        ],
        "check_contract": [
            browser("invalid_scope", claims={"userinfo": {"given_name": None}}),
            pushed("invalid_scope", scope="openid service:NEW_EC_LOGIN email"),
        ],
        "check_something_is_asked": [browser("invalid_request", service="SHARE")],
    },
    "REQUEST_OBJECT_CHECKS": {
        "check_signature_algorithm": [pushed_object(service="FAPI", party="rsa")],
        "check_issuer": [signed(iss="new_rsa"), signed(iss=None), signed(iss=["new_ec"])],
        "check_client_id": [signed(client_id=None), signed(client_id="new_rsa")],
        "check_no_assertion": [signed(sub="new_ec")],
        "check_audience": [signed(aud=None), signed(aud="https://other.example"), signed(aud=[7])],
        "check_dates": [pushed_object(service="FAPI", nbf=None), pushed_object(service="FAPI", exp=None)],
        "check_expiry": [dated(nbf=-200, exp=-61), dated(exp=3700), signed(exp="soon")],
        "check_beginning": [dated(nbf=100), dated(iat=100)],
        "check_id": [signed(jti=7), signed(jti="x" * 256)],
        "check_nothing_nested": [signed(request="e30.e30.e30"), signed(request_uri="https://x.example/")],
        "check_parameters": [signed(state=["a"]), signed(nonce=True)],
    },
    "PUSHED_CHECKS": {"check_no_request_uri": [pushed("invalid_request", request_uri="urn:x")]},
    "": {
        "read_parameters": [
            Case(browser("", request="a.b.c", request_uri="https://x.example/").send, "invalid_request", "back")
        ],
        "read_request_object": [
            Case(browser("", request="a.b.c").send, "invalid_request_object", "back"),
            *(forged(each) for each in FORGERIES),
        ],
        "fetch_request_uri": [
            Case(browser("", request_uri="https://x.example/object").send, "invalid_request_uri", "back")
        ],
        "open_pushed_request": [as_page(_pushed_by_a_stranger, "invalid_request_uri", "rsa")],
        "take_request_object": [Case(_object_twice, "invalid_request_object")],
    },
}
