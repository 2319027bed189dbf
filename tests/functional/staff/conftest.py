"""Staff on either database: the whole staff's origin, browsers of members, and their keepers of passkeys."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ipse.app.keystores import create_keystore, open_keystore
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.storage.database import Database
from tests.functional.staff.office import Office, opened


@pytest.fixture(scope="session")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Keystore:
    path = tmp_path_factory.mktemp("keys") / "keystore.json"
    create_keystore(f"file:{path}", RandomIds())
    return open_keystore(f"file:{path}")


@pytest.fixture
async def office(keystore: Keystore, database: Database) -> AsyncIterator[Office]:
    async with opened(keystore, database) as found:
        yield found
