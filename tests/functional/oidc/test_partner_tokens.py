"""Tokens of the partner itself (RFC 6749 §4.4): who gets one, what it is bound to, how it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from starlette.types import ASGIApp

from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.partners.model import PartnerToken
from ipse.partners.service import PartnerTokens
from ipse.storage.database import Database
from tests.functional.oidc.conftest import KINDS, register
from tests.functional.oidc.in_process import PROXY, installed, reach
from tests.functional.oidc.installation import Installation
from tests.functional.oidc.prover import Prover
from tests.functional.oidc.relying_party import RelyingParty
from tests.functional.oidc.test_dpop import ONE_ENGINE, Keys, said
from tests.functional.oidc.test_request_objects import change_service
from tests.support.certificates import issue

pytestmark = ONE_ENGINE
GRANT = "client_credentials"


@pytest.fixture
async def served(keystore: Keystore, database: Database) -> AsyncIterator[tuple[Installation, ASGIApp]]:
    async with installed(keystore, database, certificate_proxies=(PROXY,)) as running:
        yield running


async def joined(served: tuple[Installation, ASGIApp], keys: Keys, kind: str = "new-ec") -> RelyingParty:
    installation, application = served
    return await reach(await register(installation, kind, keys.get(kind), "LOGIN"), application)


async def read(installation: Installation, token: str) -> PartnerToken | None:
    return await PartnerTokens(installation.database, installation.clock, RandomIds()).read(token)


@pytest.mark.parametrize("kind", KINDS)
async def test_for_every_partner(served: tuple[Installation, ASGIApp], partner_keys: Keys, kind: str) -> None:
    party = await joined(served, partner_keys, kind)
    asked = {"grant_type": GRANT, "code": None, "redirect_uri": None}
    answer = await party.token("", None, **asked, scope="partner.log broker")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told.keys() == {"access_token", "expires_in", "token_type", "scope"}
    assert (told["expires_in"], told["token_type"], told["scope"]) == (600, "Bearer", "partner.log broker")
    known = await read(served[0], told["access_token"])
    assert known is not None
    assert (known.partner_id, known.scope, known.binding) == (party.client_id, "partner.log broker", "")
    assert said(await party.userinfo(told["access_token"])) == (401, "invalid_token")

    endpoint = (await party.discover())["revocation_endpoint"]
    await party.browser.post(endpoint, data={"token": told["access_token"], **party.credentials()})
    assert await read(served[0], told["access_token"]) is None
    for scope in ("openid", "broker openid", None, f"service:{party.service}"):
        assert said(await party.token("", None, **asked, scope=scope)) == (400, "invalid_scope")
    wrong = {"client_secret": "x" * 40} if party.secret else {"client_assertion": party.assertion(exp=1)}
    assert said(await party.token("", None, **asked, scope="broker", **wrong)) == (400, "invalid_client")
    await party.close()


async def test_bound_like_any_other(served: tuple[Installation, ASGIApp], partner_keys: Keys) -> None:
    party = await joined(served, partner_keys)
    prover = Prover(party)
    form = {"grant_type": GRANT, "scope": "partner.log broker"}
    answer = await prover.token("", None, **form)
    assert answer.json()["token_type"] == "DPoP"
    known = await read(served[0], answer.json()["access_token"])
    assert known is not None
    assert known.binding == f"jkt:{prover.thumbprint}"

    certificate = issue("CN=partner")
    await reach(party, served[1], peer=PROXY)
    party.browser.headers["Client-Cert"] = certificate.header
    bindings = []
    for scope in ("partner.log", "broker"):
        told = (await party.token("", None, grant_type=GRANT, scope=scope)).json()
        known = await read(served[0], told["access_token"])
        assert known is not None
        bindings.append(known.binding.partition(":")[0])
    assert bindings == ["x5t#S256", "x5t#S256"]
    await party.close()


async def test_a_strict_service_has_its_partner_prove_itself_strictly(
    served: tuple[Installation, ASGIApp], partner_keys: Keys
) -> None:
    """C-11: what a partner signed for our token endpoint, and another server passes on, opens no REST API."""
    party = await joined(served, partner_keys)
    form = {"grant_type": GRANT, "scope": "broker"}
    endpoint = (await party.discover())["token_endpoint"]
    legacy = await party.token("", None, **form, client_assertion=party.assertion(aud=endpoint))
    assert legacy.status_code == 200, "as existing partners speak"
    await change_service(served[0], party, profile="fapi2")
    refused = await party.token("", None, **form, client_assertion=party.assertion(aud=endpoint))
    assert said(refused) == (400, "invalid_client")
    assert (await party.token("", None, **form)).status_code == 200
    await party.close()


@pytest.mark.parametrize("media_type", ["application/jwt", "application/json"])
async def test_the_content_type_of_userinfo_is_agreed(
    served: tuple[Installation, ASGIApp], partner_keys: Keys, media_type: str
) -> None:
    """Partner protocol, section 6: it is a token either way."""
    from msgspec.structs import replace

    installation = served[0]
    party = await joined(served, partner_keys)
    partner = await installation.partners.partner(party.client_id)
    assert partner is not None
    agreed = replace(partner.algorithms, userinfo_media_type=media_type)
    await installation.partners.register_partner(replace(partner, algorithms=agreed), secret=None, actor="test")
    began = await party.begin()
    await installation.approve(began.handle)
    answer = await party.userinfo((await party.tokens(began))["access_token"])
    assert answer.headers["content-type"] == media_type
    assert (await party.opened(answer.text))["aud"] == party.client_id
    await party.close()
