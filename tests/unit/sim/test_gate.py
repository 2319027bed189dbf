"""F-7: an operator in trouble is left alone, and costs neither connections nor patience."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from ipse.kernel.clock import FrozenClock
from ipse.kernel.ids import RandomIds
from ipse.sim.clients import Line, OperatorClient
from ipse.sim.clients.gate import AT_ONCE, FAILURES, SHUT_SECONDS, Gate, GateShut
from ipse.sim.model import Operator, Word
from ipse.standards.camara import Api
from ipse.standards.jose import PrivateKey

ISSUER = "https://lumo.example"
OPERATOR = Operator(
    operator_id="lumo",
    name="Lumo",
    country="BE",
    prefixes=("+32",),
    issuer=ISSUER,
    api_root=ISSUER,
    client_id="ipse",
    apis=tuple(Api),
    timeout_milliseconds=200,
)


class Broken(httpx.AsyncBaseTransport):
    """An operator that misbehaves in one way; counts what reaches it."""

    def __init__(self, how: str) -> None:
        self.how = how
        self.calls = self.most = self._now = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            if self.how == "hang":
                await asyncio.sleep(30)
            if self.how == "flood":
                return httpx.Response(200, content=b"x" * 100_000)
            return httpx.Response(500 if self.how == "error" else 200, content=b"<html>")
        finally:
            self._now -= 1


def _client(broken: Broken, clock: FrozenClock) -> OperatorClient:
    def signing() -> PrivateKey:
        raise AssertionError("nothing is signed before the metadata are there")

    line = Line(signing, "https://ipse.example/enrolment/number/return", clock, RandomIds(), broken)
    return OperatorClient(OPERATOR, line)


@pytest.mark.parametrize("how", ["hang", "error", "flood"])
async def test_five_failed_calls_at_most_then_nobody_asks(how: str) -> None:
    """One after the other: the gate shuts after four; later one call probes, and shuts it again."""
    clock, broken = FrozenClock(), Broken(how)
    client = _client(broken, clock)
    for _ in range(20):
        answer = await client.changed_within("+32 470000000", hours=72)
        assert answer.word is Word.DOWN
    assert broken.calls == FAILURES <= 5
    clock.advance(seconds=SHUT_SECONDS)
    for _ in range(5):
        await client.changed_within("+32 470000000", hours=72)
    assert broken.calls == FAILURES + 1
    await client.close()


def is_shut(gate: Gate) -> bool:
    """As it is at this moment."""
    return gate.shut


async def test_two_hundred_at_once_cost_a_handful_of_connections_and_one_time_out() -> None:
    """Those that wait for their turn find the gate shut."""
    clock, broken = FrozenClock(), Broken("hang")
    client = _client(broken, clock)
    began = asyncio.get_running_loop().time()
    answers = await asyncio.gather(*(client.changed_within("+32 470000000", hours=72) for _ in range(200)))
    assert {answer.word for answer in answers} == {Word.DOWN}
    assert broken.most <= AT_ONCE
    assert broken.calls <= AT_ONCE
    assert asyncio.get_running_loop().time() - began < 2
    await client.close()


async def test_garbage_is_an_operator_that_is_down() -> None:
    client = _client(Broken("garbage"), FrozenClock())
    assert (await client.changed_since("+32 470000000", 0)).word is Word.DOWN
    assert await client.send_code("+32 470000000", "{{code}}") is Word.DOWN
    await client.close()


async def test_one_probe_at_a_time_and_a_good_one_opens() -> None:
    clock = FrozenClock()
    gate = Gate(clock, failures=1)
    with pytest.raises(RuntimeError):
        async with gate.passing():
            raise RuntimeError
    assert is_shut(gate)
    clock.advance(seconds=SHUT_SECONDS)
    async with gate.passing():
        with pytest.raises(GateShut):
            async with gate.passing():
                pass
    assert not gate.shut
    async with gate.passing(), gate.passing():
        pass
