"""SIM Swap: the happy path, and each error that the scheme goes by."""

from __future__ import annotations

from typing import Final

from ipse.cli.mobile_operator.checking.candidate import (
    Candidate,
    SkippedError,
    UnmetError,
    expect,
    expect_problem,
    told,
)
from ipse.cli.mobile_operator.checking.expectation import Expectation
from ipse.standards.camara import (
    CHECK,
    CORRELATOR_HEADER,
    OLDEST_HOURS,
    RETRIEVE_DATE,
    Api,
    CamaraError,
    Code,
    Scope,
    SwapChecked,
    SwapDate,
    instant,
)


async def says_whether(candidate: Candidate) -> None:
    """`/check` answers for the ready number, with and without `maxAge`."""
    token = await candidate.token(Scope.CHECK)
    for body in ({}, {"maxAge": 72}):
        answer = await candidate.call("POST", CHECK, {"phoneNumber": candidate.numbers.ready, **body}, token=token)
        expect(answer.status_code, 200, "status")
        told(answer, SwapChecked)
        expect(answer.headers.get(CORRELATOR_HEADER), "check-1", CORRELATOR_HEADER)


async def says_when(candidate: Candidate) -> None:
    """`/retrieve-date` answers a time with a zone, or null."""
    token = await candidate.token(Scope.RETRIEVE_DATE)
    answer = await candidate.call("POST", RETRIEVE_DATE, {"phoneNumber": candidate.numbers.ready}, token=token)
    expect(answer.status_code, 200, "status")
    date = told(answer, SwapDate)
    if date.latest_sim_change is not None:
        try:
            instant(date.latest_sim_change)
        except CamaraError as error:
            raise UnmetError(f"latestSimChange is {error}") from error


async def needs_a_token(candidate: Candidate) -> None:
    """Without a token: UNAUTHENTICATED."""
    answer = await candidate.call("POST", CHECK, {"phoneNumber": candidate.numbers.ready})
    expect_problem(answer, 401, Code.UNAUTHENTICATED)


async def needs_a_good_token(candidate: Candidate) -> None:
    """With a token that it did not give: UNAUTHENTICATED."""
    answer = await candidate.call("POST", CHECK, {"phoneNumber": candidate.numbers.ready}, token="made-up")
    expect_problem(answer, 401, Code.UNAUTHENTICATED)


async def needs_the_scope(candidate: Candidate) -> None:
    """With a token for another address: PERMISSION_DENIED."""
    token = await candidate.token(Scope.RETRIEVE_DATE)
    answer = await candidate.call("POST", CHECK, {"phoneNumber": candidate.numbers.ready}, token=token)
    expect_problem(answer, 403, Code.PERMISSION_DENIED)


async def refuses_no_number(candidate: Candidate) -> None:
    """What is no number: INVALID_ARGUMENT."""
    await _fails(candidate, {"phoneNumber": "0470 12 34 56"}, 400, Code.INVALID_ARGUMENT)


async def refuses_old_ages(candidate: Candidate) -> None:
    """A `maxAge` beyond 2400 hours: OUT_OF_RANGE."""
    body = {"phoneNumber": candidate.numbers.ready, "maxAge": OLDEST_HOURS + 1}
    await _fails(candidate, body, 400, Code.OUT_OF_RANGE)


async def needs_a_number(candidate: Candidate) -> None:
    """No number with a token of our own: MISSING_IDENTIFIER."""
    await _fails(candidate, {}, 422, Code.MISSING_IDENTIFIER)


async def knows_its_numbers(candidate: Candidate) -> None:
    """A number that is not its own: IDENTIFIER_NOT_FOUND."""
    await _fails(candidate, {"phoneNumber": candidate.numbers.unknown}, 404, Code.IDENTIFIER_NOT_FOUND)


async def says_what_it_cannot(candidate: Candidate) -> None:
    """A number whose SIM cannot be checked: SERVICE_NOT_APPLICABLE."""
    if not candidate.numbers.unready:
        raise SkippedError("name such a number with --unready")
    await _fails(candidate, {"phoneNumber": candidate.numbers.unready}, 422, Code.SERVICE_NOT_APPLICABLE)


async def refuses_strange_correlators(candidate: Candidate) -> None:
    """An `x-correlator` that breaks the rules is not repeated."""
    token = await candidate.token(Scope.CHECK)
    body = {"phoneNumber": candidate.numbers.ready}
    answer = await candidate.call("POST", CHECK, body, token=token, correlator="two words")
    if answer.headers.get(CORRELATOR_HEADER) == "two words":
        raise UnmetError("it repeated an x-correlator that breaks the rules")


async def _fails(candidate: Candidate, body: dict[str, object], status: int, code: Code) -> None:
    token = await candidate.token(Scope.CHECK)
    expect_problem(await candidate.call("POST", CHECK, body, token=token), status, code)


ALL: Final = tuple(
    Expectation(f"SIM swap: {name}", Api.SIM_SWAP, put)
    for name, put in (
        ("says whether the SIM was changed", says_whether),
        ("says when the SIM was changed", says_when),
        ("needs a token", needs_a_token),
        ("needs a token of its own", needs_a_good_token),
        ("needs the scope", needs_the_scope),
        ("refuses what is no number", refuses_no_number),
        ("refuses more than 2400 hours", refuses_old_ages),
        ("needs a number", needs_a_number),
        ("does not know numbers of others", knows_its_numbers),
        ("says which SIM it cannot check", says_what_it_cannot),
        ("does not repeat a strange correlator", refuses_strange_correlators),
    )
)
