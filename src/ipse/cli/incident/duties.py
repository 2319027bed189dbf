"""`ipse incident duties`, `draft`, `done`."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from ipse.cli.configuration import DEFAULT_CONFIG, Config, actor
from ipse.cli.incident.desk import Json, Which, app, console, desk, print_json
from ipse.incidents import Duty
from ipse.incidents.service.duties import Standing
from ipse.kernel.clock import text

Languages = Annotated[
    list[Literal["nl", "fr", "de", "en"]] | None,
    Parameter(name="--language", negative="", help="May repeat; default: English and incidents.languages."),
]


@app.command
async def duties(
    incident: Annotated[str, Parameter(help="Id of the incident; none: all whose duties are not done.")] = "",
    /,
    *,
    json: Json = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Show whom an incident obliges us to tell, until when, and why: every threshold, measured."""
    async with desk(config) as (_, incidents, service):
        found = [await service.standing(incident)] if incident else await service.running()
    if json:
        print_json([msgspec.to_builtins(dataclasses.asdict(each)) for each in found])
        return
    for standing in found:
        _print(standing, incidents.wording.texts["en"].text)
    if not found:
        console.print("No duty is open")


@app.command
async def draft(incident: Which, duty: Duty, /, *, language: Languages = None, config: Config = DEFAULT_CONFIG) -> None:
    """Write a draft of a notification to standard output, with what is known filled in."""
    async with desk(config) as (settings, _incidents, service):
        languages = tuple(dict.fromkeys(language or ("en", *settings.incidents.languages)))
        sys.stdout.write(await service.draft(incident, duty, languages))


@app.command
async def done(
    incident: Which,
    duty: Duty,
    /,
    *,
    note: Annotated[str, Parameter(help="Where its receipt is; for the audit log.")] = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Mark a duty as done, now, by you."""
    async with desk(config) as (_, _incidents, service):
        await service.done(incident, duty, note=note, actor=actor())
    console.print(f"{duty} is done")


def _print(standing: Standing, say: Callable[[str], str]) -> None:
    wide = Console(width=None if console.is_terminal else 240, markup=False, highlight=False)
    incident = standing.incident
    wide.print(f"{incident.incident_id}  {incident.title['en']}, known since {text(incident.aware_at)}")
    wide.print(f"significant: {'yes' if standing.significant else 'no'} (Implementing Regulation 2024/2690 art. 14)")
    for each in standing.thresholds:
        what = say(f"incidents.threshold.{each.letter}")
        wide.print(f"  {'x' if each.crossed else ' '} ({each.letter}) {what}: {each.measured} ({each.limit})")
    table = Table("duty", "law", "until", "time passed", "state", "done")
    for clock in standing.clocks:
        mark = clock.mark
        by = "" if mark is None or mark.done_at is None else f"{text(mark.done_at)} {mark.done_by} {mark.note}"
        until = "-" if clock.due_at is None else text(clock.due_at)
        table.add_row(clock.duty, clock.law, until, f"{clock.percent} %", clock.state, by.strip())
    wide.print(table)
