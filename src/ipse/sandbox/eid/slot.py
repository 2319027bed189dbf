"""The reader: which card is in it, and every card's chip with its tries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from ipse.kernel.clock import Clock, day
from ipse.sandbox.eid.applet import TRIES, VirtualCard
from ipse.sandbox.eid.authorities import Authorities
from ipse.sandbox.eid.personal import chip_of
from ipse.sandbox.persons import Person, persons
from ipse.standards.eid_apdu import EidCard

PIN = "1234"
"""Of every card, as long as nobody says otherwise."""


class NoCardError(LookupError):
    """No card is in the reader, or that person has none."""


@dataclass(slots=True)
class Slot:
    """One reader for everybody. What happens with a card happens under a lock: a chip does one thing at a time."""

    authorities: Authorities
    clock: Clock
    inserted: str | None = None
    _cards: dict[str, VirtualCard] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def holders(self) -> tuple[Person, ...]:
        """Everybody who has a card."""
        return tuple(person for person in persons(day(self.clock.now())) if person.card)

    def insert(self, person_id: str) -> None:
        """Put somebody's card in, in place of another.

        Raises:
            NoCardError: there is no such card.
        """
        with self._lock:
            self._card(person_id).reset()
            self.inserted = person_id

    def remove(self) -> None:
        """Take the card out."""
        with self._lock:
            self.inserted = None

    def renew(self, person_id: str) -> None:
        """All tries again.

        Raises:
            NoCardError: there is no such card.
        """
        with self._lock:
            self._card(person_id).unblock()

    def tries_left(self, person_id: str) -> int:
        """How often the PIN of that card may be tried; a card that was never used is not made for the question."""
        card = self._cards.get(person_id)
        return card.tries_left if card else TRIES

    @contextmanager
    def card(self, person_id: str | None = None) -> Iterator[EidCard]:
        """The card in the reader, for one thing; or that person's, put in just for it.

        Raises:
            NoCardError: there is none.
        """
        wanted = person_id or self.inserted
        if wanted is None:
            raise NoCardError("no card in the reader")
        with self._lock:
            virtual = self._card(wanted)
            virtual.reset()
            yield EidCard.found(virtual.apdu)

    def _card(self, person_id: str) -> VirtualCard:
        person = next((one for one in self.holders() if one.id == person_id), None)
        if person is None:
            raise NoCardError(f"no card of {person_id}; there are: {', '.join(one.id for one in self.holders())}")
        if person_id not in self._cards:
            self._cards[person_id] = VirtualCard(chip_of(person, self.authorities), PIN)
        return self._cards[person_id]
