"""`GET /v2/partner/log`: a partner's developer reads why requests were refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Limits
from ipse.oidc.service.dpop import Proofs
from ipse.partners.http import routes
from ipse.web.application import Application
from ipse.web.edge import Edge
from tests.functional.oidc.prover import Prover
from tests.functional.oidc.relying_party import RelyingParty
from tests.unit.partners.register import SECRET, desk, moved, secret_partner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ipse.partners.service import PartnerDesk
    from ipse.storage.database import Database

PATH = "/v2/partner/log"


@pytest.fixture
async def shop(database: Database) -> AsyncIterator[PartnerDesk]:
    made = desk(database)
    for partner_id in ("shop", "other"):
        await made.partners.register_partner(secret_partner(partner_id=partner_id), secret=SECRET, actor="test")
    for number in range(3):
        made.log.refused("shop", "LOGIN", "authorization", f"check_{number}", "invalid_scope", "beyond", source="query")
        moved(made, 1)
    made.log.refused("other", "OTHER", "token", "check_code", "invalid_grant", "not yours")
    await made.log.flush()
    yield made
    await made.close()


async def ask(made: PartnerDesk, token: str | None, query: str = "", scheme: str = "Bearer") -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"{scheme} {token}"}
    async with reached(made) as client:
        return await client.get(PATH + query, headers=headers)


def reached(made: PartnerDesk) -> httpx.AsyncClient:
    proofs = Proofs(("http://localhost/v2",), bytes(32), made.replays, SystemClock())
    edge = Edge(
        Application(routes(made, proofs)),
        origin="http://localhost",
        limits=Limits(),
        trusted_proxies=(),
        clock=SystemClock(),
        ids=RandomIds(),
    )
    transport = httpx.ASGITransport(edge)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


async def test_the_developer_reads_its_own_refusals(shop: PartnerDesk) -> None:
    token = await shop.tokens.issue("shop", "broker partner.log", seconds=60)
    answer = await ask(shop, token)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    lines: list[dict[str, Any]] = answer.json()["refusals"]
    assert [line["check"] for line in lines] == ["check_2", "check_1", "check_0"]
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", lines[2].pop("reference"))
    assert lines[2] == {
        "at": "2026-09-21T14:13:20Z", "service": "LOGIN", "endpoint": "authorization", "check": "check_0",
        "error": "invalid_scope", "description": "beyond", "source": "query", "kid": "", "times": 1,
    }  # fmt: skip
    since = await ask(shop, token, "?since=2026-09-21T14:13:21Z&limit=1")
    assert [line["check"] for line in since.json()["refusals"]] == ["check_2"]
    later = await ask(shop, token, "?since=2026-09-22")
    assert later.json() == {"refusals": []}


@pytest.mark.parametrize("query", ["?since=yesterday", "?limit=0", "?limit=1001", "?limit=x", "?limit=1&limit=2",
                                   "?since=2026-09-21T14:13:21", "?page=2", "?since=", "?limit="])  # fmt: skip
async def test_a_query_that_means_nothing_is_refused(shop: PartnerDesk, query: str) -> None:
    token = await shop.tokens.issue("shop", "partner.log", seconds=60)
    answer = await ask(shop, token, query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


async def test_only_a_token_of_the_partner_itself_reads(shop: PartnerDesk) -> None:
    """R-13: other tokens, other scopes and tokens bound to a key are refused here."""
    nothing = await ask(shop, None)
    assert (nothing.status_code, nothing.headers["www-authenticate"]) == (401, 'Bearer realm="ipse"')
    good = await shop.tokens.issue("shop", "partner.log", seconds=60)
    bound = [
        await shop.tokens.issue("shop", "partner.log", binding=f"{kind}:abc", seconds=60)
        for kind in ("jkt", "x5t#S256")
    ]
    for token, scheme in (
        ("unknown", "Bearer"),
        *((one, "Bearer") for one in bound),
        (bound[0], "DPoP"),
        (good, "DPoP"),
    ):
        answer = await ask(shop, token, scheme=scheme)
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert (await ask(shop, good, scheme="Basic")).status_code == 401
    narrow = await ask(shop, await shop.tokens.issue("shop", "broker partner.logs", seconds=60))
    assert (narrow.status_code, narrow.json()["code"]) == (403, "insufficient_scope")
    await shop.partners.set_state("shop", "stopped", actor="test")
    assert (await ask(shop, good)).status_code == 401


async def test_a_token_bound_to_a_key_comes_with_its_proof(shop: PartnerDesk) -> None:
    """RFC 9449 §7: the same proofs as at UserInfo, each counted once, with a nonce of ours."""
    async with reached(shop) as client:
        party = RelyingParty("http://localhost/v2", "shop", "", "", browser=client)
        prover, stranger = Prover(party), Prover(party)
        token = await shop.tokens.issue("shop", "partner.log", binding=f"jkt:{prover.thumbprint}", seconds=60)

        async def ask_with(who: Prover, proof: str) -> httpx.Response:
            headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
            return who.heard(await client.get(PATH, headers=headers))

        url = f"http://localhost{PATH}"
        first = await ask_with(prover, prover.proof("GET", url, token=token))
        assert (first.status_code, first.json()["code"]) == (401, "use_dpop_nonce")
        assert first.headers["www-authenticate"] == 'DPoP realm="ipse", error="use_dpop_nonce"'
        good = prover.proof("GET", url, token=token)
        answer = await ask_with(prover, good)
        assert answer.status_code == 200
        assert len(answer.json()["refusals"]) == 3
        again = await ask_with(prover, good)
        assert (again.status_code, again.json()["code"]) == (401, "invalid_dpop_proof")
        stranger.nonce = prover.nonce
        for wrong in (
            stranger.proof("GET", url, token=token),
            prover.proof("POST", url, token=token),
            prover.proof("GET", "http://localhost/v2/userinfo", token=token),
            prover.proof("GET", url),
        ):
            refused = await ask_with(prover, wrong)
            assert refused.status_code == 401
            assert refused.json()["code"] in {"invalid_dpop_proof", "invalid_token"}
