"""`ipse signature-activation`: the process that alone can use people's signing keys."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from ipse.cli.configuration import log_as_json
from ipse.kernel.settings import SettingsError

console = Console()
app = App(name="signature-activation", help="The process that alone can use people's signing keys.")
audit = App(name="audit", help="The log of what was signed.")
app.command(audit)
Config = Annotated[Path, Parameter(name=["--config", "-c"], help="Settings file of this process (TOML).")]
DEFAULT_CONFIG = Path(os.environ.get("IPSE_SIGNATURE_ACTIVATION_CONFIG", "signature-activation.toml"))
EX_CONFIG = 78


@app.command
def init(config: Config = DEFAULT_CONFIG) -> None:
    """Make keys, secrets and database where there are none yet."""
    from ipse.signature_activation.server import prepare
    from ipse.signature_activation.settings import read_settings

    settings = read_settings(config)
    asyncio.run(prepare(settings))
    console.print(f"ready: ipse signature-activation serve --config {config}")


@app.command
def serve(
    config: Config = DEFAULT_CONFIG,
    *,
    lifeline: Annotated[int | None, Parameter(help="Stop when this inherited pipe closes (a file descriptor).")] = None,
) -> None:
    """Serve on the socket, until stopped. Exit status 78: settings, keys or database must be mended first."""
    from ipse.signature_activation.server import serve as run
    from ipse.signature_activation.settings import read_settings

    log_as_json()
    try:
        asyncio.run(run(read_settings(config), lifeline=lifeline))
    except SettingsError as error:
        for line in str(error).splitlines():
            sys.stderr.write(f"ipse: {line}\n")
        raise SystemExit(EX_CONFIG) from None
