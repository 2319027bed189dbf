"""`ipse doctor`: what is missing or unsafe, and how to mend it."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.markup import escape

from ipse.app.safety import examine
from ipse.cli.configuration import DEFAULT_CONFIG, Config, machine, parse

console = Console(highlight=False)


async def doctor(config: Config = DEFAULT_CONFIG) -> None:
    """Examine an installation without starting it. Exit status 1 when something must be mended."""
    findings = await examine(parse(config), machine(config))
    for finding in findings:
        mark = "[red]unsafe[/red]" if finding.unsafe else "[yellow]advice[/yellow]"
        console.print(f"{mark}  {escape(finding.what)}\n        mend: {escape(finding.mend)}", soft_wrap=True)
    if not findings:
        console.print("nothing is missing or unsafe")
    sys.exit(1 if any(finding.unsafe for finding in findings) else 0)
