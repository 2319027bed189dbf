"""A house where people sign: on either database, beside real signature activation and certification."""

from __future__ import annotations

import shutil
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Literal

import pytest

from ipse.app.keystores import create_keystore, open_keystore
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings.parts import Certification, Papers
from ipse.kernel.settings.parts import Signing as SigningSettings
from ipse.storage.database import open_database
from tests.functional.envelopes.guests import Guests
from tests.functional.fallback.town import MovingClock
from tests.functional.sessions.house import living
from tests.functional.signature_activation.processes import Place
from tests.support.certification import RunningCertification, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from ipse.kernel.keystore import Keystore
    from ipse.storage.database import Database

PORT = 24480


@pytest.fixture(scope="session")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Keystore:
    path = tmp_path_factory.mktemp("envelope-keys") / "keystore.json"
    create_keystore(f"file:{path}", RandomIds())
    return open_keystore(f"file:{path}")


@pytest.fixture(scope="session")
def activation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with Place.running(tmp_path_factory.mktemp("envelope-activation")) as place:
        yield place


@pytest.fixture(scope="session")
def certification(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCertification]:
    with running(tmp_path_factory.mktemp("envelope-certification"), PORT) as service:
        yield service


@asynccontextmanager
async def signing_house(
    database: Database,
    keystore: Keystore,
    activation: Place,
    certification: RunningCertification,
    *,
    level: Literal["B-LT", "B-LTA"] = "B-LT",
    short_term_minutes: int = 0,
) -> AsyncIterator[Guests]:
    told: dict[str, Any] = {**certification.scheme_settings, "short_term_minutes": short_term_minutes}
    signing = SigningSettings(
        activation=activation.address,
        certification=Certification(**told),
        algorithm="P-256",
        papers=Papers(most_bytes=1_000_000, most_files=3, days=10, level=level),
    )
    clock = MovingClock()
    async with living(keystore, database, clock=clock, first_port=PORT + 10, signing=signing) as house:
        yield Guests(house, clock)


@pytest.fixture
async def guests(
    database: Database, keystore: Keystore, activation: Place, certification: RunningCertification
) -> AsyncIterator[Guests]:
    async with signing_house(database, keystore, activation, certification) as found:
        yield found
        await found.leave()


@pytest.fixture
async def sqlite_guests(
    keystore: Keystore,
    activation: Place,
    certification: RunningCertification,
    migrated_sqlite: Path,
    tmp_path: Path,
) -> AsyncIterator[Guests]:
    """The same on SQLite alone, for what no database decides."""
    for part in migrated_sqlite.parent.glob(f"{migrated_sqlite.name}*"):
        shutil.copyfile(part, tmp_path / part.name)
    database = await open_database(f"sqlite://{tmp_path / migrated_sqlite.name}")
    async with signing_house(database, keystore, activation, certification) as found:
        yield found
        await found.leave()
    await database.close()
