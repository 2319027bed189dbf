"""A broker's back office on either database."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ipse.app.keystores import create_keystore, open_keystore
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.storage.database import Database, open_database
from tests.functional.broker.office import Office, working


@pytest.fixture(scope="session")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Keystore:
    path = tmp_path_factory.mktemp("keys") / "keystore.json"
    create_keystore(f"file:{path}", RandomIds())
    return open_keystore(f"file:{path}")


@pytest.fixture
async def office(keystore: Keystore, database: Database) -> AsyncIterator[Office]:
    async with working(keystore, database) as running:
        yield running


@pytest.fixture
async def sqlite_office(keystore: Keystore, migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Office]:
    """The same on SQLite alone, for what no database decides."""
    for part in migrated_sqlite.parent.glob(f"{migrated_sqlite.name}*"):
        shutil.copyfile(part, tmp_path / part.name)
    database = await open_database(f"sqlite://{tmp_path / migrated_sqlite.name}")
    async with working(keystore, database) as running:
        yield running
    await database.close()
