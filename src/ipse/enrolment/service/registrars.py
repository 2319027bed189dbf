"""Who vouches for identities: rows that an operator adds, limits, stops and starts.

Nothing of a row is kept in a process: each step of an enrolment reads it, and the statement that lets an answer in
judges state and limits once more (T-12). What was stopped is stopped for every process at that moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import structlog

from ipse.attributes.service import Attributes
from ipse.audit.service import auditing
from ipse.enrolment import store
from ipse.enrolment.errors import (
    RefusedAnswerError,
    RegistrarRefusedError,
    RegistrarStoppedError,
    TooManyIdentitiesError,
)
from ipse.enrolment.model import Registrar, RegistrarKind, RegistrarState, Vouched
from ipse.enrolment.rules import judging
from ipse.enrolment.rules import registrars as rules
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.settings import Environment
from ipse.people.service import People
from ipse.storage.database import Database
from ipse.storage.statement import Row, Transaction, one, run

HOUR: Final = 3600 * SECOND
DAY: Final = 24 * HOUR
_FIXED: Final = frozenset({"id", "kind", "state"})
_ALLOWED, _REFUSED = "allowed", "refused"

log = structlog.get_logger("ipse.enrolment")


@dataclass(frozen=True)
class Registrars:
    """Use cases of registrars."""

    database: Database
    clock: Clock
    environment: Environment

    async def active(self) -> list[Registrar]:
        """Return those that people can choose now, in the order in which they came."""
        return [each for each in await self.all() if each.state is RegistrarState.ACTIVE]

    async def all(self) -> list[Registrar]:
        """Return all, stopped ones too."""
        return [_read(row) for row in await self.database.rows(store.REGISTRARS)]

    def finding(self, registrar_id: str) -> Transaction[Registrar | None]:
        """Return an active one, inside a transaction."""
        row = yield from one(store.REGISTRAR, registrar_id)
        return None if row is None or row["state"] != RegistrarState.ACTIVE else _read(row)

    def able(self, level: str) -> Transaction[list[str]]:
        """Return the ids of active ones whose identities can have that level, inside a transaction."""
        rows = yield from run(store.REGISTRARS)
        each = (_read(row) for row in rows)
        return [one.id for one in each if one.state is RegistrarState.ACTIVE and judging.reaches(one.assurance, level)]

    async def get(self, registrar_id: str) -> Registrar | None:
        """Return one, whatever its state."""
        row = await self.database.row(store.REGISTRAR, registrar_id)
        return None if row is None else _read(row)

    async def add(self, registrar: Registrar, *, actor: str) -> None:
        """Register one, with an audit line.

        Raises:
            RegistrarRefusedError: it cannot be, or its id is taken; nothing was kept.
        """
        rules.check(registrar, self.environment)
        await self.database.transact(lambda: self._adding(registrar, actor))

    async def keep(self, registrar: Registrar, *, actor: str) -> None:
        """Add one, or change it to this unless it is so already; whether it is stopped stays. Raises as `add`."""
        known = await self.get(registrar.id)
        if known is None:
            await self.add(registrar, actor=actor)
        elif replace(known, state=registrar.state) != registrar:
            members = {name: value for name, value in asdict(registrar).items() if name not in _FIXED}
            await self.change(registrar.id, actor=actor, **members)

    async def unfit(self) -> list[tuple[Registrar, str]]:
        """Return active ones that this environment would not take if they were added now, and why."""
        found = []
        for registrar in await self.active():
            try:
                rules.check(registrar, self.environment)
            except RegistrarRefusedError as error:
                found.append((registrar, error.public))
        return found

    async def change(self, registrar_id: str, *, actor: str, **members: object) -> Registrar:
        """Change what is said of one (names of `Registrar`, never `id`, `kind` or `state`), with an audit line.

        Raises:
            RegistrarRefusedError: there is none, or it cannot be so; nothing was changed.
        """
        return await self.database.transact(lambda: self._changing(registrar_id, members, actor, "registrar.change"))

    async def stop(self, registrar_id: str, *, actor: str) -> int:
        """Stop one: nobody is sent there, no answer of it is taken, and every enrolment through it ends.

        Returns how many ended. Identities that it vouched for before stay as they are.

        Raises:
            RegistrarRefusedError: there is none.
        """
        return await self.database.transact(lambda: self.stopping(registrar_id, actor=actor))

    async def start(self, registrar_id: str, *, actor: str) -> None:
        """Let a stopped one vouch again.

        Raises:
            RegistrarRefusedError: there is none.
        """
        await self.database.transact(lambda: self.starting(registrar_id, actor=actor))

    def stopping(self, registrar_id: str, *, actor: str) -> Transaction[int]:
        """As `stop`, inside a transaction."""
        yield from self._changing(registrar_id, {"state": RegistrarState.STOPPED}, actor, "registrar.stop")
        ended = yield from run(store.END_OF_REGISTRAR, registrar_id, self.clock.now(), b"")
        return len(ended)

    def starting(self, registrar_id: str, *, actor: str) -> Transaction[Registrar]:
        """As `start`, inside a transaction."""
        state = {"state": RegistrarState.ACTIVE}
        return (yield from self._changing(registrar_id, state, actor, "registrar.start"))

    def letting_in(self, registrar_id: str, *, new: bool, now: int) -> Transaction[None]:
        """Count one identity more, inside the transaction that keeps its answer; `new` is False for a renewal.

        One conditional statement on the registrar's row decides, so that all processes share the limits, and a stop
        waits for it or is obeyed by it.

        Raises:
            RegistrarStoppedError, TooManyIdentitiesError: nothing was changed.
        """
        values = (registrar_id, now, now - HOUR, now - DAY)
        row = yield from one(store.LET_IN, *values) if new else one(store.HOLD_ACTIVE, registrar_id)
        if row is None:
            found = yield from one(store.REGISTRAR, registrar_id)
            if found is None or found["state"] != RegistrarState.ACTIVE:
                raise RegistrarStoppedError(f"{registrar_id} is stopped")
            raise TooManyIdentitiesError(f"{registrar_id} has reached its limit")

    async def note(self, registrar_id: str, error: RefusedAnswerError) -> None:
        """Log that a limit was hit, and once an hour write an audit line: somebody should look at that registrar."""
        if isinstance(error, TooManyIdentitiesError):
            log.warning("registrar_limit", registrar=registrar_id)
            await self.database.transact(lambda: self._noting(registrar_id))

    def _noting(self, registrar_id: str) -> Transaction[None]:
        now = self.clock.now()
        if (yield from run(store.NOTE_LIMIT, registrar_id, now, now - HOUR)):
            yield from auditing(now, actor="system", act="registrar.limit", subject=registrar_id)

    def _adding(self, registrar: Registrar, actor: str) -> Transaction[None]:
        now = self.clock.now()
        if not (yield from run(store.ADD_REGISTRAR, *_values(registrar), now, actor)):
            raise RegistrarRefusedError(f"there is a registrar {registrar.id} already")
        yield from auditing(
            now, actor=actor, act="registrar.add", subject=registrar.id, details=_told(asdict(registrar))
        )

    def _changing(
        self, registrar_id: str, members: Mapping[str, object], actor: str, act: str
    ) -> Transaction[Registrar]:
        now = self.clock.now()
        row = yield from one(store.LOCK_REGISTRAR, registrar_id)
        if row is None:
            raise RegistrarRefusedError(f"there is no registrar {registrar_id}; ipse registrar list shows all")
        changed: Registrar = replace(_read(row), **members)  # type: ignore[arg-type]  # names and types are judged next
        rules.check(changed, self.environment)
        yield from run(store.CHANGE_REGISTRAR, *_values(changed), now, actor)
        yield from auditing(now, actor=actor, act=act, subject=registrar_id, details=_told(members))
        return changed


async def enrolled_through(registrar_id: str, *, since: int, attributes: Attributes, people: People) -> list[Vouched]:
    """Return the identities that came in through a registrar since then (microseconds UTC), oldest first (T-12)."""
    found = []
    for account_id, at, level in await attributes.born_from(registrar_id, since):
        account = await people.account(account_id)
        found.append(Vouched(account_id=account_id, at=at, level=level, state=account.state))
    return found


def _values(registrar: Registrar) -> tuple[object, ...]:
    return (
        registrar.id,
        registrar.kind,
        registrar.name,
        registrar.country,
        registrar.issuer,
        registrar.client_id,
        registrar.trust_framework,
        registrar.assurance,
        _ALLOWED if registrar.minors else _REFUSED,
        registrar.term_days,
        registrar.per_hour,
        registrar.per_day,
        registrar.state,
    )


def _read(row: Row) -> Registrar:
    return Registrar(
        id=row["registrar_id"],
        kind=RegistrarKind(row["kind"]),
        name=row["name"],
        country=row["country"],
        issuer=row["issuer"],
        client_id=row["client_id"],
        trust_framework=row["trust_framework"],
        assurance=row["assurance"],
        minors=row["minors"] == _ALLOWED,
        term_days=row["term_days"],
        per_hour=row["per_hour"],
        per_day=row["per_day"],
        state=RegistrarState(row["state"]),
    )


def _told(members: Mapping[str, object]) -> dict[str, Any]:
    """What an audit line says: the members, as text where JSON has no type for them."""
    return {name: value if isinstance(value, bool | int) else str(value) for name, value in members.items()}
