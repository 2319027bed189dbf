"""Codes on printed sheets: they block without the phone, once, and guessing them leads nowhere (both databases)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from ipse.kernel.clock import SECOND
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.panic import http as panic_http
from ipse.panic.errors import TooManyContacts
from ipse.panic.model import Outcome
from ipse.panic.service import Telephones
from ipse.people.model import AccountState, BlockReason
from ipse.phones.errors import PhoneStoppedError
from ipse.web.assets import routes as asset_routes
from ipse.web.edge import Edge
from ipse.web.pages import Pages
from ipse.web.problems import handlers
from tests.functional.oidc.handsets import CODE, DURESS, RefusedError, Works
from tests.functional.oidc.installation import Installation

_TOLD = "select count(*) as n from notices_notices where account_id = $1 and kind = $2"
HOUR = 3600 * SECOND


@pytest.fixture
async def works(installation: Installation, keystore: Keystore) -> Works:
    return await Works.of(installation, keystore)


@pytest.fixture
async def browser(works: Works) -> AsyncIterator[httpx.AsyncClient]:
    """The pages and the call of telephone menus, without a network."""
    settings, clock = works.installation.settings, works.installation.clock
    pages = Pages(name="Ipse", ids=RandomIds(), packages=("ipse.panic",))
    routes = [*panic_http.routes(works.panic, pages), *asset_routes(pages.assets)]
    application = Starlette(routes=routes, exception_handlers=handlers(pages.error_page))
    edge = Edge(
        application, origin=settings.base_url, limits=settings.limits, trusted_proxies=(), certificate_proxies=(),
        clock=clock, ids=RandomIds(),
    )  # fmt: skip
    headers = {"origin": settings.base_url}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(edge), base_url=settings.base_url, headers=headers
    ) as client:
        yield client


async def _told(works: Works, account_id: str, kind: str) -> int:
    row = await works.installation.database.row(_TOLD, account_id, kind)
    assert row is not None
    return int(row["n"])


async def _state(works: Works, account_id: str) -> tuple[str, str | None]:
    account = await works.installation.people.account(account_id)
    return account.state, account.why


async def test_a_sheet_blocks_without_the_phone_and_the_person_is_told(works: Works) -> None:
    phone = await works.handset()
    made = await phone.panic_sheet()
    assert made["holder"] == "person"
    assert await _told(works, phone.account_id, "panic_sheet_made") == 1
    assert await works.panic.take(made["code"], source="192.0.2.1") is Outcome.TAKEN
    assert await _state(works, phone.account_id) == (AccountState.BLOCKED, BlockReason.PANIC)
    with pytest.raises(PhoneStoppedError):
        await phone.home()
    assert await _told(works, phone.account_id, "blocked") == 1


async def test_a_new_sheet_makes_the_old_one_worth_nothing(works: Works) -> None:
    phone = await works.handset()
    old, new = await phone.panic_sheet(), await phone.panic_sheet()
    assert [sheet["sheet"] for sheet in await phone.panic_sheets()] == [new["sheet"]]
    await works.panic.take(old["code"], source="a")
    assert (await _state(works, phone.account_id))[0] == AccountState.ACTIVE
    await works.panic.take(new["code"], source="a")
    assert (await _state(works, phone.account_id))[0] == AccountState.BLOCKED


async def test_a_used_sheet_is_used_up(works: Works) -> None:
    """It does not block the identity again that its person has brought back."""
    phone = await works.handset()
    made = await phone.panic_sheet()
    await works.panic.take(made["code"], source="a")
    await works.installation.database.rows(
        "update people_accounts set state = 'active', why = null where account_id = $1 returning account_id",
        phone.account_id,
    )
    assert await works.panic.take(made["code"], source="a") is Outcome.TAKEN
    assert (await _state(works, phone.account_id))[0] == AccountState.ACTIVE


async def test_contacts_have_codes_of_their_own_that_can_be_taken_back(works: Works) -> None:
    phone = await works.handset()
    own = await phone.panic_sheet()
    noor, kim = await phone.panic_sheet(contact="Noor"), await phone.panic_sheet(contact="Kim")
    await phone.panic_sheet(contact="Lou")
    with pytest.raises(RefusedError, match=TooManyContacts.code):
        await phone.panic_sheet(contact="One too many")
    assert [sheet["name"] for sheet in await phone.panic_sheets()] == ["", "Noor", "Kim", "Lou"]
    await phone.revoke_sheet(noor["sheet"])
    await works.panic.take(noor["code"], source="a")
    assert (await _state(works, phone.account_id))[0] == AccountState.ACTIVE
    await works.panic.take(kim["code"], source="a")
    assert (await _state(works, phone.account_id))[0] == AccountState.BLOCKED
    assert own["code"] != kim["code"]


async def test_making_one_costs_the_code_and_a_forced_one_is_worth_nothing(works: Works) -> None:
    phone = await works.handset()
    await phone.set_duress()
    real = await phone.panic_sheet()
    with pytest.raises(RefusedError, match="wrong_code"):
        await phone.panic_sheet(code="20001")
    forced = await phone.panic_sheet(code=DURESS)
    assert forced.keys() == real.keys()
    rows = await works.installation.database.rows(
        "select state from panic_sheets where account_id = $1", phone.account_id
    )
    assert [row["state"] for row in rows] == ["active"]


async def test_guesses_are_limited_for_each_source_and_in_all(works: Works) -> None:
    """One conditional statement each: 40 at once from one place take exactly the five there are."""
    outcomes = await asyncio.gather(*(works.panic.take(_code(number), source="here") for number in range(40)))
    assert outcomes.count(Outcome.TAKEN) == 5
    elsewhere = [await works.panic.take(_code(number), source=f"place {number}") for number in range(40)]
    assert elsewhere.count(Outcome.TAKEN) == 25


async def test_addresses_of_one_network_are_one_source(works: Works) -> None:
    """Whoever has a network of addresses would else use up the guesses of all, and with them everybody's sheets."""
    outcomes = [await works.panic.take(_code(number), source=f"2001:db8:1::{number}") for number in range(1, 20)]
    assert outcomes.count(Outcome.TAKEN) == 5
    assert await works.panic.take(_code(50), source="2001:db8:2::1") is Outcome.TAKEN


