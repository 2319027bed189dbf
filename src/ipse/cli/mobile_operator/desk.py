"""Where the commands about mobile operators hang."""

from __future__ import annotations

from cyclopts import App
from rich.console import Console

from ipse.kernel.ids import RandomIds

app = App(
    name="mobile-operator",
    help="Mobile operators that vouch for SIMs and numbers. Begin with: ipse mobile-operator check",
)
console = Console(markup=False, highlight=False)
"""Prints what operators answer as it stands: nothing in it is a command to the terminal."""
IDS = RandomIds()
