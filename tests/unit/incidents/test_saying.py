"""What is announced, drafted and published of incidents, and what cannot be one."""

from __future__ import annotations

from typing import Any

import pytest

from ipse.incidents.errors import MalformedIncident
from ipse.incidents.model import (
    Clock,
    Duty,
    DutyState,
    Extent,
    Function,
    Impact,
    Kind,
    PostMortem,
    State,
)
from ipse.incidents.rules import announcing, drafting, publishing, reading
from ipse.incidents.service.wording import Wording
from ipse.web import languages
from tests.unit.incidents.making import HOUR, MONDAY, WORDS, incident, update, window

WORDING = Wording(languages.load(("ipse.incidents",)))


def test_the_incident_that_keeps_most_people_from_logging_in_is_announced() -> None:
    small = incident(incident_id="A", impact=Impact.DEGRADED)
    bank = incident(incident_id="B", functions=(Function.ACTIVATION,))
    big = incident(incident_id="C", components=("approval",))
    said = announcing.announcement([small, bank, big], [], now=MONDAY)
    assert said is not None
    assert (said.subject, said.without_phone) == ("C", True)


@pytest.mark.parametrize("members", [{"published_at": None}, {"ends": MONDAY + 1}])
def test_what_is_over_or_told_to_nobody_is_not_announced(members: dict[str, Any]) -> None:
    assert announcing.announcement([incident(components=("approval",), **members)], [], now=MONDAY) is None
    assert not announcing.phone_is_down([incident(components=("approval",), **members)])


@pytest.mark.parametrize(
    ("component", "impact", "down"),
    [("approval", Impact.FULL, True), ("approval", Impact.PARTIAL, False), ("sign-in", Impact.FULL, False)],
)
def test_other_ways_come_first_when_nobody_can_approve_with_the_phone(
    component: str, impact: Impact, down: bool
) -> None:
    assert announcing.phone_is_down([incident(components=(component,), impact=impact)]) is down


def test_maintenance_is_announced_while_it_runs() -> None:
    planned = window(MONDAY, MONDAY + HOUR)
    assert announcing.announcement([], [planned], now=MONDAY - 1) is None
    said = announcing.announcement([], [planned], now=MONDAY)
    assert said is not None
    assert said.sentence == WORDS
    assert announcing.announcement([], [planned], now=MONDAY + HOUR) is None
    assert announcing.announcement([], [window(MONDAY, MONDAY + HOUR, cancelled_at=MONDAY)], now=MONDAY) is None


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
@pytest.mark.parametrize("duty", [*Duty])
def test_every_draft_has_every_part_in_every_language(duty: Duty, language: str) -> None:
    clock = Clock(duty, "NIS2 23(4)(a)", MONDAY, MONDAY + HOUR, DutyState.RUNNING, 0)
    known = drafting.Known("Ipse ASBL", incident(updates=(update(MONDAY, Impact.FULL),)), clock, ())
    written = drafting.draft(known, language, WORDING.texts[language].text)
    assert written.count("## ") == len(drafting.FIELDS[duty])
    assert "Ipse ASBL" in written
    assert WORDING.texts[language].text("incidents.draft.fill") in written


def test_what_is_known_is_filled_in() -> None:
    found = incident(extent=Extent(limited_people=1200, people=7_000_000), technical="The gateway is gone.")
    clock = Clock(Duty.NIS2_NOTIFICATION, "NIS2 23(4)(b)", MONDAY, MONDAY + HOUR, DutyState.RUNNING, 0)
    written = drafting.draft(drafting.Known("Ipse", found, clock, ()), "en", WORDING.texts["en"].text)
    for part in ("7QK2-M4PX", "2026-11-23T00:00:00Z", "1200 of 7000000", "The gateway is gone.", "goes on"):
        assert part in written


