"""`ipse incident maintenance plan`, `cancel`, `list`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from ipse.cli.configuration import DEFAULT_CONFIG, Config, actor
from ipse.cli.incident.changes import Title
from ipse.cli.incident.desk import Components, Texts, app, console, desk, moment, words
from ipse.kernel.clock import text

window = App(name="maintenance", help="Announce maintenance before it begins; what happens within it is no incident.")
app.command(window)
Text = Annotated[Texts, Parameter(name="--text", negative="", help="What people will notice, as nl=…; all four.")]
Moment = Annotated[str, Parameter(help="As 2026-11-29T02:00:00Z.")]


@window.command
async def plan(
    *,
    starts: Moment,
    ends: Moment,
    component: Components = None,
    title: Title = None,
    text: Text = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Announce maintenance. Title and text are in the usual words where none are given."""
    async with desk(config) as (_, incidents, _duties):
        planned = await incidents.plan(
            title=words(title),
            text=words(text),
            components=tuple(component or ()),
            starts_at=moment(starts) or 0,
            ends_at=moment(ends) or 0,
            actor=actor(),
        )
    console.print(f"{planned.maintenance_id} is announced")


@window.command
async def cancel(maintenance: str, /, *, config: Config = DEFAULT_CONFIG) -> None:
    """Call maintenance off, or end it early."""
    async with desk(config) as (_, incidents, _duties):
        await incidents.call_off(maintenance, actor=actor())
    console.print("It is called off")


@window.command(name="list")
async def list_all(*, config: Config = DEFAULT_CONFIG) -> None:
    """List maintenance to come, and that of the last 90 days."""
    table = Table("id", "title", "components", "starts", "ends", "state")
    async with desk(config) as (_, incidents, _duties):
        now = incidents.clock.now()
        for each in await incidents.maintenance():
            state = "running" if each.is_running(now) else "over" if each.ends_at <= now else "planned"
            state = "cancelled" if each.cancelled_at else state
            times = (text(each.starts_at), text(each.ends_at))
            table.add_row(each.maintenance_id, each.title["en"], " ".join(each.components), *times, state)
    Console(width=None if console.is_terminal else 240, markup=False, highlight=False).print(table)
