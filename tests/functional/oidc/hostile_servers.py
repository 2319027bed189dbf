"""Requests of partners' servers that each check refuses, and one for every error code that no check of a list has."""

from __future__ import annotations

import json
from typing import Any

import httpx

from ipse.actions.service import Actions
from ipse.storage.errors import DatabaseUnavailableError
from tests.functional.oidc.hostile import STATE, Asker, Case, Holder, Send, World
from tests.functional.oidc.hostile_browsers import (
    APPROVAL,
    DETAIL,
    FORGERIES,
    FREE_TEXT,
    PAYMENT,
    UNKNOWN_ACR,
    Forge,
    template,
)
from tests.functional.oidc.in_process import PROXY, client_of
from tests.functional.oidc.tampering import altered
from tests.support.certificates import issue

PARTNERS = {"grant_type": "client_credentials", "code": None, "redirect_uri": None, "code_verifier": None}


def token(code: str, /, **form: str | None) -> Case:
    """A token request with a code that is none: what is wrong is wrong before it is looked up."""

    async def send(world: World) -> httpx.Response:
        return await world.ec.token("x" * 43, None, **form)

    return Case(send, code)


def asserted(*, shift: int = 0, **claims: Any) -> Case:
    """A token request with another client assertion; `shift` moves its times by seconds."""

    async def send(world: World) -> httpx.Response:
        now = world.clock.now() // 1_000_000 + shift
        assertion = world.ec.assertion(**({"iat": now, "exp": now + 60} | claims))
        return await world.ec.token("x" * 43, None, client_assertion=assertion)

    return Case(send, "invalid_client")


def redeemed(
    code: str = "invalid_grant",
    *,
    service: str = "LOGIN",
    asked: dict[str, str] | None = None,
    named: str = "",
    proven: bool = False,
    audience: str = "",
    **form: str | None,
) -> Case:
    """A good code, redeemed wrongly."""

    async def send(world: World) -> httpx.Response:
        party = world.ec.at(service)
        got, verifier = await world.code(party, **(asked or {}))
        if audience:
            form["client_assertion"] = party.assertion(aud=party.issuer + audience)
        if proven:
            return await world.holder(party).token(got, verifier, **form)
        return await party.token(got, verifier, **form)

    return Case(send, code, named=named)


def proof(code: str = "invalid_dpop_proof", **changes: Any) -> Case:
    """A token request with another proof of possession."""

    async def send(world: World) -> httpx.Response:
        holder, url = world.holder(world.ec), world.ec.issuer + "/token"
        return await holder.post(url, holder.redemption("x" * 43, None), holder.proof("POST", url, **changes))

    # To come without a nonce is ordinary, and to come with an old one.
    return Case(send, code, logged=code != "use_dpop_nonce")


def forged(forge: Forge) -> Case:
    """A good client assertion after somebody has had it in hand (R-10, R-11, R-35)."""

    async def send(world: World) -> httpx.Response:
        return await world.ec.token("x" * 43, None, client_assertion=forge(world.ec.assertion()))

    # What is altered is whom it names: that is no partner, so nobody can be told.
    return Case(send, "invalid_client", named="invalid_client", logged=forge is not altered)


async def _bound(world: World) -> tuple[Holder, str]:
    holder = world.holder(world.ec)
    answer = await holder.token(*await world.code(world.ec))
    assert answer.status_code == 200, answer.text
    return holder, answer.json()["access_token"]


async def _for_another_token(world: World) -> httpx.Response:
    holder, access_token = await _bound(world)
    url = world.ec.issuer + "/userinfo"
    return await holder.read(access_token, holder.proof("GET", url, token="another"))


async def _as_bearer(world: World) -> httpx.Response:
    _, access_token = await _bound(world)
    return await world.ec.userinfo(access_token)


async def _by_a_thief(world: World) -> httpx.Response:
    _, access_token = await _bound(world)
    return await world.holder(world.ec).read(access_token)


async def _of_another_certificate(world: World) -> httpx.Response:
    got, verifier = await world.code(world.ec)
    async with client_of(world.application, peer=PROXY) as proxied:
        proxied.headers["Client-Cert"] = issue("CN=a partner").header
        form = {"grant_type": "authorization_code", "code": got, "redirect_uri": world.ec.redirect_uri}
        sent = {**form, "code_verifier": verifier, **world.ec.credentials()}
        answer = await proxied.post(world.ec.issuer + "/token", data=sent)
    assert answer.status_code == 200, answer.text
    return await world.ec.userinfo(answer.json()["access_token"])


