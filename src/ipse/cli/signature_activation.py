"""`ipse signature-activation`: the process that alone can use people's signing keys."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

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
    from ipse.signature_activation.logs import configure
    from ipse.signature_activation.server import serve as run
    from ipse.signature_activation.settings import read_settings

    configure(sys.stderr)
    try:
        asyncio.run(run(read_settings(config), lifeline=lifeline))
    except SettingsError as error:
        for line in str(error).splitlines():
            sys.stderr.write(f"ipse: {line}\n")
        raise SystemExit(EX_CONFIG) from None


@app.command
def status(config: Config = DEFAULT_CONFIG) -> None:
    """Say how the running process is. Exit status 1: it does not answer, or has no keys."""
    import httpx

    from ipse.signature_activation.settings import read_settings

    path = read_settings(config).socket
    try:
        with httpx.Client(transport=httpx.HTTPTransport(uds=path), base_url="http://activation", timeout=10) as client:
            told = client.get("/status").raise_for_status().json()
    except httpx.HTTPError as error:
        raise SettingsError(f"nobody answers on {path}: {type(error).__name__}") from error
    credentials = ", ".join(f"{count} {state}" for state, count in told["credentials"].items()) or "none"
    console.print(f"environment: {told['environment']}\nkeys: {told['keys']}\ncredentials: {credentials}")
    console.print(f"head of the audit log: {told['audit_head']}", soft_wrap=True)
    if told["keys"] != "reachable":
        raise SystemExit(1)


@audit.command
def verify(
    config: Config = DEFAULT_CONFIG,
    *,
    kept: Annotated[str, Parameter(help="A head (number:digest) that was noted earlier; it must be in the log.")] = "",
) -> None:
    """See that the log is whole, ends where it was noted to end, and that each credential is the newest."""
    from ipse.signature_activation.own_secrets import place_of
    from ipse.signature_activation.records import first_wrong
    from ipse.signature_activation.server import open_records
    from ipse.signature_activation.settings import read_settings

    settings = read_settings(config)

    async def work() -> tuple[str, str]:
        async with open_records(settings, place_of(settings.keys).open(), alone=False) as records:
            wrong = await first_wrong(records, kept)
            return wrong, records.register.head

    wrong, head = asyncio.run(work())
    if wrong:
        raise SettingsError(f"the log does not hold: {wrong}")
    console.print(f"the log is whole; its head: {head}", soft_wrap=True)


@audit.command
def accept(head: str, config: Config = DEFAULT_CONFIG) -> None:
    """Go on with a database from a back-up, whose log ends with this head. Tries and ends since then are lost."""
    from ipse.signature_activation.errors import Tampered
    from ipse.signature_activation.own_secrets import place_of
    from ipse.signature_activation.server import open_records
    from ipse.signature_activation.settings import read_settings

    settings = read_settings(config)

    async def work() -> str:
        async with open_records(settings, place_of(settings.keys).open()) as records:
            try:
                await records.replay(restored=True)
            except Tampered as error:
                raise SettingsError(f"the log does not hold: {error}") from error
            if records.register.head == head:
                await records.note()
            return records.register.head

    found = asyncio.run(work())
    if found != head:
        raise SettingsError(f"the log ends with {found}, not with {head}")
    console.print(f"the log goes on after {head}", soft_wrap=True)


@app.command
def bench(
    config: Config = DEFAULT_CONFIG,
    *,
    seconds: Annotated[float, Parameter(help="How long each measurement takes.")] = 3.0,
) -> None:
    """Measure how many signatures one core makes in a second with these keys."""
    from ipse.signature_activation.own_secrets import place_of
    from ipse.signature_activation.server import open_keys
    from ipse.signature_activation.settings import read_settings
    from ipse.signature_activation.speed import measure

    settings = read_settings(config)
    keys = open_keys(settings, place_of(settings.keys).open())
    try:
        for speed in measure(keys, seconds):
            console.print(
                f"{speed.kind}: {speed.alone:.0f} signatures per second per core, "
                f"{speed.together:.0f} in batches of twelve"
            )
    finally:
        keys.close()
