"""One Time Password SMS, who may ask at all, the pages of the SIMs, and operators that misbehave."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from jsonschema.validators import Draft202012Validator

from ipse.cli.world_files import prepare
from ipse.sandbox import jose
from ipse.sandbox.moods import EVERYBODY, How
from ipse.sandbox.operators import OPERATORS
from ipse.sandbox.operators.descriptions import description
from ipse.sandbox.operators.model import home
from ipse.sandbox.persons import persons
from ipse.sandbox.places import Places
from ipse.standards.camara import PURPOSE, Api
from tests.functional.sandbox.telecom import ADA, SPARE, STRANGE, Telecom, assert_problem, telecom

SEND, VALIDATE = "/one-time-password-sms/v1/send-code", "/one-time-password-sms/v1/validate-code"
SCOPE = "one-time-password-sms:send-validate"
CHECK = "/sim-swap/v2/check"


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Telecom]:
    with telecom(tmp_path) as running:
        yield running


async def send(net: Telecom, number: object = ADA, message: object = "{{code}} is your code") -> httpx.Response:
    body = {"phoneNumber": number, "message": message}
    return await net.call("POST", SEND, body, token=await net.token(SCOPE))


async def judge(net: Telecom, attempt: str, code: str) -> httpx.Response:
    body = {"authenticationId": attempt, "code": code}
    return await net.call("POST", VALIDATE, body, token=await net.token(SCOPE))


def digits(net: Telecom, number: str = ADA) -> str:
    text = net.telecoms.servers["lumo"].texts.inboxes.of(number)[0].text
    found = re.fullmatch(r"(\d{6}) is your code", text)
    assert found is not None
    return found[1]


def wrong(right: str) -> str:
    return f"{(int(right) + 1) % 1_000_000:06}"


async def test_digits_come_by_text_message_and_work_once(net: Telecom) -> None:
    attempt = (await send(net)).json()["authenticationId"]
    answer = await judge(net, attempt, digits(net))
    assert (answer.status_code, answer.content, answer.headers["x-correlator"]) == (204, b"", "corr-1")
    assert_problem(await judge(net, attempt, digits(net)), 400, "ONE_TIME_PASSWORD_SMS.VERIFICATION_EXPIRED")


async def test_three_wrong_tries_end_it(net: Telecom) -> None:
    attempt = (await send(net)).json()["authenticationId"]
    for _ in range(3):
        assert_problem(await judge(net, attempt, wrong(digits(net))), 400, "ONE_TIME_PASSWORD_SMS.INVALID_OTP")
    assert_problem(await judge(net, attempt, digits(net)), 400, "ONE_TIME_PASSWORD_SMS.VERIFICATION_FAILED")


async def test_digits_expire_and_newer_ones_replace_them(net: Telecom) -> None:
    first = (await send(net)).json()["authenticationId"]
    old = digits(net)
    net.clock.advance(seconds=1)
    second = (await send(net)).json()["authenticationId"]
    assert_problem(await judge(net, first, old), 400, "ONE_TIME_PASSWORD_SMS.VERIFICATION_EXPIRED")
    net.clock.advance(seconds=301)
    assert_problem(await judge(net, second, digits(net)), 400, "ONE_TIME_PASSWORD_SMS.VERIFICATION_EXPIRED")
    assert_problem(await judge(net, "unknown", "1"), 404, "NOT_FOUND")


async def test_a_number_gets_five_codes_in_ten_minutes(net: Telecom) -> None:
    for _ in range(5):
        assert (await send(net)).status_code == 200
    assert_problem(await send(net), 403, "ONE_TIME_PASSWORD_SMS.MAX_OTP_CODES_EXCEEDED")
    net.clock.advance(seconds=601)
    assert (await send(net)).status_code == 200


@pytest.mark.parametrize("number", [STRANGE, SPARE, "+31670000102"])
async def test_a_number_that_cannot_be_reached_here(net: Telecom, number: str) -> None:
    assert_problem(await send(net, number), 403, "ONE_TIME_PASSWORD_SMS.PHONE_NUMBER_NOT_ALLOWED")


@pytest.mark.parametrize(
    ("number", "message"),
    [(ADA, "no label"), (ADA, "{{code}}" + "x" * 160), ("0400", "{{code}}"), (None, "{{code}}"), (ADA, 5)],
)
async def test_what_cannot_be_sent(net: Telecom, number: object, message: object) -> None:
    assert_problem(await send(net, number, message), 400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    "body", [{}, {"code": "1"}, {"authenticationId": "x"}, {"authenticationId": "x", "code": "12345678901"}]
)
async def test_what_cannot_be_judged(net: Telecom, body: object) -> None:
    assert_problem(await net.call("POST", VALIDATE, body, token=await net.token(SCOPE)), 400, "INVALID_ARGUMENT")


# Who may ask.


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "other"},
        {"sub": "other"},
        {"aud": "https://other.example/token"},
        {"exp": 1},
        {"jti": ""},
        {"jti": 5},
    ],
    ids=str,
)
async def test_an_assertion_of_something_else_opens_nothing(net: Telecom, changes: dict[str, object]) -> None:
    answer = await net.token_answer(f"{PURPOSE} {SCOPE}", **net.assertion(**changes))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_an_assertion_lives_five_minutes_and_works_once(net: Telecom) -> None:
    now = net.clock.now() // 1_000_000
    for life in ({"exp": now + 301}, {"iat": now - 60, "exp": now + 250}, {"iat": now + 60}):
        answer = await net.token_answer(f"{PURPOSE} {SCOPE}", **net.assertion(**life))
        assert answer.json()["error"] == "invalid_client", life
    once = net.assertion()
    assert (await net.token_answer(f"{PURPOSE} {SCOPE}", **once)).status_code == 200
    assert (await net.token_answer(f"{PURPOSE} {SCOPE}", **once)).json()["error"] == "invalid_client"


async def test_other_ways_to_a_token_are_refused(net: Telecom) -> None:
    scope = f"{PURPOSE} {SCOPE}"
    assert (await net.token_answer(scope, client_assertion="a.b.c")).json()["error"] == "invalid_client"
    assert (await net.token_answer(scope, client_assertion_type="")).json()["error"] == "invalid_client"
    assert (await net.token_answer(scope, grant_type="password")).json()["error"] == "unsupported_grant_type"
    assert (await net.token_answer(f"openid {scope}")).json()["error"] == "invalid_scope"
    bare = await net.http.post(f"{net.issuer}/token", data={"grant_type": "client_credentials", "client_secret": "x"})
    assert (bare.status_code, bare.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("operator", [one.id for one in OPERATORS])
async def test_every_operator_describes_itself(net: Telecom, operator: str) -> None:
    one = next(each for each in OPERATORS if each.id == operator)
    here = net.at(operator)
    said = (await net.http.get(f"{here.issuer}/.well-known/openid-configuration")).json()
    assert said["issuer"] == here.issuer
    assert said["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert set(said["scopes_supported"]) == {"openid", *(str(scope) for scope in one.scopes)}
    keys = (await net.http.get(said["jwks_uri"])).json()["keys"]
    assert "d" not in keys[0]


# The SIMs.


async def test_everybody_has_a_sim_at_one_of_the_operators(net: Telecom) -> None:
    answer = (await net.http.get("http://127.0.0.1:2/operators/api/sims")).json()["sims"]
    from ipse.kernel.clock import day

    assert len(answer) == len(persons(day(net.clock.now())))
    assert {sim["operator"] for sim in answer} == {one.id for one in OPERATORS}
    assert {sim["shown"] for sim in answer} == {"active", "not_ready"}
    zoe = next(sim for sim in answer if sim["holder"] == "zoe")
    assert (home(zoe["number"]), zoe["operator"]) == ("tellus", "lumo"), "a ported number"


async def test_what_happens_to_a_sim_is_shown_and_can_be_undone(net: Telecom) -> None:
    page = "http://127.0.0.1:2/operators/"
    for do, word in (
        ("remove", "Removed from the phone"),
        ("not_ready", "Not ready for checks"),
        ("swap", "Swapped: a new SIM"),
        ("port", "Ported to another operator"),
        ("recycle", "Number given to somebody else"),
    ):
        form = {"number": ADA, "person": "ada", "do": do}
        assert (await net.http.post(f"{page}sim", data=form)).status_code == 303
        assert word in (await net.http.get(page)).text
        assert (await net.http.post(f"{page}sim", data=form | {"do": "reset"})).status_code == 303
    assert (await net.http.get(f"{page}api/sims/32400000101")).json()["ready"] is True


@pytest.mark.parametrize(
    "body", [{"do": "explode"}, {}, {"do": "port", "to": "lumo"}, {"do": "swap", "at": "2999-01-01T00:00:00Z"}, []]
)
async def test_what_cannot_happen_to_a_sim(net: Telecom, body: object) -> None:
    answer = await net.http.post(f"http://127.0.0.1:2/operators/api/sims/{ADA}", json=body)
    assert answer.status_code == 400
    assert (await net.http.get(f"http://127.0.0.1:2/operators/api/sims/{STRANGE}")).status_code == 404


async def test_forms_from_elsewhere_move_no_sim(net: Telecom) -> None:
    form, headers = {"number": ADA, "do": "swap"}, {"origin": "https://evil.example"}
    answer = await net.http.post("http://127.0.0.1:2/operators/sim", data=form, headers=headers)
    assert answer.status_code == 403


def test_the_scheme_is_told_of_the_operators_once(tmp_path: Path) -> None:
    for _ in range(2):
        prepare(tmp_path, Places.on_this_machine(19450))
    with sqlite3.connect(tmp_path / "ipse.db") as database:
        known = database.execute("select operator_id, client_id, state from sim_operators").fetchall()
        told = database.execute("select count(*) from audit_lines where act like 'operator.%'").fetchone()
    assert sorted(known) == sorted((one.id, "ipse", "active") for one in OPERATORS)
    assert told == (len(OPERATORS),)


# Moods.


async def test_only_operators_can_misbehave_in_every_way(net: Telecom) -> None:
    moods = net.telecoms.pages.moods
    moods.parties = (*moods.parties, "bank")
    for how in How:
        moods.change("lumo", how, 0)
        if how not in EVERYBODY:
            with pytest.raises(ValueError, match="how must be one of"):
                moods.change("bank", how, 0)


@pytest.mark.parametrize(("how", "status"), [(How.ERROR, 500), (How.BUSY, 429), (How.GARBAGE, 200)])
async def test_broken_answers(net: Telecom, how: How, status: int) -> None:
    token = await net.token("sim-swap")
    net.telecoms.pages.moods.change("lumo", how, 0)
    answer = await net.call("POST", CHECK, {"phoneNumber": ADA}, token=token)
    assert answer.status_code == status
    assert "json" not in answer.headers["content-type"] or answer.json()["code"] == "TOO_MANY_REQUESTS"


async def test_an_operator_that_hangs_does_not_answer(net: Telecom) -> None:
    net.telecoms.pages.moods.change("lumo", How.HANG, 0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(net.http.get(f"{net.issuer}/jwks"), 0.2)


async def test_a_liar_says_yes_and_a_forger_signs_with_another_key(net: Telecom) -> None:
    moods = net.telecoms.pages.moods
    await net.happen(ADA, "swap")
    moods.change("lumo", How.LIE, 0)
    answer = await net.call("POST", CHECK, {"phoneNumber": ADA}, token=await net.token("sim-swap"))
    assert answer.json() == {"swapped": False}
    token = await net.token_of(ADA, "number-verification:verify")
    said = await net.call("POST", "/number-verification/v2/verify", {"phoneNumber": "+32400000103"}, token=token)
    assert said.json() == {"devicePhoneNumberVerified": True}
    moods.change("lumo", How.FORGE, 0)
    back = await net.authorize(ADA, "number-verification:verify")
    id_token = (await net.redeem(back["code"])).json()["id_token"]
    keys = (await net.http.get(f"{net.issuer}/jwks")).json()["keys"]
    with pytest.raises(jose.BadTokenError):
        jose.verify(id_token, keys, algorithms=["ES256"])


async def test_an_operator_that_refuses_still_sends_text_messages_to_nobody(net: Telecom) -> None:
    net.telecoms.pages.moods.change("lumo", How.REFUSE, 0)
    assert (await net.authorize(ADA, "number-verification:verify"))["error"] == "access_denied"
    answer = await net.call("POST", CHECK, {"phoneNumber": ADA}, token=await net.token("sim-swap"))
    assert_problem(answer, 403, "PERMISSION_DENIED")
    assert_problem(await send(net), 403, "ONE_TIME_PASSWORD_SMS.PHONE_NUMBER_BLOCKED")


@pytest.mark.parametrize("api", list(Api))
async def test_every_api_is_described_where_it_is_served(net: Telecom, api: Api) -> None:
    document = description(api, net.issuer)
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    base = document["servers"][0]["url"].removeprefix(net.issuer)
    assert (await net.http.get(f"{net.issuer}{base}/openapi.json")).json() == document
    missing = (await net.http.get(f"{net.at('karavel').issuer}{base}/openapi.json")).status_code
    assert (missing == 200) == (api is Api.OTP_SMS)