async def _by_secret(world: World) -> httpx.Response:
    return await (await world.stricter(world.shared)).push()


async def _with_a_weak_assertion(world: World) -> httpx.Response:
    return await world.rsa.at("FAPI").push(code_challenge="x" * 43, code_challenge_method="S256")


def called(code: str = "invalid_request", *, service: str = "CALL", alg: str = "ES256", **claims: Any) -> Case:
    """A back-channel request for somebody known, with other claims."""
    rsa = alg == "RS256"

    async def send(world: World) -> httpx.Response:
        party = (world.rsa if rsa else world.ec).at(service)
        good = party.claims(await world.known(party), **claims)
        form = {"client_assertion": party.assertion(header={"alg": "PS256"})} if rsa else {}
        return await party.send(party.signed(good), **form)

    return Case(send, code, party="rsa" if rsa else "ec")


def timed(**offsets: int) -> Case:
    """A back-channel request whose times lie so many seconds from now."""

    async def send(world: World) -> httpx.Response:
        party, now = world.ec.at("CALL"), world.clock.now() // 1_000_000
        times: dict[str, Any] = {name: now + offset for name, offset in offsets.items()}
        return await party.ask((await world.known(party))["value"], **times)

    return Case(send, "invalid_request")


async def _weak_answers(world: World) -> httpx.Response:
    party = await world.stricter(world.old.at("CALL"))
    claims = party.claims(await world.known(party))
    assertion = party.assertion(header={"alg": "PS256"})
    request = party.request_object(**claims, response_type=None, redirect_uri=None, header={"alg": "PS256"})
    return await party.send(request, client_assertion=assertion)


