"""One Time Password SMS: what can be tried without reading the message."""

from __future__ import annotations

from typing import Final

from ipse.cli.mobile_operator.checking.candidate import Candidate, UnmetError, expect, expect_problem, told
from ipse.cli.mobile_operator.checking.expectation import Expectation
from ipse.standards.camara import CODE_LABEL, SEND_CODE, VALIDATE_CODE, Api, Code, CodeSent, Scope

_MESSAGE: Final = f"{CODE_LABEL} is sent to try this number"


async def sends_and_judges(candidate: Candidate) -> None:
    """A code is sent; a wrong one is INVALID_OTP."""
    token = await candidate.token(Scope.SEND_VALIDATE)
    body = {"phoneNumber": candidate.numbers.ready, "message": _MESSAGE}
    answer = await candidate.call("POST", SEND_CODE, body, token=token)
    expect(answer.status_code, 200, "status")
    attempt = told(answer, CodeSent).authentication_id
    # No operator sends letters; should one, this is not them.
    wrong = await candidate.call("POST", VALIDATE_CODE, {"authenticationId": attempt, "code": "-"}, token=token)
    expect_problem(wrong, 400, Code.INVALID_OTP)


async def needs_a_place_for_the_code(candidate: Candidate) -> None:
    """A message that does not hold the label: INVALID_ARGUMENT."""
    await _fails(candidate, SEND_CODE, {"phoneNumber": candidate.numbers.ready, "message": "Hello"}, 400)


async def refuses_no_number(candidate: Candidate) -> None:
    """What is no number: INVALID_ARGUMENT."""
    await _fails(candidate, SEND_CODE, {"phoneNumber": "0470", "message": _MESSAGE}, 400)


async def does_not_know_others(candidate: Candidate) -> None:
    """An attempt that it never began: NOT_FOUND."""
    body = {"authenticationId": "never-given", "code": "000000"}
    token = await candidate.token(Scope.SEND_VALIDATE)
    expect_problem(await candidate.call("POST", VALIDATE_CODE, body, token=token), 404, Code.NOT_FOUND)


async def needs_a_token(candidate: Candidate) -> None:
    """Without a token: UNAUTHENTICATED."""
    body = {"phoneNumber": candidate.numbers.ready, "message": _MESSAGE}
    expect_problem(await candidate.call("POST", SEND_CODE, body), 401, Code.UNAUTHENTICATED)


async def sends_to_its_own_numbers(candidate: Candidate) -> None:
    """A number that is not its own gets no code."""
    token = await candidate.token(Scope.SEND_VALIDATE)
    body = {"phoneNumber": candidate.numbers.unknown, "message": _MESSAGE}
    answer = await candidate.call("POST", SEND_CODE, body, token=token)
    if answer.status_code not in {403, 404}:
        raise UnmetError(f"status: expected 403 or 404, found {answer.status_code}")
    code = Code.PHONE_NUMBER_NOT_ALLOWED if answer.status_code == 403 else Code.NOT_FOUND
    expect_problem(answer, answer.status_code, code)


async def _fails(candidate: Candidate, path: str, body: dict[str, object], status: int) -> None:
    token = await candidate.token(Scope.SEND_VALIDATE)
    expect_problem(await candidate.call("POST", path, body, token=token), status, Code.INVALID_ARGUMENT)


ALL: Final = tuple(
    Expectation(f"text message: {name}", Api.OTP_SMS, put)
    for name, put in (
        ("sends a code and judges it", sends_and_judges),
        ("needs a place for the code", needs_a_place_for_the_code),
        ("refuses what is no number", refuses_no_number),
        ("needs a token", needs_a_token),
        ("does not know what it never sent", does_not_know_others),
        ("goes to its own numbers", sends_to_its_own_numbers),
    )
)
