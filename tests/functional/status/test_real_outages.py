"""Real outages of a real installation: each shows on the status page, with a row of its own, and clears by itself.

The database stops (F-3), the phone channel stops, one bank is down (F-8). Probes try every second here instead of every
30; nothing else is quicker than in production.
"""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from ipse.softphone import FileStore, SoftPhone
from tests.support.postgres import find_binaries, running_postgres
from tests.support.presence import absent
from tests.support.watched import Watched, watched_installation

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(240)
SECONDS = 55
"""Within the minute that is promised, on a machine that is busy with other tests."""
THE_SCHEMES = {"sign-in", "approval", "partner-api", "enrolment-card"}


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """An installation where everything works."""
    binaries = find_binaries()
    if binaries is None:
        absent("PostgreSQL", "run `make test` as root, or `apt-get install postgresql`")
    with running_postgres(binaries) as server:
        with ThreadPoolExecutor(1) as executor:
            executor.submit(asyncio.run, server.execute("create database watched")).result()
        with watched_installation(tmp_path_factory.mktemp("watched"), server, "watched") as running:
            yield running


def test_a_bank_that_is_down_is_down_alone(watched: Watched) -> None:
    watched.misbehave("bank-lys", "error")
    found = watched.until(lambda all_: all_["enrolment-bank-bank-lys"] == "major_outage", seconds=SECONDS)
    assert {name for name, severity in found.items() if severity != "operational"} == {"enrolment-bank-bank-lys"}
    watched.misbehave("bank-lys", "ok")
    watched.all_well(seconds=SECONDS)
    spans = httpx.get(f"{watched.status}/components/enrolment-bank-bank-lys?lang=en", timeout=5).text
    assert "discovery: answered 500" in spans


def test_without_the_phone_channel_people_sign_in_by_other_ways(watched: Watched) -> None:
    with watched.without_phone_channel():
        found = watched.until(
            lambda all_: (
                (all_["approval"], all_["sign-in"], all_["partner-api"])
                == ("major_outage", "partial_outage", "operational")
            ),
            seconds=SECONDS,
        )
        assert found["mobile-operator-lumo"] == "operational"
    watched.all_well(seconds=SECONDS)


def test_without_its_database_the_scheme_is_down_and_the_page_stands(watched: Watched) -> None:
    with watched.postgres.outage():
        found = watched.until(lambda all_: {all_[name] for name in THE_SCHEMES} == {"major_outage"}, seconds=SECONDS)
        assert found["mobile-operator-lumo"] == "operational"
        page = httpx.get(f"{watched.status}/?lang=fr", timeout=5)
        assert (page.status_code, "ne fonctionne pas pour le moment" in page.text) == (200, True)
    watched.all_well(seconds=SECONDS)


def test_the_synthetic_login_is_in_no_figure_of_real_requests(watched: Watched) -> None:
    """After all these logins the scheme has counted none of them."""
    counted = httpx.get(f"{watched.status}/status.json", timeout=5).json()["components"]
    requests = {one["id"]: one["requests"]["total"] for one in counted}
    assert (requests["sign-in"], requests["approval"], requests["partner-api"]) == (0, 0, 0)


def test_somebody_who_stops_the_synthetic_person_causes_no_outage(watched: Watched) -> None:
    """Its probes fall silent, which is not good news either: the rows will be unknown."""
    with SoftPhone(FileStore(watched.folder / "probes" / "phone.json")) as phone:
        phone.block("other")
    log = watched.folder / "probes.log"
    watched.until(lambda _: "refuses the synthetic person" in log.read_text(), seconds=SECONDS)
    found = watched.severities()
    assert (found["sign-in"], found["approval"]) == ("operational", "operational")
    newest = json.loads((watched.folder / "status" / "probes.json").read_text())
    login = next(probe for probe in newest["probes"] if probe["name"] == "login")
    assert login["samples"][-1]["outcome"] == "ok"
