"""A house of one's own on either database, somebody in it with a phone, and their signed-in browser."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ipse.app.keystores import create_keystore, open_keystore
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.storage.database import Database
from tests.functional.oidc.handsets import Handset
from tests.functional.portal.town import Town
from tests.functional.sessions.house import Browser, House, living

FIRST_PORT = 24500


@pytest.fixture(scope="session")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Keystore:
    path = tmp_path_factory.mktemp("keys") / "keystore.json"
    create_keystore(f"file:{path}", RandomIds())
    return open_keystore(f"file:{path}")


@pytest.fixture
async def house(keystore: Keystore, database: Database) -> AsyncIterator[House]:
    async with living(keystore, database, first_port=FIRST_PORT) as found:
        yield found


@pytest.fixture
def town(house: House) -> Town:
    return Town(house)


@pytest.fixture
async def phone(house: House) -> Handset:
    return await house.works.handset()


@pytest.fixture
async def browser(house: House, phone: Handset) -> AsyncIterator[Browser]:
    async with house.browser() as opened:
        await opened.sign_in(phone, "/portal")
        yield opened
