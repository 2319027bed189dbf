"""One lab for each module of tests: what a suite finds is not fresh for each of its modules either."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ipse.app.keystores import create_keystore, open_keystore
from ipse.kernel.ids import RandomIds
from tests.functional.conformance.suite import Lab, lab_in


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> AsyncIterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    for part in migrated_sqlite.parent.glob(f"{migrated_sqlite.name}*"):
        shutil.copyfile(part, folder / part.name.replace(migrated_sqlite.name, "ipse.db"))
    create_keystore(f"file:{folder}/keystore.json", RandomIds())
    keystore = open_keystore(f"file:{folder}/keystore.json")
    async with lab_in(folder, f"sqlite://{folder}/ipse.db", keystore) as running:
        yield running
