"""`ipse incident list` and `show`."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from ipse.cli.configuration import DEFAULT_CONFIG, Config
from ipse.cli.incident.desk import Json, Which, app, console, desk, print_json
from ipse.incidents import Incident
from ipse.kernel.clock import text


@app.command(name="list")
async def list_all(
    *,
    days: Annotated[int, Parameter(help="How far back.")] = 90,
    json: Json = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """List open incidents and those that ended lately."""
    async with desk(config) as (_, incidents, _duties):
        found = await incidents.incidents(days=days)
    if json:
        print_json([_members(each) for each in found])
        return
    table = Table("id", "kind", "state", "impact", "components", "began", "told")
    for each in found:
        told = "yes" if each.is_told else "no"
        components = " ".join(each.components)
        table.add_row(each.incident_id, each.kind, each.state, each.impact, components, text(each.started_at), told)
    # A file or a pipe has no width.
    Console(width=None if console.is_terminal else 240, markup=False, highlight=False).print(table)


@app.command
async def show(incident: Which, /, *, json: Json = False, config: Config = DEFAULT_CONFIG) -> None:
    """Show one incident with its timeline."""
    async with desk(config) as (_, incidents, _duties):
        found = await incidents.incident(incident)
    if json:
        print_json(_members(found))
        return
    lines = [
        f"{found.incident_id}  {found.title['en']}",
        f"{found.kind}, {found.state}, {found.impact}; {'told' if found.is_told else 'nobody outside is told'}",
        f"components  {', '.join(found.components)}",
        f"functions   {', '.join(found.functions)}",
        f"began       {text(found.started_at)}",
        f"known since {text(found.aware_at)}",
        f"ended       {text(found.ended_at) if found.ended_at else '-'}",
        f"sentence    {found.sentence['en']}",
        *(f"go on       {guide.function}: {', '.join(guide.ways)}" for guide in found.guides),
        *([f"technical   {found.technical}"] if found.technical else []),
        "",
        *(f"{text(each.at)} {each.state}, {each.impact}: {each.text['en']}" for each in found.updates),
    ]
    for line in lines:
        console.print(line, soft_wrap=True, markup=False)


def _members(incident: Incident) -> object:
    return msgspec.to_builtins(dataclasses.asdict(incident))
