"""What a login costs the provider: a known number of statements, whatever the partner (DESIGN, section 4)."""

from __future__ import annotations

import pytest

from tests.functional.oidc.conftest import KINDS, Joining
from tests.functional.oidc.installation import Installation


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
