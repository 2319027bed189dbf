"""Everything that is kept of a person, to take along: JSON for programs, a page for people, and the files.

Each feature gives its own part; who has none says why in the test that reads every column of the schema (B-73).
"""

from __future__ import annotations

import asyncio
import csv
import io
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ipse.actions.model import Past
from ipse.kernel.clock import Clock, text
from ipse.portal.model import File, Part
from ipse.web.archives import Outlet

FORMAT: Final = "ipse-copy-1"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
COLUMNS: Final = (
    "reference",
    "began",
    "decided",
    "partner",
    "broker",
    "service",
    "kind",
    "outcome",
    "method",
    "start",
    "place",
    "phone_place",
    "level",
    "shared",
    "declined",
    "confirmed",
)
"""Of the history as a table."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula at the beginning of a cell."""


@dataclass(frozen=True)
class Copies:
    """Use cases of taking along."""

    clock: Clock
    issuer: str
    parts: Mapping[str, Part]
    """What each feature keeps, by the part's name."""
    files: Sequence[Callable[[str], Awaitable[Sequence[File]]]]

    async def document(self, account_id: str) -> dict[str, Any]:
        """Everything, for programs. Times are ISO 8601 in UTC, bytes base64url."""
        parts = {name: await part(account_id) for name, part in self.parts.items()}
        return {"format": FORMAT, "made_at": text(self.clock.now()), "issuer": self.issuer, **parts}

    async def archive(
        self, account_id: str, document: Mapping[str, Any], readable: str, history: str
    ) -> AsyncIterator[bytes]:
        """All of it as a ZIP file, of which only a piece at a time is in memory."""
        out = Outlet()
        octets = msgspec.json.format(msgspec.json.encode(document))
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in (
                ("data.json", octets),
                ("data.html", readable.encode()),
                ("history.csv", history.encode()),
            ):
                await asyncio.to_thread(archive.writestr, zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
                yield out.taken()
            for giving in self.files:
                for name, pieces in await giving(account_id):
                    with archive.open(zipfile.ZipInfo(name, _EPOCH), "w") as entry:
                        async for piece in pieces():
                            entry.write(piece)
                            yield out.taken()
        yield out.taken()


def table(entries: Iterable[Past], *, full: bool) -> str:
    """Past requests as CSV (RFC 4180), protected values masked unless `full`."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(COLUMNS)
    for past in entries:
        told = as_json(past, full=full)
        rows.writerow([_cell(told[column]) for column in COLUMNS])
    return written.getvalue()


def as_json(past: Past, *, full: bool) -> dict[str, Any]:
    """A past request for programs."""
    entry = past.entry
    return {
        "reference": entry.action,
        "began": text(past.created_at),
        "decided": None if past.decided_at is None else text(past.decided_at),
        "partner": entry.partner,
        "partner_id": past.partner_id,
        "broker": entry.broker,
        "service": entry.service,
        "kind": entry.type,
        "outcome": entry.outcome,
        "method": entry.method,
        "start": entry.start,
        "place": past.browser_place,
        "phone_place": past.phone_place,
        "level": past.level,
        "shared": {each["name"]: _shared(past, each, full=full) for each in entry.shared},
        "declined": list(entry.declined),
        "confirmed": list(entry.confirmed),
    }


def _shared(past: Past, entry: Mapping[str, Any], *, full: bool) -> Any:  # noqa: ANN401 - JSON
    if full and entry["name"] in past.full:
        return past.full[entry["name"]]
    return entry.get("value", entry.get("masked"))


def _cell(value: object) -> str:
    """A value in one cell: nothing that a spreadsheet would calculate."""
    if value is None:
        return ""
    if isinstance(value, str):
        written = value
    elif isinstance(value, list) and all(isinstance(each, str) for each in value):
        written = " ".join(value)
    else:
        written = msgspec.json.encode(value).decode() if value else ""
    return f"'{written}" if written.startswith(_FORMULA) else written
