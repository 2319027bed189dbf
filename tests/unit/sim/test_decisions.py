"""Decisions about SIMs: whom to ask, what follows, when again (T-5, F-7)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ipse.kernel.clock import SECOND
from ipse.phones.model import SimState
from ipse.sim.errors import OperatorRefusedError
from ipse.sim.model import Operator, OperatorState, Possession, SwapAnswer, Word
from ipse.sim.rules import pauses, policy, registering, routing
from ipse.sim.rules.policy import TABLE, Doing, Need, Occasion
from ipse.standards.camara import Api

LUMO = Operator(
    operator_id="lumo",
    name="Lumo",
    country="BE",
    prefixes=("+32", "+352"),
    issuer="https://lumo.example",
    api_root="https://lumo.example",
    client_id="ipse",
    apis=tuple(Api),
)
TELLUS = replace(LUMO, operator_id="tellus", prefixes=("+31", "+352600"))
ABROAD = replace(LUMO, operator_id="abroad", country="SE", prefixes=("+46",))
ALL = [ABROAD, LUMO, TELLUS]


def _ids(number: str, *, known: str | None = None, operators: list[Operator] | None = None) -> list[str]:
    return [each.operator_id for each in routing.candidates(number, operators or ALL, known=known)]


def test_the_longest_prefix_comes_first_then_the_others_of_the_country() -> None:
    assert _ids("+32 470000000") == ["lumo", "tellus"]
    assert _ids("+352 600000106") == ["tellus", "lumo"]
    assert _ids("+46 700000000") == ["abroad"]


def test_where_it_was_found_last_comes_before_everything() -> None:
    assert _ids("+32 470000000", known="tellus") == ["tellus", "lumo"]


def test_a_number_that_no_prefix_fits_asks_nobody() -> None:
    assert _ids("+1 2025550100") == []


def test_a_stopped_operator_is_asked_nothing() -> None:
    stopped = replace(LUMO, state=OperatorState.STOPPED)
    assert _ids("+32 470000000", operators=[stopped, ABROAD]) == []


def test_one_number_is_no_search_of_a_whole_country() -> None:
    many = [replace(LUMO, operator_id=f"o{place}", prefixes=("+32",)) for place in range(9)]
    assert len(_ids("+32 470000000", operators=many)) == routing.MOST_ASKED


def test_every_occasion_has_an_answer_to_everything() -> None:
    for occasion in Occasion:
        for word in Word:
            for changed in (True, False):
                assert policy.doing(occasion, SwapAnswer(word, changed=changed)) in Doing


def test_an_operator_that_is_down_stops_nobody_who_has_a_phone() -> None:
    """F-7: closed for binding, open for phones that are there."""
    down = SwapAnswer(Word.DOWN)
    assert policy.doing(Occasion.BINDING, down) is Doing.WAIT
    assert {policy.doing(each, down) for each in (Occasion.ADVANCED, Occasion.SIGNING)} == {Doing.GO_ON}
    assert not any(row[Word.DOWN] in {Doing.STOP, Doing.REDUCE} for row in TABLE.values())


def test_a_swap_refuses_a_binding_and_stops_everything_else() -> None:
    """T-5."""
    swapped = SwapAnswer(Word.VERIFIED, changed=True)
    doings = {occasion: policy.doing(occasion, swapped) for occasion in Occasion}
    assert doings.pop(Occasion.BINDING) is Doing.REFUSE
    assert set(doings.values()) == {Doing.STOP}


def test_a_number_that_nobody_showed_to_be_the_persons_is_never_ready() -> None:
    answered = SwapAnswer(Word.VERIFIED, changed=False)
    assert policy.complete(Possession.NONE, answered) is SimState.REDUCED
    assert policy.complete(Possession.SMS, answered) is SimState.READY
    assert policy.complete(Possession.NETWORK, SwapAnswer(Word.NOT_SERVED)) is SimState.REDUCED


def test_a_reduced_phone_signs_in_and_nothing_more() -> None:
    assert Need("authentication", "advanced").works_reduced
    kinds = ("identification", "confirmation", "data_sharing", "signing")
    assert not any(Need(kind, "basic").works_reduced for kind in kinds)


def test_only_a_code_or_a_signature_asks_the_operator() -> None:
    assert Need("identification", "basic").occasion is None
    assert Need("authentication", "advanced").occasion is Occasion.ADVANCED
    assert Need("signing", "basic").occasion is Occasion.SIGNING


def test_pauses_double_up_to_six_hours() -> None:
    found = [pauses.pause(failures, first=300) // SECOND for failures in (0, 1, 2, 20)]
    assert found == [300, 600, 1200, 21_600]


def test_whole_hours_never_reach_before_the_binding() -> None:
    hour = 3600 * SECOND
    assert [pauses.whole_hours(0, now) for now in (0, hour - 1, hour, 3 * hour - 1)] == [0, 0, 1, 2]


@pytest.mark.parametrize(
    "wrong",
    [
        {"operator_id": "Lumo"},
        {"country": "be"},
        {"prefixes": ()},
        {"prefixes": ("0470",)},
        {"cap": "top"},
        {"timeout_milliseconds": 50},
        {"client_id": " "},
        {"issuer": "http://lumo.example"},
        {"issuer": "https://lumo.example/"},
        {"api_root": "https://u@lumo.example"},
        {"api_root": "lumo.example"},
    ],
)
def test_what_cannot_be_registered(wrong: dict[str, object]) -> None:
    with pytest.raises(OperatorRefusedError):
        registering.check(replace(LUMO, **wrong), production=False)  # type: ignore[arg-type]


def test_production_takes_no_operator_of_a_sandbox() -> None:
    sandbox = replace(LUMO, issuer="http://127.0.0.1:8001/operators/lumo", api_root="http://127.0.0.1:8001")
    assert registering.check(sandbox, production=False) is sandbox
    with pytest.raises(OperatorRefusedError):
        registering.check(sandbox, production=True)
    with pytest.raises(OperatorRefusedError):
        registering.apis(["sim-swap", "sim-swop"])