def test_only_what_people_are_told_of_is_published() -> None:
    told, secret = incident(technical="x"), incident(incident_id="B", kind=Kind.SECURITY, published_at=None)
    document = publishing.incidents_document(
        {"scheme": "Ipse"}, [told, secret], [window(MONDAY, MONDAY + 1)], now=MONDAY
    )
    assert (document["format"], document["version"]) == ("ipse-incidents", 1)
    assert [each["id"] for each in document["incidents"]] == ["7QK2-M4PX"]
    assert document["incidents"][0]["started_at"] == MONDAY // 1_000_000


def test_a_post_mortem_is_published_when_it_is_ready() -> None:
    draft = incident(post_mortem=PostMortem(WORDS, None))
    ready = incident(post_mortem=PostMortem(WORDS, MONDAY))
    assert publishing.incident_entry(draft)["post_mortem"] is None
    assert publishing.incident_entry(ready)["post_mortem"] == {"published_at": MONDAY // 1_000_000, "text": WORDS}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"nl": "a", "fr": "b", "en": "c"}, "lacks de"),
        ({**WORDS, "de": " "}, "lacks de"),
        ({**WORDS, "es": "x"}, "has es"),
        ({**WORDS, "fr": "x" * 121}, "has 121 characters"),
    ],
)
def test_a_text_comes_in_four_languages_and_is_not_too_long(given: dict[str, str], says: str) -> None:
    with pytest.raises(MalformedIncident) as refused:
        reading.words(given, "title")
    assert says in refused.value.public


def test_components_are_those_that_there_are() -> None:
    assert reading.components(["approval", "approval"], ["approval", "sign-in"]) == ("approval",)
    with pytest.raises(MalformedIncident):
        reading.components(["enrolment-bank-none"], ["approval"])
    with pytest.raises(MalformedIncident):
        reading.components([], ["approval"])
    assert reading.functions_of(("enrolment-bank-lys", "signing")) == (Function.ACTIVATION, Function.SIGNING)


@pytest.mark.parametrize(
    ("started", "aware"),
    [(MONDAY, MONDAY - 1), (MONDAY + HOUR, MONDAY + HOUR), (MONDAY - 1, MONDAY + 1)],
)
def test_times_that_cannot_be_are_refused(started: int, aware: int) -> None:
    with pytest.raises(MalformedIncident):
        reading.moments(started, aware, now=MONDAY)


@pytest.mark.parametrize(("starts", "ends"), [(MONDAY, MONDAY + 1), (MONDAY + HOUR, MONDAY + HOUR)])
def test_windows_that_cannot_be_are_refused(starts: int, ends: int) -> None:
    with pytest.raises(MalformedIncident):
        reading.window(starts, ends, now=MONDAY)


@pytest.mark.parametrize("better", [{"limited_people": -1}, {"nothing": 1}, {"limited_people": "many"}])
def test_numbers_that_cannot_be_are_refused(better: dict[str, object]) -> None:
    with pytest.raises(MalformedIncident):
        reading.extent(Extent(), better)


def test_an_incident_ends_after_it_began_and_not_in_the_future() -> None:
    assert reading.end(incident(), None, State.MONITORING, now=MONDAY + HOUR) is None
    assert reading.end(incident(), None, State.RESOLVED, now=MONDAY + HOUR) == MONDAY + HOUR
    for ended in (MONDAY - 1, MONDAY + HOUR + 1):
        with pytest.raises(MalformedIncident):
            reading.end(incident(), ended, State.RESOLVED, now=MONDAY + HOUR)


def test_the_usual_words_are_calm_and_in_four_languages() -> None:
    names = {"enrolment-bank-lys": "Banque Lys"}
    said = WORDING.sentence(Kind.OUTAGE, Impact.FULL, ("enrolment-bank-lys",), names)
    assert said["en"].startswith("Activation through Banque Lys does not work at the moment.")
    assert "Banque Lys" in said["de"]
    for kind in Kind:
        for impact in Impact:
            assert {*WORDING.sentence(kind, impact, ("approval",), {})} == {"nl", "fr", "de", "en"}
