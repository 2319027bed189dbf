"""What everybody sees of the figures: at two sizes, in four languages, and never a small number."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import async_playwright

from ipse.kernel.clock import FrozenClock, read
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import StatisticsSettings
from ipse.storage.database import Database, open_database
from ipse.storage.migrations import migrate
from tests.functional.sessions.house import House, living
from tests.functional.statistics import a_year
from tests.functional.statistics.conftest import FIRST_PORT
from tests.support.looking import onlooker

NOW = read("2026-11-22T10:00:00Z")
PICTURES = Path(__file__).parents[3] / "artefacts" / "figures"
TABLES = ("people", "new_people", "requests", "partners", "methods", "fallbacks", "top")


@pytest.fixture
async def country(keystore: Keystore, tmp_path: Path) -> AsyncIterator[House]:
    database: Database = await open_database(f"sqlite://{tmp_path / 'year.db'}")
    await migrate(database, now=NOW)
    told = StatisticsSettings(adult_population=180_000)
    async with living(keystore, database, clock=FrozenClock(NOW), first_port=FIRST_PORT, statistics=told) as house:
        await a_year.register(house.scheme.partners)
        await a_year.fill(database, NOW)
        yield house
    await database.close()


async def test_the_page_is_read_by_everybody(country: House, chromium: str) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for size, language, dark in (
            ("desktop", "nl", False),
            ("phone", "fr", False),
            ("phone", "de", True),
            ("desktop", "en", True),
        ):
            async with onlooker(
                browser, PICTURES, size=size, language=language, dark=dark, java_script_enabled=True
            ) as seen:
                await seen.open(f"{country.base}/statistics", "figures" + ("-dark" if dark else ""))
                assert await seen.page.locator("section.card figure svg").count() >= 6
                assert await seen.page.locator("#tile-people").count() == 1
        await browser.close()


async def test_no_small_number_is_told_and_nobody_can_reckon_it(country: House) -> None:
    async with httpx.AsyncClient(base_url=country.base) as http:
        page = await http.get("/statistics?lang=en")
        assert page.headers["cache-control"] == "public, max-age=300"
        assert "test persons" in page.text
        assert "Small Club" not in page.text
        document = (await http.get("/statistics.json")).json()
        for name in TABLES:
            answer = await http.get(f"/statistics/{name}.csv")
            assert answer.headers["content-type"].startswith("text/csv")
            heads, *lines = csv.reader(io.StringIO(answer.text))
            assert len(heads) >= 2
            assert lines
            small = [cell for line in lines for cell in line if re.fullmatch(r"[1-9]", cell)]
            assert not small, (name, small)
        assert (await http.get("/statistics/other.csv")).status_code == 404
    daily = document["tables"]["new_people"]["rows"]
    assert daily["2026-11-11"] == [None]
    assert len([cells for cells in daily.values() if cells == [None]]) == 2
    assert (document["people"], document["test"]) == (64_400, True)
    assert document["share"] == round(64_400 / 180_000, 3)
    assert document["growth"] == pytest.approx(64_400 / 42_140 - 1, rel=0.01)
    assert list(document["top"]["government"][0]["service"]) == ["nl", "fr", "de", "en"]


async def test_only_whole_days_are_told_in_production(country: House) -> None:
    from ipse.statistics.service.public import PublicFigures

    statistics = country.works.features.statistics
    figures = PublicFigures(
        statistics.database, country.clock, statistics.folding.sources, adults=0, smallest=10, whole_days=True
    )
    found = await figures.now()
    assert f"{found.until}" == "2026-11-21"
    assert found.share is None
    assert f"{found.closed}" == "2026-10-31"
    assert found.people is not None
    assert (found.people % 10, found.people < 64_344) == (0, True)
    assert [line.name for line in found.table("requests").lines][-1] == "2026-10"
    country.clock.advance(seconds=86_400)
    next_day = await figures.now()
    assert f"{next_day.until}" == "2026-11-22"
    assert (next_day.people, next_day.top) == (found.people, found.top)
    same = ("people", "requests", "partners", "methods", "fallbacks")
    assert [next_day.table(name) for name in same] == [found.table(name) for name in same]


async def test_an_empty_installation_has_a_page_too(house: House) -> None:
    async with httpx.AsyncClient(base_url=house.base) as http:
        for language in ("nl", "fr", "de", "en"):
            page = await http.get(f"/statistics?lang={language}")
            assert page.status_code == 200, page.text
            assert page.text.count('class="empty"') >= 4
        assert (await http.get("/statistics.json")).json()["people"] in {None, 0}
