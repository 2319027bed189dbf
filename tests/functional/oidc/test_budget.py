"""What a login costs the provider: a known number of statements, whatever the partner (DESIGN, section 4)."""

from __future__ import annotations

import pytest

from tests.functional.oidc.conftest import KINDS, Joining
from tests.functional.oidc.installation import Installation
from tests.functional.oidc.prover import Prover
from tests.functional.oidc.strict import CHALLENGE, pushed
from tests.functional.oidc.test_request_objects import change_service


@pytest.mark.parametrize("kind", KINDS)
async def test_statements_of_each_request(installation: Installation, join: Joining, kind: str) -> None:
    party = await join(kind)
    by_key = party.secret is None
    began = await party.begin()  # partner, service and person key are known from here on
    await installation.approve(began.handle)
    await party.tokens(began)

    database = installation.database
    before = database.statements
    began = await party.begin()
    after_page = database.statements
    await installation.approve(began.handle)
    code = (await party.finish(began))["code"]
    before_token = database.statements
    answer = await party.token(code, began.verifier)
    after_token = database.statements
    await party.userinfo(answer.json()["access_token"])
    after_userinfo = database.statements

    known = 2  # partner and service, read again at most every two seconds
    assert after_page - before <= 1 + known, "one insert begins an action"
    assert after_token - before_token <= (2 if by_key else 1) + known, "the assertion's single use; the redemption"
    assert after_userinfo - after_token <= 1 + known, "one look at the token"


async def test_statements_under_the_stricter_profile(installation: Installation, join: Joining) -> None:
    """A pushed request, a proof at the token endpoint and one at UserInfo: what FAPI 2.0 adds to the plain login."""
    party = await join()
    await change_service(installation, party, profile="fapi2")
    prover, database, known = Prover(party), installation.database, 2
    warm = (await prover.token(*await pushed(installation, party))).json()["access_token"]
    assert (await prover.read(warm)).status_code == 200

    before = database.statements
    told = await party.push(code_challenge=CHALLENGE, code_challenge_method="S256")
    after_push = database.statements
    query = {"client_id": party.client_id, "request_uri": told.json()["request_uri"]}
    page = await party.browser.get((await party.discover())["authorization_endpoint"], params=query)
    assert page.status_code == 200
    after_page = database.statements
    code, verifier = await pushed(installation, party)
    before_token = database.statements
    token = (await prover.token(code, verifier)).json()["access_token"]
    after_token = database.statements
    assert (await prover.read(token)).status_code == 200
    after_userinfo = database.statements

    assert after_push - before <= 2 + known, "the assertion's single use; the request"
    assert after_page - after_push <= 3 + known, "the browser it belongs to; the action; which action it is"
    assert after_token - before_token <= 3 + known, "the assertion's single use; the proof's; the redemption"
    assert after_userinfo - after_token <= 2 + known, "one look at the token; the proof's single use"
