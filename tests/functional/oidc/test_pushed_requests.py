"""Pushed authorization requests over HTTP (RFC 9126; R-30), and answers by form and as signed tokens (JARM; R-32)."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwe, jwt
from joserfc.jwk import KeySet
from msgspec.structs import replace

from ipse.kernel.clock import FrozenClock
from ipse.kernel.keystore import Keystore
from ipse.storage.database import Database
from ipse.storage.errors import DatabaseUnavailableError
from tests.functional.oidc.conftest import Joining, register
from tests.functional.oidc.installation import Installation, serving
from tests.functional.oidc.relying_party import RelyingParty, derived, imported
from tests.functional.oidc.test_request_objects import asked, change_service, lines, on_one_engine, outcome

URN = "urn:ietf:params:oauth:request_uri:"
PKCE = {"code_challenge": "x" * 43, "code_challenge_method": "S256"}
ADVANCED = "http://itsme.services/v2/claim/acr_advanced"


async def pushed(party: RelyingParty, **changes: str | None) -> str:
    """The address of a request that was pushed."""
    answer = await party.push(**changes)
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told.keys() == {"request_uri", "expires_in"}
    assert told["expires_in"] == 90
    uri: str = told["request_uri"]
    assert uri.startswith(URN)
    assert len(uri) - len(URN) >= 22, "128 bits"
    return uri


async def send(party: RelyingParty, uri: str, browser: httpx.AsyncClient | None = None, **more: str) -> httpx.Response:
    """Send a browser with the address of a request."""
    endpoint = (await party.discover())["authorization_endpoint"]
    query = {"client_id": party.client_id, "request_uri": uri} | more
    return await (browser or party.browser).get(endpoint, params=query)


def handle_of(page: httpx.Response) -> str:
    found = re.search(r"/v2/sign-in/([A-Za-z0-9_-]{22})", page.text)
    assert found, page.text
    return found[1]


async def back_from(party: RelyingParty, handle: str) -> str:
    answer = await party.browser.get(f"{party.issuer}/sign-in/{handle}/finish")
    assert answer.status_code == 303, answer.text
    location: str = answer.headers["location"]
    return location


def query_of(location: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


@pytest.mark.parametrize("kind", ["new-ec", "migrating-secret"])
async def test_a_whole_login(installation: Installation, join: Joining, kind: str) -> None:
    party = await join(kind)
    uri = await pushed(party, state="s", nonce="n", acr_values=ADVANCED)
    page = await send(party, uri, prompt="none", ui_locales="fr")
    assert page.status_code == 200
    assert 'lang="en"' in page.text, "nothing beside a pushed request counts"
    kept = await asked(installation)
    assert kept["assurance"] == "advanced"
    handle = handle_of(page)
    await installation.approve(handle)
    answer = query_of(await back_from(party, handle))
    assert (answer["state"], answer["iss"]) == ("s", party.issuer)
    tokens = await party.token(answer["code"], None)
    assert (await party.opened(tokens.json()["id_token"]))["nonce"] == "n"


async def test_it_belongs_to_the_first_browser_until_its_action_ends(installation: Installation, join: Joining) -> None:
    party, uri = await join(), ""
    uri = await pushed(party)
    handle = handle_of(await send(party, uri))
    assert handle_of(await send(party, uri)) == handle, "a reload shows the same action"
    async with httpx.AsyncClient(trust_env=False) as stranger:
        for _ in range(2):
            assert outcome(await send(party, uri, stranger)) == "[invalid_request_uri]"
    await installation.approve(handle)
    on = await send(party, uri)
    assert on.headers["location"].endswith(f"/{handle}/finish"), "approved: the page goes on"
    await back_from(party, handle)
    assert outcome(await send(party, uri)) == "[invalid_request_uri]", "used up"

    refused = await pushed(party)
    handle = handle_of(await send(party, refused))
    await installation.reject(handle)
    assert outcome(await send(party, refused)) == "[invalid_request_uri]"
    checks = [line.check for line in await lines(installation, party)]
    assert set(checks) == {"open_pushed_request"}


async def test_two_loads_at_once_begin_one_action(installation: Installation, join: Joining) -> None:
    """F-16: one browser that loads twice, and another that comes at the same moment."""
    party = await join()
    await party.begin()  # the browser has its cookie
    uri = await pushed(party)
    async with httpx.AsyncClient(trust_env=False) as stranger:
        pages = await asyncio.gather(*(send(party, uri) for _ in range(6)), send(party, uri, stranger))
    shown = {handle_of(page) for page in pages if page.status_code == 200}
    assert len(shown) == 1
    row = await installation.database.row(
        "select count(*) as many from actions_actions where state = 'waiting' and handle <> $1", shown.pop()
    )
    assert row is not None
    assert row["many"] == 1, "the login before, and no second action of this request"


async def test_it_is_good_for_ninety_seconds(keystore: Keystore, database: Database, partner_keys: Any) -> None:
    clock = FrozenClock()
    clock.value = time.time_ns() // 1000
    async with serving(keystore, database, clock=clock) as installation:
        party = await register(installation, "new-ec", partner_keys["new-ec"], "LOGIN")
        late, opened, refused = await pushed(party), await pushed(party), await pushed(party)
        handle = handle_of(await send(party, opened))
        disagreeing = await send(party, refused, response_type="token")
        assert query_of(disagreeing.headers["location"])["error"] == "invalid_request"
        clock.advance(seconds=90)
        assert outcome(await send(party, late)) == "[invalid_request_uri]"
        assert outcome(await send(party, refused)) == "[invalid_request_uri]", "it has begun nothing in time"
        assert handle_of(await send(party, opened)) == handle, "its browser found it in time"
        assert await installation.provider.pushed.requests.forget() == 0
        clock.advance(seconds=601)
        assert await installation.provider.pushed.requests.forget() == 3
        await party.close()


@on_one_engine
async def test_what_cannot_be_opened(installation: Installation, join: Joining) -> None:
    party, other = await join(), await join("new-rsa")
    uri = await pushed(party)
    for wrong in (URN, URN + "unknown", uri + "x", uri[:-1], uri.replace(URN, URN.upper()), uri + "%00"):
        assert outcome(await send(party, wrong)) in {"[invalid_request_uri]", "[malformed_request]"}, wrong
    assert outcome(await send(other, uri)) == "[invalid_request_uri]"
    # Even where the query names an address that is registered: it does not count.
    answer = await send(
        party, URN + "unknown", redirect_uri=party.redirect_uri, scope=f"openid service:{party.service}"
    )
    assert outcome(answer) == "[invalid_request_uri]"
    assert outcome(await send(party, uri, request="a.b.c")) == "[invalid_request]"
    assert handle_of(await send(party, uri, scope=f"service:{party.service} openid"))
    # What is repeated must agree; the refusal goes where the pushed request says, and the request is used up.
    for name, value in (("scope", "openid"), ("redirect_uri", "https://stranger.example/")):
        contradicted = await pushed(party)
        answer = await send(party, contradicted, None, **{name: value})
        assert outcome(answer) == "invalid_request"
        assert answer.headers["location"].startswith(party.redirect_uri)


@on_one_engine
async def test_what_is_asked_lies_sealed(installation: Installation, join: Joining) -> None:
    party = await join()
    uri = await pushed(party, state="a state nobody may read")
    row = await installation.database.row("select digest, sealed_parameters from oidc_pushed")
    assert row is not None
    assert b"state" not in row["sealed_parameters"]
    assert uri.removeprefix(URN).encode() not in row["digest"]


REFUSED: list[tuple[dict[str, str | None], str]] = [
    ({"request_uri": "https://shop.example:443/r"}, "invalid_request"),
    ({"request_uri": URN + "x"}, "invalid_request"),
    ({"client_id": "other"}, "invalid_client"),
    ({"redirect_uri": None}, "invalid_redirect_uri"),
    ({"redirect_uri": "https://stranger.example/"}, "invalid_redirect_uri"),
    ({"scope": None}, "invalid_scope"),
    ({"scope": "openid"}, "invalid_scope"),
    ({"scope": "openid service:NEW_RSA_LOGIN"}, "invalid_scope"),
    ({"scope": "openid service:NEW_EC_LOGIN email"}, "invalid_scope"),
    ({"response_type": None}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"prompt": "none"}, "login_required"),
    ({"display": "popup"}, "unsupported_display"),
    ({"claims": "{"}, "invalid_request"),
    ({"code_challenge": "x" * 43}, "invalid_request"),
    ({"request": "a.b.c"}, "invalid_request_object"),
    ({"dpop_jkt": "x"}, "invalid_request"),
    ({"client_assertion": "a.b.c"}, "invalid_client"),
    ({"client_assertion": None, "client_assertion_type": None}, "invalid_client"),
    ({"client_secret": "x"}, "invalid_request"),
]


@on_one_engine
async def test_what_cannot_be_pushed(installation: Installation, join: Joining) -> None:
    party = await join()
    await join("new-rsa")
    for changes, code in REFUSED:
        answer = await party.push(**changes)
        assert answer.status_code == 400, (changes, answer.text)
        body = answer.json()
        assert body["error"] == code, changes
        assert body["detail"] == body["error_description"]
    # C-11: the audience of the assertion is the issuer here, and nothing else.
    endpoint = party.metadata["pushed_authorization_request_endpoint"]
    for audience in (endpoint, party.metadata["token_endpoint"], [party.issuer]):
        answer = await party.push(client_assertion=party.assertion(aud=audience))
        assert answer.json()["error"] == "invalid_client"
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        assert (await party.browser.request(method, endpoint)).status_code == 405, "R-30"
    assert (await party.browser.post(endpoint, json={})).status_code == 400
    row = await installation.database.row("select count(*) as many from oidc_pushed")
    assert row is not None
    assert row["many"] == 0
    named = {line.check for line in await lines(installation, party)}
    assert named >= {"check_no_request_uri", "check_redirect_uri", "check_service", "check_contract", "check_prompt"}
    noted = await lines(installation, party)
    assert {line.endpoint for line in noted} == {"pushed_authorization_request"}
    by_check = {line.check: line for line in noted}
    assert by_check["check_contract"].service_code == "NEW_EC_LOGIN"
    assert all(line.check for line in noted if line.error != "invalid_client")


async def strict(installation: Installation, party: RelyingParty, **changes: Any) -> None:
    await change_service(installation, party, profile="fapi2", **changes)


@on_one_engine
async def test_fapi_takes_pushed_requests_only(installation: Installation, join: Joining) -> None:
    """FAPI 2.0 Security Profile §5.3.2.2: PAR, PKCE, `iss`, codes of 60 seconds."""
    party = await join()
    await strict(installation, party)
    assert outcome(await party.authorize(**PKCE)) == "invalid_request"
    by_value = await party.browser.get(
        party.metadata["authorization_endpoint"],
        params={"client_id": party.client_id, "request": party.request_object(**PKCE)},
    )
    assert outcome(by_value) == "invalid_request"
    for changes, code in (
        ({}, "invalid_request"),
        (PKCE | {"response_mode": "form_post"}, "invalid_request"),
        (PKCE | {"prompt": "none"}, "login_required"),
        ({"client_id": party.client_id, "request": party.request_object(**PKCE, nbf=None)}, "invalid_request_object"),
        ({"request": party.request_object(**PKCE, aud=party.issuer + "/authorization")}, "invalid_request_object"),
    ):
        answer = await party.push(**changes)
        assert answer.json()["error"] == code, changes
    handle = handle_of(await send(party, await pushed(party, **PKCE)))
    await installation.approve(handle)
    assert query_of(await back_from(party, handle))["iss"] == party.issuer
    row = await installation.database.row(
        "select code_expires_at, decided_at from actions_actions where handle = $1", handle
    )
    assert row is not None
    assert 0 < row["code_expires_at"] - row["decided_at"] <= 61_000_000


async def verified(party: RelyingParty, token: str) -> dict[str, Any]:
    """A signed answer, judged by joserfc (JARM §2.4)."""
    keys = KeySet.import_key_set((await party.browser.get(party.metadata["jwks_uri"])).json())
    claims = dict(jwt.decode(token, keys, algorithms=[party.algorithms[0]]).claims)
    assert (claims["iss"], claims["aud"]) == (party.issuer, party.client_id)
    assert 0 < claims["exp"] - time.time() <= 600
    return claims


@on_one_engine
async def test_signed_messages(installation: Installation, join: Joining) -> None:
    """FAPI 2.0 Message Signing: signed requests in PAR, signed answers, errors too."""
    party = await join()
    await strict(installation, party, message_signing=True)
    assert (await party.push(**PKCE)).json()["error"] == "invalid_request"
    uri = await pushed(party, request=party.request_object(**PKCE, state="s", jti="one"))
    again = await party.push(request=party.request_object(**PKCE, state="s", jti="one"))
    assert again.json()["error"] == "invalid_request_object"
    handle = handle_of(await send(party, uri))
    await installation.approve(handle)
    answer = query_of(await back_from(party, handle))
    assert answer.keys() == {"a", "response"}
    claims = await verified(party, answer["response"])
    assert claims["state"] == "s"
    assert len(claims["code"]) == 36

    uri = await pushed(party, request=party.request_object(**PKCE, state="s"))
    handle = handle_of(await send(party, uri))
    await installation.reject(handle)
    claims = await verified(party, query_of(await back_from(party, handle))["response"])
    assert (claims["error"], claims["state"]) == ("access_denied", "s")
    assert "code" not in claims
    # Refused before anybody is asked: signed as well.
    answer = query_of((await party.authorize(state="t")).headers["location"])
    claims = await verified(party, answer["response"])
    assert (claims["error"], claims["state"]) == ("invalid_request", "t")


@pytest.mark.parametrize("mode", ["jwt", "query.jwt"])
@pytest.mark.parametrize("kind", ["new-ec", "migrating-key"])
@on_one_engine
async def test_a_partner_asks_for_a_signed_answer(
    installation: Installation, join: Joining, kind: str, mode: str
) -> None:
    party = await join(kind)
    began = await party.begin(response_mode=mode)
    await installation.approve(began.handle)
    claims = await verified(party, query_of(await back_from(party, began.handle))["response"])
    assert claims["state"] == began.state
    assert (await party.token(claims["code"], began.verifier)).status_code == 200
    refused = await party.authorize(response_mode=mode, prompt="none", state="s")
    claims = await verified(party, query_of(refused.headers["location"])["response"])
    assert (claims["error"], claims["state"]) == ("login_required", "s")


@on_one_engine
async def test_a_signed_answer_is_encrypted_where_that_is_agreed(installation: Installation, join: Joining) -> None:
    for kind, alg, enc in (("new-rsa", "RSA-OAEP-256", "A128CBC-HS256"), ("migrating-secret", "dir", "A256GCM")):
        party = await join(kind)
        partner = await installation.partners.partner(party.client_id)
        assert partner is not None
        agreed = replace(
            partner.algorithms, authorization_encrypted_response_alg=alg, authorization_encrypted_response_enc=enc
        )
        await installation.partners.register_partner(
            replace(partner, algorithms=agreed), secret=party.secret, actor="test"
        )
        party.algorithms = (party.algorithms[0], alg, enc)
        answer = await party.authorize(response_mode="jwt", prompt="none")
        token = query_of(answer.headers["location"])["response"]
        assert token.count(".") == 4
        key = imported(party.encryption) if party.encryption else derived(party.secret or "")
        inner = jwe.decrypt_compact(token, key, algorithms=[alg, enc]).plaintext
        assert (await verified(party, (inner or b"").decode()))["error"] == "login_required"


@on_one_engine
async def test_an_answer_that_cannot_be_encrypted_any_more(installation: Installation, join: Joining) -> None:
    """The partner has taken its key away: the person is told calmly, its developer why, and no answer goes out open."""
    party = await join("new-rsa")
    partner = await installation.partners.partner(party.client_id)
    assert partner is not None
    agreed = replace(
        partner.algorithms,
        authorization_encrypted_response_alg="RSA-OAEP-256",
        authorization_encrypted_response_enc="A128CBC-HS256",
    )
    await installation.partners.register_partner(replace(partner, algorithms=agreed), secret=None, actor="test")
    began = await party.begin(response_mode="jwt")
    await installation.approve(began.handle)
    left = {"keys": [jwk for jwk in (partner.jwks or {})["keys"] if jwk["use"] == "sig"]}
    update = "update partners_partners set jwks = $2 where partner_id = $1 returning partner_id"
    await installation.database.rows(update, party.client_id, json.dumps(left))
    installation.partners._partners.clear()
    for answer in (
        await party.browser.get(f"{party.issuer}/sign-in/{began.handle}/finish"),
        await party.authorize(response_mode="jwt", prompt="none"),
    ):
        assert (answer.status_code, "location" in answer.headers) == (400, False)
    found = await lines(installation, party)
    assert {line.check for line in found} >= {"sign_answer"}


@on_one_engine
async def test_answers_by_form(installation: Installation, join: Joining) -> None:
    """C-2: a form that sends itself, and a button where no script runs; codes are never in an address."""
    party = await join()
    began = await party.begin(response_mode="form_post")
    await installation.approve(began.handle)
    page = await party.browser.get(f"{party.issuer}/sign-in/{began.handle}/finish")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "form-action 'self' http://127.0.0.1:18499" in page.headers["content-security-policy"]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
    assert fields.keys() == {"code", "state", "iss"}
    assert (fields["state"], fields["iss"]) == (began.state, party.issuer)
    assert f'action="{party.redirect_uri}"'.replace("&", "&amp;") in page.text
    assert "<button" in page.text
    assert (await party.token(fields["code"], began.verifier)).status_code == 200
    refused = await party.authorize(response_mode="form_post", prompt="none", state='"><script>')
    assert refused.status_code == 200
    assert '"><script>' not in refused.text
    assert 'name="error" value="login_required"' in refused.text


@on_one_engine
async def test_try_again_later_in_the_words_of_the_partner(installation: Installation, join: Joining) -> None:
    """Partner protocol, section 6: partners that migrate know the other spelling."""
    for kind, code in (("migrating-key", "temporary_unavailable"), ("new-ec", "temporarily_unavailable")):
        party = await join(kind)
        await party.discover()
        assert (await party.authorize()).status_code == 200
        actions = installation.provider.authorizations.actions
        begin, broken = type(actions).begin, _unavailable
        type(actions).begin = broken  # type: ignore[method-assign, assignment]
        try:
            answer = await party.authorize(state="s")
        finally:
            type(actions).begin = begin  # type: ignore[method-assign]
        assert query_of(answer.headers["location"]) == {
            "a": "1",
            "error": code,
            "error_description": "Temporarily unavailable, please try again",
            "state": "s",
            "iss": party.issuer,
        }


async def _unavailable(*_: object) -> None:
    raise DatabaseUnavailableError


async def test_the_metadata(join: Joining) -> None:
    party = await join()
    document = await party.discover()
    origin = party.issuer.removesuffix("/v2")
    same = await party.browser.get(f"{origin}/.well-known/oauth-authorization-server/v2")
    assert json.loads(same.text) == document
    assert document["pushed_authorization_request_endpoint"] == party.issuer + "/par"
    assert document["require_pushed_authorization_requests"] is False
    assert document["require_request_uri_registration"] is True
