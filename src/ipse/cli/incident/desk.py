"""What the commands about incidents share."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter
from rich.console import Console

from ipse.app.incidents import open_incidents
from ipse.cli.configuration import CLOCK, opened
from ipse.incidents import Function, MalformedIncident, Way
from ipse.incidents.service import Incidents
from ipse.incidents.service.duties import Duties
from ipse.kernel.clock import read
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Settings, SettingsError
from ipse.storage.migrations import pending

app = App(name="incident", help="Tell people what does not work and how to go on, and do what an incident obliges to.")
console = Console(highlight=False)

Which = Annotated[str, Parameter(help="Id of the incident, as 7QK2-M4PX; small letters and spaces do.")]
Texts = list[str] | None
Components = Annotated[
    list[str] | None, Parameter(name="--component", negative="", help="What is affected; may repeat.")
]
Functions = Annotated[
    list[Function] | None,
    Parameter(name="--function", negative="", help="What people cannot do as usual; default: by the components."),
]
Ways = Annotated[
    list[str] | None,
    Parameter(name="--way", negative="", help="How to go on with a function, best first, as login=eid_card,bank."),
]
Json = Annotated[bool, Parameter(negative="", help="For programs.")]


@asynccontextmanager
async def desk(config: Path) -> AsyncIterator[tuple[Settings, Incidents, Duties]]:
    """Settings and services of an installation whose database is up to date."""
    async with opened(config) as (settings, database, keystore):
        if await pending(database):
            raise SettingsError("the database lacks migrations; run: ipse migrate")
        yield settings, *open_incidents(settings, database, keystore, CLOCK, RandomIds())


def words(given: Iterable[str] | None) -> dict[str, str] | None:
    """Texts given as `nl=…`, by language; None where none was.

    Raises:
        MalformedIncident: one without its language.
    """
    if not given:
        return None
    found = {}
    for each in given:
        language, mark, text = each.partition("=")
        if not mark:
            raise MalformedIncident(public=f"Write the language before a text, as nl={each[:40]}")
        found[language.strip()] = text
    return found


def ways(given: Iterable[str] | None) -> dict[Function, tuple[Way, ...]] | None:
    """Ways given as `login=eid_card,bank`.

    Raises:
        MalformedIncident: a function or way that there is not.
    """
    if not given:
        return None
    found = {}
    for each in given:
        function, _, listed = each.partition("=")
        try:
            found[Function(function.strip())] = tuple(Way(way.strip()) for way in listed.split(",") if way.strip())
        except ValueError as error:
            choose = f"functions: {', '.join(Function)}; ways: {', '.join(Way)}"
            raise MalformedIncident(public=f"--way {each}: {error}. There are {choose}") from error
    return found


def moment(given: str | None) -> int | None:
    """A time as `2026-11-22T13:00:00Z`.

    Raises:
        MalformedIncident: another form.
    """
    if given is None:
        return None
    try:
        return read(given)
    except ValueError as error:
        raise MalformedIncident(public=f"{given} is not a time such as 2026-11-22T13:00:00Z: {error}") from error


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value)).decode() + "\n")
