"""One installation that signs for all tests of this folder, and the processes it needs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipse.app.keystores import create_keystore, open_keystore
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from tests.functional.csc.town import Site, Town, living
from tests.functional.signature_activation.processes import Place
from tests.support.certification import RunningCertification, running

CERTIFICATION_PORT = 24350
TOWN_PORT = 24360
OTHER_TOWN_PORT = 24370


@pytest.fixture(scope="session")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Keystore:
    path = tmp_path_factory.mktemp("keys") / "keystore.json"
    create_keystore(f"file:{path}", RandomIds())
    return open_keystore(f"file:{path}")


@pytest.fixture(scope="session")
def certification(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCertification]:
    with running(tmp_path_factory.mktemp("certification"), CERTIFICATION_PORT) as service:
        yield service


@pytest.fixture(scope="session")
def activation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with Place.running(tmp_path_factory.mktemp("activation")) as place:
        yield place


@pytest.fixture(scope="session")
def town(
    tmp_path_factory: pytest.TempPathFactory,
    migrated_sqlite: Path,
    keystore: Keystore,
    activation: Place,
    certification: RunningCertification,
) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    for part in migrated_sqlite.parent.glob(f"{migrated_sqlite.name}*"):
        shutil.copyfile(part, folder / part.name)
    with living(
        folder=folder,
        database=f"sqlite://{folder / migrated_sqlite.name}",
        keystore=keystore,
        activation=activation.address,
        certification=certification.scheme_settings,
        port=TOWN_PORT,
    ) as running_town:
        yield running_town


@pytest.fixture
def site(town: Town) -> Site:
    return Site(town)
