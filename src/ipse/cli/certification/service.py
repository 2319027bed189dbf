"""`ipse certification init`, `client`, `serve`, `status`, `change` and `sandbox`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import uvloop
from cyclopts import Parameter
from rich.table import Table

from ipse.certification import ceremony
from ipse.certification.applicants import add_client
from ipse.certification.errors import KeysUnavailableError, NotReadyError, RefusedError
from ipse.certification.folder import Token, make_folder, make_keys, scheme_settings
from ipse.certification.review import review
from ipse.certification.server import HISTORY, composed
from ipse.certification.server import serve as run
from ipse.cli.certification.desk import DEFAULT_CONFIG, Config, app, console, load
from ipse.cli.terminal import CLOCK, actor, log_as_json
from ipse.kernel.clock import text
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import SettingsError
from ipse.standards.certification import Reason, Status, StatusChange
from ipse.storage.database import open_database
from ipse.storage.errors import DatabaseUnavailableError
from ipse.storage.migrations import migrate
from ipse.storage.private_files import write_private

EX_CONFIG = 78


@app.command
def init(
    *,
    number: Annotated[int, Parameter(help="Of the issuing authority, in its name: 2 for the second.")] = 1,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Make the service's keys and tables where they are missing, and the request that goes to the ceremony."""
    settings = load(config)
    made, key = make_keys(settings)
    ceremony.keep(Path(settings.folder), ceremony.REQUEST, ceremony.authority_request(settings, key, number))

    async def tables() -> list[str]:
        database = await open_database(settings.database, connections=1)
        try:
            return await migrate(database, now=CLOCK.now(), package=HISTORY)
        finally:
            await database.close()

    try:
        applied = asyncio.run(tables())
    except (DatabaseUnavailableError, ValueError) as error:
        raise SettingsError(f"the database cannot be opened: {error}") from error
    console.print(f"made keys: {', '.join(made) or 'none, they are there'}; applied: {', '.join(applied) or 'nothing'}")
    console.print(f"wrote {Path(settings.folder) / ceremony.REQUEST}: take it to the ceremony")


@app.command
def client(
    name: str,
    *,
    out: Annotated[Path, Parameter(help="File for `name:secret`, which the scheme's settings name.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Let somebody ask for certificates. Only the hash of the secret is kept; an old one of this name ends."""
    settings = load(config)
    line = add_client(Path(settings.clients), name, RandomIds())
    write_private(out, f"{line}\n".encode(), exclusive=False)
    console.print(f"{name} may ask with what stands in {out}; start the service anew")


@app.command
def serve(
    config: Config = DEFAULT_CONFIG,
    *,
    lifeline: Annotated[int | None, Parameter(help="Stop when this inherited pipe closes (a file descriptor).")] = None,
) -> None:
    """Run the service until stopped.

    Exit status 78: settings, keys or certificates must be mended first; 1: something it needs is not there now.
    """
    log_as_json()
    try:
        uvloop.run(run(load(config), lifeline=lifeline))
    except SettingsError as error:
        _end(error, EX_CONFIG)
    except (NotReadyError, KeysUnavailableError) as error:
        _end(error, 1)


@app.command
async def status(config: Config = DEFAULT_CONFIG) -> None:
    """What was issued, how things end, and whether the audit log is whole."""
    settings = load(config)
    try:
        found = await review(settings, CLOCK)
    except NotReadyError as error:
        raise SettingsError(str(error)) from error
    folder = Path(settings.folder)
    for name in (ceremony.ROOT, ceremony.ISSUING):
        certificate = ceremony.read_certificate(folder / name)
        console.print(
            f"{name}: {certificate.subject.rfc4514_string()}, until {certificate.not_valid_after_utc:%Y-%m-%d}"
        )
    table = Table("kind", "status", "certificates", box=None)
    for (kind, state), number in sorted(found.counts.items()):
        table.add_row(kind, state, str(number))
    console.print(table)
    last, broken = found.newest_list, found.first_broken
    told = f"list {last.number} of {text(last.made_at)}, holds until {text(last.next_at)}" if last else "no list yet"
    console.print(told)
    console.print("audit log: whole" if broken is None else f"audit log: BROKEN at line {broken}")
    if broken is not None:
        raise SystemExit(1)


@app.command
async def change(serial: str, new: Status, *, reason: Reason = "unspecified", config: Config = DEFAULT_CONFIG) -> None:
    """Put a certificate on hold, resume or revoke it by hand. A running service lists it within half a minute."""
    settings = load(config)
    number = serial.lower().replace(":", "").lstrip("0")
    try:
        async with composed(settings, CLOCK, RandomIds()) as service:
            told = await service.authority.change(number, StatusChange(new, reason), asked_by=actor())
    except RefusedError as error:
        raise SettingsError(error.detail) from error
    except (NotReadyError, KeysUnavailableError) as error:
        raise SettingsError(str(error)) from error
    console.print(f"{told.serial} is {told.status} since {text(told.changed_at)}")


@app.command
def sandbox(
    folder: Path,
    *,
    port: Annotated[int, Parameter(help="Of the public listener.")] = 8005,
    module: Annotated[
        Path | None, Parameter(help="PKCS#11 library, for keys in a token; with --token and --pin.")
    ] = None,
    token: Annotated[str, Parameter(help="The token's label.")] = "",
    pin: Annotated[Path | None, Parameter(help="File of its PIN.")] = None,
) -> None:
    """Make everything a sandbox needs in one folder: keys, root, issuing authority, settings. What is there stays."""
    held = Token(str(module), token, str(pin)) if module and token and pin else None
    made = make_folder(folder, port, CLOCK, RandomIds(), token=held)
    console.print(f"serve it with: ipse certification serve --config {made.config}")
    console.print("\n[signing.certification]")
    for name, value in scheme_settings(made).items():
        console.print(f'{name} = "{value}"')


def _end(reason: object, status: int) -> None:
    for line in str(reason).splitlines():
        sys.stderr.write(f"ipse: {line}\n")
    raise SystemExit(status)
