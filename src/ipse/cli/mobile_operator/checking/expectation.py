"""One expectation, and what came of putting it to a candidate."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

import httpx

from ipse.cli.mobile_operator.checking.candidate import Candidate, SkippedError, UnmetError
from ipse.standards.camara import Api


class Verdict(StrEnum):
    """What came of it."""

    MET = "met"
    UNMET = "unmet"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Expectation:
    """`name` says what must be so; `api` is the API that it is about, None for every operator."""

    name: str
    api: Api | None
    put: Callable[[Candidate], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Result:
    """An expectation, what came of it, and why."""

    name: str
    verdict: Verdict
    reason: str = ""


async def judge(candidate: Candidate, expectations: Iterable[Expectation]) -> AsyncIterator[Result]:
    """Put each expectation to the candidate. APIs that it does not serve are left out."""
    for expectation in expectations:
        if expectation.api is None or expectation.api in candidate.apis:
            yield await _put(candidate, expectation)


async def _put(candidate: Candidate, expectation: Expectation) -> Result:
    try:
        await expectation.put(candidate)
    except UnmetError as unmet:
        return Result(expectation.name, Verdict.UNMET, str(unmet))
    except SkippedError as skipped:
        return Result(expectation.name, Verdict.SKIPPED, str(skipped))
    except httpx.HTTPError as error:
        return Result(expectation.name, Verdict.UNMET, f"no answer: {type(error).__name__}")
    return Result(expectation.name, Verdict.MET)
