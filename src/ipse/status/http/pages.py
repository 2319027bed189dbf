"""The pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.ids import b64u, sha256
from ipse.status.files import Incident, Maintenance
from ipse.status.http.words import HEIGHT, STEP, Words, bar
from ipse.status.model import DAY, OTHERS, Board, Severity, State
from ipse.status.rules import calendar
from ipse.status.rules.uptime import disturbances, measure
from ipse.status.service.watch import Watch
from ipse.web.errors import NotFound
from ipse.web.help import PATH as HELP
from ipse.web.pages import Pages, language_of
from ipse.web.routes import Caller, Route

DAYS: Final = 90
MONTHS: Final = 12
_MOST_SHOWN: Final = 100
_KEPT_SECONDS: Final = 15
"""So long the bars of past days are drawn from the same numbers."""
_ID: Final = re.compile(r"[\w.-]{1,100}")


@dataclass
class StatusPages:
    """Renders what the watch has seen."""

    watch: Watch
    pages: Pages
    _bars: dict[str, tuple[int, list[calendar.Day], str]] = field(default_factory=dict)

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route(path, endpoint, caller=Caller.BROWSER, limit="page")
            for path, endpoint in (
                ("/", self.now),
                ("/mark", self.mark),
                ("/components/{component}", self.component),
                ("/incidents", self.incidents),
                ("/incidents/{incident}", self.incident),
                ("/maintenance", self.maintenance),
                ("/uptime", self.uptime),
                ("/programs", self.programs),
            )
        ]

    async def now(self, request: Request) -> Response:
        """How everything is."""
        words, board = self._words(request), self.watch.board
        groups = [
            ("service", [state for state in board.states if state.kind not in OTHERS]),
            ("enrolment", [state for state in board.states if state.kind in OTHERS - {"mobile-operator"}]),
            ("operators", [state for state in board.states if state.kind == "mobile-operator"]),
        ]
        return self._render(
            request,
            "status/now.html",
            "/",
            mark=_mark(board),
            groups=[(name, [self._row(words, state) for state in states]) for name, states in groups if states],
            told=[_incident(words, one) for one in board.open_incidents()],
            coming=[_window(words, one, board.at) for one in _coming(board)],
            silent=[source for source in board.sources if source.is_silent and source.written_at is not None],
            since=max((state.since for state in board.states if state.severity.is_down), default=0),
            days=DAYS,
        )

    async def mark(self, request: Request) -> Response:
        """For the script of an open page: whether anything has changed, and when we looked."""
        words, board = self._words(request), self.watch.board
        told = {"mark": _mark(board), "at": words.clock(board.at)}
        return Response(msgspec.json.encode(told), media_type="application/json")

    async def component(self, request: Request) -> Response:
        """One component: now, its days, what disturbed it, its months."""
        words, board = self._words(request), self.watch.board
        state = board.state(request.path_params["component"])
        if state is None:
            raise NotFound("no such component")
        changes = self.watch.history.of(state.component)
        zone, windows = self.watch.settings.zone, board.maintenance
        spans = disturbances(changes, board.at - DAYS * DAY, board.at)
        months = calendar.months(changes, windows, state.component, zone, board.at, MONTHS)
        return self._render(
            request,
            "status/component.html",
            "/",
            one=self._row(words, state),
            state=state,
            checks=[
                (name, check, words.moment(check.since) if check.since else "–")
                for name, check in sorted(state.checks.items())
            ],
            spans=[
                {
                    "severity": span.severity,
                    "at": words.moment(span.start),
                    "iso": words.iso(span.start),
                    "lasted": None if span.end >= board.at else words.length(span.end - span.start),
                    "why": span.why,
                }
                for span in spans[:_MOST_SHOWN]
            ],
            months=[
                (words.month(each.first), words.share(each.uptime), words.length(each.uptime.down), self._kept(each))
                for each in months
                if each.uptime.measured
            ],
            days=DAYS,
        )

    async def incidents(self, request: Request) -> Response:
        """What operators told, the newest first."""
        words, board = self._words(request), self.watch.board
        found = [_incident(words, one) for one in board.incidents[:_MOST_SHOWN]]
        return self._render(request, "status/incidents.html", "/incidents", found=found)

    async def incident(self, request: Request) -> Response:
        """One incident: how to go on, its timeline, what was learnt, and the technical part."""
        words, board = self._words(request), self.watch.board
        wanted = request.path_params["incident"]
        one = next((one for one in board.incidents if one.id == wanted), None)
        if one is None or not _ID.fullmatch(wanted):
            raise NotFound("no such incident")
        names = [words.name(state) for state in board.states if state.component in one.components]
        return self._render(
            request,
            "status/incident.html",
            "/incidents",
            one=_incident(words, one),
            names=names,
            technical=one.technical,
            guides=[(guide.function, guide.ways, words.said(guide.text)) for guide in one.guides],
            updates=[
                (update.id, update.state, words.moment(update.at), words.iso(update.at), words.said(update.text))
                for update in one.updates
            ],
            post_mortem=words.said(one.post_mortem.text) if one.post_mortem else "",
        )

    async def maintenance(self, request: Request) -> Response:
        """Planned windows, those to come first."""
        words, board = self._words(request), self.watch.board
        past = [one for one in board.maintenance if one not in _coming(board)]
        return self._render(
            request,
            "status/maintenance.html",
            "/maintenance",
            coming=[_window(words, one, board.at) for one in _coming(board)],
            past=[_window(words, one, board.at) for one in reversed(past)],
        )

    async def uptime(self, request: Request) -> Response:
        """Each component by month, against the target."""
        words, board = self._words(request), self.watch.board
        zone, history = self.watch.settings.zone, self.watch.history
        rows, heads = [], []
        for state in board.states:
            changes = history.of(state.component)
            months = calendar.months(changes, board.maintenance, state.component, zone, board.at, MONTHS)
            heads = [words.month(each.first, short=True) for each in months]
            rows.append(
                (words.name(state), state.component, [(words.share(each.uptime), self._kept(each)) for each in months])
            )
        known = [place for place in range(len(heads)) if any(row[2][place][1] is not None for row in rows)]
        return self._render(
            request,
            "status/uptime.html",
            "/uptime",
            heads=[heads[place] for place in known],
            rows=[(name, component, [shares[place] for place in known]) for name, component, shares in rows],
        )

    async def programs(self, request: Request) -> Response:
        """What partners' programs can use."""
        return self._render(request, "status/programs.html", "/programs")

    def _words(self, request: Request) -> Words:
        return Words(self.pages, language_of(request))

    def _row(self, words: Words, state: State) -> dict[str, Any]:
        at, days, share = self._days(words, state)
        bad = sum(1 for day in days if day.severity.rank >= Severity.DEGRADED.rank)
        return {
            "component": state.component,
            "name": words.name(state),
            "severity": state.severity,
            "since": words.moment(state.since),
            "iso": words.iso(state.since),
            "share": share,
            "bar": bar(days),
            "bad_days": bad,
            "known": at > 0,
        }

    def _days(self, words: Words, state: State) -> tuple[int, list[calendar.Day], str]:
        board, zone = self.watch.board, self.watch.settings.zone
        key = f"{words.language} {state.component}"
        kept = self._bars.get(key)
        last = self.watch.history.last(state.component)
        stamp = board.at // _KEPT_SECONDS * 1000 + (last.since % 1000 if last else 0)
        if kept is None or kept[0] != stamp:
            changes = self.watch.history.of(state.component)
            uptime = measure(changes, board.maintenance, state.component, board.at - DAYS * DAY, board.at)
            days = calendar.days(changes, zone, board.at, DAYS)
            kept = self._bars[key] = (stamp, days, words.share(uptime))
        return kept

    def _kept(self, month: calendar.Month) -> bool | None:
        """Whether a month kept the target; None where nothing was measured."""
        share = month.uptime.share
        return None if share is None else share >= float(self.watch.settings.target)

    def _render(self, request: Request, template: str, section: str, **context: object) -> Response:
        words, board = self._words(request), self.watch.board
        language = words.language
        rail = [
            ("/", self.pages.text(language, "status.now"), ""),
            ("/incidents", self.pages.text(language, "status.incidents"), len(board.open_incidents()) or ""),
            ("/maintenance", self.pages.text(language, "status.maintenance"), ""),
            ("/uptime", self.pages.text(language, "status.uptime"), ""),
            (HELP, self.pages.text(language, "status.help"), ""),
            ("/programs", self.pages.text(language, "status.programs"), ""),
        ]
        every: dict[str, Any] = {
            "face": self.pages.text(language, "status.face"),
            "here": request.url.path,
            "rail": [("", rail)],
            "section": section,
            "who": "",
            "leave": "",
            "severity": board.severity,
            "looked": words.clock(board.at),
            "zone": self.watch.settings.time_zone,
            "target": self._target(language),
            "address": self.watch.settings.address,
            "step": STEP,
            "height": HEIGHT,
            "words": words,
            **context,
        }
        return self.pages.render(template, language, **every)

    def _target(self, language: str) -> str:
        target = self.watch.settings.target
        return f"{target if language == 'en' else target.replace('.', ',')}\u00a0%"


