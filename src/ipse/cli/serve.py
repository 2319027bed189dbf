"""`ipse serve` and `ipse migrate`."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated, Literal

import uvloop
from cyclopts import Parameter
from rich.console import Console

from ipse.cli.configuration import CLOCK, DEFAULT_CONFIG, Config, load, log_as_json, machine
from ipse.kernel.settings import SettingsError
from ipse.storage.database import open_database
from ipse.storage.errors import DatabaseUnavailableError
from ipse.storage.migrations import migrate as run_migrations

console = Console()
EX_CONFIG = 78
"""Exit status (sysexits.h) that tells a supervisor not to try again: a token locks itself after a few wrong PINs."""


def serve(
    config: Config = DEFAULT_CONFIG,
    *,
    only: Annotated[
        tuple[Literal["issuer", "app", "staff"], ...],
        Parameter(help="Origins that this process serves, while another serves the others; all, if none is named."),
    ] = (),
    lifeline: Annotated[int | None, Parameter(help="Stop when this inherited pipe closes (a file descriptor).")] = None,
) -> None:
    """Run the scheme: the issuer, the phone app's origin and the staff's, until stopped.

    Exit status 78: settings or keys must be mended first; 1: something it needs is not there now.
    """
    from ipse.app.safety import check_start
    from ipse.app.server import Face, NotReadyError, PortTakenError
    from ipse.app.server import serve as run

    log_as_json()
    try:
        settings = load(config)
        check_start(settings, machine(config))
        uvloop.run(run(settings, lifeline=lifeline, only=[Face(each) for each in only]))
    except SettingsError as error:
        _end(error, EX_CONFIG)
    except PortTakenError as error:
        _end(f"{error} by {_holder(error.address.port)}; stop it, or mend listen, app_listen or staff.listen", 1)
    except NotReadyError as error:
        _end(error, 1)


def migrate(
    config: Config = DEFAULT_CONFIG,
    *,
    database: Annotated[
        str | None, Parameter(help="Address with the role that owns the tables; production serves with another.")
    ] = None,
) -> None:
    """Bring the database's schema up to date."""
    url = database or load(config).database

    async def work() -> list[str]:
        try:
            opened = await open_database(url, connections=1)
        except (DatabaseUnavailableError, ValueError) as error:
            raise SettingsError(f"the database cannot be opened: {error}") from error
        try:
            return await run_migrations(opened, now=CLOCK.now())
        except DatabaseUnavailableError as error:
            raise SettingsError(f"the schema cannot be changed: {error}; name its owner with --database") from error
        finally:
            await opened.close()

    for name in (done := asyncio.run(work())):
        console.print(f"applied {name}")
    if not done:
        console.print("nothing to do: the schema is up to date")


def _end(reason: object, status: int) -> None:
    for line in str(reason).splitlines():
        sys.stderr.write(f"ipse: {line}\n")
    raise SystemExit(status)


def _holder(port: int) -> str:
    from ipse.sandbox.ports import holder

    found = holder(port)
    return f"process {found.pid}: {found.command}" if found else "a process that this user cannot see"
