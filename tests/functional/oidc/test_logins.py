"""Whole logins and identifications, judged by an independent library (partner protocol, section 8: 1 to 14)."""

from __future__ import annotations

import base64
import json
import time

import pytest

from tests.functional.oidc.conftest import KINDS, Joining
from tests.functional.oidc.installation import Installation

PREFIX = "http://itsme.services/v2/claim/"
VALUES = {
    "given_name": "Ada",
    "family_name": "Vermeulen-Lacroix",
    "name": "Ada Vermeulen-Lacroix",
    "birthdate": "1990-02-28",
    "age_gte_18": True,
    "email": "ada@example.org",
    "email_verified": False,
    "phone_number": "+32 485694175",
    "phone_number_verified": True,
    "address": {"formatted": "Rue Haute 1\n1000 Bruxelles", "locality": "Bruxelles"},
    "BENationalNumber": "90022899937",
    "IDDocumentSN": "592001234567",
    "validityTo": {"IDDocumentSN": "2031-01-01T00:00:00Z"},
    "picture": {"format": "image/jpeg", "value": base64.b64encode(b"\xff\xd8 a picture").decode()},
}


@pytest.mark.parametrize("kind", KINDS)
async def test_login(installation: Installation, join: Joining, kind: str) -> None:
    party = await join(kind)
    began = await party.begin()
    subject = await installation.approve(began.handle)
    answer = await party.tokens(began)
    assert answer.keys() == {"access_token", "token_type", "expires_in", "id_token"}
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    claims = await party.opened(answer["id_token"])
    assert claims.keys() == {"iss", "sub", "aud", "iat", "exp", "auth_time", "acr", "nonce"}
    assert (claims["sub"], claims["nonce"], claims["acr"]) == (subject, began.nonce, PREFIX + "acr_basic")
    assert claims["exp"] == claims["iat"] + 300
    assert abs(claims["auth_time"] - time.time()) < 30
    assert len(subject) == 36
    assert subject.isalnum()
    assert subject == subject.lower()
    shared = await party.shared(answer["access_token"])
    assert shared.keys() == {"iss", "sub", "aud", "iat", "exp"}
    assert shared["sub"] == subject


@pytest.mark.parametrize("kind", KINDS)
async def test_identification_delivers_each_value_where_it_was_asked(
    installation: Installation, join: Joining, kind: str
) -> None:
    party = await join(kind, service="SHARE")
    claims = {
        "id_token": {PREFIX + "BENationalNumber": None, "age_gte_18": {"essential": True}, "birthdate": None},
        "userinfo": {PREFIX + "validityTo": None, PREFIX + "IDDocumentSN": None},
    }
    began = await party.begin(
        scope=f"openid service:{party.service} profile email phone address",
        claims=json.dumps(claims),
        acr_values=PREFIX + "acr_advanced",
    )
    await installation.approve(began.handle, values=VALUES, declined=frozenset({"birthdate", "email"}))
    answer = await party.tokens(began)
    token = await party.opened(answer["id_token"])
    assert (token[PREFIX + "BENationalNumber"], token["age_gte_18"]) == ("90022899937", True)
    assert token["acr"] == PREFIX + "acr_advanced"
    assert not {"birthdate", "email", "given_name", "picture"} & token.keys()
    shared = await party.shared(answer["access_token"])
    assert shared["given_name"] == "Ada"
    assert shared["phone_number"] == "+32 485694175"
    assert shared["address"]["locality"] == "Bruxelles"
    assert shared[PREFIX + "validityTo"] == {PREFIX + "IDDocumentSN": "2031-01-01T00:00:00Z"}
    assert shared["picture"] == f"{installation.issuer}/picture"
    assert not {"birthdate", "email", "gender", PREFIX + "BENationalNumber"} & shared.keys()
    assert None not in shared.values()
    picture = await party.browser.get(shared["picture"], headers={"Authorization": f"Bearer {answer['access_token']}"})
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    assert picture.content == b"\xff\xd8 a picture"
    assert picture.headers["cache-control"] == "no-store"


async def test_one_person_has_another_name_at_each_partner(installation: Installation, join: Joining) -> None:
    """T-17: pairwise, and stable."""
    person = await installation.new_person()
    names = []
    for kind in ("new-ec", "new-rsa", "new-ec"):
        party = await join(kind)
        began = await party.begin()
        await installation.approve(began.handle, person=person)
        claims = await party.opened((await party.tokens(began))["id_token"])
        names.append(claims["sub"])
    assert names[0] == names[2] != names[1]


async def test_state_and_nonce_are_optional(installation: Installation, join: Joining) -> None:
    party = await join()
    began = await party.begin(state=None, nonce=None, code_challenge=None, code_challenge_method=None)
    await installation.approve(began.handle)
    answer = await party.browser.get(f"{party.issuer}/sign-in/{began.handle}/finish")
    location = answer.headers["location"]
    assert "state=" not in location
    code = location.split("code=")[1].split("&")[0]
    assert len(code) == 36
    token = await party.token(code, None)
    assert "nonce" not in await party.opened(token.json()["id_token"])


async def test_refusal_goes_back_to_the_partner(installation: Installation, join: Joining) -> None:
    party = await join()
    began = await party.begin()
    await installation.reject(began.handle)
    came = await party.finish(began)
    assert came["error"] == "access_denied"
    assert came["error_description"]
    assert "code" not in came


async def test_a_demand_for_one_person_is_met_or_refused(installation: Installation, join: Joining) -> None:
    """OpenID Connect Core §3.1.2.2."""
    party = await join()
    person = await installation.new_person()
    subject = await installation.people.subject(person, party.client_id)
    wanted = json.dumps({"id_token": {"sub": {"value": subject}}})
    began = await party.begin(claims=wanted)
    await installation.approve(began.handle, person=person)
    assert (await party.opened((await party.tokens(began))["id_token"]))["sub"] == subject
    began = await party.begin(claims=wanted)
    await installation.approve(began.handle)
    code = (await party.finish(began))["code"]
    answer = await party.token(code, began.verifier)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_post_to_the_authorization_endpoint_leads_to_the_same_page(join: Joining) -> None:
    """Partner protocol 8.15: links work by GET; a form is sent on there with 303, not 307 (R-25)."""
    party = await join()
    endpoint = (await party.discover())["authorization_endpoint"]
    form = {
        "client_id": party.client_id,
        "response_type": "code",
        "scope": f"openid service:{party.service}",
        "redirect_uri": party.redirect_uri,
        "state": "a b&c=é",
    }
    answer = await party.browser.post(endpoint, data=form, headers={"Origin": "https://partner.example"})
    assert answer.status_code == 303
    page = await party.browser.get(
        f"http://localhost{answer.headers['location']}".replace("http://localhost", party.issuer.removesuffix("/v2"))
    )
    assert page.status_code == 200
    assert "/v2/sign-in/" in page.text


async def test_the_language_the_partner_asks_for(join: Joining) -> None:
    party = await join()
    for locales, language in (("fr", "fr"), ("xx de-AT", "de"), ("xx", "en"), ("nl fr", "nl")):
        page = await party.authorize(ui_locales=locales)
        assert f'lang="{language}"' in page.text