BACKCHANNEL: dict[str, list[Case]] = {
    "check_kind": [called(response_type="code"), called(redirect_uri="https://x.example/")],
    "check_issuer": [called(iss="new_rsa"), called(client_id="new_rsa")],
    "check_audience": [called(aud="https://other.example/v2"), called(aud=7)],
    "check_service": [
        called("invalid_scope", scope="openid service:UNKNOWN"),
        called("invalid_scope", scope="openid service:NEW_RSA_CALL"),
        called("unauthorized_client", scope="openid service:NEW_EC_SIGN"),
    ],
    "check_registered": [called("unauthorized_client", service="LOGIN")],
    "check_algorithm": [called(service="STRICT_CALL", alg="RS256")],
    "check_times": [timed(exp=-120, nbf=-180), timed(nbf=120), timed(exp=3700), called(exp="soon")],
    "check_id": [called(jti=7), called(jti="x" * 256)],
    "check_hints": [called(login_hint="32+400000101")],
    "read_hint": [called(login_hint_token={"type": "phone_number", "value": "+32"}), called(login_hint_token=7)],
    "check_notification_token": [called(service="RING"), called(service="RING", client_notification_token="two words")],
    "read_expiry": [called(requested_expiry=0), called(requested_expiry="soon")],
    "read_binding_message": [called("invalid_binding_message", binding_message="<b>Now</b>")],
}
ASKED: dict[str, list[Case]] = {
    "check_answer_algorithm": [Case(_weak_answers, "unauthorized_client", party="old")],
    "check_scope": [called("invalid_scope", scope="service:NEW_EC_CALL")],
    "read_claims": [called(claims="{")],
    "check_acr": [called("unmet_authentication_requirements", claims=UNKNOWN_ACR)],
    "check_id_of_person": [called(claims={"id_token": {"sub": {"values": ["a", "b"]}}})],
    "read_details": [called("invalid_authorization_details", authorization_details={})],
    "check_details_allowed": [called("invalid_authorization_details", authorization_details=[DETAIL])],
    "check_details": [called("invalid_authorization_details", service="PAY", authorization_details=[{"type": "x"}])],
    "read_template": [
        called(
            service="PAY",
            claims={"userinfo": {APPROVAL + "template_name": {"essential": False, "value": "adv_payment"}}},
        )
    ],
    "check_template_allowed": [called(claims=template(PAYMENT))],
    "check_template": [called(service="PAY", claims=template(PAYMENT, template_name="unheard"))],
    "check_amount": [called(service="PAY", claims=template(PAYMENT, amount_key="-1"))],
    "check_currency": [called(service="PAY", claims=template(PAYMENT, currency_key="EURO"))],
    "check_account": [called(service="PAY", claims=template(PAYMENT, iban_key="BE00"))],
    "check_text": [called(service="PAY", claims=template(FREE_TEXT, text_key="\u4e2d"))],
    "check_something_is_confirmed": [called(service="PAY")],
    "read_subject_hint": [
        called(
            service="PAY",
            claims={
                "userinfo": template(PAYMENT)["userinfo"] | {"sub": {"value": "a"}},
                "id_token": {"sub": {"value": "b"}},
            },
        )
    ],
    "check_contract": [called("invalid_scope", scope="openid service:NEW_EC_CALL email")],
    "check_something_is_asked": [called(service="ASK")],
}
CASES: dict[str, dict[str, list[Case]]] = {
    "BACKCHANNEL_CHECKS": BACKCHANNEL,
    "ASKED_CHECKS": ASKED,
    "ASSERTION_CHECKS": {
        "check_issuer_and_subject": [asserted(iss="new_rsa"), asserted(iss=None)],
        "check_audience": [asserted(aud=["http://localhost:18480/v2"]), asserted(aud="http://localhost:18480/v2/par")],
        "check_times": [asserted(shift=-200), asserted(shift=90), asserted(exp=None), asserted(iat="now")],
        "check_id": [asserted(jti=None), asserted(jti="x" * 256), asserted(jti=7)],
    },
    "CLIENT_CHECKS": {
        "check_method": [Case(_by_secret, "invalid_client", party="shared")],
        "check_algorithm": [Case(_with_a_weak_assertion, "invalid_client", party="rsa")],
        "check_audience": [redeemed("invalid_client", service="FAPI", proven=True, audience="/token")],
    },
    "TOKEN_CHECKS": {
        "check_grant_type": [
            token("unsupported_grant_type", grant_type="password"),
            token("unsupported_grant_type", grant_type="refresh_token"),
            token("invalid_request", grant_type=None),
        ],
        "check_code_form": [token("invalid_request", code=None), token("invalid_request", redirect_uri=None)],
        "check_partner_scope": [
            token("invalid_scope", **PARTNERS, scope="openid"),
            token("invalid_scope", **PARTNERS),
        ],
    },
    "CODE_CHECKS": {
        "check_redirect_uri": [redeemed(redirect_uri="http://127.0.0.1:18499/new_ec/second")],
        "check_code_verifier": [
            redeemed(code_verifier="w" * 43),
            redeemed(code_verifier=None),
            redeemed(asked={"code_challenge": None, "code_challenge_method": None}),  # type: ignore[dict-item]
        ],
        "check_dpop_key": [redeemed(asked={"dpop_jkt": "x" * 43}), redeemed(asked={"dpop_jkt": "x" * 43}, proven=True)],
    },
    "GRANT_CHECKS": {
        "check_profile": [
            redeemed("invalid_client", service="FAPI", proven=True, audience="/token", named="check_audience")
        ],
        "check_sender_constraint": [redeemed("invalid_request", service="FAPI")],
    },
    "DPOP_CHECKS": {
        "check_method": [proof(htm="GET"), proof(htm="post")],
        "check_address": [proof(htu="http://localhost:18480/v2/par"), proof(htu="https://other.example/v2/token")],
        "check_time": [proof(iat=1_700_000_000), proof(iat=4_000_000_000)],
        "check_token": [Case(_for_another_token, "invalid_dpop_proof", logged=False, status=401)],
        "check_nonce": [proof("use_dpop_nonce", nonce=None), proof("use_dpop_nonce", nonce="made up")],
    },
    "SENDER_CHECKS": {
        "check_scheme": [Case(_as_bearer, "invalid_token", status=401)],
        "check_key": [Case(_by_a_thief, "invalid_token", status=401)],
        "check_certificate": [Case(_of_another_certificate, "invalid_token", status=401)],
    },
}


def polled(code: str, *, advance: float = 0, times: int = 1, reject: bool = False) -> Case:
    """A back-channel request that is begun well, then asked about."""

    async def send(world: World) -> httpx.Response:
        party = world.ec.at("CALL")
        _, (subject,) = await world.person(party)
        asked = await party.asked(subject)
        if reject:
            await world.reject(asked)
        world.clock.advance(seconds=advance)
        for _ in range(times - 1):
            await party.fetch(asked)
        return await party.fetch(asked)

    return Case(send, code, logged=False)  # ordinary: it would fill the log


