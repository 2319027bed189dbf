"""Asking whoever has a number: the likeliest operator first, then those it may have been ported to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from ipse.kernel.clock import SECOND
from ipse.sim.clients import Line, OperatorClient
from ipse.sim.model import Operator, OperatorState, SwapAnswer, Word
from ipse.sim.rules import routing
from ipse.sim.service.operators import Operators

Question = Callable[[OperatorClient], Awaitable[SwapAnswer]]
_REGISTER_SECONDS = 2
"""How long this process believes what it read of the register: so soon a stopped operator is asked nothing more."""


@dataclass
class Network:
    """Asks operators. Clients are kept for as long as what is registered of an operator stays the same."""

    operators: Operators
    line: Line
    _clients: dict[str, OperatorClient] = field(default_factory=dict)
    _read: tuple[list[Operator], int] | None = None

    async def known(self) -> list[Operator]:
        """The operators that are asked."""
        now = self.line.clock.now()
        if self._read is None or not 0 <= now - self._read[1] < _REGISTER_SECONDS * SECOND:
            self._read = (await self.operators.active(), now)
        return self._read[0]

    async def anybody(self) -> bool:
        """Whether this installation asks operators at all."""
        return bool(await self.known())

    async def client(self, operator_id: str) -> OperatorClient | None:
        """The client of an operator that is asked; None for any other."""
        found = next((each for each in await self.known() if each.operator_id == operator_id), None)
        return None if found is None else self._client(found)

    async def swap_within(self, number: str, *, hours: int, known: str | None = None) -> SwapAnswer:
        """Whether the SIM was changed in the last hours, said by whoever has the number."""
        return await self._asked(number, known, lambda client: client.changed_within(number, hours=hours))

    async def swap_since(self, number: str, since: int, *, known: str | None = None) -> SwapAnswer:
        """Whether the SIM was changed after a time (microseconds), said by whoever has the number."""
        return await self._asked(number, known, lambda client: client.changed_since(number, since))

    async def close(self) -> None:
        """Let go of all connections."""
        for client in self._clients.values():
            await client.close()
        self._clients.clear()

    async def _asked(self, number: str, known: str | None, question: Question) -> SwapAnswer:
        """The first answer of somebody who has the number; when one did not answer, nobody else's no is believed."""
        silent: SwapAnswer | None = None
        unserved = SwapAnswer(Word.NOT_SERVED)
        for operator in routing.candidates(number, await self.known(), known=known):
            answer = await question(self._client(operator))
            if answer.word is Word.ELSEWHERE:
                continue
            if answer.word is Word.NOT_SERVED:
                # It cannot say whose number it is either: remember it, for codes by SMS.
                unserved = unserved if unserved.operator_id else answer
                continue
            if answer.word in {Word.VERIFIED, Word.NOT_READY}:
                return answer
            silent = silent or replace(answer, word=Word.DOWN)
        return silent or unserved

    def _client(self, operator: Operator) -> OperatorClient:
        kept = self._clients.get(operator.operator_id)
        if kept is None or replace(kept.operator, state=OperatorState.ACTIVE) != operator:
            # The one before is left to calls under way; its connections end with it.
            kept = self._clients[operator.operator_id] = OperatorClient(operator, self.line)
        return kept