def _mark(board: Board) -> str:
    """Changes when anything on the page does."""
    states = [(state.component, state.severity, state.since) for state in board.states]
    told = [(one.id, one.changed_at) for one in board.incidents]
    coming = [(one.id, one.starts_at, one.ends_at) for one in _coming(board)]
    silent = [source.name for source in board.sources if source.is_silent]
    return b64u(sha256(msgspec.json.encode((states, told, coming, silent))))[:16]


def _coming(board: Board) -> list[Maintenance]:
    return [one for one in board.maintenance if one.cancelled_at is None and one.ends_at > board.at]


def _incident(words: Words, one: Incident) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": words.said(one.title),
        "sentence": words.said(one.sentence),
        "state": one.state,
        "impact": one.impact,
        "open": one.ended_at is None,
        "started": words.moment(one.started_at),
        "started_iso": words.iso(one.started_at),
        "ended": words.moment(one.ended_at) if one.ended_at else "",
        "lasted": words.length(one.ended_at - one.started_at) if one.ended_at else "",
        "newest": words.said(one.updates[0].text) if one.updates else "",
        "post_mortem": one.post_mortem is not None,
    }


def _window(words: Words, one: Maintenance, now: int) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": words.said(one.title),
        "text": words.said(one.text),
        "starts": words.moment(one.starts_at),
        "starts_iso": words.iso(one.starts_at),
        "ends": words.moment(one.ends_at),
        "runs": one.starts_at <= now < one.ends_at and one.cancelled_at is None,
        "cancelled": one.cancelled_at is not None,
        "late": one.announced_at >= one.starts_at,
    }
