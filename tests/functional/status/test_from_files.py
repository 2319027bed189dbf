"""The status page from files alone: what it shows of them, and what it does when they stop, lie or are nonsense."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from ipse.kernel.ids import RandomIds
from ipse.standards import jose
from ipse.status.server import composed
from tests.support.status_files import incident, text, window

if TYPE_CHECKING:
    from tests.functional.status.conftest import Desk

ATOM = "{http://www.w3.org/2005/Atom}"


async def test_a_good_day_shows_each_component_working(desk: Desk) -> None:
    assert set((await desk.severities()).values()) == {"operational"}
    page = await desk.http.get("/?lang=en")
    assert "Everything works" in page.text
    assert page.text.count('data-severity="operational"') == 9
    assert 'href="https://id.example/enrolment/documents/terms' in page.text


async def test_one_failure_shows_nothing_and_two_in_a_row_an_outage_that_clears_by_itself(desk: Desk) -> None:
    failing = {"phone-channel": "full", "login": "partial"}
    await desk.pass_time(30, failing)
    assert set((await desk.severities()).values()) == {"operational"}
    began = desk.now
    await desk.pass_time(5, failing)
    severities = await desk.severities()
    assert (severities["approval"], severities["sign-in"]) == ("major_outage", "partial_outage")
    assert severities["partner-api"] == "operational"
    document = await desk.document()
    approval = next(one for one in document["components"] if one["id"] == "approval")
    assert (document["severity"], approval["since"]) == ("major_outage", began)
    assert "does not work at the moment" in (await desk.http.get("/?lang=en")).text
    await desk.pass_time(5)
    assert (await desk.severities())["approval"] == "major_outage"
    await desk.pass_time(5)
    assert set((await desk.severities()).values()) == {"operational"}
    component = await desk.http.get("/components/approval?lang=en")
    assert "phone-channel: page: no answer in time" in component.text
    month = next(one for one in (await desk.document())["components"] if one["id"] == "approval")["month"]
    assert (month["down_seconds"], month["uptime"] < "99.95") == (10, True)


async def test_a_bank_that_is_down_is_its_own_row_and_a_partial_outage_of_the_whole(desk: Desk) -> None:
    for _ in range(2):
        await desk.pass_time(5, {"bank:lys": "full"})
    severities = await desk.severities()
    assert severities.pop("enrolment-bank-lys") == "major_outage"
    assert set(severities.values()) == {"operational"}
    assert (await desk.document())["severity"] == "partial_outage"


async def test_probes_that_stop_make_everything_unknown_within_the_minute(desk: Desk) -> None:
    await desk.pass_time(60, probes=False)
    assert set((await desk.severities()).values()) == {"operational"}
    await desk.pass_time(1, probes=False)
    assert set((await desk.severities()).values()) == {"unknown"}
    page = (await desk.http.get("/?lang=nl")).text
    assert "We weten het op dit moment niet zeker" in page
    assert "Onze eigen proeven melden sinds" in page
    for _ in range(2):
        await desk.pass_time(1)
    assert set((await desk.severities()).values()) == {"operational"}


async def test_a_scheme_that_stops_publishing_is_trouble_by_itself(desk: Desk) -> None:
    for _ in range(4):
        await desk.pass_time(20, scheme=False)
    severities = await desk.severities()
    assert severities["sign-in"] == "degraded"
    assert severities["mobile-operator-lumo"] == "operational"
    await desk.pass_time(5)
    assert set((await desk.severities()).values()) == {"operational"}


async def test_real_requests_that_fail_show_although_the_probe_is_well(desk: Desk) -> None:
    for seconds in (5, 5):
        desk.clock.advance(seconds=seconds)
        desk.publishers.probe(desk.now)
        desk.publishers.scheme(desk.now, {"signing": {"ok": 10, "ours": 30}})
        await desk.page.look()
    severities = await desk.severities()
    assert severities.pop("signing") == "major_outage"
    assert set(severities.values()) == {"operational"}
    assert "Of 40 real requests" in (await desk.http.get("/components/signing?lang=en")).text


async def test_what_is_not_offered_is_no_outage(desk: Desk) -> None:
    desk.publishers.unoffered = {"enrolment-bank-lys"}
    await desk.pass_time(5, {"bank:lys": "full"})
    await desk.pass_time(5, {"bank:lys": "full"})
    assert "enrolment-bank-lys" not in await desk.severities()
    assert (await desk.document())["severity"] == "operational"


NONSENSE = (
    b"",
    b"{}",
    b"not json",
    b'{"format": "ipse-incidents", "version": 2, "written_at": 1}',
    b'{"format": "ipse-probes", "version": 1, "written_at": "x"}',
    b"[" * 100_000,
    b"x" * 4_000_001,
)


@pytest.mark.parametrize("name", ["incidents.json", "outcomes.json", "probes.json"])
async def test_nonsense_in_a_file_changes_nothing_but_its_age(desk: Desk, name: str) -> None:
    for nonsense in NONSENSE:
        (desk.publishers.folder / name).write_bytes(nonsense)
        await desk.page.look()
        assert set((await desk.severities()).values()) == {"operational"}
        assert (await desk.http.get("/")).status_code == 200


async def test_an_announced_window_shows_as_maintenance_and_does_not_count(desk: Desk) -> None:
    desk.publishers.maintenance = [window(desk.now, starts=10, lasts=600)]
    await desk.pass_time(5)
    page = (await desk.http.get("/maintenance?lang=en")).text
    assert "Database upgrade" in page
    await desk.pass_time(10, {"health": "full"})
    await desk.pass_time(10, {"health": "full"})
    severities = await desk.severities()
    assert (severities["sign-in"], severities["partner-api"]) == ("maintenance", "major_outage")
    await desk.pass_time(560)
    await desk.pass_time(5)
    await desk.pass_time(30)
    document = await desk.document()
    sign_in = next(one for one in document["components"] if one["id"] == "sign-in")
    assert (sign_in["severity"], sign_in["month"]["uptime"]) == ("operational", "100.000")


async def test_a_window_that_was_announced_too_late_counts_as_any_time(desk: Desk) -> None:
    desk.publishers.maintenance = [window(desk.now, announced=-10, starts=5, lasts=600)]
    for _ in range(3):
        await desk.pass_time(10, {"login": "full"})
    assert (await desk.severities())["sign-in"] == "major_outage"
    assert "not announced before" in (await desk.http.get("/maintenance?lang=en")).text


async def test_an_incident_is_told_with_ways_to_go_on_a_timeline_and_what_was_learnt(desk: Desk) -> None:
    desk.publishers.incidents = [incident(desk.now), incident(desk.now, ended=True, name="older")]
    await desk.pass_time(5)
    front = (await desk.http.get("/?lang=en")).text
    assert "Approving with the phone does not work at the moment." in front
    assert front.count('class="told open"') == 1
    page = (await desk.http.get("/incidents/0f6c2c4e7a5b4d0e9f1a?lang=en")).text
    for said in ("Use your eID card.", "A certificate has run out.", "Cause found", "The gateway refuses"):
        assert said in page
    assert "We renew certificates earlier." in (await desk.http.get("/incidents/older?lang=en")).text
    assert (await desk.http.get("/incidents/none?lang=en")).status_code == 404
    assert [one["id"] for one in (await desk.document())["incidents"]] == ["0f6c2c4e7a5b4d0e9f1a"]


async def test_texts_from_files_are_shown_and_never_run(desk: Desk) -> None:
    hostile = incident(desk.now)
    hostile |= {"title": text("<script>alert(1)</script>"), "technical": '"><img src=x onerror=alert(1)>'}
    desk.publishers.incidents = [hostile]
    await desk.pass_time(5)
    for path in ("/", "/incidents", "/incidents/0f6c2c4e7a5b4d0e9f1a", "/feed.atom"):
        page = (await desk.http.get(path)).text
        assert "<script>alert" not in page
        assert "<img" not in page.replace('<img src="/static', "")


PATHS = (
    *("/", "/components/sign-in", "/components/enrolment-bank-lys", "/incidents"),
    *("/incidents/0f6c2c4e7a5b4d0e9f1a", "/maintenance", "/uptime", "/programs"),
)


async def test_every_page_is_whole_in_every_language(desk: Desk) -> None:
    desk.publishers.incidents = [incident(desk.now)]
    desk.publishers.maintenance = [window(desk.now)]
    await desk.pass_time(5)
    for path in PATHS:
        for language in ("nl", "fr", "de", "en"):
            answer = await desk.http.get(path, params={"lang": language})
            assert answer.status_code == 200
            assert f'<html lang="{language}">' in answer.text
    assert (await desk.http.get("/components/none")).status_code == 404


async def test_the_signed_document_is_the_same_and_stands_for_two_minutes(desk: Desk) -> None:
    answer = await desk.http.get("/status.jwt")
    keys = jose.public_keys((await desk.http.get("/jwks.json")).json())
    token = jose.verify(jose.UnverifiedToken.parse(answer.text), keys, algorithms={"ES256"}, types={"ipse-status+jwt"})
    claims = dict(token.claims)
    assert (claims.pop("iss"), claims.pop("iat"), claims.pop("exp")) == (
        desk.settings.address,
        desk.now,
        desk.now + 120,
    )
    assert claims == await desk.document()
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_the_feed_tells_incidents_and_changes_newest_first(desk: Desk) -> None:
    desk.publishers.incidents = [incident(desk.now)]
    for _ in range(2):
        await desk.pass_time(5, {"bank:lys": "full"})
    feed = ET.fromstring((await desk.http.get("/feed.atom?lang=en")).content)
    titles = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
    assert titles[0] == "Activation with Banque du Lys: Down"
    assert {"Approving with the phone", "Approving with the phone: Cause found"} <= set(titles)
    assert len({entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")}) == len(titles)


async def test_history_outlives_the_process_and_a_gap_is_unknown_time(desk: Desk) -> None:
    await desk.pass_time(5, {"login": "full"})
    await desk.pass_time(5, {"login": "full"})
    await desk.pass_time(10, {"login": "full"})
    desk.clock.advance(seconds=7200)
    async with composed(desk.settings, desk.clock, RandomIds()) as again:
        changes = again.watch.history.of("sign-in")
        assert [change.severity for change in changes][-2:] == ["major_outage", "unknown"]
        assert desk.now - changes[-1].since >= 7200
        assert again.watch.board.severity == "unknown"
        key = again.documents.signer.published
    assert key == desk.page.documents.signer.published


async def test_an_open_page_learns_that_something_changed(desk: Desk) -> None:
    before = (await desk.http.get("/mark")).json()
    await desk.pass_time(30)
    same = (await desk.http.get("/mark")).json()
    assert (same["mark"], same["at"] != before["at"]) == (before["mark"], True)
    for _ in range(2):
        await desk.pass_time(5, {"login": "full"})
    after = (await desk.http.get("/mark")).json()
    assert after["mark"] != before["mark"]
    assert f'data-mark="{after["mark"]}"' in (await desk.http.get("/")).text


async def test_a_full_disk_loses_history_and_never_what_people_see(desk: Desk) -> None:
    await desk.page.watch.history.database.rows("pragma query_only = on")
    for _ in range(2):
        await desk.pass_time(30, {"login": "full"})
    assert (await desk.severities())["sign-in"] == "major_outage"
    await desk.page.watch.history.database.rows("pragma query_only = off")
    for _ in range(2):
        await desk.pass_time(30)
    assert (await desk.severities())["sign-in"] == "operational"


async def test_a_process_that_does_not_look_any_more_says_so(desk: Desk) -> None:
    assert (await desk.http.get("/healthz")).status_code == 200
    desk.clock.advance(seconds=61)
    assert (await desk.http.get("/healthz")).status_code == 503


async def test_an_operator_or_bank_that_is_unknown_alone_makes_nothing_unsure(desk: Desk) -> None:
    for name, severity in (("mobile-operator:lumo", "operational"), ("login", "unknown")):
        desk.publishers.samples.pop(name)
        desk.publishers.forgotten.add(name)
        await desk.pass_time(1)
        assert (await desk.document())["severity"] == severity
    severities = await desk.severities()
    assert (severities["mobile-operator-lumo"], severities["sign-in"]) == ("unknown", "unknown")
