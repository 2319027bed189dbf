"""The banks judged by a small relying party of their own (B-1: what an enrolment rests on)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import pytest_asyncio

from ipse.sandbox.bank import BANKS
from tests.functional.sandbox.running import EVERYTHING, Client, running_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    async with running_world(tmp_path_factory.mktemp("world")) as (_, client):
        yield client


@pytest.fixture
def client(shared: Client) -> Client:
    """A client with a browser of its own, in a world that is shared."""
    shared.http.cookies.clear()
    return Client(shared.world, shared.key, shared.http)


async def test_a_bank_vouches_for_a_person_with_evidence(client: Client) -> None:
    page = await client.login_page()
    assert "Phone ending in 01" in page.text
    answer = await client.decide(page)
    assert answer["state"] == "state-1"
    assert answer["iss"] == client.issuer
    tokens = (await client.redeem(answer["code"])).json()
    id_token = await client.verified(tokens["id_token"])
    assert (id_token["iss"], id_token["aud"], id_token["nonce"]) == (client.issuer, "ipse", "nonce-1")
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    userinfo = await client.verified((await client.http.get(f"{client.issuer}/userinfo", headers=headers)).text)
    assert userinfo["sub"] == id_token["sub"]
    said = userinfo["verified_claims"]
    assert said["verification"]["trust_framework"] == "be_bank_idv"
    record, document = said["verification"]["evidence"]
    assert record["record"]["type"] == "bank_account"
    assert record["check_details"][0]["check_method"] == "auth"
    assert document["document_details"]["issuer"]["country_code"] == "BEL"
    assert said["claims"]["phone_number"] == "+32 400000101"
    assert said["claims"]["urn:ipse:claim:national_number"] == "88051700015"
    assert said["claims"].keys() == EVERYTHING["claims"].keys()


@pytest.mark.parametrize("bank", [bank.id for bank in BANKS])
async def test_every_bank_describes_itself_as_the_same_provider(client: Client, bank: str) -> None:
    client.bank = bank
    metadata = (await client.http.get(f"{client.issuer}/.well-known/openid-configuration")).json()
    assert metadata["issuer"] == client.issuer
    assert metadata["require_pushed_authorization_requests"] is True
    assert metadata["verified_claims_supported"] is True
    assert (await client.userinfo())["iss"] == client.issuer


async def test_only_what_was_asked_is_answered(client: Client) -> None:
    asked = {"verification": {"trust_framework": None}, "claims": {"family_name": None, "given_name": None}}
    userinfo = await client.userinfo("sukma", claims=_claims(asked))
    # One name only: the other is absent, never null.
    assert userinfo["verified_claims"] == {
        "verification": {"trust_framework": "be_bank_idv"},
        "claims": {"family_name": "Sukmawijaya"},
    }


@pytest.mark.parametrize(
    "verification",
    [
        {"trust_framework": {"value": "eidas"}},
        {"trust_framework": None, "assurance_level": {"values": ["high"]}},
        {"trust_framework": None, "time": {"max_age": 60}},
        {"trust_framework": None, "evidence": [{"type": {"value": "vouch"}}]},
    ],
)
async def test_a_condition_on_the_verification_that_fails_takes_everything_away(
    client: Client, verification: dict[str, Any]
) -> None:
    userinfo = await client.userinfo(claims=_claims({"verification": verification, "claims": {"family_name": None}}))
    assert "verified_claims" not in userinfo


async def test_a_condition_on_a_claim_that_fails_takes_that_claim_away(client: Client) -> None:
    asked = {"verification": {"trust_framework": None}, "claims": {"family_name": None, "gender": {"value": "male"}}}
    userinfo = await client.userinfo(claims=_claims(asked))
    assert userinfo["verified_claims"]["claims"] == {"family_name": "Lievens"}


async def test_evidence_is_chosen_by_its_type(client: Client) -> None:
    evidence = [{"type": {"value": "document"}, "document_details": {"document_number": None}}]
    asked = {"verification": {"trust_framework": None, "evidence": evidence}, "claims": {"family_name": None}}
    userinfo = await client.userinfo("lucie", claims=_claims(asked))
    assert userinfo["verified_claims"]["verification"]["evidence"] == [
        {"type": "document", "document_details": {"document_number": "24FZ90071"}}
    ]


async def test_several_requests_get_several_answers_without_those_that_cannot_be_met(client: Client) -> None:
    asked = [
        {"verification": {"trust_framework": {"value": framework}}, "claims": {"family_name": None}}
        for framework in ("be_bank_idv", "de_aml")
    ]
    userinfo = await client.userinfo(claims=_claims(asked))
    assert len(userinfo["verified_claims"]) == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"redirect_uri": "http://localhost:1/elsewhere"}, "invalid_request"),
        ({"activation_text": None}, "invalid_request"),
        ({"activation_text": "a\nb"}, "invalid_request"),
        ({"nonce": None}, "invalid_request"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"claims": '{"userinfo":{"verified_claims":{"claims":{"name":null}}}}'}, "invalid_request"),
        ({"claims": '{"userinfo":{"verified_claims":{"verification":{},"claims":{"a":null}}}}'}, "invalid_request"),
        (
            {"claims": '{"userinfo":{"verified_claims":{"verification":{"trust_framework":null},"claims":{}}}}'},
            "invalid_request",
        ),
        ({"claims": "no json"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    ],
)
async def test_a_bad_request_is_refused_when_pushed(client: Client, changes: dict[str, Any], error: str) -> None:
    answer = await client.push(**changes)
    assert answer.status_code == 400
    assert answer.json()["error"] == error


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "http://127.0.0.1/other"},
        {"aud": ["one", "two"]},
        {"iss": "someone"},
        {"sub": "someone"},
        {"exp": 1},
        {"exp": 9_999_999_999},
        {"iat": 9_999_999_999},
        {"jti": ""},
    ],
)
async def test_an_assertion_that_is_not_for_this_bank_and_now_is_refused(
    client: Client, changes: dict[str, Any]
) -> None:
    answer = await client.push(client.assertion(**changes))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_an_assertion_works_once(client: Client) -> None:
    assertion = client.assertion()
    assert (await client.push(assertion)).status_code == 201
    again = await client.push(assertion)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
    # Nor may another bank be shown what this one has seen.
    client.bank = "bank-lys"
    assert (await client.push(assertion)).status_code == 401


async def test_of_many_that_redeem_one_code_one_wins(client: Client) -> None:
    """T-9 at the bank: single use, whatever runs beside it."""
    answer = await client.decide(await client.login_page())
    results = await asyncio.gather(*(client.redeem(answer["code"]) for _ in range(8)))
    assert sorted(result.status_code for result in results) == [200] + [400] * 7


async def test_a_code_that_comes_twice_ends_what_it_gave(client: Client) -> None:
    answer = await client.decide(await client.login_page())
    token = (await client.redeem(answer["code"])).json()["access_token"]
    assert (await client.redeem(answer["code"])).json()["error"] == "invalid_grant"
    userinfo = await client.http.get(f"{client.issuer}/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert userinfo.status_code == 401
    assert "invalid_token" in userinfo.headers["www-authenticate"]


@pytest.mark.parametrize("changes", [{"code_verifier": "another"}, {"redirect_uri": "http://localhost/x"}])
async def test_a_code_is_bound_to_its_request(client: Client, changes: dict[str, str]) -> None:
    answer = await client.decide(await client.login_page())
    refused = await client.redeem(answer["code"], **changes)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


async def test_a_pushed_request_opens_one_login(client: Client) -> None:
    pushed = (await client.push()).json()
    query = {"client_id": "ipse", "request_uri": pushed["request_uri"]}
    assert (await client.http.get(f"{client.issuer}/authorize", params=query)).status_code == 303
    assert (await client.http.get(f"{client.issuer}/authorize", params=query)).status_code == 400


async def test_a_login_belongs_to_the_browser_that_began_it(client: Client) -> None:
    page = await client.login_page()
    client.http.cookies.clear()
    assert (await client.http.get(str(page.url))).status_code == 400
    taken = await client.http.post(str(page.url), data={"person": "ada", "decision": "approve"})
    assert taken.status_code == 400


async def test_a_form_from_another_site_is_refused(client: Client) -> None:
    page = await client.login_page()
    form = {"person": "ada", "decision": "approve"}
    answer = await client.http.post(str(page.url), data=form, headers={"Origin": "http://evil.example"})
    assert answer.status_code == 400


async def test_refusing_goes_back_without_a_code(client: Client) -> None:
    answer = await client.decide(await client.login_page(), decision="refuse")
    assert answer["error"] == "access_denied"
    assert answer["iss"] == client.issuer
    assert "code" not in answer


async def test_approving_needs_somebody(client: Client) -> None:
    page = await client.login_page()
    again = await client.http.post(str(page.url), data={"decision": "approve"})
    assert again.status_code == 400
    assert 'role="alert"' in again.text


@pytest.mark.parametrize(
    ("language", "words"), [("nl", "Waarvoor dit dient"), ("fr", "À quoi cela sert"), ("de", "Wofür das ist")]
)
async def test_the_page_speaks_the_language_that_was_asked(client: Client, language: str, words: str) -> None:
    page = await client.login_page(ui_locales=language)
    assert words in page.text
    assert f'<html lang="{language}">' in page.text


async def test_what_is_activated_is_shown_as_text(client: Client) -> None:
    page = await client.login_page(activation_text="<script>alert(1)</script>")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text


async def test_forms_may_lead_to_the_scheme_and_its_app_only(client: Client) -> None:
    page = await client.login_page()
    places = client.world.places
    assert f"form-action 'self' {places.scheme} {places.app};" in page.headers["content-security-policy"]


async def test_a_bank_misbehaves_on_request(client: Client) -> None:
    world = client.world.places.world
    await client.http.post(f"{world}/misbehave", json={"party": "bank-vesta", "how": "refuse"})
    answer = await client.decide(await client.login_page())
    assert answer["error"] == "access_denied"
    await client.http.post(f"{world}/misbehave", json={"party": "bank-vesta", "how": "error"})
    assert (await client.push()).status_code == 500
    await client.http.post(f"{world}/misbehave", json={"party": "bank-vesta", "how": "slow", "seconds": 0.4})
    started = asyncio.get_running_loop().time()
    assert (await client.push()).status_code == 201
    assert asyncio.get_running_loop().time() - started >= 0.4
    await client.http.post(f"{world}/misbehave", data={"party": "bank-vesta", "how": "ok"})
    assert (await client.push()).status_code == 201


def _claims(verified: Any) -> str:
    return msgspec.json.encode({"userinfo": {"verified_claims": verified}}).decode()
