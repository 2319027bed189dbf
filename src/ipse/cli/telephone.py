"""`ipse telephone`: the telephone services that may bring codes of emergency sheets."""

from __future__ import annotations

import sys

from cyclopts import App
from rich.console import Console
from rich.table import Table

from ipse.cli.configuration import CLOCK, DEFAULT_CONFIG, Config, actor, opened
from ipse.kernel.clock import text
from ipse.kernel.ids import RandomIds
from ipse.panic.service import Telephones

app = App(name="telephone", help="Set up telephone menus in which people dial the code of an emergency sheet.")
console = Console()


@app.command
async def add(name: str, *, config: Config = DEFAULT_CONFIG) -> None:
    """Set a telephone service up. Its token is printed once: it goes into the menu's settings and nowhere else.

    Parameters
    ----------
    name
        Who runs it, for the people who read the list
    """
    async with opened(config) as (_, database, _keystore):
        telephone, token = await Telephones(database, CLOCK, RandomIds()).add(name, actor=actor())
    console.print(f"{telephone.telephone_id}  {name}", soft_wrap=True)
    console.print(f"token: {token}", soft_wrap=True)


@app.command(name="list")
async def list_telephones(*, config: Config = DEFAULT_CONFIG) -> None:
    """List them; no token is printed."""
    table = Table("id", "name", "since", "removed", box=None)
    async with opened(config) as (_, database, _keystore):
        for each in await Telephones(database, CLOCK, RandomIds()).telephones():
            removed = text(each.removed_at) if each.removed_at else ""
            table.add_row(each.telephone_id, each.name, text(each.made_at), removed)
    console.print(table)


@app.command
async def remove(telephone_id: str, *, config: Config = DEFAULT_CONFIG) -> None:
    """Refuse its token from now on."""
    async with opened(config) as (_, database, _keystore):
        removed = await Telephones(database, CLOCK, RandomIds()).remove(telephone_id, actor=actor())
    if not removed:
        console.print("there is no such telephone service")
        sys.exit(1)
    console.print(f"{telephone_id} is refused from now on")
