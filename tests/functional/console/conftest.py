"""A console on either database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ipse.app.keystores import create_keystore, open_keystore
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.storage.database import Database
from tests.functional.console.room import Room, opened


@pytest.fixture(scope="session")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Keystore:
    path = tmp_path_factory.mktemp("keys") / "keystore.json"
    create_keystore(f"file:{path}", RandomIds())
    return open_keystore(f"file:{path}")


@pytest.fixture
async def room(keystore: Keystore, database: Database) -> AsyncIterator[Room]:
    async with opened(keystore, database) as found:
        yield found
