"""`ipse fraud`: reports without anything about a person, and tables of places with their wrong lines named."""

from __future__ import annotations

import sqlite3

from tests.functional.app.installation import Place

PAIR = """
insert into fraud_flags (kind, name, partner_id, weight, reports, first_at, changed_at) values (?, ?, ?, ?, ?, ?, ?)
"""
LONG_AGO = 1_790_000_000_000_000


def test_reports_are_listed_by_partner_and_network(small: Place) -> None:
    with sqlite3.connect(small.settings["database"].removeprefix("sqlite://")) as database:
        for kind, name in (("pair", "shop dGFn"), ("partner", "shop"), ("network", "dGFn")):
            database.execute(PAIR, (kind, name, "shop" if kind != "network" else "", 3000, 4, LONG_AGO, LONG_AGO))
    listed = small.ipse("fraud", "reports")
    assert listed.returncode == 0, listed.stderr
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in listed.stdout.splitlines() if "│" in line]
    named = {row[0]: row[1:3] for row in rows}
    assert named == {
        "network": ["", "dGFn"],
        "partner and network": ["shop", "dGFn"],
        "partner": ["shop", ""],
    }


def test_a_table_of_places_is_checked_line_by_line(small: Place) -> None:
    path = small.folder / "places.csv"
    path.write_text("network,country,place,lat,lon\n10.0.0.0/8,BE,Ghent,51.05,3.72\n10.0.0.0/8,BE,Ghent,51.05,3.72\n")
    checked = small.ipse("fraud", "places", str(path))
    assert (checked.returncode, "places: line 3: 10.0.0.0/8 is there twice" in checked.stderr) == (1, True)
    path.write_text("network,country,place,lat,lon\n10.0.0.0/8,BE,Ghent,51.05,3.72\n")
    assert "1 networks, every line can be used" in small.ipse("fraud", "places", str(path)).stdout
    assert "cannot be read" in small.changed(fraud={"places": "/nowhere.csv"}).refusal()
