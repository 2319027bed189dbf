"""Every past request: searched, one by one, and taken along as a table or for programs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ipse.actions.model import Search
from ipse.actions.service.histories import LAST
from ipse.kernel.clock import read
from ipse.portal.http.desk import Desk
from ipse.portal.model import HOME
from ipse.portal.service.copies import as_json, table
from ipse.sessions import PARTNER
from ipse.web.forms import read_own_form
from ipse.web.pages import language_of

PAGE: Final = HOME + "/history"
KINDS: Final = ("authentication", "identification", "confirmation", "data_sharing", "signing")
OUTCOMES: Final = ("approved", "rejected", "not_started", "failed", "cancelled", "expired")
_ON_A_PAGE: Final = 25
_LONGEST: Final = 80
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class History:
    """`/portal/history`."""

    desk: Desk

    async def page(self, request: Request) -> Response:
        """Past requests, newest first, as far as they fit what is looked for."""
        session, language = await self.desk.who(request), language_of(request)
        asked, search = searched(request.query_params)
        entries, after = await self.desk.portal.histories.search(
            session.account_id, language, search, most=_ON_A_PAGE, after=_after(request.query_params.get("after", ""))
        )
        known = await self.desk.portal.histories.partners(session.account_id)
        names = {each: await self._partner(each) for each in known}
        return await self.desk.render(
            request,
            "history",
            "history",
            entries=entries,
            asked=asked,
            looking=any(asked.values()),
            kinds=KINDS,
            outcomes=OUTCOMES,
            partners=sorted(names.items(), key=lambda each: each[1].casefold()),
            begun="after" in request.query_params,
            more=urlencode({**asked, "after": f"{after[0]}.{after[1]}", "lang": language}) if after else "",
            query=urlencode({**{name: value for name, value in asked.items() if value}, "lang": language}),
        )

    async def entry(self, request: Request) -> Response:
        """One of them with everything that is known of it."""
        session, language = await self.desk.who(request), language_of(request)
        action_id = request.path_params["action"]
        past = await self.desk.portal.histories.one(session.account_id, action_id, language)
        until = await self.desk.opened(request, session)
        return await self.desk.render(
            request,
            "entry",
            "history",
            past=past,
            full=past.full if until is not None else None,
            opened_until=until,
            disowned_at=await self.desk.portal.acts.disowned_at(session.account_id, action_id),
        )

    async def disown(self, request: Request) -> Response:
        """This was not me: reported once, and what came of it is worth nothing any more."""
        session, action_id = await self.desk.who(request), request.path_params["action"]
        await read_own_form(request)
        first = await self.desk.portal.acts.disown(session, action_id)
        await self.desk.sessions.end_one(session.account_id, action_id)
        return self.desk.to(request, f"{PAGE}/{action_id}", done="disowned" if first else "disowned_before")

    async def as_table(self, request: Request) -> Response:
        """What fits, as CSV."""
        session = await self.desk.who(request)
        _, search = searched(request.query_params)
        full = await self.desk.opened(request, session) is not None
        every = self.desk.portal.histories.every(session.account_id, language_of(request), search)

        async def lines() -> AsyncIterator[bytes]:
            first = True
            async for past in every:
                written = table([past], full=full)
                yield (written if first else written.partition("\r\n")[2]).encode()
                first = False
            if first:
                yield table([], full=full).encode()

        return StreamingResponse(lines(), headers=_attached("history.csv", "text/csv; charset=utf-8"))

    async def for_programs(self, request: Request) -> Response:
        """What fits, as JSON."""
        session = await self.desk.who(request)
        _, search = searched(request.query_params)
        full = await self.desk.opened(request, session) is not None
        every = self.desk.portal.histories.every(session.account_id, language_of(request), search)

        async def lines() -> AsyncIterator[bytes]:
            between = b'{"history":[\n'
            async for past in every:
                yield between + msgspec.json.encode(as_json(past, full=full))
                between = b",\n"
            yield (b"" if between == b",\n" else between) + b"\n]}\n"

        return StreamingResponse(lines(), headers=_attached("history.json", "application/json"))

    async def _partner(self, partner_id: str) -> str:
        partner = await self.desk.portal.relations.desk.partners.partner(partner_id)
        if partner is not None:
            return partner.name
        return self.desk.pages.scheme if partner_id == PARTNER else partner_id


def searched(query: Mapping[str, str]) -> tuple[dict[str, str], Search]:
    """What is looked for, as the form says it and as the search takes it; what makes no sense is left out."""
    asked = {
        "q": query.get("q", "").replace("\x00", "").strip()[:_LONGEST],
        "partner": query.get("partner", "").replace("\x00", "")[:_LONGEST],
        "kind": _one_of(query.get("kind", ""), KINDS),
        "outcome": _one_of(query.get("outcome", ""), OUTCOMES),
        "from": query.get("from", "")[:10],
        "to": query.get("to", "")[:10],
    }
    since, until = _moment(asked["from"]), _moment(asked["to"])
    asked["from"], asked["to"] = asked["from"] if since else "", asked["to"] if until else ""
    search = Search(
        words=asked["q"],
        partner_id=asked["partner"],
        kind=asked["kind"],
        outcome=asked["outcome"],
        since=since,
        until=None if until is None else until + int(_DAY.total_seconds()) * 1_000_000,
    )
    return asked, search


def _one_of(said: str, words: tuple[str, ...]) -> str:
    return said if said in words else ""


def _moment(written: str) -> int | None:
    """The first moment of a day as a browser's date field writes it."""
    try:
        return read(written) if len(written) == len("2026-11-22") else None
    except (ValueError, OverflowError):
        return None


def _after(place: str) -> tuple[int, str]:
    """Where the last page ended."""
    moment, _, action_id = place.partition(".")
    if not (moment.isascii() and moment.isdigit() and len(moment) < 19):
        return LAST, ""
    return int(moment), action_id[:_LONGEST]


def _attached(name: str, kind: str) -> dict[str, Any]:
    return {"content-type": kind, "content-disposition": f'attachment; filename="{name}"'}
