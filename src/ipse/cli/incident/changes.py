"""`ipse incident open`, `update`, `resolve`, `post-mortem`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from ipse.cli.configuration import DEFAULT_CONFIG, Config, actor
from ipse.cli.incident.desk import (
    Components,
    Functions,
    Texts,
    Ways,
    Which,
    app,
    console,
    desk,
    moment,
    ways,
    words,
)
from ipse.incidents import Impact, Kind, MalformedIncident, State
from ipse.incidents.model import Incident
from ipse.incidents.service import Change, NewIncident

Title = Annotated[Texts, Parameter(name="--title", negative="", help="What it is called, as nl=…; all four languages.")]
Sentence = Annotated[
    Texts, Parameter(name="--sentence", negative="", help="What sign-in page and app say, as nl=…; all four.")
]
Text = Annotated[Texts, Parameter(name="--text", negative="", help="The entry of the timeline, as nl=…; all four.")]
Publish = Annotated[
    bool | None, Parameter(help="Whether people are told; default: of outages at once, of others not yet.")
]
Numbers = Annotated[
    list[str] | None,
    Parameter(
        name="--number",
        negative="",
        help="What is known of its extent, as limited_people=1200 or personal_data=yes; may repeat.",
    ),
]
_WORDS = {"yes": True, "true": True, "no": False, "false": False}


def numbers(given: list[str] | None) -> dict[str, object] | None:
    """Numbers given as `limited_people=1200`, `personal_data=yes`, `fixed_at=2026-11-22T13:00:00Z`."""
    if not given:
        return None
    found: dict[str, object] = {}
    for each in given:
        name, mark, value = each.partition("=")
        if not mark:
            raise MalformedIncident(public=f"--number {each}: write a name and a value, as limited_people=1200")
        if name == "fixed_at":
            found[name] = moment(value)
        elif value.isdigit():
            found[name] = int(value)
        else:
            found[name] = _WORDS.get(value.lower(), value)
    return found


@app.command
async def open(  # noqa: A001, PLR0913 - the command's own name; one option for each fact
    *,
    component: Components = None,
    impact: Annotated[Impact, Parameter(help="degraded: with trouble; partial: not for all; full: for nobody.")],
    kind: Kind = Kind.OUTAGE,
    function: Functions = None,
    way: Ways = None,
    title: Title = None,
    sentence: Sentence = None,
    text: Text = None,
    technical: Annotated[str, Parameter(help="For specialists, in English.")] = "",
    started: Annotated[str | None, Parameter(help="When it began; default: now.")] = None,
    aware: Annotated[str | None, Parameter(help="Since when we know: duties run from here. Default: now.")] = None,
    number: Numbers = None,
    publish: Publish = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Open an incident. What is left out is said in the usual words, in four languages, at once.

    Example: ipse incident open --component approval --impact full
    """
    async with desk(config) as (_, incidents, duties):
        new = NewIncident(
            kind=kind,
            impact=impact,
            components=tuple(component or ()),
            functions=None if function is None else tuple(function),
            title=words(title),
            sentence=words(sentence),
            text=words(text),
            ways=ways(way),
            technical=technical,
            extent=incidents.extent(numbers(number) or {}),
            started_at=moment(started),
            aware_at=moment(aware),
            publish=publish,
        )
        incident = await incidents.open(new, actor=actor())
        standing = await duties.standing(incident.incident_id)
    console.print(f"{incident.incident_id} is open{_told(incident)}", soft_wrap=True)
    if standing.clocks:
        console.print(f"It starts {len(standing.clocks)} duties: ipse incident duties {incident.incident_id}")


@app.command
async def update(  # noqa: PLR0913 - one option for each fact
    incident: Which,
    /,
    *,
    state: State | None = None,
    impact: Impact | None = None,
    component: Components = None,
    function: Functions = None,
    way: Ways = None,
    title: Title = None,
    sentence: Sentence = None,
    text: Text = None,
    technical: str | None = None,
    number: Numbers = None,
    publish: Publish = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Change an incident. A state, an impact or a text is a new entry of its timeline."""
    change = Change(
        state=state,
        impact=impact,
        text=words(text),
        title=words(title),
        sentence=words(sentence),
        components=None if component is None else tuple(component),
        functions=None if function is None else tuple(function),
        ways=ways(way),
        technical=technical,
        extent=numbers(number),
        publish=publish,
    )
    if change == Change():
        raise MalformedIncident(public="Say what changes: ipse incident update --help")
    async with desk(config) as (_, incidents, _duties):
        changed = await incidents.change(incident, change, actor=actor())
    console.print(f"{changed.incident_id}: {changed.state}, {changed.impact}{_told(changed)}", soft_wrap=True)


@app.command
async def resolve(
    incident: Which,
    /,
    *,
    text: Text = None,
    ended: Annotated[str | None, Parameter(help="When it ended; default: now.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """End an incident."""
    change = Change(state=State.RESOLVED, text=words(text), ended_at=moment(ended))
    async with desk(config) as (_, incidents, duties):
        changed = await incidents.change(incident, change, actor=actor())
        standing = await duties.standing(changed.incident_id)
    console.print(f"{changed.incident_id} is over; write what was learnt: ipse incident post-mortem", soft_wrap=True)
    if standing.clocks:
        console.print(f"Its duties go on: ipse incident duties {changed.incident_id}")


@app.command
async def post_mortem(
    incident: Which,
    file: Path,
    /,
    *,
    publish: Annotated[bool, Parameter(negative="", help="It is ready: everybody may read it.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Keep what was learnt from an incident that is over, and publish it when it is ready.

    Parameters
    ----------
    file
        TOML with the texts nl, fr, de and en.
    """
    texts = _read(file)
    async with desk(config) as (_, incidents, _duties):
        changed = await incidents.write_post_mortem(incident, texts, publish=publish, actor=actor())
    mortem = changed.post_mortem
    published = mortem is not None and mortem.published_at is not None
    console.print(f"{changed.incident_id}: kept, {'and published' if published else 'not published yet'}")


def _read(file: Path) -> dict[str, str]:
    try:
        return msgspec.toml.decode(file.read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError) as error:
        raise MalformedIncident(public=f"{file} cannot be read as TOML with nl, fr, de and en: {error}") from error


def _told(incident: Incident) -> str:
    return ", people are told" if incident.is_told else ", nobody outside is told; --publish does"
