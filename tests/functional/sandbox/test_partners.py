"""What the demo partners believe, and what they tell their visitors when they do not."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from ipse.kernel.ids import RandomIds
from ipse.sandbox.partner.orders import ORDERS
from ipse.sandbox.places import Places
from ipse.sandbox.server import application
from ipse.sandbox.world import World
from ipse.standards.canonical_json import digest
from tests.functional.sandbox.forger import ACR_ADVANCED, Forger
from tests.functional.sandbox.running import free_ports, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")
PARTNERS = ("shop", "portal")


@dataclass
class Stage:
    """A world whose scheme is a forger, and a browser."""

    world: World
    forger: Forger
    browser: httpx.AsyncClient

    async def start(self, partner: str, service: str = "login") -> dict[str, str]:
        """Begin a login; the parameters of the authorization request."""
        answer = await self.browser.get(f"{self.world.places.world}/{partner}/{service}")
        assert answer.status_code == 303, answer.text
        parameters = dict(httpx.URL(answer.headers["location"]).params)
        self.forger.nonce = parameters["nonce"]
        return parameters

    async def come_back(self, partner: str, **parameters: str) -> httpx.Response:
        address = f"{self.world.places.world}/{partner}/callback"
        return await self.browser.get(address, params=parameters, follow_redirects=True)

    async def log_in(self, partner: str) -> httpx.Response:
        started = await self.start(partner)
        return await self.come_back(partner, code="c", state=started["state"], iss=self.forger.issuer)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    places = Places.on_this_machine(free_ports())
    world = World.create(tmp_path_factory.mktemp("world"), places, RandomIds())
    forger = Forger(world)
    async with (
        serving(forger.application(), places.port),
        serving(application(world), places.port + 1),
        httpx.AsyncClient(timeout=30, trust_env=False) as browser,
    ):
        yield Stage(world, forger, browser)


@pytest.fixture
def stage(shared: Stage) -> Stage:
    """The shared stage with an honest forger and a browser without cookies."""
    for name, value in {"id_token": {}, "userinfo": {}, "header": {}, "form": "nested", "token_error": ""}.items():
        setattr(shared.forger, name, value)
    shared.forger.foreign_key = False
    shared.forger.token_requests.clear()
    shared.browser.cookies.clear()
    return shared


@pytest.mark.parametrize("partner", PARTNERS)
async def test_an_honest_answer_logs_in(stage: Stage, partner: str) -> None:
    page = await stage.log_in(partner)
    assert page.status_code == 200
    assert str(page.url).endswith(f"/{partner}/received")
    assert "Ada" in page.text
    assert "a" * 36 in page.text


@pytest.mark.parametrize("partner", PARTNERS)
@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": ["shop", "portal"]},
        {"exp": 1},
        {"exp": None},
        {"iat": 9_999_999_999},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"acr": None},
        {"acr": "http://itsme.services/v2/claim/acr_nonsense"},
    ],
)
async def test_an_id_token_that_says_something_else_is_not_believed(
    stage: Stage, partner: str, changes: dict[str, Any]
) -> None:
    """OpenID Connect Core 1.0 §3.1.3.7."""
    stage.forger.id_token = changes
    _assert_failed(await stage.log_in(partner), "suspicious")


@pytest.mark.parametrize("changes", [{"sub": "b" * 36}, {"iss": "https://evil.example"}, {"aud": "another"}])
async def test_userinfo_about_somebody_else_is_not_believed(stage: Stage, changes: dict[str, Any]) -> None:
    stage.forger.userinfo = changes
    _assert_failed(await stage.log_in("portal"), "suspicious")


@pytest.mark.parametrize("partner", PARTNERS)
@pytest.mark.parametrize("form", ["signed", "encrypted"])
async def test_a_token_that_is_not_signed_then_encrypted_is_not_believed(stage: Stage, partner: str, form: str) -> None:
    stage.forger.form = form
    _assert_failed(await stage.log_in(partner), "suspicious")


@pytest.mark.parametrize("partner", PARTNERS)
async def test_a_signature_by_another_key_is_not_believed(stage: Stage, partner: str) -> None:
    stage.forger.foreign_key = True
    _assert_failed(await stage.log_in(partner), "suspicious")


async def test_a_signature_by_another_algorithm_is_not_believed(stage: Stage) -> None:
    stage.forger.header = {"kid": "r1"}
    _assert_failed(await stage.log_in("portal"), "suspicious")


async def test_the_portal_wants_the_code(stage: Stage) -> None:
    stage.forger.id_token = {"acr": "http://itsme.services/v2/claim/acr_basic"}
    _assert_failed(await stage.log_in("portal"), "suspicious")
    assert "Ada" in (await stage.log_in("shop")).text


async def test_an_answer_of_another_issuer_is_not_redeemed(stage: Stage) -> None:
    """RFC 9207: mix-up."""
    started = await stage.start("shop")
    answer = await stage.come_back("shop", code="c", state=started["state"], iss="https://evil.example")
    _assert_failed(answer, "suspicious")
    assert stage.forger.token_requests == []


async def test_a_login_ends_only_in_the_browser_that_began_it(stage: Stage) -> None:
    """T-14 at the partner: a callback somebody else sends brings nobody in."""
    started = await stage.start("shop")
    cookies = dict(stage.browser.cookies)
    stage.browser.cookies.clear()
    _assert_failed(await stage.come_back("shop", code="c", state=started["state"]), "not_here")
    assert stage.forger.token_requests == []
    for name, value in cookies.items():
        stage.browser.cookies.set(name, value, domain="127.0.0.1", path="/shop")
    assert "Ada" in (await stage.come_back("shop", code="c", state=started["state"])).text


async def test_a_state_works_once(stage: Stage) -> None:
    started = await stage.start("shop")
    await stage.come_back("shop", code="c", state=started["state"])
    stage.forger.token_requests.clear()
    _assert_failed(await stage.come_back("shop", code="c", state=started["state"]), "not_here")
    assert stage.forger.token_requests == []


@pytest.mark.parametrize(("error", "kind"), [("access_denied", "refused"), ("server_error", "broken")])
async def test_errors_are_told_kindly(stage: Stage, error: str, kind: str) -> None:
    started = await stage.start("portal", "identify")
    page = await stage.come_back("portal", error=error, error_description="<b>x</b>", state=started["state"])
    _assert_failed(page, kind)
    assert "<b>x" not in page.text
    assert "/portal/identify" in page.text


async def test_a_refused_code_is_told_kindly(stage: Stage) -> None:
    stage.forger.token_error = "invalid_grant"
    _assert_failed(await stage.log_in("shop"), "broken")


async def test_the_request_binds_the_answer(stage: Stage) -> None:
    shop, portal = await stage.start("shop", "identify"), await stage.start("portal")
    for parameters in (shop, portal):
        assert parameters["code_challenge_method"] == "S256"
        assert len(parameters["code_challenge"]) == 43
        assert len(parameters["state"]) >= 43
    assert portal["acr_values"] == ACR_ADVANCED
    assert "service:SHOP_IDENTIFY" in shop["scope"].split()


async def test_the_shop_proves_itself_by_secret_and_the_portal_by_key(stage: Stage) -> None:
    await stage.log_in("shop")
    await stage.log_in("portal")
    shop, portal = stage.forger.token_requests
    assert shop["client_secret"] == stage.world.secrets.shop_secret
    assert "client_secret" not in portal
    assert portal["client_assertion"].count(".") == 2


async def test_logging_out_forgets(stage: Stage) -> None:
    await stage.log_in("shop")
    base = f"{stage.world.places.world}/shop"
    await stage.browser.post(f"{base}/logout")
    assert (await stage.browser.get(f"{base}/received")).headers["location"] == "/shop/"


async def test_a_partner_turns_people_away_on_request(stage: Stage) -> None:
    world = stage.world.places.world
    await stage.browser.post(f"{world}/misbehave", json={"party": "shop", "how": "refuse"})
    _assert_failed(await stage.log_in("shop"), "turned_away")
    await stage.browser.post(f"{world}/misbehave", json={"party": "shop", "how": "ok"})


@pytest.mark.parametrize("partner", PARTNERS)
async def test_a_partner_waits_for_a_scheme_that_is_away_and_finishes(
    tmp_path_factory: pytest.TempPathFactory, partner: str
) -> None:
    """The scheme dies between code and token; its partner lives on and finishes, each try with a fresh assertion."""
    places = Places.on_this_machine(free_ports())
    world = World.create(tmp_path_factory.mktemp("world"), places, RandomIds())
    forger = Forger(world)
    async with (
        serving(application(world), places.port + 1),
        httpx.AsyncClient(timeout=30, trust_env=False) as browser,
    ):
        stage = Stage(world, forger, browser)
        async with serving(forger.application(), places.port):
            started = await stage.start(partner)
        coming = asyncio.create_task(stage.come_back(partner, code="c", state=started["state"]))
        await asyncio.sleep(1)
        assert not coming.done()
        async with serving(forger.application(), places.port):
            assert "Ada" in (await coming).text
    assert len({request.get("client_assertion", n) for n, request in enumerate(forger.token_requests)}) == 1


def _assert_failed(page: httpx.Response, kind: str) -> None:
    assert f'data-kind="{kind}"' in page.text, page.text
    assert "/received" not in str(page.url)


CLAIM = "http://itsme.services/v2/claim/"
APPROVAL = CLAIM + "claim_approval_"


def confirmed(stage: Stage, order: str) -> dict[str, Any]:
    """What an honest scheme says in the ID token once this order was confirmed."""
    template = {name: how["value"] for name, how in _asked(stage)["id_token"].items() if name.startswith(APPROVAL)}
    claims: dict[str, Any] = {**template, CLAIM + "approval_digest": "d" * 43}
    if ORDERS[order].details:
        claims["authorization_details"] = msgspec.json.decode(stage.forger.pushed["authorization_details"])
        claims[CLAIM + "authorization_details_digest"] = digest(claims["authorization_details"])
    return claims


def _asked(stage: Stage) -> dict[str, Any]:
    asked: dict[str, Any] = {"id_token": {}} | msgspec.json.decode(stage.forger.pushed.get("claims") or "{}")
    return asked


async def order_confirmed(stage: Stage, order: str, **lies: Any) -> httpx.Response:
    answer = await stage.browser.get(f"{stage.world.places.world}/shop/confirm/{order}")
    assert answer.status_code == 303
    carried = dict(httpx.URL(answer.headers["location"]).params)
    assert carried.keys() == {"client_id", "request_uri"}
    pushed = stage.forger.pushed
    stage.forger.nonce = pushed["nonce"]
    stage.forger.id_token = confirmed(stage, order) | lies
    return await stage.come_back("shop", code="c", state=pushed["state"], iss=stage.forger.issuer)


@pytest.mark.parametrize("order", ORDERS)
async def test_an_order_that_was_confirmed_is_done(stage: Stage, order: str) -> None:
    """The browser carries a number only; what is ordered was pushed before."""
    page = await order_confirmed(stage, order)
    assert ORDERS[order].done in page.text
    assert stage.forger.pushed["scope"] == "openid service:SHOP_PAY"


@pytest.mark.parametrize(
    ("order", "lies"),
    [
        ("voucher", {APPROVAL + "amount_key": "5"}),
        ("voucher", {APPROVAL + "iban_key": "NL91ABNA0417164300"}),
        ("voucher", {APPROVAL + "currency_key": None}),
        ("voucher", {CLAIM + "approval_digest": None}),
        ("club", {APPROVAL + "text_key": "something else"}),
        ("fern", {"authorization_details": None}),
        ("fern", {"authorization_details": []}),
        ("fern", {CLAIM + "authorization_details_digest": "x" * 43}),
        ("fern", {"authorization_details": [{"type": "payment"}]}),
    ],
)
async def test_a_token_about_another_payment_is_not_believed(stage: Stage, order: str, lies: dict[str, Any]) -> None:
    """B-41, on the partner's side."""
    _assert_failed(await order_confirmed(stage, order, **lies), "suspicious")


async def test_a_known_customer_is_meant_and_nobody_else(stage: Stage) -> None:
    await stage.log_in("shop")
    stage.forger.id_token = {}
    page = await order_confirmed(stage, "fern")
    assert _asked(stage)["userinfo"] == {"sub": {"value": "a" * 36}}
    assert "Ada" in page.text
    stage.forger.userinfo = {"sub": "b" * 36}
    _assert_failed(await order_confirmed(stage, "fern", sub="b" * 36), "suspicious")


async def test_a_request_that_is_not_taken_is_told_kindly(stage: Stage) -> None:
    stage.forger.token_error = "invalid_authorization_details"
    page = await stage.browser.get(f"{stage.world.places.world}/shop/confirm/fig")
    _assert_failed(page, "broken")
    assert "/shop/confirm/fig" in page.text


async def test_what_is_not_sold_leads_back_to_the_shop(stage: Stage) -> None:
    answer = await stage.browser.get(f"{stage.world.places.world}/shop/confirm/bonsai")
    assert (answer.status_code, answer.headers["location"]) == (303, "/shop/")
