"""The help centre: answers first, in four languages, whatever goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from ipse.incidents import Impact, Kind
from ipse.incidents.service import NewIncident
from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Limits
from ipse.web.application import Application
from ipse.web.edge import Edge
from ipse.web.help import NEVER, PACKAGE, QUESTIONS, HelpPage
from ipse.web.pages import Pages
from tests.functional.incidents.conftest import Desk

ORIGIN = "http://localhost:8000"
TOLD = {
    "address": ORIGIN,
    "app_address": "http://localhost:8002",
    "help": {
        "channels": [{"kind": "telephone", "value": "+32 2 555 01 00", "hours": "24/7"}],
        "status_address": "http://localhost:8007",
        "telephone_block": "+32 2 555 01 99",
    },
}
DOWN = NewIncident(kind=Kind.OUTAGE, impact=Impact.FULL, components=("approval",), technical="Gateway: TLS alert 42.")


async def _page(document: Mapping[str, Any], language: str = "en", *, trouble: bool = False) -> str:
    pages = Pages(name="Ipse", ids=RandomIds(), packages=(PACKAGE,))
    routes = HelpPage(pages, lambda: document, lambda: trouble).routes()
    clock, ids = SystemClock(), RandomIds()
    edge = Edge(
        Application(routes, pages.error_page), origin=ORIGIN, limits=Limits(), trusted_proxies=(), clock=clock, ids=ids
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=edge), base_url=ORIGIN) as client:
        response = await client.get("/help", params={"lang": language})
    assert response.status_code == 200
    assert len(response.content) < 40_000
    return response.text


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
async def test_everything_is_answered_in_every_language(language: str) -> None:
    page = await _page(TOLD, language)
    assert f'lang="{language}"' in page
    assert page.count("<details") == len(QUESTIONS)
    assert page.count('class="crossed"') == 1
    assert len(NEVER) == 6
    for part in ("+32 2 555 01 00", "24/7", "+32 2 555 01 99", "http://localhost:8002", 'href="/block?lang='):
        assert part in page


async def test_nothing_known_yet_is_a_page_too() -> None:
    assert 'data-now="well"' in await _page({})
    assert 'data-now="trouble"' in await _page({}, trouble=True)


async def test_an_incident_comes_first_and_specialists_read_more(desk: Desk) -> None:
    opened = await desk.incidents.open(DOWN, actor="operator:ada")
    await desk.board.refresh()
    page = await _page({**desk.board.document, **TOLD}, "de", trouble=True)
    assert 'data-now="incident"' in page
    assert "Das Zustimmen mit dem Telefon funktioniert zurzeit nicht." in page
    assert "Wählen Sie auf der Anmeldeseite" in page
    special = page.partition('id="specialists"')[2]
    assert opened.incident_id in special
    assert "Gateway: TLS alert 42." in special


async def test_a_breach_changes_what_is_said_of_safety(desk: Desk) -> None:
    breach = NewIncident(kind=Kind.SECURITY, impact=Impact.PARTIAL, components=("signing",), publish=True)
    await desk.incidents.open(breach, actor="operator:ada")
    await desk.board.refresh()
    page = await _page({**desk.board.document, **TOLD})
    assert "If in doubt, block your identity." in page
    assert "Yes. Nobody can approve in your name" not in page
