"""The mobile network of the world: whose SIM is where, what happens to it, and which browser holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

import msgspec

from ipse.kernel import clock as times
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids
from ipse.sandbox.drawers import Drawer
from ipse.sandbox.operators import model
from ipse.sandbox.operators.model import NOBODY, OPERATORS, PORTED, UNASSIGNED
from ipse.sandbox.persons import Person, everybody, persons

_FOREVER: Final = 20 * 365 * 86_400.0
_FIRST_DAY: Final = date(2023, 5, 2)
"""When the SIMs that the world begins with were handed out: longer ago than any operator tells."""
_BIRTH: Final = (_FIRST_DAY - date(1970, 1, 1)).days * 86_400 * SECOND


class State(StrEnum):
    """How a SIM is."""

    ACTIVE = "active"
    NOT_READY = "not_ready"
    """Works for calls and messages, but not for the checks."""
    REMOVED = "removed"
    """Lies on the table."""
    NONE = "none"
    """There is no SIM for this number."""


class Sim(msgspec.Struct, frozen=True, kw_only=True):
    """A number and the SIM that answers to it. `number` as E.164 without spaces; times in microseconds."""

    number: str
    operator: str
    card: str
    """Which SIM: a swap makes another one."""
    holder: str
    """The id of a person, or `somebody else`."""
    state: State
    changed_at: int | None
    """Since when this SIM answers to the number."""
    swapped: bool = False
    """Whether it replaced another one since the world began."""

    def now_shown(self, person: str) -> str:
        """One word for the page of a person: what happened to their SIM."""
        if self.holder != person:
            return "recycled"
        if self.operator != first(self.number, self.holder).operator:
            return "ported"
        return "swapped" if self.swapped and self.state is State.ACTIVE else str(self.state)


class Happening(StrEnum):
    """What can be done to a SIM."""

    REMOVE = "remove"
    INSERT = "insert"
    SWAP = "swap"
    PORT = "port"
    RECYCLE = "recycle"
    READY = "ready"
    NOT_READY = "not_ready"
    RESET = "reset"
    """As it was when the world began."""


_STATES: Final = {
    Happening.REMOVE: State.REMOVED,
    Happening.INSERT: State.ACTIVE,
    Happening.READY: State.ACTIVE,
    Happening.NOT_READY: State.NOT_READY,
}


class NoSuchSimError(Exception):
    """Nobody in the world has this number, or that cannot be done with it."""


@dataclass(frozen=True, slots=True)
class Change:
    """A SIM before and after something happened to it."""

    happening: Happening
    before: Sim
    after: Sim


def compact(number: str) -> str:
    """E.164 without spaces."""
    return "".join(number.split())


def first(number: str, holder: str) -> Sim:
    """The SIM of a number when the world begins."""
    owner = PORTED.get(number) or model.home(number) or OPERATORS[0].id
    served = model.operator(owner)
    ready = served is None or number not in served.not_ready
    return Sim(
        number=number,
        operator=owner,
        card=f"{number[1:]}-1",
        holder=holder,
        state=State.ACTIVE if ready else State.NOT_READY,
        changed_at=_BIRTH,
    )


@dataclass(frozen=True, slots=True)
class Network:
    """All SIMs: those that something happened to, the browser that each was put into, and the SIM of each browser."""

    changed: Drawer
    placed: Drawer
    holding: Drawer
    clock: Clock
    ids: Ids

    def sim(self, number: str) -> Sim | None:
        """The SIM of a number; None if no operator has that number."""
        number = compact(number)
        kept = self.changed.look(number)
        if kept is not None:
            return msgspec.convert(kept, Sim)
        if number in UNASSIGNED:
            bare = first(number, NOBODY)
            return msgspec.structs.replace(bare, state=State.NONE, changed_at=None)
        holder = self._first_holder(number)
        return first(number, holder) if holder is not None else None

    def people(self) -> list[tuple[Person, Sim]]:
        """Every person with the SIM of their number."""
        found = [(person, self.sim(person.phone_number)) for person in self._persons()]
        return [(person, sim) for person, sim in found if sim is not None]

    def change(self, number: str, happening: Happening, *, to: str | None = None, at: int | None = None) -> Change:
        """Let something happen to a SIM; `to` is the operator that it is ported to, `at` when it was swapped.

        Raises:
            NoSuchSimError: no such number, or it cannot happen.
        """
        before = self.sim(number)
        if before is None or before.state is State.NONE:
            raise NoSuchSimError("nobody in the world has this number")
        if at is not None and at > self.clock.now():
            raise NoSuchSimError("that has not happened yet")
        after = self._after(before, happening, to, self.clock.now() if at is None else at)
        self.changed.put(after.number, msgspec.to_builtins(after), seconds=_FOREVER)
        return Change(happening, before, after)

    def put(self, browser: str, number: str) -> Sim:
        """Put the SIM of a number into a browser, and out of any other.

        Raises:
            NoSuchSimError: no such number.
        """
        sim = self.sim(number)
        if sim is None or sim.state is State.NONE:
            raise NoSuchSimError("nobody in the world has this number")
        self.placed.put(sim.card, {"browser": browser}, seconds=_FOREVER)
        self.holding.put(browser, {"number": sim.number, "card": sim.card}, seconds=_FOREVER)
        return sim

    def take_out(self, browser: str) -> None:
        """Let a browser hold no SIM of its own choosing, and free the one it held."""
        held = self.holding.take(browser)
        if held is not None and (self.placed.look(held["card"]) or {}).get("browser") == browser:
            self.placed.take(held["card"])

    def chosen(self, browser: str) -> dict[str, Any] | None:
        """The SIM that was put into this browser: `number` and `card`."""
        held = self.holding.look(browser) if browser else None
        if held is None or (self.placed.look(held["card"]) or {}).get("browser") != browser:
            return None
        return held

    def online(self, browser: str, hint: str) -> Sim | None:
        """The SIM that carries this browser's connection; None if there is none, or none that works.

        A browser that was never given one counts as holding the SIM of `hint`, unless that was put elsewhere.
        """
        held = self.chosen(browser)
        sim = self.sim(held["number"] if held is not None else hint)
        if sim is None or sim.state in {State.REMOVED, State.NONE}:
            return None
        if held is not None:
            return sim if sim.card == held["card"] else None
        return sim if sim.holder != NOBODY and self.placed.look(sim.card) is None else None

    def _after(self, sim: Sim, happening: Happening, to: str | None, at: int) -> Sim:
        replace = msgspec.structs.replace
        fresh = {"card": f"{sim.number[1:]}-{self.ids.identifier()}", "changed_at": at, "swapped": True}
        match happening:
            case Happening.SWAP:
                return replace(sim, state=State.ACTIVE, **fresh)
            case Happening.PORT:
                return replace(sim, operator=self._other(sim, to), state=State.ACTIVE, **fresh)
            case Happening.RECYCLE:
                return replace(sim, holder=NOBODY, state=State.ACTIVE, **fresh)
            case Happening.RESET:
                return first(sim.number, self._first_holder(sim.number) or NOBODY)
            case _:
                return replace(sim, state=_STATES[happening])

    @staticmethod
    def _other(sim: Sim, to: str | None) -> str:
        if to is None:
            to = next(one.id for one in OPERATORS if one.id != sim.operator)
        if model.operator(to) is None or to == sim.operator:
            raise NoSuchSimError("a number is ported to another operator")
        return to

    def _persons(self) -> tuple[Person, ...]:
        return persons(times.day(self.clock.now()))

    def _first_holder(self, number: str) -> str | None:
        """Whose number it is; a number that only a bank still remembers was given to somebody else."""
        for person in everybody(times.day(self.clock.now())):
            if compact(person.phone_number) == number:
                return person.id
        if any(compact(person.bank_phone_number) == number for person in self._persons()):
            return NOBODY
        return None
