"""Everything that discovery advertises works, and what it does not advertise is refused (R-36).

Generated from the document: for each value of each member its exercise must succeed, and for at least one value that is
not there it must not. A member without an exercise fails. The installation has no switch of a lab on.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ipse.app.keystores import create_keystore, open_keystore
from ipse.kernel.ids import RandomIds
from tests.functional.conformance.exercises import EXERCISES, Trial
from tests.functional.conformance.suite import lab_in

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def trial(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> AsyncIterator[Trial]:
    folder = tmp_path_factory.mktemp("trial")
    for part in migrated_sqlite.parent.glob(f"{migrated_sqlite.name}*"):
        shutil.copyfile(part, folder / part.name.replace(migrated_sqlite.name, "ipse.db"))
    create_keystore(f"file:{folder}/keystore.json", RandomIds())
    keystore = open_keystore(f"file:{folder}/keystore.json")
    strict = {"lab": None, "unknown_scopes": "refuse"}
    async with lab_in(folder, f"sqlite://{folder}/ipse.db", keystore, **strict) as lab:
        client = lab.client("suite_oidcc")
        yield Trial(lab, client, await client.discover())
        await client.close()


async def test_every_member_has_an_exercise(trial: Trial) -> None:
    """And there is no exercise without a member: what is gone from the document is gone here."""
    assert trial.document.keys() == EXERCISES.keys()


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize("member", EXERCISES)
async def test_what_is_advertised_works_and_what_is_not_is_refused(trial: Trial, member: str) -> None:
    works, others = EXERCISES[member]
    said = trial.document[member]
    for value in said if isinstance(said, list) else [said]:
        assert await works(trial, value), f"{member}: {value} is advertised and does not work"
    assert others
    for value in others:
        assert value not in said if isinstance(said, list) else value != said
        assert not await works(trial, value), f"{member}: {value} is not advertised and works"
