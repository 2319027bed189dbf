"""`ipse audit`: what was done to this installation, and proof that nothing was changed since."""

from __future__ import annotations

import sys

from cyclopts import App
from rich.console import Console
from rich.table import Table

from ipse.audit.service import Audit
from ipse.cli.configuration import DEFAULT_CONFIG, Config, opened
from ipse.kernel.clock import text

app = App(name="audit", help="Read and verify the audit log.")
console = Console()


@app.command(name="list")
async def list_lines(*, after: int = 0, config: Config = DEFAULT_CONFIG) -> None:
    """List the lines after number `after`."""
    table = Table("#", "when", "who", "what", "on", "details")
    async with opened(config) as (_, database, _keystore):
        async for line in Audit(database).lines(after):
            table.add_row(str(line.seq), text(line.at), line.actor, line.act, line.subject, line.details)
    console.print(table)


@app.command
async def verify(config: Config = DEFAULT_CONFIG) -> None:
    """Walk the chain; exit status 1 names the first line that does not fit."""
    async with opened(config) as (_, database, _keystore):
        broken = await Audit(database).first_broken()
    if broken is not None:
        console.print(f"[red]line {broken} was changed, or lines before it are missing[/red]")
        sys.exit(1)
    console.print("every line fits the chain")
