"""Which action waits for a mobile operator and which goes on without one (F-7, T-5): the whole policy, on one page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ipse.phones.model import SimState
from ipse.sim.model import Possession, SwapAnswer, Word


class Occasion(StrEnum):
    """Why an operator is asked."""

    BINDING = "binding"
    """A number goes to an identity: enrolment, re-activation, change of number."""
    ADVANCED = "advanced"
    """A request that demands the code (`acr` advanced)."""
    SIGNING = "signing"
    COMPLETING = "completing"
    """A SIM that was not ready may be by now."""
    EVENT = "event"
    """An operator's subscription ended by itself: who has the number now?"""


class Doing(StrEnum):
    """What follows from an answer."""

    GO_ON = "go_on"
    """As before; said in the log when nobody answered."""
    WAIT = "wait"
    """Not now; nothing is lost, try again."""
    REDUCE = "reduce"
    """Signing in only, until the operator answers for the SIM."""
    COMPLETE = "complete"
    """Every function."""
    STOP = "stop"
    """The identity is blocked at once."""
    REFUSE = "refuse"
    """Only another way, with the card, will do."""


_SWAPPED: Final = "swapped"
_UNCHANGED: Final = "unchanged"

TABLE: Final[dict[Occasion, dict[str, Doing]]] = {
    Occasion.BINDING: {
        _UNCHANGED: Doing.COMPLETE,
        _SWAPPED: Doing.REFUSE,
        Word.NOT_READY: Doing.REDUCE,
        Word.NOT_SERVED: Doing.REDUCE,
        Word.DOWN: Doing.WAIT,
    },
    Occasion.ADVANCED: {
        _UNCHANGED: Doing.GO_ON,
        _SWAPPED: Doing.STOP,
        Word.NOT_READY: Doing.REDUCE,
        Word.NOT_SERVED: Doing.REDUCE,
        Word.DOWN: Doing.GO_ON,
    },
    Occasion.SIGNING: {
        _UNCHANGED: Doing.GO_ON,
        _SWAPPED: Doing.STOP,
        Word.NOT_READY: Doing.REDUCE,
        Word.NOT_SERVED: Doing.REDUCE,
        Word.DOWN: Doing.GO_ON,
    },
    Occasion.COMPLETING: {
        _UNCHANGED: Doing.COMPLETE,
        _SWAPPED: Doing.STOP,
        Word.NOT_READY: Doing.WAIT,
        Word.NOT_SERVED: Doing.WAIT,
        Word.DOWN: Doing.WAIT,
    },
    Occasion.EVENT: {
        _UNCHANGED: Doing.GO_ON,
        _SWAPPED: Doing.STOP,
        Word.NOT_READY: Doing.REDUCE,
        Word.NOT_SERVED: Doing.REDUCE,
        Word.DOWN: Doing.WAIT,
    },
}
"""What each answer leads to. An operator that is down stops nobody who has a phone already."""


def doing(occasion: Occasion, answer: SwapAnswer) -> Doing:
    """What follows from what an operator said."""
    if answer.word is Word.VERIFIED:
        return TABLE[occasion][_SWAPPED if answer.changed else _UNCHANGED]
    return TABLE[occasion].get(answer.word, TABLE[occasion][Word.DOWN])


def complete(possession: Possession, answer: SwapAnswer) -> SimState:
    """What a phone may do: everything needs a number shown to be the person's, and an operator that answers for it."""
    answered = answer.word is Word.VERIFIED
    return SimState.READY if answered and possession is not Possession.NONE else SimState.REDUCED


@dataclass(frozen=True, slots=True)
class Need:
    """What a request demands of a SIM."""

    kind: str
    """The type of its service."""
    assurance: str
    """`basic` or `advanced`."""

    @property
    def works_reduced(self) -> bool:
        """Whether a phone with reduced functions can do it."""
        return self.kind in {"authentication", "discovery"}

    @property
    def occasion(self) -> Occasion | None:
        """Whether an operator is asked first, where its last answer is old."""
        if self.kind == "signing":
            return Occasion.SIGNING
        return Occasion.ADVANCED if self.assurance == "advanced" else None
