"""`ipse serve` and `ipse migrate`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import uvloop
from cyclopts import Parameter
from rich.console import Console

from ipse.cli.configuration import CLOCK, DEFAULT_CONFIG, Config, load, log_as_json
from ipse.storage.database import open_database
from ipse.storage.migrations import migrate as run_migrations

console = Console()


def serve(
    config: Config = DEFAULT_CONFIG,
    *,
    lifeline: Annotated[int | None, Parameter(help="Stop when this inherited pipe closes (a file descriptor).")] = None,
) -> None:
    """Run the scheme and the phone app's origin, until stopped."""
    from ipse.app.safety import check_start
    from ipse.app.server import serve as run

    log_as_json()
    settings = load(config)
    check_start(settings)
    uvloop.run(run(settings, lifeline=lifeline))


def migrate(config: Config = DEFAULT_CONFIG) -> None:
    """Bring the database's schema up to date."""
    settings = load(config)

    async def work() -> list[str]:
        database = await open_database(settings.database, connections=1)
        try:
            return await run_migrations(database, now=CLOCK.now())
        finally:
            await database.close()

    for name in (done := asyncio.run(work())):
        console.print(f"applied {name}")
    if not done:
        console.print("nothing to do: the schema is up to date")
