"""The files behind the status page: whole, readable by everybody, and as docs/reference/status-files.md says."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ipse.incidents import Impact, Kind
from ipse.incidents.service import NewIncident
from ipse.incidents.service.files import StatusFiles
from ipse.kernel.clock import SECOND
from tests.functional.incidents.conftest import LISTED, Desk

DOWN = NewIncident(kind=Kind.OUTAGE, impact=Impact.FULL, components=("enrolment-bank-lys",), technical="No answer.")


async def test_both_files(desk: Desk, tmp_path: Path) -> None:
    asked: list[int] = []

    async def counting(since: int, until: int) -> Mapping[str, Mapping[str, int]]:
        asked.append((until - since) // SECOND)
        return {each.id: {"ok": (until - since) // SECOND, "person": 0, "ours": 0, "partner": 0} for each in LISTED}

    opened = await desk.incidents.open(DOWN, actor="operator:ada")
    files = StatusFiles(desk.board, tmp_path / "status", counting)
    await files.write_incidents()  # nothing was looked at yet: no half a file
    assert not (tmp_path / "status").exists()
    await desk.board.refresh()
    await files.write_incidents()
    await files.write_outcomes()
    await files.write_outcomes()
    assert asked == [300, 3600, 300]  # an hour is counted once a minute
    assert sorted(each.name for each in (tmp_path / "status").iterdir()) == ["incidents.json", "outcomes.json"]
    for each in (tmp_path / "status").iterdir():
        assert stat.S_IMODE(each.stat().st_mode) == 0o644
    incidents = msgspec.json.decode((tmp_path / "status" / "incidents.json").read_bytes())
    assert list(incidents)[:3] == ["format", "version", "written_at"]
    assert [each["id"] for each in incidents["components"]] == [each.id for each in LISTED]
    assert incidents["components"][2]["name"]["fr"] == "L’activation par Banque Lys"
    assert incidents["components"][3]["offered"] is False
    (incident,) = incidents["incidents"]
    assert incident["id"] == opened.incident_id
    assert {*incident["guides"][0]} == {"function", "ways", "text"}
    outcomes = msgspec.json.decode((tmp_path / "status" / "outcomes.json").read_bytes())
    assert {*outcomes["components"][0]} == {"id", "last_5_minutes", "last_60_minutes"}
    assert outcomes["components"][0]["last_60_minutes"]["ok"] == 3600
