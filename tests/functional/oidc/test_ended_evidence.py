"""What a person whose evidence has ended can still do at partners: log in at level `low`, and tell nothing."""

from __future__ import annotations

import json

import pytest

from ipse.kernel.keystore import Keystore
from tests.functional.oidc.conftest import Joining
from tests.functional.oidc.handsets import Handset, RefusedError, Works
from tests.functional.oidc.installation import Installation

SUBSTANTIAL = {"id_token": {"acr": {"essential": True, "value": "http://eidas.europa.eu/LoA/substantial"}}}
ATTRIBUTES = {"id_token": {"family_name": {"essential": True}}}


@pytest.fixture
async def handset(installation: Installation, keystore: Keystore) -> Handset:
    """A phone of somebody whose evidence ended a second ago."""
    handset = await (await Works.of(installation, keystore)).handset()
    ended = installation.clock.now() - 1_000_000
    text = "update people_accounts set evidence_expires_at = $2 where account_id = $1 returning account_id"
    await installation.database.rows(text, handset.account_id, ended)
    return handset


async def test_a_mere_login_works_on_at_level_low(installation: Installation, join: Joining, handset: Handset) -> None:
    party = await join()
    began = await party.begin()
    request = await handset.claim(began.handle)
    assert request.content["level"] == "low"
    await handset.approve(request)
    claims = await party.opened((await party.tokens(began))["id_token"])
    assert len(claims["sub"]) == 36
    assert (await handset.home())["evidence"]["renew"] is True


async def test_the_subject_stays_through_the_end(join: Joining, installation: Installation, handset: Handset) -> None:
    party = await join()
    subjects = set()
    for ends in (installation.clock.now() - 1_000_000, None):
        text = "update people_accounts set evidence_expires_at = $2 where account_id = $1 returning account_id"
        await installation.database.rows(text, handset.account_id, ends)
        began = await party.begin()
        await handset.approve(await handset.claim(began.handle))
        subjects.add((await party.opened((await party.tokens(began))["id_token"]))["sub"])
    assert len(subjects) == 1


@pytest.mark.parametrize("claims", [SUBSTANTIAL, ATTRIBUTES])
async def test_what_needs_evidence_is_refused_plainly(
    join: Joining, handset: Handset, claims: dict[str, object]
) -> None:
    """The request ends, so that nobody is asked for a code that would be worth nothing."""
    party = await join(service="SHARE")
    began = await party.begin(scope=f"openid service:{party.service} profile", claims=json.dumps(claims))
    with pytest.raises(RefusedError) as refused:
        await handset.claim(began.handle)
    assert refused.value.code == "evidence_expired"
    with pytest.raises(RefusedError) as over:
        await handset.claim(began.handle)
    assert over.value.code == "request_ended"
