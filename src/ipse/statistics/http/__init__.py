"""Addresses: the page `/statistics`, its tables as CSV and all of it as JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ipse.statistics.http.writing import HEADS, Writer, name_in
from ipse.statistics.model import Published
from ipse.statistics.service.public import PublicFigures
from ipse.web.errors import NotFound
from ipse.web.pages import Pages, language_of
from ipse.web.routes import Caller, Route

PAGE: Final = "/statistics"
_CACHED: Final = "public, max-age=300"
_TOP: Final = "top"


def routes(figures: PublicFigures, pages: Pages, *, test: bool) -> list[Route]:
    """All addresses. `test`: persons are test persons, and the page says so."""
    on = _Endpoints(figures, pages, test)
    return [
        Route(PAGE, on.page, caller=Caller.BROWSER, limit="page"),
        Route(f"{PAGE}.json", on.json, caller=Caller.PUBLIC, limit="page"),
        Route(f"{PAGE}/{{name}}.csv", on.csv, caller=Caller.PUBLIC, limit="page"),
    ]


@dataclass(frozen=True, slots=True)
class _Endpoints:
    figures: PublicFigures
    pages: Pages
    test: bool

    async def page(self, request: Request) -> Response:
        """`GET /statistics`: charts, each with its table."""
        found, language = await self.figures.now(), language_of(request)
        writer = Writer(self.pages, language)
        response = self.pages.render(
            "statistics/page.html",
            language,
            here=PAGE,
            test=self.test,
            until=writer.day(found.until),
            closed=writer.day(found.closed),
            smallest=found.smallest,
            tiles=writer.tiles(found),
            cards=[writer.card(table, found) for table in found.tables],
            top=writer.top(found),
        )
        response.headers["cache-control"], response.headers["vary"] = _CACHED, "accept-language"
        return response

    async def json(self, _request: Request) -> Response:
        """`GET /statistics.json`: all of it; null where a number is not told."""
        found = await self.figures.now()
        document: dict[str, Any] = msgspec.to_builtins(found)
        document["test"] = self.test
        document["tables"] = {
            table.name: {"columns": table.columns, "rows": {line.name: line.cells for line in table.lines}}
            for table in found.tables
        }
        document["top"] = {
            sector: [
                {"partner": one.service.partner_name, "service": one.service.service_name, "times": one.times}
                for one in used
            ]
            for sector, used in found.top.items()
        }
        return Response(msgspec.json.encode(document), media_type="application/json", headers=_headers("json"))

    async def csv(self, request: Request) -> Response:
        """`GET /statistics/requests.csv`: one table; an empty cell is a number that is not told."""
        found, name = await self.figures.now(), request.path_params["name"]
        lines = _top_lines(found) if name == _TOP else _table_lines(found, name)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n")  # RFC 4180
        writer.writerows([_harmless(cell) for cell in line] for line in lines)
        return Response(text.getvalue(), media_type="text/csv", headers=_headers(f"{name}.csv"))


def _top_lines(found: Published) -> Iterator[Sequence[object]]:
    yield "sector", "partner", "service", "times"
    for sector, used in found.top.items():
        for one in used:
            yield sector, one.service.partner_name, name_in(one.service.service_name, "en"), one.times


def _table_lines(found: Published, name: str) -> Iterator[Sequence[object]]:
    try:
        table = found.table(name)
    except KeyError as error:
        raise NotFound("no such table") from error
    yield HEADS.get(name, "month"), *table.columns
    for line in table.lines:
        yield line.name, *line.cells


def _harmless(cell: object) -> object:
    """A name that a spreadsheet would take for a formula is written as text."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@"} else cell


def _headers(name: str) -> dict[str, str]:
    disposition = {} if name == "json" else {"content-disposition": f'attachment; filename="{name}"'}
    return {"cache-control": _CACHED, **disposition}
