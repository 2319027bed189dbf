"""Incidents for those who handle them: told in four languages, with duty clocks and drafts; planned maintenance."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from ipse.console.errors import NothingFound
from ipse.console.http.desk import Desk, route
from ipse.console.model import HOME, What
from ipse.incidents import Duty, Impact, Kind, MalformedIncident, State
from ipse.incidents.model import Incident
from ipse.incidents.service.incidents import Change, Component, NewIncident
from ipse.kernel.clock import read
from ipse.kernel.errors import PlatformError
from ipse.staff.model import Member
from ipse.web.languages import LANGUAGES
from ipse.web.routes import Route

_W = TypeVar("_W", bound=StrEnum)
_LONGEST = 4000


def routes(desk: Desk) -> list[Route]:
    """Their addresses."""
    on, reads, writes = _Endpoints(desk), What.READ_INCIDENTS, What.WRITE_INCIDENTS
    return [
        route("/incidents", desk.reading(on.page, reads)),
        route("/incidents", desk.changing(on.begin, on.page, writes), "POST"),
        route("/incidents/{incident}", desk.reading(on.one, reads)),
        route("/incidents/{incident}", desk.changing(on.change, on.one, writes), "POST"),
        route("/incidents/{incident}/drafts/{duty}", desk.reading(on.draft, reads)),
    ]


@dataclass(frozen=True, slots=True)
class _Endpoints:
    desk: Desk

    async def page(self, request: Request, member: Member, problem: PlatformError | None) -> Response:
        """All of the last months, and what is planned."""
        console = self.desk.console
        incidents = await console.incidents.incidents()
        return await self.desk.show(
            request, member, "incidents", section="/incidents", problem=problem, incidents=incidents,
            maintenance=await console.incidents.maintenance(), components=await self._components(),
            now=console.incidents.clock.now(), kinds=list(Kind), impacts=list(Impact),
        )  # fmt: skip

    async def begin(self, _request: Request, member: Member, fields: dict[str, str]) -> str:
        """Open an incident, or plan maintenance."""
        incidents = self.desk.console.incidents
        components = tuple(name.removeprefix("component.") for name in fields if name.startswith("component."))
        if fields.get("do") == "plan":
            await incidents.plan(
                title=None,
                text=_words(fields, "text"),
                components=components,
                starts_at=_moment(fields.get("starts", "")),
                ends_at=_moment(fields.get("ends", "")),
                actor=member.actor,
            )
            return f"{HOME}/incidents"
        if fields.get("do", "").startswith("call_off:"):
            await incidents.call_off(fields["do"].partition(":")[2], actor=member.actor)
            return f"{HOME}/incidents"
        new = NewIncident(
            kind=_word(Kind, fields.get("kind", "")),
            impact=_word(Impact, fields.get("impact", "")),
            components=components,
            text=_words(fields, "text"),
            technical=fields.get("technical", "")[:_LONGEST],
        )
        incident = await incidents.open(new, actor=member.actor)
        return f"{HOME}/incidents/{incident.incident_id}"

    async def one(self, request: Request, member: Member, problem: PlatformError | None) -> Response:
        """One incident: its timeline, what it demands, what was learnt."""
        console = self.desk.console
        standing = await console.duties.standing(request.path_params["incident"])
        return await self.desk.show(
            request, member, "incident", section="/incidents", problem=problem, incident=standing.incident,
            standing=standing, components={each.id: each for each in await self._components()}, states=list(State),
            impacts=list(Impact), here=f"{HOME}/incidents/{standing.incident.incident_id}",
            words_of=standing.incident.post_mortem.text if standing.incident.post_mortem else {},
        )  # fmt: skip

    async def change(self, request: Request, member: Member, fields: dict[str, str]) -> str:
        """Tell more, resolve, publish, do a duty, or write what was learnt."""
        console = self.desk.console
        incident = await console.incidents.incident(request.path_params["incident"])
        place, do = f"{HOME}/incidents/{incident.incident_id}", fields.get("do", "")
        if do == "update":
            await console.incidents.change(incident.incident_id, _change(fields, incident), actor=member.actor)
        elif do == "publish":
            await console.incidents.change(incident.incident_id, Change(publish=True), actor=member.actor)
        elif do.startswith("duty:"):
            duty = _word(Duty, do.partition(":")[2])
            await console.duties.done(incident.incident_id, duty, note=fields.get("note", ""), actor=member.actor)
        elif do in {"keep", "post_mortem"}:
            words = _words(fields, "learnt") or {}
            await console.incidents.write_post_mortem(
                incident.incident_id, words, publish=do == "post_mortem", actor=member.actor
            )
        else:
            raise MalformedIncident(public="choose what is to be done")
        return place

    async def draft(self, request: Request, member: Member, problem: PlatformError | None) -> Response:
        """A notification with what is known filled in, in the languages asked for."""
        console, incident_id = self.desk.console, request.path_params["incident"]
        try:
            duty = Duty(request.path_params["duty"])
        except ValueError as error:
            raise NothingFound from error
        asked = [each for each in request.query_params.get("in", "").split(",") if each in LANGUAGES]
        text = await console.duties.draft(incident_id, duty, asked or LANGUAGES)
        return await self.desk.show(
            request, member, "draft", section="/incidents", problem=problem, duty=duty, text=text,
            incident_id=incident_id,
        )  # fmt: skip

    async def _components(self) -> tuple[Component, ...]:
        return tuple(each for each in await self.desk.console.incidents.listing() if each.offered)


def _change(fields: dict[str, str], incident: Incident) -> Change:
    return Change(
        state=_word(State, fields.get("state", "")) if fields.get("state") else incident.state,
        impact=_word(Impact, fields.get("impact", "")) if fields.get("impact") else None,
        text=_words(fields, "text"),
        technical=fields.get("technical", "")[:_LONGEST] or None,
    )


def _words(fields: dict[str, str], name: str) -> dict[str, str] | None:
    """A text in four languages; None where nothing was typed, so that the usual words are used."""
    found = {each: fields.get(f"{name}.{each}", "").strip()[:_LONGEST] for each in LANGUAGES}
    return {each: text for each, text in found.items() if text} or None


def _word(kind: type[_W], typed: str) -> _W:
    try:
        return kind(typed)
    except ValueError as error:
        raise MalformedIncident(public=f"choose one of {', '.join(kind)}") from error


def _moment(typed: str) -> int:
    """The moment of a field of date and time, in UTC."""
    try:
        return read(typed[:16] + "Z")
    except ValueError as error:
        raise MalformedIncident(public="choose when it begins and ends") from error
