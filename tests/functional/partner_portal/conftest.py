"""A portal on either database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ipse.app.keystores import create_keystore, open_keystore
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import Environment
from ipse.storage.database import Database
from tests.functional.partner_portal.counter import Counter, opened


@pytest.fixture(scope="session")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Keystore:
    path = tmp_path_factory.mktemp("keys") / "keystore.json"
    create_keystore(f"file:{path}", RandomIds())
    return open_keystore(f"file:{path}")


@pytest.fixture
async def counter(keystore: Keystore, database: Database) -> AsyncIterator[Counter]:
    async with opened(keystore, database) as found:
        yield found


@pytest.fixture
async def production(keystore: Keystore, database: Database) -> AsyncIterator[Counter]:
    async with opened(keystore, database, Environment.PRODUCTION) as found:
        yield found