async def test_a_slip_costs_nothing_and_an_hour_later_guesses_count_anew(works: Works) -> None:
    for _ in range(20):
        assert await works.panic.take("1234 5678 9012 00", source="here") is Outcome.MISTYPED
    for _ in range(5):
        assert await works.panic.take(_code(1), source="here") is Outcome.TAKEN
    assert await works.panic.take(_code(1), source="here") is Outcome.TOO_MANY
    await works.installation.database.rows(
        "update panic_guesses set begun_at = begun_at - $1 where guesses > 0 returning bucket", HOUR
    )
    assert await works.panic.take(_code(1), source="here") is Outcome.TAKEN


async def test_the_page_answers_the_same_to_right_and_wrong(works: Works, browser: httpx.AsyncClient) -> None:
    """No login, no JavaScript, and not one byte between a code that blocks and one that does not."""
    phone = await works.handset()
    made = await phone.panic_sheet()
    page = await browser.get("/block/panic?lang=nl")
    assert "<script" not in page.text
    assert 'href="/block?lang=nl"' in page.text
    token = page.text.split('name="token" value="')[1].split('"')[0]
    given = [{"token": token, "code": code} for code in (_code(7), made["code"])]
    answers = [await browser.post("/block/panic?lang=nl", data=fields) for fields in given]
    assert answers[0].status_code == answers[1].status_code == 200
    assert answers[0].text == answers[1].text
    assert (await _state(works, phone.account_id))[0] == AccountState.BLOCKED
    slip = await browser.post("/block/panic", data={"token": token, "code": "1234"})
    assert (slip.status_code, 'role="alert"' in slip.text) == (422, True)


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
@pytest.mark.parametrize("engine", ["sqlite"])
async def test_the_page_speaks(browser: httpx.AsyncClient, language: str) -> None:
    page = await browser.get(f"/block/panic?lang={language}")
    assert f'lang="{language}"' in page.text
    assert "panic." not in page.text.replace("panic.css", "")


async def test_a_telephone_menu_blocks_with_its_token_alone(works: Works, browser: httpx.AsyncClient) -> None:
    phone = await works.handset()
    made = await phone.panic_sheet()
    telephones = Telephones(works.installation.database, works.installation.clock, RandomIds())
    telephone, token = await telephones.add("Night desk", actor="test")
    body = {"digits": made["code"].replace(" ", ""), "line": "7", "language": "fr"}
    assert (await browser.post("/v1/telephone/panic", json=body)).status_code == 401
    right = {"Authorization": f"Bearer {token}"}
    assert (await browser.post("/v1/telephone/panic", json={"no": 1}, headers=right)).status_code == 400
    slip = (await browser.post("/v1/telephone/panic", json=body | {"digits": "12"}, headers=right)).json()
    assert (slip["outcome"], "quatorze" in slip["say"]) == ("mistyped", True)
    told = (await browser.post("/v1/telephone/panic", json=body, headers=right)).json()
    assert told["outcome"] == "taken"
    assert (await _state(works, phone.account_id))[0] == AccountState.BLOCKED
    assert await telephones.remove(telephone.telephone_id, actor="test")
    assert (await browser.post("/v1/telephone/panic", json=body, headers=right)).status_code == 401


async def test_no_code_lies_in_the_database(works: Works) -> None:
    """T-2: of a sheet there is a keyed index, and of a contact a sealed name."""
    phone = await works.handset()
    made = await phone.panic_sheet(contact="Marie-Noor")
    rows = await works.installation.database.rows(
        "select sheet_id, account_id, holder, sealed_name, code_index, state from panic_sheets"
    )
    text = repr(
        [[row[name] for name in ("sheet_id", "account_id", "holder", "sealed_name", "code_index")] for row in rows]
    )
    digits = made["code"].replace(" ", "")
    assert digits not in text
    assert digits[:12] not in text
    assert "Marie-Noor" not in text
    assert CODE not in text


def _code(number: int) -> str:
    from ipse.panic import rules

    return rules.whole(f"{number:012}")
