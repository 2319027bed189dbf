"""Which refusals go back to the partner and which stay with the person (R-25, R-32; partner protocol 1.9)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from ipse.attributes.model import ATTRIBUTES
from tests.functional.oidc.conftest import Joining
from tests.functional.oidc.installation import Installation
from tests.functional.oidc.relying_party import RelyingParty

PREFIX = "http://itsme.services/v2/claim/"
_COUNT = "select count(*) as many from actions_actions"

ON_OUR_PAGE: list[tuple[dict[str, str | None], str]] = [
    ({"client_id": None}, "invalid_client_id"),
    ({"client_id": "unknown"}, "invalid_client_id"),
    ({"client_id": "NEW_EC"}, "invalid_client_id"),
    ({"client_id": "'; drop table partners_partners; --"}, "invalid_client_id"),
    ({"redirect_uri": None}, "invalid_redirect_uri"),
    ({"redirect_uri": "https://stranger.example/"}, "invalid_redirect_uri"),
    ({"redirect_uri": "http://127.0.0.1:18499/new_ec/back"}, "invalid_redirect_uri"),
    ({"redirect_uri": "http://127.0.0.1:18499/new_ec/back?a=1#x"}, "invalid_redirect_uri"),
    ({"redirect_uri": "http://127.0.0.1:18499/new_ec/BACK?a=1"}, "invalid_redirect_uri"),
    ({"redirect_uri": "http://127.0.0.1:18499/new_rsa/back?a=1"}, "invalid_redirect_uri"),
    ({"scope": None}, "invalid_scope"),
    ({"scope": "openid"}, "invalid_scope"),
    ({"scope": "openid service:UNKNOWN"}, "invalid_scope"),
    ({"scope": "openid service:NEW_RSA_LOGIN"}, "invalid_scope"),
    ({"scope": "openid service:NEW_EC_LOGIN service:NEW_EC_SHARE"}, "invalid_scope"),
    ({"scope": "openid service:new_ec_login"}, "invalid_scope"),
    # Several faults at once: nothing goes to an address that is not proven.
    ({"redirect_uri": "https://stranger.example/", "response_type": "token"}, "invalid_redirect_uri"),
    ({"redirect_uri": "https://stranger.example/", "prompt": "none"}, "invalid_redirect_uri"),
    ({"client_id": "unknown", "request": "a.b.c"}, "invalid_client_id"),
    ({"redirect_uri": "https://stranger.example/", "request": "a.b.c"}, "invalid_request_object"),
    ({"redirect_uri": None, "request_uri": "https://x.example:443/request"}, "invalid_request_uri"),
    # Of a pushed request nothing beside it counts, and so nothing proves where its refusal could go.
    ({"request_uri": "urn:ietf:params:oauth:request_uri:unknown"}, "invalid_request_uri"),
]
BACK_TO_THE_PARTNER: list[tuple[dict[str, str | None], str]] = [
    ({"response_type": None}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "code token"}, "unsupported_response_type"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"scope": "service:NEW_EC_LOGIN"}, "invalid_scope"),
    ({"scope": "openid service:NEW_EC_LOGIN unknown"}, "invalid_scope"),
    ({"scope": "openid service:NEW_EC_LOGIN profile"}, "invalid_scope"),
    ({"scope": "openid service:NEW_EC_SHARE"}, "invalid_request"),
    ({"scope": "openid service:NEW_EC_STRICT"}, "invalid_request"),
    ({"request": "a.b.c"}, "invalid_request_object"),
    ({"request": "a.b.c", "request_uri": "https://x.example:443/request"}, "invalid_request"),
    ({"request_uri": "https://x.example:443/request"}, "invalid_request_uri"),
    ({"request_uri": "urn:other:request"}, "invalid_request_uri"),
    ({"registration": "{}"}, "registration_not_supported"),
    ({"display": "popup"}, "unsupported_display"),
    ({"prompt": "none"}, "login_required"),
    ({"prompt": "none consent"}, "invalid_request"),
    ({"max_age": "soon"}, "invalid_request"),
    ({"claims": "{"}, "invalid_request"),
    ({"claims": '{"userinfo":{"given_name":null}}'}, "invalid_scope"),
    ({"code_challenge": "x" * 43}, "invalid_request"),
    ({"code_challenge": "x" * 43, "code_challenge_method": "plain"}, "invalid_request"),
    ({"nonce": "a\nb"}, "invalid_request"),
]


@pytest.fixture
async def party(join: Joining) -> RelyingParty:
    await join("new-rsa")
    return await join("new-ec")


async def rows(installation: Installation) -> int:
    row = await installation.database.row(_COUNT)
    assert row is not None
    return int(row["many"])


async def test_refusals_that_stay_with_the_person(installation: Installation, party: RelyingParty) -> None:
    for changes, code in ON_OUR_PAGE:
        answer = await party.authorize(**({"state": "s"} | changes))
        assert answer.status_code == 400, changes
        assert "location" not in answer.headers, changes
        assert f"400 {code}" in answer.text, changes
        assert answer.headers["content-type"].startswith("text/html")
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "stranger.example" not in answer.text
    assert await rows(installation) == 0


async def test_refusals_that_go_back_to_the_partner(installation: Installation, party: RelyingParty) -> None:
    """R-32: `iss` is in errors, too; `state` is always returned."""
    for changes, code in BACK_TO_THE_PARTNER:
        answer = await party.authorize(**({"state": "a b&c=é"} | changes))
        assert answer.status_code == 303, (changes, answer.text)
        location = answer.headers["location"]
        assert location.startswith(party.redirect_uri + "&"), changes
        query = parse_qs(urlsplit(location).query)
        assert query["error"] == [code], changes
        assert query["iss"] == [installation.issuer]
        assert query["state"] == ["a b&c=é"]
        assert query["error_description"][0]
        assert "code" not in query
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert await rows(installation) == 0


async def test_state_is_left_out_where_none_was_sent(party: RelyingParty) -> None:
    answer = await party.authorize(prompt="none")
    assert "state=" not in answer.headers["location"]


async def test_malformed_requests(installation: Installation, party: RelyingParty) -> None:
    endpoint = (await party.discover())["authorization_endpoint"]
    good = f"client_id={party.client_id}&response_type=code&scope=openid+service:NEW_EC_LOGIN"
    for query in (
        f"{good}&redirect_uri={party.redirect_uri}&state=1&state=1",
        f"{good}&client_id=unknown&redirect_uri=x",
        good + "&state=%ff",
        good + "&state=" + "x" * 20_000,
        good + "".join(f"&x{number}=1" for number in range(70)),
        good + "&redirect_uri=%00",
        f"{good}%00&redirect_uri={party.redirect_uri}",
    ):
        answer = await party.browser.get(f"{endpoint}?{query}")
        assert answer.status_code == 400, query[:100]
        assert "location" not in answer.headers
    assert (await party.browser.head(f"{endpoint}?{good}")).status_code == 405
    assert (await party.browser.put(endpoint)).status_code == 405
    for body in ({"content": b"{}", "headers": {"content-type": "application/json"}}, {"data": {"a": "x" * 20_000}}):
        refused = await party.browser.post(endpoint, **body)
        assert refused.status_code == 400
    assert await rows(installation) == 0


async def test_a_stopped_partner_and_a_stopped_service(installation: Installation, party: RelyingParty) -> None:
    await installation.partners.set_state(party.client_id, "stopped", actor="test")
    installation.partners._partners.clear()
    assert "400 invalid_client_id" in (await party.authorize()).text


@pytest.mark.parametrize("way", ["id_token", "userinfo"])
async def test_no_attribute_outside_the_contract_by_claims(installation: Installation, join: Joining, way: str) -> None:
    """T-10: each attribute, asked by claims, refused before anybody is bothered."""
    party = await join(service="NARROW")
    allowed = {"given_name", "email", "email_verified"}
    for name, attribute in ATTRIBUTES.items():
        claim = PREFIX + name if attribute.prefixed else name
        for how in (None, {"essential": True}, {"value": "x"}):
            answer = await party.authorize(claims=json.dumps({way: {claim: how, "given_name": None}}))
            if name in allowed:
                assert answer.status_code == 200
            else:
                assert answer.status_code == 303
                assert "error=invalid_scope" in answer.headers["location"]
    row = await installation.database.rows("select request from actions_actions")
    asked = {attribute["name"] for one in row for attribute in json.loads(one["request"])["attributes"]}
    assert asked <= allowed


@pytest.mark.parametrize("scope", ["profile", "phone", "address", "eid", "idDocument"])
async def test_no_attribute_outside_the_contract_by_scope(join: Joining, scope: str) -> None:
    """T-10."""
    party = await join(service="NARROW")
    answer = await party.authorize(scope=f"openid service:{party.service} {scope}")
    assert "error=invalid_scope" in answer.headers["location"]
    assert (await party.authorize(scope=f"openid service:{party.service} email")).status_code == 200


async def test_refused_values_reach_no_token(installation: Installation, join: Joining) -> None:
    """T-10: even if an approval held more than was asked, nothing of it is delivered."""
    party = await join(service="NARROW")
    began = await party.begin(claims='{"id_token":{"given_name":null}}')
    everything: dict[str, Any] = dict.fromkeys(ATTRIBUTES, "leak")
    await installation.approve(began.handle, values=everything)
    answer = await party.tokens(began)
    token, shared = await party.opened(answer["id_token"]), await party.shared(answer["access_token"])
    assert token["given_name"] == "leak"
    assert list({**token, **shared}.values()).count("leak") == 1


async def test_endings_of_every_kind_return_the_state(installation: Installation, join: Joining) -> None:
    party = await join()
    began = await party.begin()
    page = await party.browser.get(f"{party.issuer}/sign-in/{began.handle}")
    token = page.text.split('name="token" value="')[1].split('"')[0]
    answer: httpx.Response = await party.browser.post(
        f"{party.issuer}/sign-in/{began.handle}/cancel",
        data={"token": token},
        headers={"Origin": party.issuer.removesuffix("/v2")},
    )
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["error"] == ["access_denied"]
    assert query["state"] == [began.state]
    assert query["iss"] == [installation.issuer]


async def test_the_log_names_the_service_and_the_place(installation: Installation, join: Joining) -> None:
    """What the developer needs to find the mistake, and nothing of what was written by mistake."""
    party = await join()
    await party.authorize(redirect_uri="https://stranger.example/")
    await party.authorize(scope=f"openid person@example.org service:{party.service}")
    lines = await installation.provider.request_log.lines(party.client_id)
    assert {(line.service_code, line.check) for line in lines} == {
        (party.service, "check_redirect_uri"),
        (party.service, "check_scope"),
    }
    assert "scope holds an unknown word, the one at place 2" in {line.description for line in lines}
