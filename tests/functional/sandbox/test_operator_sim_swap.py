"""SIM Swap 2.1 as CAMARA's own test plan has it: `checkSimSwap` and `retrieveSimSwapDate`, scenario by scenario."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import httpx
import pytest

from ipse.standards.camara import PURPOSE, instant
from tests.functional.sandbox.telecom import ADA, SPARE, STRANGE, UNREADY, Telecom, assert_problem, telecom

CHECK, DATE = "/sim-swap/v2/check", "/sim-swap/v2/retrieve-date"
BOTH = pytest.mark.parametrize("path", [CHECK, DATE], ids=["check", "retrieve-date"])
Asked = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Telecom]:
    with telecom(tmp_path) as running:
        yield running


@pytest.fixture
def ask(net: Telecom) -> Asked:
    """Asks with a token of the client alone."""

    async def asked(path: str, number: str | None = ADA, **more: object) -> httpx.Response:
        named = {"phoneNumber": number} if number is not None else {}
        return await net.call("POST", path, named | more, token=await net.token("sim-swap"))

    return asked


@BOTH
async def test_1_any_good_call_has_the_shape_and_the_correlator(ask: Asked, path: str) -> None:
    answer = await ask(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-correlator"] == "corr-1"
    assert answer.json().keys() == ({"swapped"} if path == CHECK else {"latestSimChange"})


async def test_check_2_a_swap_in_the_last_ten_days_is_seen_without_max_age(net: Telecom, ask: Asked) -> None:
    await net.happen(ADA, "swap", at=net.hours_ago(200))
    assert (await ask(CHECK)).json() == {"swapped": True}


@pytest.mark.parametrize("hours", [260, 120, 24, 12])
async def test_check_3_a_swap_is_seen_within_max_age(net: Telecom, ask: Asked, hours: int) -> None:
    await net.happen(ADA, "swap", at=net.hours_ago(hours - 0.5))
    assert (await ask(CHECK, maxAge=hours)).json() == {"swapped": True}


async def test_check_4_a_swap_more_than_ten_days_ago_is_not_seen_without_max_age(net: Telecom, ask: Asked) -> None:
    await net.happen(ADA, "swap", at=net.hours_ago(241))
    assert (await ask(CHECK)).json() == {"swapped": False}


async def test_check_5_a_swap_before_max_age_is_not_seen(net: Telecom, ask: Asked) -> None:
    await net.happen(ADA, "swap", at=net.hours_ago(50))
    assert (await ask(CHECK, maxAge=49)).json() == {"swapped": False}
    assert (await ask(CHECK, maxAge=51)).json() == {"swapped": True}


async def test_check_6_a_sim_that_was_never_swapped_is_not_swapped(ask: Asked) -> None:
    assert (await ask(CHECK)).json() == {"swapped": False}


@pytest.mark.parametrize("hours", [260, 120, 24, 12])
async def test_check_7_a_sim_that_was_never_swapped_is_not_swapped_within_max_age(ask: Asked, hours: int) -> None:
    assert (await ask(CHECK, maxAge=hours - 1)).json() == {"swapped": False}


async def test_date_2_a_swap_has_its_time(net: Telecom, ask: Asked) -> None:
    at = net.hours_ago(30)
    await net.happen(ADA, "swap", at=at)
    assert (await ask(DATE)).json() == {"latestSimChange": at}


async def test_date_3_without_a_swap_the_time_is_when_the_sim_was_activated(ask: Asked) -> None:
    said = (await ask(DATE)).json()["latestSimChange"]
    assert instant(said) == instant("2023-05-02T00:00:00Z")


async def test_date_4_a_number_without_any_sim_has_no_time(ask: Asked) -> None:
    assert (await ask(DATE, SPARE)).json() == {"latestSimChange": None}
    assert (await ask(CHECK, SPARE)).json() == {"swapped": False}


async def test_date_5_what_lies_too_far_back_is_not_told_but_how_far_back_is(net: Telecom) -> None:
    tellus = net.at("tellus")
    token = await tellus.token("sim-swap:retrieve-date")
    answer = await tellus.call("POST", DATE, {"phoneNumber": "+31670000102"}, token=token)
    assert answer.json() == {"latestSimChange": None, "monitoredPeriod": 60}


@BOTH
async def test_401_1_without_authorization(net: Telecom, path: str) -> None:
    assert_problem(await net.call("POST", path, {"phoneNumber": ADA}), 401, "UNAUTHENTICATED")


@BOTH
async def test_401_2_with_a_token_that_has_expired(net: Telecom, path: str) -> None:
    token = await net.token("sim-swap")
    net.clock.advance(seconds=301)
    assert_problem(await net.call("POST", path, {"phoneNumber": ADA}, token=token), 401, "UNAUTHENTICATED")


@BOTH
async def test_401_3_with_a_token_that_is_none(net: Telecom, path: str) -> None:
    assert_problem(await net.call("POST", path, {"phoneNumber": ADA}, token="made-up"), 401, "UNAUTHENTICATED")


@BOTH
async def test_403_with_a_token_for_something_else(net: Telecom, path: str) -> None:
    token = await net.token("one-time-password-sms:send-validate")
    assert_problem(await net.call("POST", path, {"phoneNumber": ADA}, token=token), 403, "PERMISSION_DENIED")


@pytest.mark.parametrize("wrong", ["24", 1.5, True, None, []])
async def test_check_400_1_max_age_that_is_no_whole_number(ask: Asked, wrong: object) -> None:
    assert_problem(await ask(CHECK, maxAge=wrong), 400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("wrong", [100_000, 2401, 0, -1])
async def test_check_400_2_max_age_out_of_range(ask: Asked, wrong: int) -> None:
    assert_problem(await ask(CHECK, maxAge=wrong), 400, "OUT_OF_RANGE")


async def test_check_400_3_max_age_beyond_what_the_operator_may_tell(net: Telecom) -> None:
    tellus = net.at("tellus")
    body = {"phoneNumber": "+31670000102", "maxAge": 60 * 24 + 1}
    answer = await tellus.call("POST", CHECK, body, token=await tellus.token("sim-swap:check"))
    assert_problem(answer, 400, "OUT_OF_RANGE")


@BOTH
@pytest.mark.parametrize(
    "wrong", ["32400000101", "+0400000101", "+32 400000101", "+1234", "+1234567890123456", 5, None]
)
async def test_c02_01_a_number_that_is_none(net: Telecom, path: str, wrong: object) -> None:
    answer = await net.call("POST", path, {"phoneNumber": wrong}, token=await net.token("sim-swap"))
    assert_problem(answer, 400, "INVALID_ARGUMENT")


@BOTH
@pytest.mark.parametrize("number", [STRANGE, "+31670000102"], ids=["nobody's", "another operator's"])
async def test_c02_02_a_number_that_is_not_known_here(ask: Asked, path: str, number: str) -> None:
    assert_problem(await ask(path, number), 404, "IDENTIFIER_NOT_FOUND")


@BOTH
@pytest.mark.parametrize("named", [ADA, "+32400000103"], ids=["the same number", "another"])
async def test_c02_03_a_number_beside_a_token_that_names_one(net: Telecom, path: str, named: str) -> None:
    token = await net.token_of(ADA, "sim-swap")
    assert_problem(await net.call("POST", path, {"phoneNumber": named}, token=token), 422, "UNNECESSARY_IDENTIFIER")
    assert (await net.call("POST", path, {}, token=token)).status_code == 200


@BOTH
async def test_c02_04_no_number_anywhere(ask: Asked, path: str) -> None:
    assert_problem(await ask(path, None), 422, "MISSING_IDENTIFIER")


@BOTH
async def test_c02_05_a_number_that_the_service_does_not_work_for(net: Telecom, path: str) -> None:
    tellus = net.at("tellus")
    token = await tellus.token("sim-swap")
    assert_problem(
        await tellus.call("POST", path, {"phoneNumber": UNREADY}, token=token), 422, "SERVICE_NOT_APPLICABLE"
    )
    await net.happen(UNREADY, "ready")
    assert (await tellus.call("POST", path, {"phoneNumber": UNREADY}, token=token)).status_code == 200


@BOTH
async def test_a_body_that_is_no_json_object_is_refused(net: Telecom, path: str) -> None:
    token = await net.token("sim-swap")
    bodies: tuple[object, ...] = ([], "text", 5)
    for body in bodies:
        assert_problem(await net.call("POST", path, body, token=token), 400, "INVALID_ARGUMENT")
    headers = {"authorization": f"Bearer {token}", "x-correlator": "corr-1"}
    bare = await net.http.post(net.issuer + path, content=b"{", headers=headers)
    assert_problem(bare, 400, "INVALID_ARGUMENT")


async def test_a_correlator_that_breaks_the_rules_is_refused_and_not_repeated(net: Telecom) -> None:
    answer = await net.call("POST", CHECK, {}, token=await net.token("sim-swap"), **{"x-correlator": "a b"})
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_ARGUMENT")
    assert "x-correlator" not in answer.headers


async def test_a_port_is_a_change_at_the_new_operator_and_unknown_at_the_old(net: Telecom, ask: Asked) -> None:
    """T-5: a ported number has a new SIM, whoever asked for it."""
    await net.happen(ADA, "port", to="tellus")
    assert_problem(await ask(CHECK), 404, "IDENTIFIER_NOT_FOUND")
    tellus = net.at("tellus")
    answer = await tellus.call("POST", CHECK, {"phoneNumber": ADA}, token=await tellus.token("sim-swap"))
    assert answer.json() == {"swapped": True}


async def test_every_token_names_one_purpose(net: Telecom) -> None:
    for scope in (
        "sim-swap",
        f"{PURPOSE} dpv:Marketing sim-swap",
        "dpv:x sim-swap",
        PURPOSE,
        f"{PURPOSE} sim-swap:all",
    ):
        answer = await net.token_answer(scope)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope"), scope
