"""`ipse audit`: what was done to this installation, and proof that nothing was changed since."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from ipse.audit.model import Head
from ipse.audit.service import Audit
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
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Walk the chain; exit status 1 names the first line that does not fit.

    Prints the head, NUMBER:DIGEST. Keep it outside the database: with --head it shows that no line since was cut off.
    """
    async with opened(config) as (_, database, _keystore):
        audit = Audit(database)
        broken = await audit.first_broken(_kept(head))
        now = await audit.head()
    if broken is not None:
        console.print(f"[red]line {broken} was changed, or lines are missing[/red]")
        sys.exit(1)
    console.print(f"every line fits the chain; head {now}", soft_wrap=True)


def _kept(text: str | None) -> Head | None:
    if text is None:
        return None
    try:
        return Head.read(text)
    except ValueError as error:
        raise SettingsError(f"--head {text!r} must be as ipse audit verify prints it: NUMBER:DIGEST") from error
