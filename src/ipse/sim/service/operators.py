"""The register of mobile operators. Every change writes its audit line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ipse.audit.service import auditing
from ipse.kernel.clock import Clock
from ipse.kernel.settings import Environment
from ipse.sim.errors import OperatorExistsError, UnknownOperatorError
from ipse.sim.model import Operator, OperatorState
from ipse.sim.rules import registering
from ipse.sim.store import operators as store
from ipse.standards.camara import Api
from ipse.storage.database import Database
from ipse.storage.errors import DuplicateError
from ipse.storage.statement import Transaction, one, run

CHANGED_KEY = "sim.operators"
"""The wake-up key of a change."""


@dataclass(frozen=True)
class Operators:
    """Use cases of the register."""

    database: Database
    clock: Clock
    environment: Environment
    _caps: dict[str, str] = field(default_factory=dict)

    async def all(self) -> list[Operator]:
        """Every operator, stopped ones too."""
        found = [store.read_operator(row) for row in await self.database.rows(store.ALL)]
        self._caps.clear()
        self._caps.update({each.operator_id: each.cap for each in found})
        return found

    async def active(self) -> list[Operator]:
        """The operators that are asked."""
        return [operator for operator in await self.all() if operator.state is OperatorState.ACTIVE]

    async def get(self, operator_id: str) -> Operator:
        """One operator.

        Raises:
            UnknownOperatorError: there is none of that id.
        """
        for operator in await self.all():
            if operator.operator_id == operator_id:
                return operator
        raise UnknownOperatorError

    def cap(self, operator_id: str | None) -> str:
        """The highest level of a phone whose SIM this operator answers for, as last read from the register."""
        return self._caps.get(operator_id or "", "high")

    @staticmethod
    def apis(words: Sequence[str]) -> tuple[Api, ...]:
        """The APIs that some words name.

        Raises:
            OperatorRefusedError: one is no API that we know.
        """
        return registering.apis(words)

    async def add(self, operator: Operator, *, actor: str) -> Operator:
        """Register an operator.

        Raises:
            OperatorRefusedError, OperatorExistsError: nothing was changed.
        """
        checked = self._checked(operator)
        now = self.clock.now()
        facts = {"issuer": checked.issuer, "apis": list(checked.apis), "prefixes": list(checked.prefixes)}

        def transaction() -> Transaction[None]:
            yield from run(store.ADD, *store.values(checked), now)
            yield from auditing(now, actor=actor, act="operator.add", subject=checked.operator_id, details=facts)

        try:
            await self.database.transact(transaction)
        except DuplicateError as error:
            raise OperatorExistsError from error
        return checked

    async def change(self, operator: Operator, *, actor: str) -> Operator:
        """Say something else of an operator, whatever of it.

        Raises:
            OperatorRefusedError, UnknownOperatorError: nothing was changed.
        """
        before = await self.get(operator.operator_id)
        checked = self._checked(operator)
        new = _facts(checked)
        changes = {name: value for name, value in new.items() if _facts(before)[name] != value}
        await self._write(checked, act="operator.change", details=changes, actor=actor)
        return checked

    async def limit(self, operator_id: str, level: str, *, actor: str) -> Operator:
        """Cap the level of phones whose SIM it answers for. Raises as `change`."""
        capped = self._checked(replace(await self.get(operator_id), cap=level))
        await self._write(capped, act="operator.cap", details={"cap": level}, actor=actor)
        return capped

    async def stop(self, operator_id: str, *, actor: str) -> Operator:
        """Ask this operator nothing any more, in any process. Raises as `get`."""
        return await self.database.transact(lambda: self.turning(operator_id, OperatorState.STOPPED, actor=actor))

    async def start(self, operator_id: str, *, actor: str) -> Operator:
        """Ask it again. Raises as `get`."""
        return await self.database.transact(lambda: self.turning(operator_id, OperatorState.ACTIVE, actor=actor))

    def turning(self, operator_id: str, state: OperatorState, *, actor: str) -> Transaction[Operator]:
        """As `stop` or `start`, inside a transaction. Raises as `get`."""
        row, now = (yield from one(store.TURN, operator_id, state, self.clock.now())), self.clock.now()
        if row is None:
            raise UnknownOperatorError
        act = "operator.start" if state is OperatorState.ACTIVE else "operator.stop"
        yield from auditing(now, actor=actor, act=act, subject=operator_id, details={})
        return store.read_operator(row)

    async def _write(self, operator: Operator, *, act: str, details: Mapping[str, object], actor: str) -> None:
        now = self.clock.now()

        def transaction() -> Transaction[None]:
            yield from run(store.CHANGE, *store.values(operator), now)
            yield from auditing(now, actor=actor, act=act, subject=operator.operator_id, details=details)

        await self.database.transact(transaction)
        self._caps[operator.operator_id] = operator.cap

    def _checked(self, operator: Operator) -> Operator:
        return registering.check(operator, production=self.environment is Environment.PRODUCTION)


def _facts(operator: Operator) -> dict[str, object]:
    return {
        "name": operator.name,
        "country": operator.country,
        "prefixes": list(operator.prefixes),
        "issuer": operator.issuer,
        "api_root": operator.api_root,
        "client_id": operator.client_id,
        "apis": list(operator.apis),
        "cap": operator.cap,
        "timeout_milliseconds": operator.timeout_milliseconds,
    }
