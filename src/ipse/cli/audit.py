"""`ipse audit`: what was done to this installation, and proof that nothing was changed since."""

from __future__ import annotations

import sys
from typing import Annotated

import msgspec
from cyclopts import App, Parameter
from rich.console import Console

from ipse.audit.model import Head
from ipse.audit.service import Audit, kept_heads, read_period
from ipse.cli.configuration import DEFAULT_CONFIG, Config, opened
from ipse.kernel.clock import text
from ipse.kernel.settings import SettingsError

app = App(name="audit", help="Read and verify the audit log.")
console = Console()


@app.command(name="list")
async def list_lines(*, after: int = 0, config: Config = DEFAULT_CONFIG) -> None:
    """List the lines after number `after`: number, time, who, what, on what, details."""
    async with opened(config) as (_, database, _keystore):
        async for line in Audit(database).lines(after):
            # Not a table: on a narrow terminal it would cut off what an auditor looks for.
            words = (str(line.seq), text(line.at), line.actor, line.act, line.subject, line.details)
            console.print("  ".join(words), soft_wrap=True, markup=False, highlight=False)


@app.command
async def verify(
    *,
    head: Annotated[str | None, Parameter(help="Head that was printed earlier and kept elsewhere.")] = None,
    anchor: Annotated[str | None, Parameter(help="File of heads; default: the setting audit.anchor.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Walk the chain; exit status 1 names the first line that was changed or is missing.

    Prints the head, NUMBER:DIGEST. Keep it outside the database: with --head it shows that no line since was cut off.
    The scheme itself keeps heads in the file of the setting audit.anchor, and logs one at each start.
    """
    async with opened(config) as (settings, database, _keystore):
        audit, place = Audit(database), anchor or settings.audit.anchor
        kept = [*_kept(head), *(await _anchored(place) if place else ())]
        broken = await audit.first_broken(kept)
        now = await audit.head()
    if broken is not None:
        console.print(f"[red]{broken}[/red]")
        sys.exit(1)
    outside = f", {len(kept)} heads kept outside" if kept else ""
    console.print(f"every line fits the chain{outside}; head {now}", soft_wrap=True)


@app.command
async def export(
    *,
    period: Annotated[str, Parameter(help="2026, 2026-Q4, 2026-11 or 2026-11-01..2026-11-22.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write what an auditor samples of a period as lines of JSON: what the log is worth, then every line of it.

    A line's digest is SHA-256 over the digest before it and the JSON array of seq, at, actor, act, subject, details.
    """
    since, until = read_period(period)
    async with opened(config) as (_, database, _keystore):
        async for member in Audit(database).export(since, until):
            sys.stdout.write(msgspec.json.encode(member).decode() + "\n")


async def _anchored(place: str) -> list[Head]:
    try:
        return await kept_heads(place)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{place} cannot be read as heads of the audit log: {error}") from error


def _kept(text: str | None) -> list[Head]:
    if text is None:
        return []
    try:
        return [Head.read(text)]
    except ValueError as error:
        raise SettingsError(f"--head {text!r} must be as ipse audit verify prints it: NUMBER:DIGEST") from error
