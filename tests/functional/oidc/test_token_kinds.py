"""R-13: each kind of token at each place where it does not belong is refused, and none is spent by it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from ipse.actions.service import Actions
from ipse.app.composition import build_scheme
from ipse.kernel.clock import FrozenClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.oidc.service import build_provider
from ipse.partners.service import PartnerDesk
from ipse.storage.database import Database
from tests.functional.oidc.back_channel import Door, Street
from tests.functional.oidc.conftest import register
from tests.functional.oidc.in_process import client_of
from tests.functional.oidc.installation import Installation, settings_at
from tests.functional.oidc.prover import Prover
from tests.functional.oidc.test_dpop import ONE_ENGINE, Keys
from tests.functional.oidc.test_request_objects import change_service
from tests.functional.oidc.token_kinds import Matrix, judged

pytestmark = ONE_ENGINE
BELONGS = {
    "client assertion at token": {"client assertion", "client assertion for the token endpoint"},
    "client assertion at par": {"client assertion"},
    "client assertion at revocation": {"client assertion"},
    "client assertion at back channel": {"client assertion"},
    "client assertion at user discovery": {"client assertion"},
    "client secret": set(),
    "code": {"code"},
    "auth_req_id": {"auth_req_id"},
    "DPoP at token": {"DPoP proof of a token request"},
    "DPoP at par": {"DPoP proof of a pushed request"},
    "DPoP at UserInfo": {"DPoP proof of a UserInfo request"},
    "request object": {"request object", "request object without a type"},
    "request object at par": {"request object", "request object without a type"},
    "request_uri": {"pushed request"},
    "request_uri at par": set(),
    "back-channel request": {"back-channel request"},
    "user identifier token": {"user identifier token"},
    "subject code": {"subject"},
    "UserInfo": {"access token"},
    "picture": {"access token"},
    "UserInfo with the DPoP scheme": {"bound access token"},
    "request log": {"partner's token for the log"},
    "REST API": {"partner's token for the broker"},
    "REST API, signed": {"broker's signed request"},
    "phone": {"phone message"},
}
"""The kinds that a place takes."""


@pytest.fixture
async def matrix(keystore: Keystore, database: Database, partner_keys: Keys) -> AsyncIterator[Matrix]:
    """The whole scheme, with a partner that uses everything there is."""
    settings, clock, ids = (
        settings_at(18_482, "sqlite:///given"),
        FrozenClock(round(time.time()) * 1_000_000),
        RandomIds(),
    )
    scheme = await build_scheme(settings, keystore, database, clock=clock, ids=ids)
    actions = Actions(database, scheme.people, scheme.keys, clock, ids, settings.lifetimes)
    provider = build_provider(
        settings,
        keystore=scheme.keys,
        database=database,
        clock=clock,
        ids=ids,
        desk=PartnerDesk.around(scheme.partners, ids=ids),
        actions=actions,
    )
    installation = Installation(settings, database, scheme.people, scheme.partners, actions, provider, clock)
    party = await register(installation, "new-ec", partner_keys["new-ec"], "LOGIN")
    await change_service(installation, party, backchannel_mode="poll")
    await party.close()
    door = Door(
        issuer=party.issuer,
        client_id=party.client_id,
        redirect_uri=party.redirect_uri,
        service=party.service,
        signing=party.signing,
        encryption=party.encryption,
        algorithms=party.algorithms,
        browser=client_of(scheme.application),
        clock=clock,
    )
    yield Matrix(Street(installation, clock), door, Prover(door), settings.base_url)
    await door.close()
    await provider.pings.close()
    await provider.request_log.close()
    await scheme.close()


async def test_every_kind_at_every_place(matrix: Matrix) -> None:
    places, kinds = matrix.places(), await matrix.kinds()
    matrix.bound = kinds["bound access token"]
    assert places.keys() == BELONGS.keys()
    assert set().union(*BELONGS.values()) <= kinds.keys()
    wrongly_taken = []
    for place, present in places.items():
        for kind, value in kinds.items():
            if kind in BELONGS[place]:
                continue
            verdict = judged(await present(value))
            # At the REST API a caller who is believed learns that there is no such session.
            if verdict in {"taken", "404"}:
                wrongly_taken.append((kind, place, verdict))
    assert wrongly_taken == []
    await still_good(matrix, kinds)


async def still_good(matrix: Matrix, kinds: dict[str, str]) -> None:
    """Nothing of it was spent, and each place takes its own kind."""
    places, door = matrix.places(), matrix.door
    for place in (
        *("client assertion at token", "request object", "request_uri", "user identifier token", "UserInfo"),
        *("request log", "DPoP at UserInfo", "back-channel request", "DPoP at par"),
    ):
        (kind, *_) = sorted(BELONGS[place])
        assert judged(await places[place](kinds[kind])) == "taken", place
    for place in ("REST API", "REST API, signed"):
        (kind,) = BELONGS[place]
        assert judged(await places[place](kinds[kind])) == "404", place
    for place in ("client assertion at par", "client assertion at revocation", "client assertion at user discovery"):
        assert judged(await places[place](door.assertion())) == "taken", place
    assert (await door.fetch(kinds["auth_req_id"])).json()["error"] in {"authorization_pending", "slow_down"}
    refused = (await places["DPoP at token"](kinds["DPoP proof of a token request"])).json()
    assert refused["error"] == "invalid_grant", "the proof was taken, the code is none"
    refused = (await places["code"](kinds["code"])).json()
    assert refused["error_description"].startswith("code_verifier"), "the code was found, the verifier is another's"
