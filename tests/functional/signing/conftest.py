"""Signature activation and certification as processes, and an installation on either database beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ipse.app.keystores import create_keystore, open_keystore
from ipse.kernel.ids import RandomIds
from tests.functional.signature_activation.processes import Place
from tests.functional.signing.office import Office
from tests.support.certification import RunningCertification, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from ipse.kernel.keystore import Keystore
    from ipse.storage.database import Database

PORT = 24250


@pytest.fixture(scope="session")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Keystore:
    path = tmp_path_factory.mktemp("signing-keys") / "keystore.json"
    create_keystore(f"file:{path}", RandomIds())
    return open_keystore(f"file:{path}")


@pytest.fixture(scope="session")
def activation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with Place.running(tmp_path_factory.mktemp("signing-activation")) as place:
        yield place


@pytest.fixture(scope="session")
def certification(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCertification]:
    with running(tmp_path_factory.mktemp("signing-certification"), PORT) as service:
        yield service


@pytest.fixture
async def office(
    database: Database, keystore: Keystore, activation: Place, certification: RunningCertification
) -> AsyncIterator[Office]:
    opened = await Office.of(database, keystore, activation, certification)
    yield opened
    await opened.close()
