"""A whole scheme in this event loop: what an operator types elsewhere is said on its pages, counted in its files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ipse.app.incidents import open_incidents
from ipse.app.keystores import create_keystore, open_keystore
from ipse.incidents import Duty, Impact, Kind, State
from ipse.incidents.events import DUTY_DUE
from ipse.incidents.service import Change, Incidents, NewIncident
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import StatusPage
from ipse.kernel.settings.parts import Incidents as Told
from ipse.storage.database import Database
from ipse.storage.outbox import Event
from tests.functional.oidc.handsets import Handset
from tests.functional.sessions.house import Browser, House, handle_of, living

DOWN = NewIncident(kind=Kind.OUTAGE, impact=Impact.FULL, components=("approval",))
PORT = 24540


@pytest.fixture(scope="session")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Keystore:
    path = tmp_path_factory.mktemp("keys") / "keystore.json"
    create_keystore(f"file:{path}", RandomIds())
    return open_keystore(f"file:{path}")


@pytest.fixture
async def house(keystore: Keystore, database: Database, tmp_path: Path) -> AsyncIterator[House]:
    told = {"status": StatusPage(folder=str(tmp_path)), "incidents": Told(remind=("duty@ipse.example",))}
    async with living(keystore, database, first_port=PORT, **told) as found:
        yield found


def _elsewhere(house: House, keystore: Keystore) -> Incidents:
    """The same installation, as a command line sees it."""
    scheme = house.scheme
    return open_incidents(scheme.settings, scheme.database, keystore, house.clock, RandomIds())[0]


async def test_what_is_typed_elsewhere_is_said_on_every_page(house: House, keystore: Keystore) -> None:
    elsewhere = _elsewhere(house, keystore)
    loop = asyncio.get_running_loop().create_task(house.scheme.loops[0]())
    try:
        async with house.browser() as browser:
            assert 'id="incident"' not in (await browser.begin()).text
            opened = await elsewhere.open(DOWN, actor="operator:ada")
            await _until(browser, "Approving with the phone does not work at the moment.")
            assert house.scheme.incidents.phone_is_down()
            notice = house.scheme.incidents.notice()
            assert notice is not None
            assert notice["url"] == f"{house.base}/help"
            page = await browser.http.get("/help?lang=fr")
            assert "L’approbation par téléphone ne fonctionne pas pour le moment." in page.text
            await elsewhere.change(opened.incident_id, Change(state=State.RESOLVED), actor="operator:ada")
            await _until(browser, "", gone=True)
            assert not house.scheme.incidents.phone_is_down()
    finally:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)


async def test_nobody_pays_for_it_with_a_statement(house: House, keystore: Keystore) -> None:
    async with house.browser() as browser:
        before = await _statements(browser, house)
        await _elsewhere(house, keystore).open(DOWN, actor="operator:ada")
        await house.scheme.incidents.board.refresh()
        assert await _statements(browser, house) == before


async def test_real_requests_are_counted_by_how_they_ended(house: House, tmp_path: Path) -> None:
    first, second = await house.works.handset(), await house.works.handset()
    async with house.browser() as browser:
        await browser.sign_in(first)
        await _reject(browser, second)
    house.clock.advance(seconds=1)
    counts = await _outcomes(house, tmp_path)
    assert counts["sign-in"] == counts["approval"] == {"ok": 1, "person": 1, "ours": 0, "partner": 0}
    assert counts["signing"] == {"ok": 0, "person": 0, "ours": 0, "partner": 0}
    assert {"partner-api", "enrolment-card"} <= {*counts}
    house.clock.advance(seconds=301)
    assert (await _outcomes(house, tmp_path))["sign-in"]["ok"] == 0


async def test_a_reminder_is_a_letter(house: House, keystore: Keystore) -> None:
    letters: list[tuple[str, str, str]] = []

    async def letter(to: str, *, subject: str, text: str, language: str) -> bool:
        assert language == "en"
        letters.append((to, subject, text))
        return True

    breach = NewIncident(kind=Kind.PERSONAL_DATA, impact=Impact.DEGRADED, components=("sign-in",))
    opened = await _elsewhere(house, keystore).open(breach, actor="operator:ada")
    desk = house.scheme.incidents
    object.__setattr__(desk, "letter", letter)
    payload = {"incident": opened.incident_id, "duty": Duty.GDPR_AUTHORITY, "percent": 50}
    for handler in desk.news()[DUTY_DUE].values():
        await handler(Event("1", DUTY_DUE, payload, house.clock.now()))
    ((to, subject, text),) = letters
    assert to == "duty@ipse.example"
    assert opened.incident_id in subject
    assert f"ipse incident draft {opened.incident_id} gdpr_authority" in text


async def _until(browser: Browser, sentence: str, *, gone: bool = False) -> None:
    for _ in range(100):
        page = (await browser.http.get("/block?lang=en")).text
        if ('id="incident"' not in page) if gone else (sentence in page):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(page)


async def _statements(browser: Browser, house: House) -> int:
    page = await browser.begin()
    before = house.scheme.database.statements
    assert (await browser.http.get(f"/v2/sign-in/{handle_of(page)}")).status_code == 200
    return house.scheme.database.statements - before


async def _reject(browser: Browser, phone: Handset) -> None:
    handle = handle_of(await browser.begin())
    await phone.reject(await phone.claim(handle))


async def _outcomes(house: House, folder: Path) -> Mapping[str, Mapping[str, Any]]:
    files = house.scheme.incidents.files
    assert files is not None
    await files.write_outcomes()
    found = msgspec.json.decode((folder / "outcomes.json").read_bytes())
    return {each["id"]: each["last_5_minutes"] for each in found["components"]}
