"""`ipse status`: the public status page, a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter
from rich.console import Console

from ipse.cli.terminal import CLOCK, log_as_json
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Address, SettingsError
from ipse.status.server import NotReadyError, composed
from ipse.status.server import serve as run
from ipse.status.settings import StatusSettings, read_settings

app = App(name="status", help="The public status page, which stands when the rest is down.")
console = Console()
EX_CONFIG = 78
Config = Annotated[Path, Parameter(name=["--config", "-c"], help="Settings file of the status page (TOML).")]
DEFAULT_CONFIG = Path(os.environ.get("IPSE_STATUS_CONFIG", "status.toml"))


@app.command
def serve(
    config: Config = DEFAULT_CONFIG,
    *,
    folder: Annotated[Path | None, Parameter(help="Read the published files here instead.")] = None,
    listen: Annotated[str | None, Parameter(help="HOST:PORT to listen at instead.")] = None,
    lifeline: Annotated[int | None, Parameter(help="Stop when this inherited pipe closes (a file descriptor).")] = None,
) -> None:
    """Run the status page until stopped.

    Exit status 78: settings or its key must be mended first; 1: something it needs is not there now.
    """
    log_as_json()
    try:
        asyncio.run(run(_settings(config, folder, listen), lifeline=lifeline))
    except SettingsError as error:
        _end(error, EX_CONFIG)
    except NotReadyError as error:
        _end(error, 1)


@app.command(name="try-receivers")
async def try_receivers(config: Config = DEFAULT_CONFIG) -> None:
    """Send each receiver a signed event that means nothing, and say whether it was taken."""
    failed = False
    try:
        async with composed(read_settings(config), CLOCK, RandomIds()) as page:
            for receiver in page.settings.receivers:
                told = await page.receivers.try_one(receiver)
                failed = failed or told is not None
                console.print(f"{receiver.url}: {told or 'taken'}", soft_wrap=True, markup=False)
    except NotReadyError as error:
        raise SettingsError(str(error)) from error
    if failed:
        sys.exit(1)


def _settings(config: Path, folder: Path | None, listen: str | None) -> StatusSettings:
    settings = read_settings(config)
    if folder is not None:
        settings = msgspec.structs.replace(settings, folder=str(folder.resolve()))
    if listen is not None:
        host, _, port = listen.rpartition(":")
        if not host or not port.isdecimal():
            raise SettingsError(f"--listen {listen} is not HOST:PORT")
        settings = msgspec.structs.replace(settings, listen=Address(host.strip("[]"), int(port)))
    settings.check()
    return settings


def _end(reason: object, status: int) -> None:
    for line in str(reason).splitlines():
        sys.stderr.write(f"ipse: {line}\n")
    raise SystemExit(status)