async def _nobody(world: World) -> httpx.Response:
    return await world.ec.at("CALL").ask("nobody" * 8)


async def _session(world: World, party: Asker) -> str:
    answer = await party.session()
    assert answer.status_code == 200, answer.text
    found: str = answer.json()["user_discovery_session_id"]
    return found


async def _used_token(world: World) -> httpx.Response:
    party = world.ec.at("CALL")
    identifier = await _identifier(world, party, await _session(world, party))
    await party.ask(token=identifier)
    return await party.ask(token=identifier)


async def _identifier(world: World, party: Asker, session: str) -> str:
    person, _ = await world.person(party)
    await world.scan(session, person)
    world.clock.advance(seconds=6)
    found: str = (await party.session(session)).json()["user_identifier_token"]
    return found


async def _session_of_a_stranger(world: World) -> httpx.Response:
    return await world.rsa.at("CALL").session(await _session(world, world.ec.at("CALL")))


async def _session_that_has_ended(world: World) -> httpx.Response:
    party = world.ec.at("CALL")
    session = await _session(world, party)
    world.clock.advance(seconds=3600)
    return await party.session(session)


async def _session_polled_at_once(world: World) -> httpx.Response:
    party = world.ec.at("CALL")
    session = await _session(world, party)
    await party.session(session)
    return await party.session(session)


async def _refused_by_the_person(world: World) -> httpx.Response:
    began = await world.ec.begin(state=STATE)
    await world.installation.reject(began.handle)
    return await world.ec.browser.get(f"{world.ec.issuer}/sign-in/{began.handle}/finish")


async def _picture(world: World) -> httpx.Response:
    answer = await world.ec.token(*await world.code(world.ec))
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    return await world.ec.browser.get(world.ec.issuer + "/picture", headers=headers)


async def _revoke_a_refresh_token(world: World) -> httpx.Response:
    form = {"token": "x", "token_type_hint": "refresh_token", **world.ec.credentials()}
    return await world.ec.browser.post(world.ec.issuer + "/connect/revoke", data=form)


async def _changed_in_between(world: World) -> httpx.Response:
    """What we remember of a request is changed in the database after a phone has signed another."""
    began = await world.ec.begin()
    await world.installation.approve(began.handle)
    database = world.installation.database
    row = await database.row("select request from actions_actions where handle = $1", began.handle)
    assert row is not None
    request = json.loads(row["request"])
    request["protocol"]["template"] = {"claim_approval_template_name": "free_text", "claim_approval_text_key": "x"}
    put = "update actions_actions set request = $2 where handle = $1 returning action_id"
    assert await database.row(put, began.handle, json.dumps(request))
    return await world.ec.token((await world.ec.finish(began))["code"], began.verifier)


def without_a_database(party: str) -> Send:
    """A request at a moment when the database does not answer."""

    async def send(world: World) -> httpx.Response:
        asker = world.party(party)
        await asker.discover()
        begin = Actions.begin
        Actions.begin = _unavailable  # type: ignore[method-assign, assignment]
        try:
            return await asker.authorize(state=STATE)
        finally:
            Actions.begin = begin  # type: ignore[method-assign]

    return send


async def _unavailable(*_: object) -> None:
    raise DatabaseUnavailableError("gone")


CODES: list[Case] = [
    Case(_refused_by_the_person, "access_denied", "back", logged=False),
    polled("access_denied", reject=True, advance=3),
    token("invalid_grant"),
    *(forged(each) for each in FORGERIES),
    Case(_picture, "insufficient_scope", logged=False, status=403),
    Case(_revoke_a_refresh_token, "unsupported_token_type", named="unsupported_token_type"),
    Case(_changed_in_between, "server_error", logged=False, status=500),
    Case(without_a_database("ec"), "temporarily_unavailable", "back", logged=False),
    Case(without_a_database("old"), "temporary_unavailable", "back", "old", logged=False),
    Case(_nobody, "unknown_user_id", named="find_person"),
    Case(_used_token, "expired_login_hint_token", named="find_person"),
    polled("authorization_pending", advance=3),
    polled("slow_down", times=2),
    polled("expired_token", advance=300),
    Case(_session_of_a_stranger, "unknown_session", party="rsa", named="unknown_session", status=404),
    Case(_session_that_has_ended, "expired_session", named="expired_session"),
    Case(_session_polled_at_once, "too_many_requests", named="too_many_requests", status=429),
]
"""Refusals that no check of a list makes."""
